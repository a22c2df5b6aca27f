"""Write docs/reference/case-states.md from the tables: `python docs/reference/case_states.py`."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import TypeVar

from duly.model.case import CASE_TRANSITIONS, STAGE_TRANSITIONS, CaseState, StageEvent, StageState

State = TypeVar("State", bound=Enum)
Event = TypeVar("Event", bound=Enum)

PAGE = Path(__file__).with_name("case-states.md")

HEAD = """\
# The states of a case and of a stage

A case is one overdue episode of one account.
A stage is one step of the strategy, for one case and one liable person.
Everything that may happen to them is in two tables in `duly.model.case`.
The database holds the same tables and refuses what they do not list, and the pictures are drawn from them.

This page is generated from the code by `python docs/reference/case_states.py`.
"""

CASES = """\
## A case

It is known by its account and the due date that was first left unpaid.
What counts are the days on which money was paid, and not the days on which we looked.
A part payment that moves the oldest unpaid instalment leaves the case what it is.
A case in the state `none` was only reminded of ahead of its due date.
An account has at most one open case.
A case in the state `joined` belongs to an older one, because the payment that had ended that one came back.
"""

STAGES = """\
## A stage

It opens when its day is reached and the stage before it has closed.
Its deadline runs from the day on which a notice is shown to have arrived.
It is never over before the last day that a notice named.
A stage of which nothing ever left does not close.
A stage that ended with the cure, or when its case was joined to an older one, is opened again when the case is.
Else the one after it would open although its own notice may never have left.
"""

_EVENTS: Mapping[StageEvent, str] = {
    StageEvent.REACHED: "its day is reached, the stage before it has closed, and what it waits for is there",
    StageEvent.SERVICE: "a notice arrived with a grade that the stage accepts: the deadline runs",
    StageEvent.RETRACTED: "the receipt was corrected: it had not arrived after all",
    StageEvent.DEADLINE_PASSED: "the day after the last day of the deadline has come",
    StageEvent.UNSERVED: "the deadline and every fallback went by, and nothing is shown to have arrived",
    StageEvent.DUE_DATE: "the due date has come: a reminder is never owed afterwards",
    StageEvent.CURE: "the case was cured or joined to an older one, or the account closed: nothing more is said in it",
}


def page() -> str:
    """The whole page."""
    return "\n".join(
        (
            HEAD,
            CASES,
            picture(CASE_TRANSITIONS, CaseState.NONE),
            STAGES,
            picture(STAGE_TRANSITIONS, StageState.WAITING),
            events(),
        )
    )


def picture(table: Mapping[tuple[State, Event], State], begins: State) -> str:
    """A table of transitions as a mermaid diagram."""
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {begins.value}"]
    lines += [
        f"    {before.value} --> {after.value}: {event.value}" for (before, event), after in table.items()
    ]
    ends = set(table.values()) - {before for before, _ in table}
    lines += [f"    {state.value} --> [*]" for state in sorted(ends, key=lambda state: str(state.value))]
    return "\n".join([*lines, "```", ""])


def events() -> str:
    """What each event of a stage means."""
    rows = ["| event | what happened |", "| --- | --- |"]
    return "\n".join([*rows, *(f"| `{event.value}` | {_EVENTS[event]} |" for event in StageEvent), ""])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
