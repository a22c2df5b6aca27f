"""Columns and minijinja give the same bytes, whatever the template and whatever the values hold."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from duly.text import escape, render, template
from duly.text.escape import RefusedError, Sink
from duly.text.template import Template
from tests.text.material import hostile, parsed

NAMES = ("name", "brand", "as_of", "hotline")
rows = st.lists(st.fixed_dictionaries(dict.fromkeys(NAMES, hostile)), min_size=1, max_size=4)

# Pieces that meet in every way a lexer could misread: blanks, breaks, braces, tags that touch.
text = st.one_of(
    st.sampled_from(
        [
            " ",
            "  ",
            "\n",
            "\n\n",
            "\u3000",
            "\xa0",
            "{",
            "}",
            "{ ",
            " }",
            "{}",
            "$",
            "\\",
            "%",
            "#",
            "a",
            "元",
        ]
    ),
    st.text(st.characters(codec="utf-8").filter(lambda char: not escape.is_hidden(char)), max_size=4),
)
slot = st.sampled_from(
    ["{{ name }}", "{{brand}}", "{{\nhotline\n}}", "{{ as_of}}", "{# c #}", "{##}", "{# {{ x }} #}"]
)


def choices(body: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """An `if` with any of its branches around bodies."""
    condition = st.sampled_from(NAMES)
    return st.builds(
        lambda first, one, second, two, other: (
            f"{{% if {first} %}}{one}"
            + (f"{{%elif {second}%}}{two}" if second else "")
            + ("" if other is None else f"{{% else %}}{other}")
            + "{%endif%}"
        ),
        condition, body, st.none() | condition, body, st.none() | body,
    )  # fmt: skip


def bodies(pieces: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Some pieces in a row."""
    return st.lists(pieces, max_size=4).map("".join)


sources = st.recursive(bodies(text | slot), lambda body: bodies(text | slot | choices(body)), max_leaves=10)


@settings(max_examples=600)
@given(sources, rows, st.sampled_from([Sink.SMS, Sink.EMAIL_TEXT, Sink.HTML, Sink.EMAIL_SUBJECT]))
@example(
    "{% if name %}\n   {% if brand %}\n x{% endif %}\n{% endif %}\n\n", [dict.fromkeys(NAMES, "v")], Sink.SMS
)
@example("\u3000{% if name %}{% endif %}y", [dict.fromkeys(NAMES, "v")], Sink.SMS)
def test_columns_render_the_same_bytes(source: str, records: list[dict[str, str]], sink: Sink) -> None:
    """Null exactly where the plain rendering refuses a value."""
    found, problems = template.parse(source, notice="overdue_first", sink=sink)
    if found is None:
        assert problems
        return

    rendered = render.columnar(found, pl.DataFrame(records)).to_list()

    assert rendered == [_plain(found, record) for record in records]


@given(rows)
def test_a_value_is_never_a_template(records: list[dict[str, str]]) -> None:
    """What looks like a tag in a value comes out as it went in."""
    found = parsed("<{{ name }}|{% if brand %}{{ brand }}{% endif %}>")

    for record in records:
        name, brand = escape.line(record["name"]), escape.line(record["brand"])
        assert render.plain(found, record) == f"<{name}|{brand}>"


@pytest.mark.parametrize(
    ("source", "rendered"),
    [
        ("{{ name }}，\n", "张，"),
        ("a\n{% if name %}\nb\n{% endif %}\nc\n", "a\nb\nc"),
        ("a\n  {% if name %}\n  b\n  {% endif %}\nc", "a\n  b\nc"),
        ("a {# c #}\nb", "a b"),
        ("{% if brand %}x{% elif name %}y{% else %}z{% endif %}", "y"),
        ("{% if brand %}x{% endif %}", ""),
        ("{{ name }}{{ name }}", "张张"),
        ("only text", "only text"),
    ],
)
def test_white_space_belongs_to_its_tag(source: str, rendered: str) -> None:
    """Tags on lines of their own leave no empty lines, and tags within a line take nothing from it."""
    found, record = parsed(source), {"name": "张", "brand": ""}

    assert render.plain(found, record) == rendered
    assert render.columnar(found, pl.DataFrame([record, record])).to_list() == [rendered, rendered]


def test_a_null_renders_as_nothing() -> None:
    """In columns a missing value is an empty field, and `if` says so."""
    frame = pl.DataFrame({"name": [None, "张"]}, schema={"name": pl.String})

    assert render.columnar(parsed("{% if name %}{{ name }}{% else %}-{% endif %}"), frame).to_list() == [
        "-",
        "张",
    ]


def test_a_missing_field_is_the_callers_mistake() -> None:
    """Both renderings name it, and neither leaves a hole in the text."""
    with pytest.raises(render.MissingFieldError, match="name"):
        render.plain(parsed("{{ name }}"), {})
    with pytest.raises(render.MissingFieldError, match="name"):
        render.columnar(parsed("{{ name }}"), pl.DataFrame({"brand": ["x"]}))


def test_only_strings_reach_a_template() -> None:
    """A subclass could bring code along; only the type itself is let in."""

    class Sly(str):
        __slots__ = ()

    with pytest.raises(TypeError, match="not a string"):
        render.plain(parsed("{{ name }}"), {"name": Sly("x")})
    with pytest.raises(TypeError, match="not a string"):
        render.plain(parsed("{{ name }}"), {"name": 3})  # type: ignore[dict-item]


def test_the_longest_template_stays_within_its_fuel() -> None:
    """The checker's limits are what keeps rendering cheap; the engine's limit is never what stops a notice."""
    tag = "{% if brand %}{{ name }}{% endif %}"
    found = parsed(tag * (template.MAX_LENGTH // len(tag)))

    assert render.plain(found, {"brand": "b", "name": "n"}) == "n" * (template.MAX_LENGTH // len(tag))


def test_no_rows_render_to_no_texts() -> None:
    """An empty batch is a batch."""
    assert render.columnar(parsed("x"), pl.DataFrame(schema={"name": pl.String})).to_list() == []


def _plain(found: Template, record: dict[str, str]) -> str | None:
    try:
        return render.plain(found, record)
    except RefusedError:
        return None
