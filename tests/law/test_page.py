"""The reference page of the law is what the code says."""

from __future__ import annotations

from docs.reference import law as page
from duly.law import terms


def test_the_generated_parts_are_up_to_date() -> None:
    """Facts, types, words, frames and the example; `python docs/reference/law.py` writes them anew."""
    text = page.PAGE.read_text("utf-8")

    assert page.filled(text) == text


def test_every_type_is_on_the_page() -> None:
    """A type that is built and not described is one nobody can use."""
    table = page.types_table()

    assert all(f"`{name}`" in table for name in terms.TYPES)
