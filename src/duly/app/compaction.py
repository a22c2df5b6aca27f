"""Events folded into the next snapshot, and old snapshots put away."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from duly.app import people, premises
from duly.model.party import Actor, Duty
from duly.run import compaction, lapse
from duly.run.compaction import KEEP_DAYS, Folded, Old

__all__ = ["KEEP_DAYS", "Folded", "Old", "compact", "old", "prune"]


def compact(actor: Actor, folder: Path, *, environ: Mapping[str, str]) -> Folded | None:
    """Fold what was told since the snapshot in force into the next one; None where nothing was."""
    people.require(actor, Duty.ENGINEER, Duty.OPERATIONS, Duty.MACHINE)
    with premises.opened(folder, environ) as opened, opened.connect(patient=True) as connection:
        lapse.refuse(opened, connection)
        return compaction.compact(opened, connection, by=actor.name)


def old(actor: Actor, folder: Path, *, keep_days: int, environ: Mapping[str, str]) -> tuple[Old, ...]:
    """Every snapshot that is kept, the newest first, and what asks for it; nothing is changed."""
    people.require(actor, Duty.ENGINEER, Duty.OPERATIONS, Duty.AUDITOR, Duty.MACHINE)
    with premises.opened(folder, environ) as opened, opened.connect() as connection:
        return compaction.old(opened, connection, keep_days=keep_days)


def prune(actor: Actor, folder: Path, *, keep_days: int, environ: Mapping[str, str]) -> tuple[Old, ...]:
    """Remove the files of the snapshots that nothing asks for; which they were."""
    people.require(actor, Duty.ENGINEER, Duty.MACHINE)
    with premises.opened(folder, environ) as opened, opened.connect(patient=True) as connection:
        lapse.refuse(opened, connection)
        return compaction.prune(opened, connection, by=actor.name, keep_days=keep_days)
