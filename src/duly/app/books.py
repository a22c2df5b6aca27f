"""Loading the book."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

from duly.app import people, premises, quarantine
from duly.model import progress
from duly.model.party import Actor, Duty
from duly.run import clock, history, lapse, mending
from duly.run import load as loading


def load(
    actor: Actor,
    folder: Path,
    *,
    as_of: date | None,
    environ: Mapping[str, str],
    strict: bool = False,
    older: bool = False,
    corrected: Path | None = None,
    tell: progress.Tell = progress.silent,
) -> loading.Outcome:
    """Put the project's files in force as of a day; today's if none is given.

    Raises ProjectRefused with every problem of every file; then nothing was loaded. What the system before did is taken
    once the book is in force, so where only that is refused, the book stays.

    `strict` puts nothing in force where a row would be left out, `older` takes a feed that reaches less far than the
    one in force, and `corrected` is a file of rows of the quarantine as they should have been.
    """
    people.require(actor, Duty.ENGINEER, Duty.OPERATIONS, Duty.MACHINE)
    if corrected is not None:
        people.require(actor, Duty.OPERATIONS)
    with premises.opened(folder, environ) as opened, opened.connect(patient=True) as connection:
        lapse.refuse(opened, connection)
        today = opened.local_day(clock.instant_of(connection))
        day = as_of or today
        corrections = (
            []
            if corrected is None
            else quarantine.corrections(mending.standing(opened, connection), corrected)
        )
        done = loading.load(
            opened,
            connection,
            as_of=day,
            by=actor.name,
            environ=environ,
            strict=strict,
            older=older,
            corrections=corrections,
            tell=tell,
        )
        if done.held:
            return done
        past = history.take(opened, connection, as_of=day, by=actor.name, strict=strict)
        if past is None:
            return done
        return replace(
            done,
            imported=past.fresh,
            quarantined=done.quarantined + past.quarantined,
            warnings=(*done.warnings, *past.warnings),
        )
