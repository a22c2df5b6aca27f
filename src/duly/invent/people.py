"""Invented people: names, and numbers and addresses at which nobody can ever be reached.

Telephones: `+86 100 xxxx xxxx`. Read as a mainland number that is area code 10 and a subscriber number that
begins with 0, and no subscriber number does: 0 is the digit that leads out of the area. Read as a mobile
number it is none either, those begin with 13 to 19. So the whole range cannot be anybody's.
E-mail addresses end in `.example`, which RFC 2606 keeps free for ever. Postal addresses name a town that does
not exist. Identity numbers begin with 000000, which is no administrative division.
"""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from duly.invent import chance

SURNAMES = list(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆"
)
DOUBLE_SURNAMES = ["欧阳", "司马", "诸葛", "上官", "尉迟"]
GIVEN = list(
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华慧建文玉兰红波辉宁佳欣雨晨思琪浩然子涵梓轩一诺安之若溪云帆知行"
)
# Characters that the common GB 2312 subset of fonts and encodings lacks, and people are called by.
RARE = list("喆堃昇玥犇淼翀晗珺祎煊赟彧頔龑垚旻堉韡鑫")
ENGLISH_GIVEN = ["Alice", "Brian", "Chloe", "Daniel", "Emma", "Frank", "Grace", "Henry", "Irene", "Jack"]
ENGLISH_SURNAMES = [
    "Archer",
    "Baker",
    "Carter",
    "Dalton",
    "Ellis",
    "Foster",
    "Grant",
    "Hughes",
    "Irving",
    "Jones",
]

_RANGE = "+86100"
_STEP = 61_803_399
ENGLISH_SPEAKERS = 33  # one in so many


def named(people: pl.DataFrame, seed: int) -> pl.DataFrame:
    """`people` (column `n`, one whole number a person) with `locale`, `zones`, `name` and `id_number`."""
    n = pl.col("n")
    english = chance.one_in(n, seed, "english", ENGLISH_SPEAKERS)
    return people.with_columns(
        locale=pl.when(english).then(pl.lit("en")).otherwise(pl.lit("zh-CN")),
        zones=_zones(seed),
        name=pl.when(english).then(_english(seed)).otherwise(_chinese(seed)),
        id_number=pl.format(
            "000000{}{}",
            pl.date(1962, 1, 1)
            .dt.offset_by(pl.format("{}d", chance.below(n, seed, "born", 15_000)))
            .dt.strftime("%Y%m%d"),
            chance.below(n, seed, "id_number", 10_000).cast(pl.String).str.zfill(4),
        ),
    )


def telephone(number: pl.Expr) -> pl.Expr:
    """A telephone for each whole number below 10^8, as lenders write it: 11 digits without the country."""
    # An odd step that is no multiple of 5 meets every eight digits once before it comes round.
    digits = (number * _STEP % 10**8).cast(pl.String).str.zfill(8)
    return pl.format("{}{}", pl.lit(_RANGE.removeprefix("+86")), digits)


def is_invented(value: str) -> bool:
    """Whether a number or address, in its normal form, lies in what we keep to."""
    return (
        (value.startswith(_RANGE) and len(value) == len(_RANGE) + 8)
        or value.endswith(".example")
        or value.startswith("虚构省")
    )


def _chinese(seed: int) -> pl.Expr:
    n = pl.col("n")
    surname = (
        pl.when(chance.one_in(n, seed, "double surname", 60))
        .then(chance.pick(n, seed, "which double surname", DOUBLE_SURNAMES))
        .otherwise(chance.pick(n, seed, "surname", SURNAMES))
    )
    first = (
        pl.when(chance.one_in(n, seed, "rare", 12))
        .then(chance.pick(n, seed, "which rare", RARE))
        .otherwise(chance.pick(n, seed, "given", GIVEN))
    )
    second = (
        pl.when(chance.one_in(n, seed, "short name", 4))
        .then(pl.lit(""))
        .otherwise(chance.pick(n, seed, "second given", GIVEN))
    )
    return pl.format("{}{}{}", surname, first, second)


def _english(seed: int) -> pl.Expr:
    n = pl.col("n")
    given = chance.pick(n, seed, "english given", ENGLISH_GIVEN)
    return pl.format("{} {}", given, chance.pick(n, seed, "english surname", ENGLISH_SURNAMES))


