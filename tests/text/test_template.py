"""A template with a mistake is refused at its place, with what to do."""

from __future__ import annotations

import pytest

from duly.text import template
from duly.text.escape import Sink
from duly.text.template import Choice, Slot
from tests.text.material import parsed

# (source, code, line, column, words of what is wrong, words of the remedy)
WRONG = [
    ("{{ nam }}", "field.unknown", 1, 1, "`nam` is not a field of the notice", "Did you mean `name`?"),
    ("{{ xyzzy }}", "field.unknown", 1, 1, "`xyzzy`", "Use one of accounts_count, as_of"),
    ("甲\n  乙{{ nam }}", "field.unknown", 2, 4, "`nam`", "`name`"),
    ("{% if nam %}x{% endif %}", "field.unknown", 1, 1, "`nam`", "`name`"),
    ("{% if name %}x{% elif nam %}{% endif %}", "field.unknown", 1, 15, "`nam`", "`name`"),
    ("{{ next_due_total }}", "field.unguarded", 1, 1, "may be empty", "{% if next_due_total %}"),
    ("{% if tail %}{% else %}{{ tail }}{% endif %}", "field.unguarded", 1, 24, "may be empty", "{% if tail %}"),
    ("{{ name.upper }}", "unsafe", 1, 1, "is an attribute", "a field comes ready"),
    ("{{ name['x'] }}", "unsafe", 1, 1, "is an attribute", "a field comes ready"),
    ("{{ name.__class__.__mro__ }}", "unsafe", 1, 1, "is an attribute", "a field comes ready"),
    ("{{ name|upper }}", "unsafe", 1, 1, "is a filter", "a field comes ready"),
    ("{{ range(9) }}", "unsafe", 1, 1, "is a call", "a field comes ready"),
    ("{{ 1 + 1 }}", "unsafe", 1, 1, "is an expression", "a field comes ready"),
    ("{{ 'a' }}", "unsafe", 1, 1, "is an expression", "a field comes ready"),
    ("{{ }}", "unsafe", 1, 1, "no field is named", "{{ name }}"),
    ("{{- name }}", "unsafe", 1, 1, "`-` and `+`", "Remove the sign"),
    ("{% if name -%}x{% endif %}", "unsafe", 1, 1, "`-` and `+`", "Remove the sign"),
    ("{% for x in name %}x{% endfor %}", "unsafe", 1, 1, "`for` is a loop", "only tags are"),
    ("{% set x = 1 %}", "unsafe", 1, 1, "`set` is an assignment", "only tags are"),
    ("{% include 'x' %}", "unsafe", 1, 1, "`include` is an include", "only tags are"),
    ("{% extends 'x' %}", "unsafe", 1, 1, "inheritance", "only tags are"),
    ("{% macro x() %}{% endmacro %}", "unsafe", 1, 1, "a macro", "only tags are"),
    ("{% raw %}{{ name }}{% endraw %}", "unsafe", 1, 1, "raw text", "only tags are"),
    ("{% autoescape false %}{% endautoescape %}", "unsafe", 1, 1, "a switch of escaping", "only tags are"),
    ("{% frobnicate %}", "unsafe", 1, 1, "not a tag of this language", "only tags are"),
    ("{% %}", "unsafe", 1, 1, "not a tag of this language", "only tags are"),
    ("{% if not name %}x{% endif %}", "unsafe", 1, 1, "asks more than whether", "{% if name %}"),
    ("{% if name == 'a' %}x{% endif %}", "unsafe", 1, 1, "asks more than whether", "{% if name %}"),
    ("{% if name", "unclosed", 1, 1, "`{%` is never closed", "`%}`"),
    ("a {{ name", "unclosed", 1, 3, "`{{` is never closed", "`}}`"),
    ("a {# b", "unclosed", 1, 3, "`{#` is never closed", "`#}`"),
    ("x\n{% if name %}y", "unclosed", 2, 1, "this `if` is never closed", "{% endif %}"),
    ("x{% endif %}", "stray", 1, 2, "`endif` without an `if`", "Remove it"),
    ("x{% else %}", "stray", 1, 2, "`else` without an `if`", "Remove it"),
    ("{% if name %}a{% else %}b{% else %}c{% endif %}", "stray", 1, 26, "`else` after `else`", "only once"),
    ("{% if name %}a{% else %}b{% elif brand %}c{% endif %}", "stray", 1, 26, "`elif` after `else`", "`else` last"),
    ("name }} x", "stray", 1, 6, "`}}` closes nothing", "Remove it"),
    ("", "empty", 1, 1, "says nothing", "Write the text"),
    ("\n", "empty", 1, 1, "says nothing", "Write the text"),
    ("  \n\n ", "empty", 1, 1, "says nothing", "Write the text"),
    ("{# only a comment #}", "empty", 1, 1, "says nothing", "Write the text"),
    ("a\x00b", "control", 1, 2, "U+0000 cannot be seen", "UTF-8"),
    ("a\u202eb", "control", 1, 2, "U+202E cannot be seen", "Remove it"),
    ("\ufeffa", "control", 1, 1, "U+FEFF cannot be seen", "UTF-8"),
    ("a\r\nb", "control", 1, 2, "U+000D cannot be seen", "plain line feeds"),
    ("a\ud800", "control", 1, 2, "U+D800 cannot be seen", "UTF-8"),
    ("a" * 20_001, "length", 1, 1, "more than 20000 characters", "Shorten it"),
    ("{% if name %}" * 9 + "x" + "{% endif %}" * 9, "depth", 1, 105, "9 deep", "one after the other"),
]  # fmt: skip


