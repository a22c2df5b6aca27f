"""Texts that are alike are read once: the answers are those of reading each by itself."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest

from duly.model.party import Channel
from duly.plan import alike, columns, examination, saying
from duly.plan.inputs import Route, Words
from duly.text import code, fields, sensitive, template
from duly.text.escape import Sink
from duly.text.fields import Presence
from duly.text.offers import Offer
from duly.text.segment import Market
from duly.text.shelf import Shelf
from tests.plan import plans

ON = date(2026, 11, 20)
ROUTES = (plans.MAIN, plans.MAILBOX)
CREDITOR = "晨曦消费金融"
GSM = Route(
    name="abroad",
    channel=Channel.SMS,
    market=Market.GSM,
    rate=5,
    signatures={plans.BRAND: {"zh-CN": "【晨】"}},
)
COLUMNS = {**saying.ADDRESS, **saying.FIGURES, "name": pl.String(), "jurisdiction": pl.String()}
SURNAMES, GIVEN = "王李张刘陈杨赵黄周吴欧阳诸葛", "伟芳娜秀英敏静丽强磊军洋勇艳杰涛明超兰霞平刚桂"
NOTICES = ("due_soon", "overdue_first", "overdue_firm", "last_notice")

# Words between the values of a template: honest ones, halves of what a value could complete, and what joins it.
HONEST = (
    "，您的账户",
    "。请致电400-000-0000",
    "：",
    "，应还",
    "前还款。",
    " by ",
    ". Please pay ",
    "（",
    "）",
    "\n",
    "，尾号",
)
SNARES = ("加", "法", "起", "警", "¥", "RMB ", "约", "日元", "、", "1", ".", "-", "a", " ", "退", "@", "in ", " off",
          "万", "五", "元", "回复", "T", "年", "+", "/", ",", "sto", "p ", "j a", "您已被起诉", "legal action", "逾期",
          "减免", "400-000-00001", "12日", "张", "…", "㈱", "Ａ", "to sue ",
          " k", "%", "https://chenxi.example")  # fmt: skip


def row(draw: random.Random, notice: str, **changed: object) -> dict[str, object]:
    """A message's figures and address."""
    parts = [draw.choice([0, 1, 100, 99_999, 123_456, draw.randrange(10**7)]) for _ in range(4)]
    known = {
        "notice": notice,
        "locale": "zh-CN",
        "channel": "sms",
        "route": "main",
        "brand_id": plans.BRAND,
        "currency": "CNY",
        "creditor": CREDITOR,
        "brand": plans.BRAND,
        "tail": draw.choice(["1234", "0700", None, f"{draw.randrange(10_000):04}"]),
        "accounts_count": draw.choice([1, 2, 12]),
        "overdue_minor": sum(parts) or 5,
        "principal_minor": parts[0],
        "interest_minor": parts[1],
        "penalty_minor": parts[2],
        "fee_minor": parts[3],
        "first_unpaid_on": ON - timedelta(days=draw.randrange(400)),
        "as_of": ON,
        "dpd": draw.randrange(1_000),
        "deadline": draw.choice([None, ON + timedelta(days=draw.randrange(1, 60))]),
        "next_due_on": ON + timedelta(days=draw.choice([*(draw.randrange(1, 40) for _ in range(7)), 0])),
        "next_due_minor": draw.choice([parts[0] or 7, *(draw.randrange(1, 10**6) for _ in range(5))]),
        "verify_code": code.code(b"k" * 32, draw.randbytes(8)),
        "name": draw.choice(SURNAMES) + "".join(draw.choices(GIVEN, k=draw.choice([1, 1, 2]))),
        "jurisdiction": "CN",
    }
    return known | changed


def frame(rows: list[dict[str, object]]) -> pl.DataFrame:
    """The rows as a frame that is examined."""
    return pl.DataFrame(rows, schema=COLUMNS, orient="row")


def both(
    rows: list[dict[str, object]], words: Words, routes: tuple[Route, ...] = ROUTES
) -> tuple[pl.DataFrame, int]:
    """What is found in each by itself, which is the same by moulds, few or many; and how many these vouch for."""
    asked = frame(rows)
    plain = examination.one_by_one(asked, words, routes, on=ON)
    fresh = replace(words, shelf=Shelf())
    counted = alike.vouched(alike.measured(asked.with_row_index("row"), words, routes, ON), fresh, routes)
    assert examination.examine(asked, fresh, routes, on=ON).to_dicts() == plain.to_dicts()
    for start in range(0, asked.height, 20):
        some = asked.slice(start, 20)
        few = examination.examine(some, words, routes, on=ON)
        assert few.to_dicts() == plain.slice(start, 20).to_dicts(), some.to_dicts()
    return plain, counted.height


@pytest.mark.parametrize("notice", NOTICES)
@pytest.mark.parametrize("channel", ["sms", "email"])
@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_the_shipped_notices_are_read_once_for_nearly_everybody(
    notice: str, channel: str, locale: str
) -> None:
    """With ordinary names, sums, days and codes."""
    draw = random.Random(f"{notice}{channel}{locale}")
    route = {"sms": "main", "email": "mailbox"}[channel]
    rows = [row(draw, notice, channel=channel, locale=locale, route=route) for _ in range(90)]

    found, vouched = both(rows, replace(plans.words(), preview=12))

    assert found["said"].all()
    assert vouched > 55, f"only {vouched} of 90"


