"""Loading the book."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from duly.app import people, premises
from duly.model.party import Actor, Duty
from duly.run import clock, lapse
from duly.run import load as loading


def load(actor: Actor, folder: Path, *, as_of: date | None, environ: Mapping[str, str]) -> loading.Outcome:
    """Put the project's files in force as of a day; today's if none is given.

    Raises ProjectRefused with every problem of every file; then nothing was loaded.
    """
    people.require(actor, Duty.ENGINEER, Duty.OPERATIONS, Duty.MACHINE)
    with premises.opened(folder, environ) as opened, opened.connect(patient=True) as connection:
        lapse.refuse(opened, connection)
        today = opened.local_day(clock.instant_of(connection))
        return loading.load(opened, connection, as_of=as_of or today, by=actor.name)
