"""What a person tells duly of one account: it was paid, it is held, it is no longer held."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from duly.app import people, premises
from duly.model import money
from duly.model.account import HoldKind
from duly.model.party import Actor, Duty
from duly.run import lapse, ledger


def pay(
    actor: Actor,
    folder: Path,
    *,
    account: str,
    payment: str,
    minor: int,
    on: date,
    reversal: bool,
    environ: Mapping[str, str],
) -> bool:
    """Record a payment of `minor` units or its reversal by the lender's id; False where it was known already."""
    people.require(actor, Duty.OPERATIONS, Duty.ENGINEER, Duty.MACHINE)
    with premises.opened(folder, environ) as installation, installation.connect("duly_worker") as connection:
        lapse.refuse(installation, connection)
        told = ledger.Payment(
            account=account,
            payment=payment,
            amount=money.Money(minor=minor, currency=installation.project.settings.currency),
            paid_on=on,
            sort="reversal" if reversal else "payment",
        )
        return ledger.pay(connection, told, recorder=installation.recorder, by=actor.name)


@dataclass(frozen=True, kw_only=True)
class Held:
    """From which day a hold was set or lifted; `persons` are held for the same reason as persons, and stay so."""

    day: date
    persons: tuple[str, ...] = ()


def hold(
    actor: Actor,
    folder: Path,
    *,
    account: str,
    kind: HoldKind,
    on: date | None,
    lift: bool,
    environ: Mapping[str, str],
    person: bool = False,
) -> Held:
    """Set or lift a hold from a day on (today if none is given), on an account, or on a person and all his accounts.

    With `person` the id in `account` is the person's.
    """
    people.require(actor, Duty.OPERATIONS, Duty.COMPLIANCE, Duty.COUNSEL)
    with premises.opened(folder, environ) as installation, installation.connect("duly_worker") as connection:
        lapse.refuse(installation, connection)
        day = on if on is not None else installation.local_day(installation.time.now())
        recorder, by = installation.recorder, actor.name
        if person:
            ledger.hold_person(
                connection, person=account, kind=kind, on=day, lift=lift, recorder=recorder, by=by
            )
            return Held(day=day)
        ledger.hold(connection, account=account, kind=kind, on=day, lift=lift, recorder=recorder, by=by)
        return Held(
            day=day, persons=ledger.still_held(connection, account=account, kind=kind) if lift else ()
        )
