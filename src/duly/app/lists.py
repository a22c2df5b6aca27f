"""Lists that two people release: whom a stage's notices would go to, told to those who are asked to sign.

What is signed is the digest of exactly this list; how much it is stands beside it. Refuses to guess which of several
lists is meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from duly.errors import WrongUsage
from duly.model.money import Money
from duly.model.said import say
from duly.plan.release import Release


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A list as it is shown: its stage, the digest that is signed, and how many and how much it covers."""

    stage: str
    digest: str
    messages: int
    overdue: Money


def shown(asked: Release) -> Asked:
    """A list as it is shown."""
    return Asked(
        stage=asked.stage,
        digest=asked.digest,
        messages=len(asked.items),
        overdue=Money(minor=asked.overdue_minor, currency=asked.currency),
    )


def find(name: str, *, lists: Sequence[Release], earlier: Sequence[Release]) -> Release:
    """The list of a stage; with `@` and the first letters of a digest also one of those asked for earlier.

    Raises WrongUsage where there is none, or more than one.
    """
    stage, _, digest = name.partition("@")
    looked = (*lists, *earlier) if digest else lists
    found = {one.digest: one for one in looked if one.stage == stage and one.digest.startswith(digest)}
    if not found:
        raise WrongUsage(
            say("nothing of the stage {stage} waits for release", stage=name),
            remedy=say("`duly approve` shows what waits; `duly run` plans the day and asks for it."),
        )
    if len(found) > 1:
        raise WrongUsage(
            say("{count} lists of the stage {stage} wait for release", count=len(found), stage=stage),
            remedy=say(
                "Write @ behind the stage and the first letters of one of these: {digests}.",
                digests=", ".join(sorted(found)),
            ),
        )
    return next(iter(found.values()))
