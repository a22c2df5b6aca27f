"""A mould vouches for texts that differ in values which can form nothing, and for no others."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from duly.text import lint, mould, sensitive, trial
from duly.text.escape import Sink
from duly.text.fields import FIELDS
from duly.text.filling import fits
from duly.text.mould import DAYS, SUMS, VARYING, Mould
from duly.text.trial import Case, Setting
from tests.text import material

HEAD = "【{{ brand }}】{{ name }}，您的"
TAIL = "账户欠{{ overdue_total }}。{{ pay_how }}，电话{{ hotline }}，核验码{{ verify_code }}。"
SENSITIVE = sensitive.of(material.lists())


def made(
    source: str, *, locale: str = "zh-CN", sink: Sink = Sink.SMS, preview: int = 0, **changed: object
) -> Mould:
    """The mould of a template, as the record of the tests fills it."""
    values = material.values(locale, **{"name": "王伟", "tail": "5678"} | changed)
    case = Case(
        locale=locale,
        constants={name: value for name, value in values.items() if name not in VARYING}
        | {"currency": "CNY"},
        filled=frozenset(name for name in VARYING if values[name]),
        months=dict.fromkeys(DAYS, 3) if locale == "en" else {},
    )
    setting = Setting(
        template=material.parsed(source, sink=sink),
        sign="",
        measure=material.measure(sink=sink, preview=preview),
    )
    return trial.make({"text": setting}, case, SENSITIVE)


def fit(of: Mould, **changed: object) -> bool:
    """Whether it vouches for the text with that value changed."""
    record = material.record("zh-CN", **{"name": "王伟"} | changed)
    values = material.values("zh-CN", **{"name": "王伟"} | changed)
    sums: Mapping[str, int] = {name: int(str(record[FIELDS[name].source])) for name in SUMS if values[name]}
    return fits(of, values, sums, SENSITIVE)


def test_an_honest_template_is_vouched_for() -> None:
    """And what was found in it is what the lint finds in one of its texts."""
    found = made(HEAD + TAIL)
    values = material.values("zh-CN", name="王伟")

    text = found.fill("text", values)
    plain = lint.lint(text, material.measure(), allowed=material.sums("zh-CN"), values=values)

    assert found.why is None
    assert [one.code for one in found.findings["text"]] == [one.code for one in plain]
    assert {one.found for one in plain} == {"as_of", "objection_route", "creditor_name"}
    assert text.startswith("【晨曦消金】王伟，您的账户欠8,156.20元。")


@pytest.mark.parametrize(
    ("between", "why"),
    [
        ("{{ dpd }}{{ accounts_count }}", "a value is joined to what stands beside it"),
        ("第{{ dpd }}0天", "a value is joined to what stands beside it"),
        ("共{{ dpd }}、{{ accounts_count }}", "two numbers are only parted by a sign"),
        ("共{{ dpd }}元", "a value belongs to a number"),
        ("五{{ dpd }}天", "a value is joined to what stands beside it"),
        ("{{ as_of }}元旦", "a value belongs to a number"),
        ("见a.{{ verify_code }}", "a value is joined to what stands beside it"),
        ("㈱", "a character that may be read as another"),
        ("加{{ verify_code }}", "the lists have letters beside this character"),
        ("pay in {{ accounts_count }}", "the lists have numbers beside this word"),
        ("sue {{ dpd }} d", "a phrase lies over a value"),
    ],
)
def test_a_value_that_could_form_something_is_not_vouched_for(between: str, why: str | None) -> None:
    """With what stands beside it in the template."""
    assert made(f"{HEAD}{between}。{TAIL}").why == why


def test_a_text_that_names_a_day_itself_is_not_vouched_for() -> None:
    """It may be the day that the template leaves out: then the text carries it by chance."""
    assert made(f"{HEAD}请于12日前还，{TAIL}").why == (
        "the text itself names something like a value that it leaves out"
    )


def test_a_phrase_over_a_name_in_english_is_not_vouched_for() -> None:
    """`la` and `wsuit` are one word to whoever reads over what stands between."""
    assert made(f"{HEAD}la{{{{ dpd }}}} wsuit。{TAIL}").why is not None


@pytest.mark.parametrize(
    ("name", "vouched"),
    [
        ("王伟", True),
        ("欧阳娜娜", True),
        ("王", False),  # shorter than it was tried with
        ("欧阳娜娜娜", False),  # longer
        ("法院", False),  # a phrase
        ("張偉", True),  # read as 张伟
        ("債主", False),  # read as 债主
        ("欠伟", False),  # a word that means something alone
        ("三千", True),  # a numeral is one with a unit only
        ("千元", False),
        ("𠮷田", False),
        ("O'Neil", False),
        ("王 伟", False),
        ("王伟1", False),
    ],
)
def test_which_names_are_vouched_for(name: str, vouched: bool) -> None:
    """Two to four Chinese characters of which no two are neighbours in any phrase."""
    assert fit(made(HEAD + TAIL), name=name) is vouched


def test_a_name_that_forms_a_phrase_with_what_stands_beside_it_is_not_vouched_for() -> None:
    """`起诉` is one in any list: 起 ends the name, and the template goes on with 诉."""
    found = made(f"【{{{{ brand }}}}】{{{{ name }}}}诉求，{TAIL}")

    assert found.right >= {"诉"}
    assert fit(found, name="王伟")
    assert not fit(found, name="王起")
    assert fit(made(HEAD + TAIL), name="王起")


@pytest.mark.parametrize(
    ("changed", "vouched"),
    [
        ({"tail": "0700"}, True),
        ({"tail": "700"}, False),
        ({"tail": "a700"}, False),
        ({"overdue_minor": mould.MOST_MINOR - 1}, True),
        ({"overdue_minor": mould.MOST_MINOR}, False),
        ({"overdue_minor": -1}, False),
        ({"dpd": mould.MOST_NUMBER}, True),
        ({"dpd": mould.MOST_NUMBER + 1}, False),
        ({"verify_code": "7K3M9-QX0WD"}, True),
        ({"verify_code": "7K3M9QX0WD"}, False),
        ({"verify_code": "7K3M9-THEFX"}, True),
        ({"verify_code": "7K3M9-THEFT"}, False),  # a word of the lists
        ({"verify_code": "CCJ99-00000"}, False),  # too short to be found in letters
    ],
)
def test_which_other_values_are_vouched_for(changed: dict[str, object], vouched: bool) -> None:
    """Those as short or long as the mould was tried with, in which nothing can be read."""
    assert (
        fit(made(f"{HEAD}尾号{{% if tail %}}{{{{ tail }}}}{{% endif %}}，{{{{ dpd }}}}天，{TAIL}"), **changed)
        is vouched
    )


def test_a_sum_that_the_text_leaves_out_must_not_stand_in_it_by_chance() -> None:
    """A text with the principal alone tells the sum in parts when there is nothing but principal."""
    found = made(HEAD + TAIL)

    assert fit(found)
    assert not fit(found, principal_minor=815_620, interest_minor=0, penalty_minor=0)


def test_what_a_locked_screen_shows_is_told_for_all_or_for_none() -> None:
    """Far behind the name, just behind it, and in between."""
    source = "【{{ brand }}】{{ name }}您好，您的账户已逾期，" + TAIL

    assert made(source, preview=5).why is None
    assert "text.lint.preview" not in [one.code for one in made(source, preview=5).findings["text"]]
    assert "text.lint.preview" in [one.code for one in made(source, preview=30).findings["text"]]
    assert made(source, preview=13).why == "what is found depends on the values"


def test_a_page_is_never_vouched_for() -> None:
    """What a reader sees of it is another text."""
    source = "<p>{{ name }}</p>"

    assert made(source, sink=Sink.HTML).why == "a page"
