"""The clocks of limitation and guarantee of the accounts in a plan: what the book and the messages say goes to the law.

What counts as a demand is what the strategy calls one: a notice of the class `rights_preserving` that was shown to
have arrived. A payment counts unless it was undone; an account that is filed was sued upon on that day.
What another system says happened counts by what is shown for it: what it merely asserts counts for the later of a
clock's two days only. Refuses to count what nobody can show: a promise or a call is no event here before it is on
record as one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

import polars as pl

from duly.book import runs
from duly.law import deadlines, jurisdictions, limitation
from duly.model.account import HoldKind, Status
from duly.model.notice import Grade, NoticeClass
from duly.model.party import Role
from duly.model.past import OWN_WORD, PastKind
from duly.plan.inputs import Inputs

# How many days are left until the earliest of a person's clocks on an account ends; 0 or less once it has.
LEFT = {"person": pl.String(), "account": pl.String(), "limit_left": pl.Int32()}
HELD = {"person": pl.String(), "account": pl.String(), "kind": pl.String()}

_OWING = sorted(
    role.value for role in (Role.BORROWER, Role.CO_BORROWER, Role.GUARANTOR_JOINT, Role.GUARANTOR_GENERAL)
)
# Nothing runs any more: there is no debt, or it is another's, or a judgment stands in its place.
_OVER = sorted(
    status.value for status in (Status.SETTLED, Status.DISCHARGED, Status.ASSIGNED_OUT, Status.JUDGED)
)
_ARRIVED = {
    Grade.DELIVERED.value: limitation.Event.DEMAND_ARRIVED,
    Grade.ACKNOWLEDGED.value: limitation.Event.DEMAND_ARRIVED,
    Grade.AGREED_ADDRESS.value: limitation.Event.DEMAND_TO_AGREED_ADDRESS,
}


def clocks(inputs: Inputs, debts: pl.DataFrame | None = None) -> list[limitation.Clock]:
    """The clocks of every debt whose jurisdiction has any; of `debts` (`person`, `account`) alone where given."""
    return _clocks(inputs, _debts(inputs, debts))


def _clocks(inputs: Inputs, rows: pl.DataFrame) -> list[limitation.Clock]:
    """The clocks of these debts, which `_debts` gave."""
    if rows.is_empty():
        return []
    happened = _happened(inputs, rows.select("account").unique())
    found: list[limitation.Clock] = []
    for row in rows.sort("account", "person").iter_rows(named=True):
        law = _law_of(inputs, row["jurisdiction"])
        if law is None:
            continue
        debt = limitation.Debt(
            account=row["account"],
            person=row["person"],
            role=row["role"],
            product=row["product"],
            last_due=row["last_due"],
        )
        found += limitation.clocks(law, debt, happened.get(row["account"], ()))
    return found


def left(inputs: Inputs, debts: pl.DataFrame) -> pl.DataFrame:
    """LEFT of these debts: what a stage that keeps the claim alive waits for."""
    rows = [
        (clock.debt.person, clock.debt.account, days)
        for clock in clocks(inputs, debts)
        if (days := clock.left(inputs.on)) is not None
    ]
    frame = pl.DataFrame(rows, schema=LEFT, orient="row")
    return frame.group_by("person", "account").agg(pl.col("limit_left").min())


def holds(inputs: Inputs) -> pl.DataFrame:
    """HELD: the debts that are barred or perhaps barred, and the guarantors who are released, as holds."""
    kinds = {
        limitation.Kind.LIMITATION: HoldKind.TIME_BARRED.value,
        limitation.Kind.GUARANTEE: HoldKind.GUARANTEE_RELEASED.value,
    }
    over = {limitation.State.PERHAPS, limitation.State.BARRED}
    rows = [
        (clock.debt.person, clock.debt.account, kinds[clock.kind])
        for clock in _clocks(inputs, _old(inputs))
        if clock.state(inputs.on) in over
    ]
    return pl.DataFrame(rows, schema=HELD, orient="row")


def _law_of(inputs: Inputs, code: str | None) -> limitation.Limitation | None:
    """The clocks of the jurisdiction, or of the nearest it lies in that has any."""
    if code is None or not jurisdictions.is_known(code):
        return None
    known = inputs.law.limitations
    return next((known[one] for one in reversed(jurisdictions.chain(code)) if one in known), None)


def _debts(inputs: Inputs, debts: pl.DataFrame | None = None) -> pl.DataFrame:
    """Of everybody who owes or stands surety, or of those of `debts` (`person`, `account`), what a clock begins with.

    `person`, `account`, `role`, `product`, `jurisdiction`, `last_due`.
    """
    if not inputs.law.limitations:
        return pl.DataFrame(schema={"person": pl.String(), "account": pl.String()})
    accounts, instalments = inputs.book.accounts, inputs.book.instalments
    if debts is not None:
        accounts = accounts.join(debts, on=["person", "account"], how="semi", maintain_order="left")
        instalments = runs.among(instalments, inputs.book.runs["instalments"], accounts, "account")
    return _begun(accounts, instalments)


def _begun(accounts: pl.DataFrame, instalments: pl.DataFrame) -> pl.DataFrame:
    last = instalments.group_by("account").agg(last_due=pl.col("due_on").max())
    hastened = pl.col("status") == Status.ACCELERATED.value
    return (
        accounts.select("person", "account", "role", "product", "jurisdiction", "status", "status_since")
        .filter(pl.col("role").is_in(_OWING) & ~pl.col("status").is_in(_OVER))
        .join(last, on="account", how="left", maintain_order="left")
        .select(
            "person",
            "account",
            "role",
            "product",
            "jurisdiction",
            last_due=pl.when(hastened)
            .then(pl.min_horizontal("last_due", "status_since"))
            .otherwise("last_due"),
        )
    )


def _old(inputs: Inputs) -> pl.DataFrame:
    """The debts of which some period can have run out at all: few of a book, and the only ones worth a closer look."""
    shortest = [
        deadlines.back(length, inputs.on, {})
        for law in inputs.law.limitations.values()
        for length in (law.period, *((law.guarantee.period,) if law.guarantee else ()))
    ]
    reach = max((day for day in shortest if day is not None), default=None)
    if reach is None:
        return _debts(inputs).clear()
    accounts, instalments = inputs.book.accounts, inputs.book.instalments
    is_hastened = (accounts["status"] == Status.ACCELERATED.value) & (accounts["status_since"] < reach)
    found = inputs.book.runs["instalments"]
    later = (instalments["due_on"] >= reach).cum_sum().gather(found["end"] - 1)
    over = found.filter(later == later.shift(1, fill_value=0))
    perhaps = pl.concat([over.select("account"), accounts.select("account").filter(is_hastened)]).unique()
    theirs = runs.among(instalments, found, perhaps, "account")
    mine = accounts.join(perhaps, on="account", how="semi", maintain_order="left")
    return _begun(mine, theirs).filter(pl.col("last_due") < reach)


def _happened(inputs: Inputs, accounts: pl.DataFrame) -> Mapping[str, list[limitation.Happened]]:
    """What happened, by account."""
    found: dict[str, list[limitation.Happened]] = {}
    for account, event, day, person, proof in (
        *_payments(inputs, accounts),
        *_demands(inputs, accounts),
        *_suits(inputs, accounts),
    ):
        happened = limitation.Happened(event=event, day=day, person=person, proof=proof)
        found.setdefault(account, []).append(happened)
    for account, happened in _imported(inputs, accounts):
        found.setdefault(account, []).append(happened)
    return found


_Row = tuple[str, limitation.Event, date, str, str]


def _payments(inputs: Inputs, accounts: pl.DataFrame) -> Iterable[_Row]:
    """Payments less those a reversal undid, as the borrower's: no feed says which of several people paid.

    For the others it is what happened to a joint debtor, also where the plan is made for one of them alone.
    """
    mine = inputs.book.accounts.select("account", "role", borrower="person").join(
        accounts, on="account", how="semi", maintain_order="left"
    )
    borrowers = mine.filter(pl.col("role") == Role.BORROWER.value).drop("role")
    payments = (
        runs.among(inputs.book.payments, inputs.book.runs["payments"], accounts, "account")
        .unique(["account", "payment", "kind"], keep="first", maintain_order=True)
        .join(borrowers.unique("account", keep="first"), on="account", how="left", maintain_order="left")
        .with_columns(person=pl.col("borrower").fill_null(""))
    )
    undone = payments.filter(pl.col("kind") == "reversal").select("account", "payment")
    kept = payments.filter(pl.col("kind") == "payment").join(
        undone, on=["account", "payment"], how="anti", maintain_order="left"
    )
    for row in kept.iter_rows(named=True):
        yield row["account"], limitation.Event.PAYMENT, row["paid_on"], row["person"], row["payment"]


def _demands(inputs: Inputs, accounts: pl.DataFrame) -> Iterable[_Row]:
    """Notices that preserve rights and were shown to have arrived, or left for the address agreed for service."""
    preserving = [
        (digest, stage.name)
        for digest, strategy in inputs.strategies.items()
        for segment in strategy.segments
        for stage in segment.stages
        if stage.notice_class is NoticeClass.RIGHTS_PRESERVING
    ]
    stages = pl.DataFrame(
        preserving, schema={"strategy_digest": pl.String(), "stage": pl.String()}, orient="row"
    )
    cases = inputs.cases.select("case", "account", "strategy_digest").join(accounts, on="account", how="semi")
    sent = (
        inputs.known.filter(pl.col("grade").is_in(list(_ARRIVED)))
        .select("key", "person", "stage", "grade", "sent_on", "arrived_on", case="cases")
        .explode("case")
        .join(cases, on="case", maintain_order="left")
        .join(stages.unique(), on=["strategy_digest", "stage"], how="semi", maintain_order="left")
        .with_columns(day=pl.coalesce("arrived_on", "sent_on"))
        .filter(pl.col("day").is_not_null())
    )
    for row in sent.iter_rows(named=True):
        yield row["account"], _ARRIVED[row["grade"]], row["day"], row["person"], row["key"].hex()


_OWN_WORD = sorted(proof.value for proof in OWN_WORD)
_SAID = sorted(
    kind.value for kind in (PastKind.PROMISE, PastKind.ACKNOWLEDGEMENT, PastKind.AGREEMENT)
)  # a debtor who says that he owes agrees to perform


def _imported(inputs: Inputs, accounts: pl.DataFrame) -> Iterable[tuple[str, limitation.Happened]]:
    """What the system before says: demands that arrived, and what the debtor said of the debt."""
    past = inputs.past.join(accounts, on="account", how="semi", maintain_order="left")
    demands = past.filter(
        (pl.col("kind") == PastKind.DEMAND.value) & pl.col("arrival").is_in(list(_ARRIVED))
    ).with_columns(day=pl.coalesce("arrived_on", "day"), proven=pl.col("shown").is_in(list(_ARRIVED)))
    said = past.filter(pl.col("kind").is_in(_SAID)).with_columns(proven=pl.col("proof").is_in(_OWN_WORD))
    for row in pl.concat([demands, said]).iter_rows(named=True):
        grade = row["shown"] if row["proven"] else row["arrival"]
        yield (
            row["account"],
            limitation.Happened(
                event=_ARRIVED.get(grade, limitation.Event.DEMAND_ARRIVED)
                if row["kind"] == PastKind.DEMAND.value
                else limitation.Event.PROMISE,
                day=row["day"],
                person=row["person"],
                proof=f"{row['source']}/{row['reference']} ({row['proof']})",
                proven=row["proven"],
            ),
        )


def _suits(inputs: Inputs, accounts: pl.DataFrame) -> Iterable[_Row]:
    filed = inputs.book.accounts.filter(
        (pl.col("status") == Status.FILED.value) & pl.col("status_since").is_not_null()
    ).join(accounts, on="account", how="semi", maintain_order="left")
    for row in filed.iter_rows(named=True):
        yield row["account"], limitation.Event.SUIT, row["status_since"], row["person"], "status: filed"
