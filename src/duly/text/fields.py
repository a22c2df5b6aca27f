"""The closed table of what a template may say, and how a figure or a day becomes words.

A template knows no other field than these, and each reaches it as a plain string. A figure is turned into
words in one place, exactly and in columns; the slow twin for one record says the same (the tests hold them
equal). An amount of zero and a missing day become the empty string: what is nothing is not mentioned.
Refuses: an unknown locale, a currency that the money module does not know, a float.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum

import polars as pl

from duly.model import money

LOCALES = ("zh-CN", "en")
# The one notice before the due date; every other one is about a debt that is overdue.
REMINDERS = frozenset({"due_soon"})

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_ZH_CURRENCY = {
    "CNY": "元", "USD": "美元", "GBP": "英镑", "EUR": "欧元", "INR": "印度卢比",
    "HKD": "港元", "SGD": "新加坡元", "AUD": "澳元", "JPY": "日元",
}  # fmt: skip


class Kind(Enum):
    """What the typed column holds."""

    MONEY = "money"
    DATE = "date"
    INT = "int"
    TEXT = "text"


class Presence(Enum):
    """Whether a notice has the field: a field that is there only sometimes must be asked for with `if`."""

    NEVER = "never"
    SOMETIMES = "sometimes"
    ALWAYS = "always"


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field: the typed column it is made from, what it means, and who has it.

    `personal` fields tell something of the person or the debt, and never stand in a subject line, which is
    shown on a locked screen.
    """

    name: str
    kind: Kind
    source: str
    zh: str
    en: str
    personal: bool
    reminder: Presence
    overdue: Presence

    def presence(self, notice: str) -> Presence:
        """Whether `notice` has this field."""
        return self.reminder if notice in REMINDERS else self.overdue


def _field(
    name: str,
    kind: Kind,
    source: str,
    reminder: Presence,
    overdue: Presence,
    *,
    personal: bool,
    zh: str,
    en: str,
) -> Field:
    return Field(
        name=name,
        kind=kind,
        source=source,
        zh=zh,
        en=en,
        personal=personal,
        reminder=reminder,
        overdue=overdue,
    )


_N, _S, _A = Presence.NEVER, Presence.SOMETIMES, Presence.ALWAYS
_TABLE = (
    _field("name", Kind.TEXT, "name", _A, _A, personal=True,
           zh="债务人称呼（可以部分隐去）", en="how the debtor is addressed; may be masked"),
    _field("brand", Kind.TEXT, "brand", _A, _A, personal=False,
           zh="债务人所知的名称，即短信签名", en="the name the debtor knows, and the SMS signature"),
    _field("creditor", Kind.TEXT, "creditor", _A, _A, personal=False,
           zh="债权人", en="to whom the debt is owed"),
    _field("tail", Kind.TEXT, "tail", _S, _S, personal=True,
           zh="合同号后四位；多笔时为空", en="last four of the contract number; empty for several accounts"),
    _field("accounts_count", Kind.INT, "accounts_count", _A, _A, personal=True,
           zh="本通知所涉账户数", en="how many accounts the notice covers"),
    _field("overdue_total", Kind.MONEY, "overdue_minor", _N, _A, personal=True,
           zh="逾期应还总额", en="all that is overdue"),
    _field("principal", Kind.MONEY, "principal_minor", _N, _S, personal=True,
           zh="其中本金", en="of it, principal"),
    _field("interest", Kind.MONEY, "interest_minor", _N, _S, personal=True,
           zh="其中利息", en="of it, interest"),
    _field("penalty", Kind.MONEY, "penalty_minor", _N, _S, personal=True,
           zh="其中罚息", en="of it, overdue interest"),
    _field("fees", Kind.MONEY, "fee_minor", _N, _S, personal=True,
           zh="其中费用", en="of it, fees"),
    _field("due_on", Kind.DATE, "first_unpaid_on", _N, _A, personal=True,
           zh="最早未还一期的到期日", en="due date of the oldest unpaid instalment"),
    _field("as_of", Kind.DATE, "as_of", _A, _A, personal=False,
           zh="金额计算至哪一日", en="the day the figures are computed to"),
    _field("dpd", Kind.INT, "dpd", _N, _A, personal=True,
           zh="逾期天数", en="days past due"),
    _field("deadline", Kind.DATE, "deadline", _N, _S, personal=True,
           zh="请在哪一日前处理", en="the day before which to act"),
    _field("next_due_on", Kind.DATE, "next_due_on", _A, _S, personal=True,
           zh="下一期到期日", en="next due date"),
    _field("next_due_total", Kind.MONEY, "next_due_minor", _A, _S, personal=True,
           zh="下一期应还金额", en="what falls due then"),
    _field("hotline", Kind.TEXT, "hotline", _A, _A, personal=False,
           zh="官方客服电话", en="official telephone number"),
    _field("official_url", Kind.TEXT, "official_url", _A, _A, personal=False,
           zh="官方网站", en="official web address"),
    _field("pay_how", Kind.TEXT, "pay_how", _A, _A, personal=False,
           zh="如何还款", en="how to pay"),
    _field("verify_code", Kind.TEXT, "verify_code", _A, _A, personal=True,
           zh="核验码，用于在官网核实真伪", en="code to check on the official site"),
    _field("objection_how", Kind.TEXT, "objection_how", _A, _A, personal=False,
           zh="如何提出异议", en="how to object"),
    _field("plan_how", Kind.TEXT, "plan_how", _A, _A, personal=False,
           zh="还款困难时如何协商", en="how to ask for a plan"),
)  # fmt: skip

