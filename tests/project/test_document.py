"""Files as values that remember their lines."""

from __future__ import annotations

import tomllib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duly.project import document, toml_marks

TOML = '''\
# a comment with [brackets] and = signs
title = "a # b"
[lender]
name = "x"   # trailing
numbers = [ # a list
  1, "]",
  2,
]
text = """
[not.a.table]
key = "nor this" """
inline = { a = 1, b = "}" }
dotted.key = 1
[policy."cn-freq-04"]
value = 3
[[routes]]
name = "one"
[[routes]]
name = "two"
[routes.sender]
code = '\\'
last = true'''

MARKS = [
    (("title",), (2, 1)),
    (("lender",), (3, 1)),
    (("lender", "name"), (4, 1)),
    (("lender", "numbers"), (5, 1)),
    (("lender", "text"), (9, 1)),
    (("lender", "inline"), (12, 1)),
    (("lender", "dotted", "key"), (13, 1)),
    (("lender", "dotted"), (13, 1)),
    (("policy", "cn-freq-04"), (14, 1)),
    (("policy", "cn-freq-04", "value"), (15, 1)),
    (("routes", 0, "name"), (17, 1)),
    (("routes", 1), (18, 1)),
    (("routes", 1, "name"), (19, 1)),
    (("routes", 1, "sender"), (20, 1)),
    (("routes", 1, "sender", "code"), (21, 1)),
    (("routes", 1, "sender", "last"), (22, 1)),
]


@pytest.mark.parametrize(("path", "mark"), MARKS)
def test_every_toml_key_knows_its_line(path: tuple[str | int, ...], mark: tuple[int, int]) -> None:
    """Keys, tables and arrays of tables are found past strings, lists and comments that look like them."""
    assert toml_marks.find(TOML)[path] == mark


def test_the_marks_of_toml_name_only_what_tomllib_reads() -> None:
    """Every marked path leads to a value, so nothing inside a string was taken for a key."""
    value = tomllib.loads(TOML)
    for path in toml_marks.find(TOML):
        found = value
        for step in path:
            found = found[step]  # type: ignore[index]


_keys = st.text(st.sampled_from("ab-_ .\"'#=[]é"), min_size=1, max_size=4)
_values = st.one_of(st.integers(-5, 5), st.text(st.sampled_from("a\"'\\#=[]\n{}"), max_size=8), st.booleans())


def _basic(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _toml(value: object) -> str:
    if isinstance(value, str):
        return _basic(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


@given(st.dictionaries(_keys, st.dictionaries(_keys, _values, max_size=3), max_size=3))
def test_marks_hold_for_any_keys_and_strings(tables: dict[str, dict[str, object]]) -> None:
    """Whatever stands in keys and strings, each key is marked on the line where it was written."""
    lines: list[str] = []
    expected: dict[tuple[str | int, ...], int] = {}
    for name, table in tables.items():
        lines.append(f"[{_basic(name)}]")
        expected[name,] = len(lines)
        for key, value in table.items():
            lines.append(f"{_basic(key)} = {_toml(value)} # [no]")
            expected[name, key] = len(lines)
    text = "\n".join(lines)
    assert tomllib.loads(text) == tables
    assert {path: line for path, (line, _) in toml_marks.find(text).items()} == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1", 1),
        ("a: 010", "010"),
        ("a: 0", 0),
        ("a: -3", -3),
        ("a: 0.10", "0.10"),
        ("a: 1e3", "1e3"),
        ("a: yes", "yes"),
        ("a: no", "no"),
        ("a: on", "on"),
        ("a: true", True),
        ("a: ~", None),
        ("a:", None),
        ("a: 2026-11-20", date(2026, 11, 20)),
        ('a: "2026-11-20"', "2026-11-20"),
        ("a: 12:30", "12:30"),
        ("a: 1_000", "1_000"),
        ("a: .inf", ".inf"),
        ("a: [x, 2]", ["x", 2]),
    ],
)
def test_a_bare_word_of_yaml_is_what_it_looks_like(text: str, value: object) -> None:
    """No floats, no octal numbers, no `no` for false: the surprises of YAML 1.1 do not happen here."""
    found, problems = document.read_yaml(text, kind="x", file="x.yaml")
    assert problems == []
    assert found is not None
    assert found.value == {"a": value}
    assert type(found.value["a"]) is type(value)


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("a: [1", "x.syntax", 2, 1),
        ("a: 1\n\tb: 2", "x.syntax", 2, 1),
        ("a: 1\nb: 2\na: 3", "x.key.twice", 3, 1),
        ("a: 2026-02-30", "x.date.impossible", 1, 4),
        ("a: &x [1]\nb: *x", "x.yaml.alias", 1, 4),
        ("? [a, b]\n: 1", "x.yaml.key", 1, 3),
        ("a: 1\n---\nb: 2", "x.syntax", 2, 1),
    ],
)
def test_a_broken_yaml_file_names_the_place(text: str, code: str, line: int, column: int) -> None:
    """Each way of being broken has a code, a line and a column."""
    found, problems = document.read_yaml(text + "\n", kind="x", file="x.yaml")
    assert found is None
    assert [(each.code, each.line, each.column) for each in problems] == [(code, line, column)]


def test_an_empty_yaml_file_is_an_empty_document() -> None:
    """Nothing written is not broken; the reader of the file says what is missing."""
    found, problems = document.read_yaml("# only a comment\n", kind="x", file="x.yaml")
    assert problems == []
    assert found is not None
    assert found.value is None


def test_yaml_nested_beyond_reason_is_a_problem_and_not_a_crash() -> None:
    """A hostile file ends in a problem."""
    found, problems = document.read_yaml("[" * 5000, kind="x", file="x.yaml")
    assert found is None
    assert [each.code for each in problems] == ["x.syntax"]


@pytest.mark.parametrize(
    ("text", "line"), [("a = ", 1), ("a = 1\nb = 2026-02-30\n", 2), ("a = 1\na = 2\n", 2), ('a = """x', 1)]
)
def test_a_broken_toml_file_names_the_line(text: str, line: int) -> None:
    """What tomllib puts at the end of its message becomes the place of the problem."""
    found, problems = document.read_toml(text, kind="x", file="x.toml")
    assert found is None
    assert [(each.code, each.line) for each in problems] == [("x.syntax", line)]
    assert "(at " not in problems[0].what
