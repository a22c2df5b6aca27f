"""`tests/*.yaml`: the project's own cases, which a lawyer can read.

    cases:
      - name: a first notice leaves by SMS on the first day overdue
        on: 2026-11-20
        given:
          accounts: [{account: A1}]
          instalments: [{account: A1, due_on: 2026-11-19, principal: "500.00"}]
          contacts: [{channel: sms}]
        expect:
          - {account: A1, outcome: send, stage: first, by: [sms]}

With `from`, every day from there to `on` is lived through, as if each message were accepted and delivered,
but those on the channels in `undelivered`; `told` then lists all that was sent on the way.
What a row leaves out is the plainest thing: one person P1, who borrowed, in the project's own zone.
Refuses a case that expects nothing: it could not fail.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from duly.book import columns
from duly.errors import Problem
from duly.model.account import HoldKind, Status
from duly.model.party import LIABLE_BY_ROLE, Channel, Consent, Place, PointState, Role
from duly.model.said import say
from duly.plan.code import OUTCOME, Code, Outcome
from duly.project import document
from duly.project.contents import Contents
from duly.project.document import Document, Where
from duly.project.settings import LOCALES
from duly.project.table import Table

FOLDER = "tests"
PERSON = "P1"
LONGEST_DAYS = 400

_ID = r"[A-Za-z0-9._-]{1,64}"
PERCENT_DIGITS = 4  # a percent with four decimals is parts per million


@dataclass(frozen=True, kw_only=True)
class Account:
    """A person's account. Rates are ppm a year, amounts minor units; None leaves it to the project."""

    account: str
    person: str
    role: Role
    liable: bool
    product: str
    brand: str | None
    status: Status
    suit_list: bool
    zones: tuple[str, ...] | None
    locale: str | None
    jurisdiction: str | None
    debt_class: str
    overdue_ppm: int
    ledger_overdue_minor: int | None


@dataclass(frozen=True, kw_only=True)
class Instalment:
    """What falls due on a day, in minor units."""

    account: str
    due_on: date
    principal_minor: int
    interest_minor: int
    fee_minor: int


@dataclass(frozen=True, kw_only=True)
class Payment:
    """What was paid; known from its day on."""

    account: str
    paid_on: date
    amount_minor: int
    kind: str


@dataclass(frozen=True, kw_only=True)
class Contact:
    """One way to reach a person."""

    person: str
    channel: Channel
    state: PointState
    consent: Consent
    agreed_for_service: bool
    shared: bool
    place: Place | None
    verified_on: date | None


@dataclass(frozen=True, kw_only=True)
class Hold:
    """A state that bars acts, for a person or one account."""

    person: str
    account: str | None
    kind: HoldKind
    since: date
    until: date | None


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What shall be decided for a person and an account on the day; None and empty mean "whatever it is"."""

    person: str
    account: str
    outcome: Outcome
    why: Code | None
    rule: str | None
    stage: str | None
    by: tuple[Channel, ...]
    total_minor: int | None
    line: int


@dataclass(frozen=True, kw_only=True)
class Told:
    """A notice that shall have been sent on a day of the way."""

    on: date
    person: str
    stage: str
    by: tuple[Channel, ...]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One case. `told` is None where the way there does not matter."""

    name: str
    file: str
    line: int
    first: date
    on: date
    accounts: tuple[Account, ...]
    instalments: tuple[Instalment, ...]
    payments: tuple[Payment, ...]
    contacts: tuple[Contact, ...]
    holds: tuple[Hold, ...]
    undelivered: frozenset[Channel]
    told: tuple[Told, ...] | None
    expected: tuple[Expected, ...]


def read(contents: Contents, *, currency: str) -> tuple[tuple[Case, ...], list[Problem]]:
    """Every case of every file that has no problem, and the problems of the others."""
    found: list[Case] = []
    problems: list[Problem] = []
    for path in contents.under(FOLDER):
        if not path.endswith((".yaml", ".yml")):
            continue
        text, wrong = contents.text(path)
        problems += wrong
        written, wrong = (None, []) if text is None else document.read_yaml(text, kind="cases", file=path)
        problems += wrong
        if written is not None:
            found += _File(written, problems, currency).cases()
    return tuple(found), problems


