"""The templates that a new project begins with are lawful as they stand, in every language and for every debt."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import polars as pl
import pytest

from duly.text import elements, fields, intent, lint, render, segment, sweep, template, wording
from duly.text.escape import Sink
from duly.text.segment import Market
from duly.text.template import SINK_OF_FILE, Template
from duly.text.wording import Action
from strangers.roll import ROOT
from tests.text import material

NOTICES = {"due_soon", "overdue_first", "overdue_firm", "last_notice"}
FILES = {"sms.txt", "email.subject.txt", "email.txt"}
# What a debt may look like: with and without parts, one account or several, with and without a deadline.
SHAPES: list[dict[str, object]] = [
    dict(zip(("fee_minor", "penalty_minor", "tail", "accounts_count"), shape, strict=True))
    for shape in itertools.product((0, 500), (0, 3_620), ("5678",), (1,))
] + [{"tail": "", "accounts_count": 3}]


def parts(path: Path) -> tuple[str, str, str]:
    """Notice, locale and file."""
    notice, locale, name = path.parts[-3:]
    return notice, locale, name


def load(path: Path) -> Template:
    """A shipped template, which has no problem."""
    notice, _, name = parts(path)
    return material.parsed(path.read_text("utf-8"), notice, SINK_OF_FILE[name])


def test_every_notice_is_there_in_every_language() -> None:
    """Four notices, two languages, three files each."""
    assert {parts(path) for path in material.TEMPLATES} == set(
        itertools.product(NOTICES, fields.LOCALES, FILES)
    )


@pytest.mark.parametrize("path", material.TEMPLATES, ids=lambda path: "-".join(parts(path)))
def test_a_shipped_template_passes_the_lint(path: Path) -> None:
    """Whatever the debt looks like: nothing blocks, and nothing is left for a person to review either."""
    notice, locale, name = parts(path)
    sink = SINK_OF_FILE[name]
    measure = material.measure(notice, sink)
    for shape in SHAPES:
        values = material.values(locale, **shape)
        allowed = material.sums(locale, **shape)
        text = render.plain(load(path), values)

        assert lint.lint(text, measure, allowed=allowed, values=values) == ()


@pytest.mark.parametrize("path", material.TEMPLATES, ids=lambda path: "-".join(parts(path)))
def test_a_shipped_template_says_it_well(path: Path) -> None:
    """No gap where a part is missing, no doubled stop, no blank at the end of a line."""
    _, locale, name = parts(path)
    for shape in SHAPES:
        text = render.plain(load(path), material.values(locale, **shape))

        assert not re.search(
            r"，。|，，|。。|、。|  +\S|\.\.|,\.| ,|\( |\n{3}|[ \t]\n", text.replace("\n  ", "\n")
        )
        assert text == text.strip()
        assert name != "email.subject.txt" or "\n" not in text


def test_a_last_notice_without_a_deadline_is_held() -> None:
    """It renders, and the lint says what it lacks."""
    values = material.values("zh-CN", deadline=None)
    path = material.FOLDER / "templates" / "last_notice" / "zh-CN" / "sms.txt"
    text = render.plain(load(path), values)
    found = lint.lint(
        text, material.measure("last_notice"), allowed=set(material.FIGURES.values()), values=values
    )

    assert [(one.code, one.found) for one in found] == [("text.lint.element", "deadline")]


@pytest.mark.parametrize("notice", sorted(NOTICES))
def test_chinese_messages_take_three_parts_at_most(notice: str) -> None:
    """With a name of ordinary length and sums of four digits; English ones within the GSM alphabet too."""
    for locale, market in (("zh-CN", Market.CN), ("en", Market.GSM)):
        path = material.FOLDER / "templates" / notice / locale / "sms.txt"
        assert segment.count(render.plain(load(path), material.values(locale)), market).billed <= 3


def test_a_batch_of_shipped_texts_is_cleared_by_columns() -> None:
    """Rendered, counted and linted in columns, with what the plain way gives."""
    path = material.FOLDER / "templates" / "overdue_firm" / "zh-CN" / "sms.txt"
    records = [
        material.record("zh-CN", dpd=days, tail=f"{days:04d}", overdue_minor=800_000 + days)
        for days in range(50)
    ]
    said = fields.localise(pl.DataFrame(records), "zh-CN")
    texts = render.columnar(load(path), said)
    sums = [[value for value in record.values() if type(value) is int] for record in records]
    frame = said.with_columns(texts, pl.Series("figures", sums, dtype=pl.List(pl.Int64)))

    assert texts.to_list() == [
        render.plain(load(path), fields.localise_one(record, "zh-CN")) for record in records
    ]
    assert sweep.sweep(frame, material.measure("overdue_firm"), few=0).height == 0
    assert set(elements.required("overdue_firm", Sink.SMS)) <= set(elements.columnar(frame)[0])
    assert wording.suspects(texts, material.lists()).len() == 0


def test_every_review_word_of_the_templates_is_excused_in_its_notice_alone() -> None:
    """The last notice speaks of a suit; no other shipped text does."""
    for path in material.TEMPLATES:
        notice, locale, _ = parts(path)
        text = render.plain(load(path), material.values(locale))
        reviewed = [one for one in wording.find(text, material.lists()) if one.action is Action.REVIEW]

        assert not reviewed or (
            notice == "last_notice" and {one.category for one in reviewed} == {"fake_filing"}
        )


PAGE = ROOT / "docs" / "reference" / "templates.md"


def test_the_page_has_every_field() -> None:
    """Name, kind, meaning, and which notices have it."""
    page = PAGE.read_text("utf-8")
    for field in fields.FIELDS.values():
        row = (
            f"| `{field.name}` | {field.kind.value} | {field.en} | {field.zh} | {field.reminder.value} | "
            f"{field.overdue.value} | {'yes' if field.personal else 'no'} |"
        )
        assert row in page


def test_the_page_has_every_code_file_element_and_category() -> None:
    """What a person may meet is explained where he looks."""
    page = PAGE.read_text("utf-8")
    codes = {f"template.{code}" for code in re.findall(r'_refuse\([^"]*?"([a-z_.]+)"', _only("template"))}
    codes |= {f"template.{code}" for code in re.findall(r'_wrong\([^"]*?"([a-z_.]+)"', _only("tags"))}
    codes |= {f"text.lint.{code}" for code in re.findall(r'_finding\([^"]*?"([a-z_.]+)"', _only("lint"))}
    codes |= {f"text.lint.{code}" for code, _, _ in lint._LEADS.values()}
    codes |= set(re.findall(r'"(text\.lint\.[a-z_.]+)"', _only("lint")))
    codes |= {f"destinations.{code}" for code in re.findall(r', "([a-z.]+)", what', _only("destinations"))}

    assert len(codes) > 30
    meanings = [kind.value for kind in intent.Kind]
    for word in [*codes, *meanings, *template.SINK_OF_FILE, *elements.ELEMENTS, *wording.CATEGORIES]:
        assert f"`{word}`" in page, word


def _only(module: str) -> str:
    return (material.PACKAGE / "text" / f"{module}.py").read_text("utf-8")
