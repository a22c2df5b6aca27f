"""The reference page of the law is what the code says."""

from __future__ import annotations

import re

from docs.reference import law as page
from duly.law import row_terms, source, terms


def test_the_generated_parts_are_up_to_date() -> None:
    """Facts, types, words, frames and the example; `python docs/reference/law.py` writes them anew."""
    text = page.PAGE.read_text("utf-8")

    assert page.filled(text) == text


def test_every_type_is_on_the_page() -> None:
    """A type that is built and not described is one nobody can use."""
    table = page.types_table()

    assert all(f"`{name}`" in table for name in terms.TYPES)


def test_every_type_has_examples_that_are_read_without_a_problem() -> None:
    """What a reader copies from the page works; a key that was renamed is found here."""
    part = page.PAGE.read_text("utf-8").split("### Each type with an example")[1].split("\n## ")[0]
    blocks = re.findall(r"```yaml\n(.*?)```", part, re.DOTALL)
    seen = set()
    for block in blocks:
        kind, _, body = block.removeprefix("type: ").partition("\n")
        opened = source.Source(file="law.md", lines=tuple(body.split("\n")))
        node = source.parse(opened, "from: 2026-01-01\nuntil: 2026-12-31\n" + body)
        assert isinstance(node, source.Mapping)
        required, optional, read = row_terms.TERMS[kind]
        assert opened.keys(node, required=("from", "until", *required), optional=optional), opened.problems
        assert read(opened, node) is not None, opened.problems
        seen.add(kind)

    assert seen == set(terms.TYPES)
