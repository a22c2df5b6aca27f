"""Write docs/reference/packs.md from the packs themselves: `python docs/reference/packs.py`."""

from __future__ import annotations

import functools
from pathlib import Path

from duly.law import pack, terms
from duly.law.facts import policy_fact
from duly.law.pack import Pack
from duly.law.rules import ENFORCED, Reading, Rule

PAGE = Path(__file__).with_suffix(".md")

HEAD = """\
# The packs that come with duly

This page is generated from the packs by `python docs/reference/packs.py`.
What each of them holds, how it was read and what is not in it stands in its own README, beside its rules.

A rule is *verified* when all of its texts were read, and a *draft* otherwise; a draft that blocks still blocks.
A rule that *speaks* may permit, hold or forbid an act.
The others are named values, deadlines, times of keeping and duties.
A test is a sentence of a pack's own, and holds in every reading of the law.
After the day until which a pack was *reviewed*, `duly law status` says that it is past its review.
"""

LEFT = """\
## What is left to the lender

Where a text gives no number, no hours or no list of days, none was made up.
An act that is judged by one of them is held until the lender has set it.
"""


def names() -> list[str]:
    """The shipped packs in the order of their names, the house's own last."""
    found = [path.parent.name for path in pack.shipped("").glob("*/pack.yaml")]
    return sorted(found, key=lambda one: (one == "house", one))


@functools.cache
def load(name: str) -> Pack:
    """A shipped pack, in order."""
    found, problems = pack.load(pack.shipped(name))
    if found is None:
        raise LookupError(f"the shipped pack {name} has problems: {problems[0]}")
    return found


def is_verified(rule: Rule) -> bool:
    """Whether all texts of the rule were read."""
    return all(version.reading is Reading.VERIFIED for version in rule.versions)


def speaks(rule: Rule) -> bool:
    """Whether some text of the rule may permit, hold or forbid an act."""
    return any(not isinstance(version.term, terms.Silent) for version in rule.versions)


def table(packs: list[Pack]) -> str:
    """One line for each pack, and one for all."""
    head = [
        "| pack | title | jurisdictions | rules | speak | verified | draft | tests | reviewed until |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    lines = []
    whole = [0] * 5
    for one in packs:
        verified = sum(is_verified(rule) for rule in one.rules)
        numbers = [
            len(one.rules),
            sum(speaks(rule) for rule in one.rules),
            verified,
            len(one.rules) - verified,
            len(one.cases),
        ]
        whole = [together + number for together, number in zip(whole, numbers, strict=True)]
        codes = ", ".join(f"`{code}`" for code in sorted(one.jurisdictions))
        link = f"[`{one.name}`](../../src/duly/packs/{one.name}/README.md)"
        cells = [link, one.title["en"], codes, *map(str, numbers), one.reviewed_until.isoformat()]
        lines.append(f"| {' | '.join(cells)} |")
    lines.append(f"| all |  |  | {' | '.join(map(str, whole))} |  |")
    return "\n".join([*head, *lines])


def left_open(packs: list[Pack]) -> str:
    """Every number, every hours and every calendar that a text leaves open, by the rule's id."""
    head = ["| rule | what is open | the rule |", "| --- | --- | --- |"]
    lines = [
        f"| `{rule.id}` | {what} | {rule.title['en'].replace('|', '/')} |"
        for one in packs
        for rule in one.rules
        if (what := _open(rule))
    ]
    return "\n".join([*head, *lines])


def _open(rule: Rule) -> str | None:
    for version in rule.versions:
        match version.term:
            case terms.Cap(most=None) if version.status in ENFORCED:
                return "a number"
            case terms.Window(spans=()) if version.status in ENFORCED:
                return "hours"
            case terms.Parameter(value=None, unit=terms.CALENDAR):
                return "the days of a calendar"
            case terms.Parameter(value=None) if policy_fact(rule.id) in rule.needs():
                return "a value"
    return None


def written() -> str:
    """The whole page."""
    packs = [load(name) for name in names()]
    return "\n".join([HEAD, table(packs), "", LEFT, left_open(packs), ""])


if __name__ == "__main__":
    PAGE.write_text(written(), "utf-8")