class _File:
    """One file of cases."""

    def __init__(self, written: Document, problems: list[Problem], currency: str) -> None:
        self.written, self.problems, self.currency = written, problems, currency

    def cases(self) -> Iterator[Case]:
        top = Table(self.written, (), self.problems, known=("cases",))
        for table in top.tables("cases", ("name", "from", "on", "given", "undelivered", "told", "expect")):
            before = len(self.problems)
            case = self.case(table)
            if case is not None and len(self.problems) == before:
                yield case

    def case(self, table: Table) -> Case | None:
        name, on = table.text("name"), table.day("on")
        first = table.day("from", required=False) or on
        if on is not None and first is not None and not 0 <= (on - first).days <= LONGEST_DAYS:
            what = say("`from` is not a day in the {days} days before `on`", days=LONGEST_DAYS)
            table.refuse("from", "from", what, say("Write an earlier day, or leave it out."))
        given = table.table("given", ("accounts", "instalments", "payments", "contacts", "holds"))
        if given is None or name is None or on is None or first is None:
            return None
        accounts = tuple(_some(map(self.account, given.tables("accounts", _ACCOUNT))))
        known = {row.account for row in accounts}
        case = Case(
            name=name,
            file=self.written.source.file,
            line=self.line(table.path),
            first=first,
            on=on,
            accounts=accounts,
            instalments=tuple(
                _some(self.instalment(row, known) for row in given.tables("instalments", _INSTALMENT))
            ),
            payments=tuple(
                _some(self.payment(row, known) for row in given.tables("payments", _PAYMENT, required=False))
            ),
            contacts=tuple(_some(map(self.contact, given.tables("contacts", _CONTACT, required=False)))),
            holds=tuple(_some(map(self.hold, given.tables("holds", _HOLD, required=False)))),
            undelivered=frozenset(map(Channel, table.texts("undelivered", among=_CHANNELS))),
            told=tuple(_some(map(self.told, table.tables("told", _TOLD)))) if "told" in table.value else None,
            expected=tuple(_some(self.expected(row, known) for row in table.tables("expect", _EXPECT))),
        )
        if not case.expected:
            table.refuse(
                "expect",
                "expect.none",
                say("this case expects nothing, so it could not fail"),
                say("Say what."),
            )
        return case

    def line(self, path: Where) -> int:
        return (self.written.mark(path) or (1, 1))[0]

    def name(self, table: Table, key: str, known: set[str]) -> str | None:
        found = table.text(key, pattern=_ID, shape=say("an id of letters and digits"))
        if found is not None and found not in known:
            what = say("`{name}` is not among the accounts given", name=found)
            table.refuse(key, "account.unknown", what, say("Add it under `accounts`."))
        return found

    def account(self, table: Table) -> Account | None:
        account = table.text("account", pattern=_ID, shape=say("an id of letters and digits"))
        zones = table.texts("zones") if "zones" in table.value else None
        word = table.word("product", sorted(columns.PRODUCTS), required=False)
        role = table.choice("role", Role, required=False) or Role.BORROWER
        rate = table.decimal("overdue_rate", PERCENT_DIGITS, required=False)
        if account is None:
            return None
        return Account(
            account=account,
            person=table.text("person", required=False, pattern=_ID, shape=say("an id")) or PERSON,
            role=role,
            # As the book takes it where the lender says nothing: by the role where that alone decides.
            liable=table.flag("liable") if "liable" in table.value else role in LIABLE_BY_ROLE,
            product=word or "cash_loan",
            brand=table.text("brand", required=False),
            status=table.choice("status", Status, required=False) or Status.OVERDUE,
            suit_list=table.flag("suit_list"),
            zones=zones,
            locale=table.word("locale", LOCALES, required=False),
            jurisdiction=table.text("jurisdiction", required=False),
            debt_class=table.word("debt_class", ("consumer", "business"), required=False) or "consumer",
            overdue_ppm=rate or 0,
            ledger_overdue_minor=table.amount("ledger_overdue", self.currency, required=False),
        )

    def instalment(self, table: Table, known: set[str]) -> Instalment | None:
        account, due_on = self.name(table, "account", known), table.day("due_on")
        principal = table.amount("principal", self.currency)
        if account is None or due_on is None or principal is None:
            return None
        return Instalment(
            account=account,
            due_on=due_on,
            principal_minor=principal,
            interest_minor=table.amount("interest", self.currency, required=False) or 0,
            fee_minor=table.amount("fee", self.currency, required=False) or 0,
        )

    def payment(self, table: Table, known: set[str]) -> Payment | None:
        account, paid_on = self.name(table, "account", known), table.day("paid_on")
        amount = table.amount("amount", self.currency)
        kind = table.word("kind", sorted(columns.PAYMENT_KINDS), required=False) or "payment"
        if account is None or paid_on is None or amount is None:
            return None
        return Payment(account=account, paid_on=paid_on, amount_minor=amount, kind=kind)

    def contact(self, table: Table) -> Contact | None:
        channel = table.choice("channel", Channel)
        if channel is None:
            return None
        return Contact(
            person=table.text("person", required=False, pattern=_ID, shape=say("an id")) or PERSON,
            channel=channel,
            state=table.choice("state", PointState, required=False) or PointState.OK,
            consent=table.choice("consent", Consent, required=False) or Consent.UNKNOWN,
            agreed_for_service=table.flag("agreed_for_service"),
            shared=table.flag("shared"),
            place=table.choice("place", Place, required=False),
            verified_on=table.day("verified_on", required=False),
        )

    def hold(self, table: Table) -> Hold | None:
        kind, since = table.choice("kind", HoldKind), table.day("since")
        if kind is None or since is None:
            return None
        return Hold(
            person=table.text("person", required=False, pattern=_ID, shape=say("an id")) or PERSON,
            account=table.text("account", required=False, pattern=_ID, shape=say("an id")),
            kind=kind,
            since=since,
            until=table.day("until", required=False),
        )

    def told(self, table: Table) -> Told | None:
        on, stage = table.day("on"), table.text("stage")
        if on is None or stage is None:
            return None
        person = table.text("person", required=False, pattern=_ID, shape=say("an id")) or PERSON
        return Told(on=on, person=person, stage=stage, by=self.by(table))

    def by(self, table: Table) -> tuple[Channel, ...]:
        return tuple(map(Channel, table.texts("by", among=_CHANNELS)))

    def expected(self, table: Table, known: set[str]) -> Expected | None:
        account, outcome = self.name(table, "account", known), table.choice("outcome", Outcome)
        why = table.choice("why", Code, required=False)
        if why is not None and outcome is not None and OUTCOME[why] is not outcome:
            what = say("`{why}` is never the reason of `{outcome}`", why=why.value, outcome=outcome.value)
            words = ", ".join(sorted(code.value for code, of in OUTCOME.items() if of is outcome))
            table.refuse("why", "expect.why", what, say("Write one of {words}.", words=words))
        if account is None or outcome is None:
            return None
        return Expected(
            person=table.text("person", required=False, pattern=_ID, shape=say("an id")) or PERSON,
            account=account,
            outcome=outcome,
            why=why,
            rule=table.text("rule", required=False),
            stage=table.text("stage", required=False),
            by=self.by(table),
            total_minor=table.amount("total", self.currency, required=False),
            line=self.line(table.path),
        )


_CHANNELS = tuple(channel.value for channel in Channel)
_ACCOUNT = (
    "account", "person", "role", "liable", "product", "brand", "status", "suit_list", "zones", "locale", "jurisdiction",
    "debt_class", "overdue_rate", "ledger_overdue",
)  # fmt: skip
_INSTALMENT = ("account", "due_on", "principal", "interest", "fee")
_PAYMENT = ("account", "paid_on", "amount", "kind")
_CONTACT = ("person", "channel", "state", "consent", "agreed_for_service", "shared", "place", "verified_on")
_HOLD = ("person", "account", "kind", "since", "until")
_TOLD = ("on", "person", "stage", "by")
_EXPECT = ("person", "account", "outcome", "why", "rule", "stage", "by", "total")

T = TypeVar("T")


def _some(items: Iterable[T | None]) -> Iterator[T]:
    return (item for item in items if item is not None)