def invented(draw: random.Random, notice: str, sink: Sink) -> template.Template:
    """A template made of fields and of words, honest or not."""
    known = fields.for_notice(notice)
    pieces = []
    for _ in range(draw.randrange(4, 14)):
        name = draw.choice([*known, "name", "verify_code", "brand"])
        slot = f"{{{{ {name} }}}}"
        if known[name].presence(notice) is Presence.SOMETIMES:
            slot = f"{{% if {name} %}}{slot}{{% endif %}}"
        pieces += [slot, draw.choice(HONEST if draw.random() < 0.85 else SNARES)]
    head = draw.choice(["", "【晨曦消金】", "{{ brand }}："])
    found, problems = template.parse(head + "".join(pieces), notice=notice, sink=sink)
    assert found is not None, problems
    return found


def snared(draw: random.Random) -> str:
    """A name, at times one that could complete a phrase or be taken for something else."""
    pairs = sorted(sensitive.of(plans.words().lists["CN"]).pairs)
    return draw.choice(
        [
            draw.choice(SURNAMES) + draw.choice(GIVEN),
            draw.choice(pairs),
            draw.choice(SURNAMES) + draw.choice(pairs)[0],
            draw.choice(pairs)[1] + draw.choice(GIVEN),
            draw.choice(
                [
                    "张退订",
                    "一万元",
                    "法院",
                    "O'Neil",
                    "𠮷田",
                    "阿不都·买买提",
                    "张",
                    "欠",
                    "三千",
                    "債主",
                    "李1",
                    "",
                ]
            ),
        ]
    )


@pytest.mark.parametrize(
    "seed", [*range(6), *(pytest.param(n, marks=pytest.mark.long) for n in range(6, 200))]
)
def test_whatever_the_template_the_answers_are_the_same(seed: int) -> None:
    """Templates that join values to words and to each other, hostile names, several markets and an offer."""
    draw = random.Random(seed)
    notice, channel = draw.choice(NOTICES), draw.choice(["sms", "sms", "email"])
    files = {"sms": {"sms.txt": Sink.SMS}, "email": {"email.txt": Sink.EMAIL_TEXT}}[channel]
    made = {
        (notice, locale, file): invented(draw, notice, sink)
        for locale in ("zh-CN", "en")
        for file, sink in files.items()
    }
    if channel == "email":
        made |= {key: one for key, one in plans.words().templates.items() if key[2] == "email.subject.txt"}
    offers = (Offer(name="spring", kind="waiver", since=ON, until=ON),) if draw.random() < 0.3 else ()
    words = replace(
        plans.words(),
        templates=made,
        shelf=Shelf(),
        preview=draw.choice([0, 12, 40]),
        max_parts=draw.choice([None, 1, 2]),
        offers=offers,
    )
    route = draw.choice(["main", "abroad"]) if channel == "sms" else "mailbox"
    rows = [
        row(
            draw,
            notice,
            channel=channel,
            route=route,
            locale=draw.choice(["zh-CN", "zh-CN", "en"]),
            **({"name": snared(draw)} if draw.random() < 0.5 else {}),
            **({"tail": draw.choice(["12345", "1", "a1", "１２３４"])} if draw.random() < 0.05 else {}),
            **({"dpd": draw.choice([10_000, 99_999_999])} if draw.random() < 0.05 else {}),
            **({"principal_minor": draw.choice([-5, 10**13])} if draw.random() < 0.05 else {}),
            **(
                {"verify_code": draw.choice(["STOPP-SCAMS", "JA11S-THREA", "kurz"])}
                if draw.random() < 0.05
                else {}
            ),
        )
        for _ in range(70)
    ]

    found, _ = both(rows, words, (*ROUTES, GSM))

    assert found.height == 70
    assert found.columns == [name for name in alike.FOUND if name != "row"]


def test_some_of_the_invented_templates_are_vouched_for_and_some_are_not() -> None:
    """Else the test before this one would say nothing."""
    told = []
    for seed in range(25):
        draw = random.Random(seed)
        notice = draw.choice(NOTICES)
        made = {(notice, "zh-CN", "sms.txt"): invented(draw, notice, Sink.SMS)}
        words = replace(plans.words(), templates=made, shelf=Shelf())
        asked = frame([row(draw, notice) for _ in range(5)]).with_row_index("row")
        told.append(alike.vouched(alike.measured(asked, words, ROUTES, ON), words, ROUTES).height)

    assert sum(found > 0 for found in told) > 5, told
    assert sum(found == 0 for found in told) > 5, told


def test_a_text_under_a_jurisdiction_without_lists_is_not_vouched_for() -> None:
    """Nobody reads it, so nothing is known of any like it."""
    draw = random.Random(1)
    asked = frame([row(draw, "overdue_first", jurisdiction="GB")] * 3).with_row_index("row")

    found = alike.vouched(alike.measured(asked, plans.words(), ROUTES, ON), plans.words(), ROUTES)

    assert found.is_empty()
    assert found.schema == columns.empty(alike.FOUND).schema


def test_a_shelf_does_not_answer_for_a_template_that_was_changed() -> None:
    """The key of a mould holds the digest of what it is made of."""
    draw = random.Random(2)
    rows = [row(draw, "overdue_first") for _ in range(5)]
    before = plans.words()
    assert not examination.examine(frame(rows), before, ROUTES, on=ON)["fault"].drop_nulls().len()
    key = ("overdue_first", "zh-CN", "sms.txt")
    changed, _ = template.parse(
        before.templates[key].source + "再不还就上门抓人。", notice="overdue_first", sink=Sink.SMS
    )
    assert changed is not None

    after = replace(before, templates={**before.templates, key: changed})

    assert (
        examination.examine(frame(rows), after, ROUTES, on=ON)["fault"].to_list() == ["text.lint.wording"] * 5
    )
