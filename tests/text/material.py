"""What the text tests share: the shipped lists and templates, an invented record, and hostile strings."""

from __future__ import annotations

import functools
import unicodedata
from datetime import date
from pathlib import Path

from hypothesis import strategies as st

import duly
from duly.law import pack
from duly.text import (
    code,
    destinations,
    elements,
    fields,
    intent,
    lint,
    segment,
    template,
    wordfile,
    wording,
)
from duly.text.escape import Sink

PACKAGE = Path(duly.__file__).parent
PACK = PACKAGE / "packs" / "cn"
FOLDER = PACKAGE / "invent" / "folder" / "cn"
TEMPLATES = sorted(FOLDER.glob("templates/*/*/*"))

AS_OF = date(2026, 11, 23)
PHRASES = {
    "zh-CN": {
        "name": "张*先生",
        "brand": "晨曦消金",
        "creditor": "晨曦消费金融有限公司",
        "pay_how": "请通过官方App或原还款账户还款",
        "objection_how": "如有异议请致电400-000-0000",
        "plan_how": "如还款有困难请致电400-000-0000协商",
    },
    "en": {
        "name": "Ms Z*",
        "brand": "Chenxi Finance",
        "creditor": "Chenxi Consumer Finance",
        "pay_how": "Pay in our official app or from your usual repayment account",
        "objection_how": "If you disagree, call 400-000-0000",
        "plan_how": "If you cannot pay, call 400-000-0000 to agree a plan",
    },
}
FIGURES = {
    "overdue_minor": 815_620,
    "principal_minor": 800_000,
    "interest_minor": 12_000,
    "penalty_minor": 3_620,
    "fee_minor": 0,
    "next_due_minor": 123_000,
}


def record(locale: str, **changed: object) -> dict[str, object]:
    """A debtor's typed record, complete, with what is `changed`."""
    return {
        **PHRASES[locale],
        **FIGURES,
        "tail": "5678",
        "accounts_count": 1,
        "currency": "CNY",
        "first_unpaid_on": date(2026, 10, 21),
        "as_of": AS_OF,
        "dpd": 33,
        "deadline": date(2026, 12, 8),
        "next_due_on": date(2026, 11, 28),
        "hotline": "400-000-0000",
        "official_url": "https://chenxi.example",
        "verify_code": code.code(b"k" * 32, b"message"),
        **changed,
    }


def values(locale: str, **changed: object) -> dict[str, str]:
    """The same as the strings a template sees."""
    return fields.localise_one(record(locale, **changed), locale)


def sums(locale: str, **changed: object) -> set[int]:
    """The figures that a text about this record may name."""
    whole = record(locale, **changed)
    return {value for key, value in whole.items() if key.endswith("_minor") and isinstance(value, int)}


@functools.cache
def lists() -> wording.Lists:
    """The shipped wording."""
    found, problems = wordfile.load((PACK / "wording.yaml").read_text("utf-8"), "wording.yaml", pack.words())
    assert found is not None, problems
    return found


@functools.cache
def intents() -> intent.Lists:
    """The shipped intents."""
    found, problems = intent.load((PACK / "intents.yaml").read_text("utf-8"), "intents.yaml")
    assert found is not None, problems
    return found


@functools.cache
def approved() -> destinations.Destinations:
    """The destinations of the invented lender."""
    found, problems = destinations.load(
        (FOLDER / "destinations.yaml").read_text("utf-8"), "destinations.yaml"
    )
    assert found is not None, problems
    return found


def parsed(source: str, notice: str = "overdue_first", sink: Sink = Sink.SMS) -> template.Template:
    """A template that has no problem."""
    found, problems = template.parse(source, notice=notice, sink=sink)
    assert found is not None, problems
    return found


def measure(notice: str = "overdue_first", sink: Sink = Sink.SMS, **changed: object) -> lint.Measure:
    """What a text of the invented lender is measured against."""
    known: dict[str, object] = {
        "notice": notice,
        "sink": sink,
        "currency": "CNY",
        "lists": lists(),
        "destinations": approved(),
        "required": elements.required(notice, sink),
        "market": segment.Market.CN if sink is Sink.SMS else None,
        "max_parts": 9 if sink is Sink.SMS else None,
    }
    return lint.Measure(**{**known, **changed})  # type: ignore[arg-type]


# Characters that Python and Polars have both heard of: later versions of Unicode only add.
characters = st.characters(codec="utf-8").filter(lambda char: unicodedata.category(char) != "Cn")
HOSTILE = (
    "", "\0", "\n", "a\r\nBcc: all@example.org", "{{ name }}", "{% if name %}x{% endif %}", "{# x", "}}", "%}", "{}",
    "{0}", "${name}", "\\1", "喆堃昇玥", "𠮷野家", "😀👨‍👩‍👧", "مرحبا",
    "\u202eevil\u202c", "\u2066x\u2069", "\u200b\ufeff", "\u2028",
    "\ud7ff\ue000", "\U0010ffff", "e\u0301", "<script>&\"'</script>", "=1+1", "\x1b[31m", "\x85\x9f", " ", "\u3000",
    "【假】", "a" * 2_000, "甲" * 700, "'", "`", "\x01", "\x02text",
)  # fmt: skip
hostile = st.one_of(st.sampled_from(HOSTILE), st.text(characters, max_size=12))