@pytest.mark.parametrize("case", WRONG, ids=lambda case: case[0][:30])
def test_a_mistake_is_shown_at_its_place(case: tuple[str, str, int, int, str, str]) -> None:
    """The code, the line and column from 1, what is wrong and what to do."""
    source, code, line, column, what, remedy = case
    found = template.check(source, notice="overdue_first", sink=Sink.SMS)
    problem = next(problem for problem in found if problem.code == f"template.{code}")

    assert (problem.line, problem.column) == (line, column)
    assert what in problem.what
    assert remedy in problem.remedy


def test_the_same_template_at_the_limit_is_accepted() -> None:
    """Both sides of the length and of the depth."""
    assert parsed("a" * 20_000).body == ("a" * 20_000,)
    assert parsed("{% if name %}" * 8 + "x" + "{% endif %}" * 8).fields == ("name",)


@pytest.mark.parametrize("name", ["name", "verify_code"])
def test_a_subject_tells_nothing_of_the_person(name: str) -> None:
    """It is shown on a locked screen; the same field in the text is accepted."""
    source = f"通知 {{{{ {name} }}}}"
    (problem,) = template.check(source, notice="overdue_first", sink=Sink.EMAIL_SUBJECT)

    assert problem.code == "template.subject.personal"
    assert "a subject is read by others" in problem.what
    assert template.check(source, notice="overdue_first", sink=Sink.EMAIL_TEXT) == ()


def test_a_subject_has_one_line() -> None:
    """The line break at the end of the file is not a second one."""
    (problem,) = template.check("a\nb", notice="overdue_first", sink=Sink.EMAIL_SUBJECT)

    assert problem.what == "a subject has one line"
    assert template.check("a\n", notice="overdue_first", sink=Sink.EMAIL_SUBJECT) == ()


def test_all_mistakes_are_shown_together() -> None:
    """In the order of the file, with the file's name and the line as it stands."""
    source = "{{ nam }}\n{% for x in y %}\n\n{{ name"
    problems = template.check(source, notice="overdue_first", sink=Sink.SMS, file="templates/x/sms.txt")

    assert [(problem.place(), problem.code, problem.excerpt) for problem in problems] == [
        ("templates/x/sms.txt:1:1", "template.field.unknown", "{{ nam }}"),
        ("templates/x/sms.txt:2:1", "template.unsafe", "{% for x in y %}"),
        ("templates/x/sms.txt:4:1", "template.unclosed", "{{ name"),
    ]


def test_fields_depend_on_the_notice() -> None:
    """A reminder has no overdue sum; an overdue notice has no certain next sum."""
    assert [p.code for p in template.check("{{ overdue_total }}", notice="due_soon", sink=Sink.SMS)] == [
        "template.field.unknown"
    ]
    assert template.check("{{ overdue_total }}", notice="last_notice", sink=Sink.SMS) == ()
    assert template.check("{{ next_due_total }}", notice="due_soon", sink=Sink.SMS) == ()


def test_a_template_knows_its_parts() -> None:
    """Text, slots and choices, as a tree."""
    found = parsed("a{{ name }}{% if tail %}b{{ tail }}{% elif brand %}c{% else %}d{% endif %}")

    assert found.fields == ("brand", "name", "tail")
    assert found.body == (
        "a",
        Slot(field="name"),
        Choice(branches=(("tail", ("b", Slot(field="tail"))), ("brand", ("c",))), otherwise=("d",)),
    )


def test_the_digest_is_of_source_and_sink() -> None:
    """What is approved is one text for one channel."""
    sms, email = parsed("x"), parsed("x", sink=Sink.EMAIL_TEXT)

    assert sms.digest == parsed("x").digest
    assert sms.digest not in {email.digest, parsed("y").digest}
