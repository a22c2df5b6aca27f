"""Write docs/reference/decisions.md from the code: `python docs/reference/decisions.py`."""

from __future__ import annotations

from pathlib import Path

from duly.plan import decision, explain
from duly.plan.code import OUTCOME, Outcome

PAGE = Path(__file__).with_suffix(".md")

HEAD = """\
# Decisions

For every person and account of the book a plan writes down one decision a day: what was done, or not done, and why.
Each has one outcome and one code, and each code one sentence.
`duly explain` tells them with the rule, its citation and the facts.
The decisions of a day are a Parquet file; the same inputs give the same bytes.

This page is generated from the code by `python docs/reference/decisions.py`.
"""

_OUTCOMES = {
    Outcome.SEND: "A message is planned.",
    Outcome.HOLD: "Something is due and may not be said, or cannot.",
    Outcome.WAIT: "Nothing is due today, or it will be later.",
    Outcome.PAUSED: "A notice could be due, and rests.",
    Outcome.CURED: "The case ended today.",
    Outcome.NOTHING_DUE: "Nothing is owed that a notice could speak of.",
    Outcome.CLOSED: "The account is not pursued by notices.",
    Outcome.NOT_LIABLE: "The person is told nothing.",
}


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for outcome in Outcome:
        codes = [code for code, of in OUTCOME.items() if of is outcome]
        rows = [f"| `{code.value}` | {_shown(explain.SENTENCES[code][1])} |" for code in codes]
        parts.append(f"## {outcome.value}\n\n{_OUTCOMES[outcome]}\n")
        parts.append("\n".join(["| code | in words |", "| --- | --- |", *rows, ""]))
    names = ", ".join(f"`{name}`" for name in decision.DECISION)
    parts.append(f"## Columns\n\n{names}.\n")
    return "\n".join(parts)


def _shown(sentence: str) -> str:
    """A sentence with its facts in italics instead of braces."""
    return sentence.replace("{", "*").replace("}", "*")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