def _zones(seed: int) -> pl.Expr:
    """Nearly all live by Shanghai's clock, some by Urumqi's, a few by either; of some nothing is known."""
    draw = chance.below(pl.col("n"), seed, "zones", 100)
    return (
        pl.when(draw < 2)
        .then(pl.lit(""))
        .when(draw < 4)
        .then(pl.lit("Asia/Urumqi"))
        .when(draw < 7)
        .then(pl.lit("Asia/Shanghai;Asia/Urumqi"))
        .otherwise(pl.lit("Asia/Shanghai"))
    )


def contacts(people: pl.DataFrame, seed: int) -> pl.DataFrame:
    """The contact points of `people` (`n`, `person`), in the lender's columns without a header of theirs.

    A telephone for nearly everybody, for some a second one, an e-mail address for half, a postal address for
    most. One telephone in fifty is also somebody else's; some are known to be wrong or dead; one person in
    ten was never asked for consent and one in twenty withdrew it.
    """
    n = pl.col("n")
    shared = chance.one_in(n, seed, "shared number", 50) & (n > 1)
    # A co-borrower's is the borrower's; a borrower's is that of the borrower before, if there is one.
    first = pl.when(shared).then(pl.when(n % 2 == 1).then(n - 1).otherwise(n - 2)).otherwise(n)
    consent = chance.below(n, seed, "consent", 20)
    word = pl.when(consent < 1).then(pl.lit("N")).when(consent < 3).then(pl.lit("")).otherwise(pl.lit("Y"))
    base = people.with_columns(
        consent=word,
        verified=pl.lit("2026-01-15"),
        first=telephone(first * 2),
        second=telephone(n * 2 + 1),
        state=_state(n, seed),
    )
    homely = base.with_columns(mail=_mail(), home=_home(seed))
    kinds = [
        _points(homely, kind, has)
        for kind, has in (
            (_Point("s1", "SMS", "first", 1), ~chance.one_in(n, seed, "no telephone", 80)),
            (_Point("s2", "SMS", "second", 2), chance.one_in(n, seed, "second telephone", 7)),
            (_Point("v1", "VOICE", "first", 3), chance.one_in(n, seed, "voice", 2)),
            (_Point("e1", "EMAIL", "mail", 4), chance.one_in(n, seed, "mail", 2)),
            (_Point("l1", "POST", "home", 5), ~chance.one_in(n, seed, "no address", 3)),
        )
    ]
    return pl.concat(kinds).sort("person", "rank")


class _Point(NamedTuple):
    """A kind of contact point: the end of its id, its channel, the column with its value, its rank."""

    suffix: str
    channel: str
    value: str
    rank: int


def _state(n: pl.Expr, seed: int) -> pl.Expr:
    draw = chance.below(n, seed, "state", 100)
    return (
        pl.when(draw < 2)
        .then(pl.lit("WRONG"))
        .when(draw < 3)
        .then(pl.lit("DEAD"))
        .when(draw < 8)
        .then(pl.lit("NEW"))
        .otherwise(pl.lit("OK"))
    )


def _mail() -> pl.Expr:
    return pl.format("{}@post.example", pl.col("person").str.to_lowercase())


def _home(seed: int) -> pl.Expr:
    n = pl.col("n")
    return pl.format(
        "虚构省示例市样本路{}号{}室",
        chance.between(n, seed, "house", 1, 400),
        chance.between(n, seed, "flat", 101, 2_605),
    )


def _points(people: pl.DataFrame, kind: _Point, has: pl.Expr) -> pl.DataFrame:
    """The points of one kind, of those people who have it."""
    telephone = kind.channel in ("SMS", "VOICE")
    agreed = pl.lit(kind.channel == "POST") & (pl.col("n") % 2 == 0)
    return people.filter(has).select(
        point=pl.format("{}-{}", "person", pl.lit(kind.suffix)),
        person="person",
        channel=pl.lit(kind.channel),
        value=pl.col(kind.value),
        source=pl.lit("contract"),
        # What is wrong with a telephone says nothing of the other ways.
        state=pl.col("state") if telephone else pl.lit("OK"),
        consent=pl.col("consent"),
        verified_on=pl.when((pl.col("state") == "OK") | ~pl.lit(telephone)).then("verified"),
        agreed=pl.when(agreed).then(pl.lit("Y")).otherwise(pl.lit("N")),
        rank=pl.lit(kind.rank),
    )
