"""What a person tells duly of one account: it was paid, it is held, it is no longer held."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from duly.app import people, premises
from duly.model import money
from duly.model.account import HoldKind
from duly.model.party import Actor, Duty
from duly.run import ledger


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
        told = ledger.Payment(
            account=account,
            payment=payment,
            amount=money.Money(minor=minor, currency=installation.project.settings.currency),
            paid_on=on,
            sort="reversal" if reversal else "payment",
        )
        return ledger.pay(connection, told, recorder=installation.recorder, by=actor.name)


def hold(
    actor: Actor,
    folder: Path,
    *,
    account: str,
    kind: HoldKind,
    on: date | None,
    lift: bool,
    environ: Mapping[str, str],
) -> date:
    """Set or lift a hold on an account from a day on (today if none is given); returns that day."""
    people.require(actor, Duty.OPERATIONS, Duty.COMPLIANCE, Duty.COUNSEL)
    with premises.opened(folder, environ) as installation, installation.connect("duly_worker") as connection:
        day = on if on is not None else installation.local_day(installation.time.now())
        ledger.hold(
            connection,
            account=account,
            kind=kind,
            on=day,
            lift=lift,
            recorder=installation.recorder,
            by=actor.name,
        )
        return day
