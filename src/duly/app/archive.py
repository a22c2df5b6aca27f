"""Old days of the outbox, the gate and the carriers put into files, by the lender's rule ([keeping] of duly.toml)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from duly.app import people, premises
from duly.model.party import Actor, Duty
from duly.run import archive, clock, lapse
from duly.run.archive import Day, Gone

__all__ = ["Day", "Gone", "days", "put_away"]


def days(actor: Actor, folder: Path, *, environ: Mapping[str, str]) -> tuple[Day, ...]:
    """Every day before today that is in the database, and what asks for it; nothing is changed."""
    people.require(actor, Duty.ENGINEER, Duty.OPERATIONS, Duty.AUDITOR, Duty.MACHINE)
    with premises.opened(folder, environ) as opened, opened.connect(patient=True) as connection:
        today = opened.local_day(clock.instant_of(connection))
        return archive.days(connection, today=today, keep=opened.project.settings.bounds.days)


def put_away(actor: Actor, folder: Path, *, environ: Mapping[str, str]) -> tuple[Gone, ...]:
    """Put away every day that nothing asks for; which they were."""
    people.require(actor, Duty.ENGINEER, Duty.MACHINE)
    with premises.opened(folder, environ) as opened, opened.connect(patient=True) as connection:
        lapse.refuse(opened, connection)
        today = opened.local_day(clock.instant_of(connection))
        return archive.put_away(
            opened, connection, today=today, keep=opened.project.settings.bounds.days, by=actor.name
        )