FIELDS: Mapping[str, Field] = {field.name: field for field in _TABLE}


def for_notice(notice: str) -> dict[str, Field]:
    """The fields that `notice` has, always or sometimes."""
    return {name: field for name, field in FIELDS.items() if field.presence(notice) is not Presence.NEVER}


def demanded(notice: str, figures: Mapping[str, object]) -> tuple[int, object]:
    """What `notice` is about, in minor units, and the day it is due; `figures` has the typed columns.

    A reminder is about what falls due next, every other notice about all that is overdue, since its oldest day.
    """
    amount, day = (
        ("next_due_minor", "next_due_on") if notice in REMINDERS else ("overdue_minor", "first_unpaid_on")
    )
    return int(str(figures.get(amount) or 0)), figures.get(day)


def localise(frame: pl.DataFrame, locale: str, *, keep: Sequence[str] = ()) -> pl.DataFrame:
    """The string column of every field whose `source` column is in `frame`, after the columns in `keep`.

    `frame` has `currency` (ISO 4217) where it has money, Int64 minor units in the money columns, Date in
    the date columns and, where it has dates, `as_of`. Row order stays. A Chinese date names the year only
    where it is not the year of `as_of`. Raises ValueError for a locale or currency that is not known.
    """
    if locale not in LOCALES:
        raise ValueError(f"no words for the locale {locale!r}; known are {', '.join(LOCALES)}")
    present = [field for field in _TABLE if field.source in frame.columns]
    currencies: tuple[str, ...] = ()
    if any(field.kind is Kind.MONEY for field in present):
        currencies = _currencies(frame["currency"])
    words: list[pl.Expr] = []
    for field in present:
        if field.kind is Kind.MONEY:
            said = _money_words(frame[field.source], locale, currencies)
        elif field.kind is Kind.DATE:
            said = _date_words(pl.col(field.source), locale)
        else:
            said = pl.col(field.source).cast(pl.Utf8).fill_null("")
        words.append(said.alias(field.name))
    # Evaluated apart from `keep`, so that a kept column may carry the name of a field.
    fields = frame.select(words)
    kept = frame.select(name for name in keep if name not in fields.columns)
    return pl.concat([kept, fields], how="horizontal")


def localise_one(record: Mapping[str, object], locale: str) -> dict[str, str]:
    """The same for one record of typed values, read plainly; the oracle of `localise`."""
    if locale not in LOCALES:
        raise ValueError(f"no words for the locale {locale!r}; known are {', '.join(LOCALES)}")
    said: dict[str, str] = {}
    for field in _TABLE:
        if field.source not in record:
            continue
        value = record[field.source]
        if field.kind is Kind.MONEY:
            said[field.name] = amount_in_words(value, record["currency"], locale)
        elif field.kind is Kind.DATE:
            said[field.name] = day_in_words(value, record.get("as_of"), locale)
        else:
            said[field.name] = "" if value is None else str(value)
    return said


