"""A file of brackets alone must not end the process: it is refused like any other mistake, by every reader."""

from __future__ import annotations

import pytest
import yaml

from duly.law import source
from duly.project import document
from duly.text.marked import Reading
from duly.wire import yaml_nodes

HOSTILE = ("[" * 200_000, "{a: " * 200_000, "- " * 200_000)


def nested(levels: int) -> str:
    """Lists within lists."""
    return "[" * levels + "]" * levels


def test_a_document_of_so_many_levels_is_read_and_of_one_more_is_not() -> None:
    """Long before the stack would end."""
    assert isinstance(yaml_nodes.compose(nested(yaml_nodes.DEEPEST)), yaml.SequenceNode)
    with pytest.raises(RecursionError):
        yaml_nodes.compose(nested(yaml_nodes.DEEPEST + 1))


@pytest.mark.parametrize("text", HOSTILE, ids=["lists", "mappings", "blocks"])
def test_every_reader_refuses_what_is_nested_without_end(text: str) -> None:
    """The law's, the word lists' and the project's."""
    opened = source.Source(file="rules.yaml")
    assert source.parse(opened, text) is None
    assert [one.code for one in opened.problems] == ["law.yaml"]
    assert Reading(text, kind="wording", file="wording.yaml").problems
    found, problems = document.read_yaml(text, kind="channels", file="channels.yaml")
    assert found is None
    assert len(problems) == 1


def test_siblings_are_not_levels() -> None:
    """A long list is not a deep one."""
    assert yaml_nodes.compose("\n".join("- [a]" for _ in range(1_000))) is not None
