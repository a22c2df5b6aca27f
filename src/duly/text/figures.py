"""The sums of money that a text names, read back out of it.

A text is believed to say what a person would read: `1,230.00元`, `¥1230`, `CNY 1,230.00`, `1.2万元`, a number
with two decimals and no currency at all. Each is given with its value in minor units, or with None where it
cannot be computed exactly (a sum in words, wrong groups, too many decimals).
Refuses to guess: what cannot be computed is a sum all the same, and no figure of the book equals it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import polars as pl

from duly.model import money

_SYMBOLS = {
    "¥": {"CNY", "JPY"}, "RMB": {"CNY"}, "人民币": {"CNY"}, "元": {"CNY"}, "块": {"CNY"}, "圆": {"CNY"},
    "yuan": {"CNY"}, "kuai": {"CNY"}, "$": {"USD", "HKD", "SGD", "AUD"}, "US$": {"USD"}, "HK$": {"HKD"},
    "dollar": {"USD", "HKD", "SGD", "AUD"}, "美元": {"USD"}, "港元": {"HKD"}, "港币": {"HKD"}, "€": {"EUR"},
    "euro": {"EUR"}, "欧元": {"EUR"}, "£": {"GBP"}, "pound": {"GBP"}, "英镑": {"GBP"}, "₹": {"INR"},
    "rupee": {"INR"}, "印度卢比": {"INR"}, "卢比": {"INR"}, "新加坡元": {"SGD"}, "澳元": {"AUD"},
    "日元": {"JPY"}, "yen": {"JPY"}, **{code: {code} for code in money.EXPONENT},
}  # fmt: skip
_TIMES = {
    "百": 100,
    "千": 1_000,
    "万": 10_000,
    "亿": 100_000_000,
    "k": 1_000,
    "K": 1_000,
    "w": 10_000,
    "W": 10_000,
}

CURRENCY = "|".join(sorted(map(re.escape, _SYMBOLS), key=len, reverse=True))
NUMERALS = "零〇一二两三四五六七八九十百千万亿壹贰叁肆伍陆柒捌玖拾佰仟萬億"
_NUMBER = re.compile(
    rf"(?P<before>(?i:{CURRENCY})\s?)?(?P<sign>(?<![0-9A-Za-z])[-−]\s?)?"
    rf"(?P<number>[0-9]+(?:,[0-9]+)*(?:\.[0-9]+)?)"
    rf"(?:\s?(?P<times>[百千万亿]|[kKwW](?![A-Za-z])))?(?:\s?(?P<after>(?i:{CURRENCY})s?(?![A-Za-z])))?(?P<percent>\s?[%‰％])?"
)
_WORDS = re.compile(
    rf"(?<![0-9])[{NUMERALS}]+(?:元|块|圆)|(?i:\b(?:hundred|thousand|million)\s+(?:yuan|rmb|dollars?|pounds?|euros?)\b)"
)
STRUCK = "\x01"
# A sum that begins with the code of its currency, struck out: words before it cannot belong to it.
CODED = "\x02"
_GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Sum:
    """A sum named in a text. `minor` in units of the currency asked for; None when it cannot be computed.

    `currencies` are those that the words beside it may mean; None when there are no such words, and empty
    when they contradict each other.
    """

    minor: int | None
    currencies: frozenset[str] | None
    start: int
    end: int


def fold(text: str) -> str:
    """The same text, character for character, with every kind of digit and of Latin letter in ASCII.

    Full-width punctuation stays, because it parts sentences; only what links and numbers are made of counts.
    """
    return text.translate(_FOLDED)


class _Folded(dict[int, str]):
    def __missing__(self, code: int) -> str:
        char = chr(code)
        plain = unicodedata.normalize("NFKD", char)
        digit = unicodedata.decimal(char, None)
        if digit is not None:
            self[code] = str(digit)
        else:
            self[code] = plain if len(plain) == 1 and plain.isascii() and plain.isalnum() else char
        return self[code]


_FOLDED = _Folded({ord(wide): plain for wide, plain in zip("＠．－＋／％＿＄￥", "@.-+/%_$¥", strict=True)})


def sums(text: str, currency: str) -> tuple[Sum, ...]:
    """Every sum in a folded text, by place; a bare number counts when it has two decimals or groups."""
    found = [
        Sum(minor=None, currencies=None, start=match.start(), end=match.end())
        for match in _WORDS.finditer(text)
    ]
    for match in _NUMBER.finditer(text):
        before, after = match["before"], match["after"]
        bare = not before and not after and not match["times"]
        if match["percent"] or (bare and not _looks_like_money(match["number"])):
            continue
        start = match.start() if before else match.start("sign") if match["sign"] else match.start("number")
        named = [_SYMBOLS_FOLDED[word.strip().lower()] for word in (before, _singular(after)) if word]
        found.append(
            Sum(
                minor=_minor(match, money.EXPONENT[currency]),
                currencies=frozenset(set.intersection(*map(set, named))) if named else None,
                start=start,
                end=match.end("after")
                if after
                else match.end("times")
                if match["times"]
                else match.end("number"),
            )
        )
    return tuple(sorted(found, key=lambda one: one.start))


def agrees(found: Sum, currency: str) -> bool:
    """Whether the words beside the sum can mean that currency; without any, they can."""
    return found.currencies is None or currency in found.currencies


_SYMBOLS_FOLDED = {word.lower(): currencies for word, currencies in _SYMBOLS.items()}


def _singular(word: str | None) -> str | None:
    if word is None or word.lower() in _SYMBOLS_FOLDED:
        return word
    return word[:-1]


def _looks_like_money(number: str) -> bool:
    _, point, decimals = number.partition(".")
    return "," in number or (bool(point) and len(decimals) == 2)


def _minor(match: re.Match[str], exponent: int) -> int | None:
    whole, _, decimals = match["number"].partition(".")
    if not _GROUPED.fullmatch(whole):
        return None
    times = _TIMES[match["times"]] if match["times"] else 1
    # Powers of ten are written out: ** of two ints is not an int to the type checker.
    unit, parts = int("1" + "0" * exponent), int("1" + "0" * len(decimals))
    value, rest = divmod(int(whole.replace(",", "") + decimals) * times * unit, parts)
    if rest:
        return None
    return -value if match["sign"] else value


def strike_exact(text: pl.Expr, currency: str) -> pl.Expr:
    """The text without the sums that are written as `fields` writes them; each leaves one STRUCK or CODED."""
    decimals = money.EXPONENT[currency]
    coded = text.str.replace_all(_coded(currency, decimals), CODED)
    return coded.str.replace_all(f"{_figure(decimals)}元", STRUCK) if currency == "CNY" else coded


def exact(text: pl.Expr, currency: str) -> pl.Expr:
    """Those sums, as List(Int64) in minor units; one beyond Int64 is null."""
    found = text.str.extract_all(_exact(currency))
    return found.list.eval(pl.element().str.replace_all("[^0-9]", "").cast(pl.Int64, strict=False))


def has_others(struck: pl.Expr) -> pl.Expr:
    """Whether `sums` could find a sum in a text that went through `strike_exact`, or read one otherwise."""
    return struck.str.contains(_OTHERS)


def _exact(currency: str) -> str:
    decimals = money.EXPONENT[currency]
    coded = _coded(currency, decimals)
    return f"{coded}|{_figure(decimals)}元" if currency == "CNY" else coded


def _coded(currency: str, decimals: int) -> str:
    return f"{currency} {_figure(decimals)}"


def _figure(decimals: int) -> str:
    return r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)" + (rf"\.[0-9]{{{decimals}}}" if decimals else "")


# Wider than what `sums` reads: anything beside an exact sum that might belong to it, any other number with a
# multiple, a currency, groups or two decimals, and sums in words.
_OTHERS = (
    rf"[0-9A-Za-z.,¥￥$€£₹元圆块币镑比−-]\s?{STRUCK}|[0-9]\s?{CODED}|[{STRUCK}{CODED}]\s?(?:[0-9A-Za-z%‰％百千万亿元块圆美港欧英印卢新澳日]|[.,][0-9])"
    rf"|[0-9]\s?(?:[百千万亿]|[kKwW](?:[^A-Za-z]|$)|(?i:{CURRENCY}|￥))|(?i:{CURRENCY}|￥)\s?[−-]?\s?[0-9]"
    rf"|[0-9],[0-9]|\.[0-9]{{2}}|[{NUMERALS}](?:元|块|圆)|(?i:hundred|thousand|million)"
)