def amount_in_words(minor: object, currency: object, locale: str) -> str:
    """`1,230.00元` or `CNY 1,230.00`; empty for none and for zero."""
    if minor is None or minor == 0:
        return ""
    if not isinstance(minor, int) or not isinstance(currency, str):
        raise TypeError("an amount is an integer of minor units with a currency")
    digits = money.Money(minor=minor, currency=currency).plain()
    sign, digits = ("-", digits[1:]) if digits.startswith("-") else ("", digits)
    whole, point, cents = digits.partition(".")
    grouped = f"{sign}{int(whole):,}{point}{cents}"
    return f"{grouped}{_ZH_CURRENCY[currency]}" if locale == "zh-CN" else f"{currency} {grouped}"


def day_in_words(day: object, as_of: object, locale: str) -> str:
    """`11月20日`, `2025年11月20日` or `20 November 2026`; empty for none."""
    if day is None:
        return ""
    if not isinstance(day, date):
        raise TypeError("a day is a date")
    if locale == "en":
        return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
    short = f"{day.month}月{day.day}日"
    same_year = isinstance(as_of, date) and as_of.year == day.year
    return short if same_year else f"{day.year}年{short}"


def _currencies(column: pl.Series) -> tuple[str, ...]:
    found = column.unique().to_list()
    unknown = [currency for currency in found if currency not in money.EXPONENT]
    if unknown:
        raise ValueError(f"amounts in {unknown[0]!r}, which is not a currency known here")
    return tuple(found)


def _money_words(minor: pl.Series, locale: str, currencies: Sequence[str]) -> pl.Expr:
    column, currency = pl.col(minor.name), pl.col("currency")
    largest = max(abs(int(bound)) for bound in (minor.min() or 0, minor.max() or 0))  # type: ignore[arg-type]
    unit = currency.replace_strict(_ZH_CURRENCY, return_dtype=pl.Utf8)
    said = pl.lit("")
    for exponent in sorted({money.EXPONENT[name] for name in currencies}):
        figure = _figure(column, exponent, groups=-(-len(str(largest)) // 3))
        words = [figure, unit] if locale == "zh-CN" else [currency, pl.lit(" "), figure]
        same = [name for name in currencies if money.EXPONENT[name] == exponent]
        said = pl.when(currency.is_in(same)).then(pl.concat_str(words)).otherwise(said)
    return pl.when(column.is_null() | (column == 0)).then(pl.lit("")).otherwise(said)


def _figure(minor: pl.Expr, exponent: int, *, groups: int) -> pl.Expr:
    """Digits in at most `groups` groups of three, counted from the right, with sign and decimals."""
    digits = minor.abs().cast(pl.Utf8).str.zfill(exponent + 1)
    whole = digits.str.head(-exponent) if exponent else digits
    threes = [whole.str.tail(3 * (group + 1)).str.head(-3 * group) for group in range(groups - 1, 0, -1)]
    # A group that the number does not reach is empty and leaves its comma at the front.
    grouped = pl.concat_str([*threes, whole.str.tail(3)], separator=",").str.strip_chars_start(",")
    sign = pl.when(minor < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    decimals = [pl.lit("."), digits.str.tail(exponent)] if exponent else []
    return pl.concat_str([sign, grouped, *decimals])


def _date_words(day: pl.Expr, locale: str) -> pl.Expr:
    year, month, number = day.dt.year(), day.dt.month(), day.dt.day()
    if locale == "en":
        names = month.replace_strict(dict(enumerate(_MONTHS, start=1)), return_dtype=pl.Utf8)
        said = pl.format("{} {} {}", number, names, year)
    else:
        short = pl.format("{}月{}日", month, number)
        same = year.eq_missing(pl.col("as_of").dt.year())
        said = pl.when(same).then(short).otherwise(pl.format("{}年{}", year, short))
    return said.fill_null("")
