"""A question about one act or several, written as JSON, read strictly into acts for the law to judge.

Everything that is wrong is noted at once, each mistake with its path (`$[1].act.channel`). A key that is left out
is a fact the question does not carry; null is one that it carries and does not know. Instants carry their offset
and are whole seconds.
Refuses what it does not know: a key, a word, a jurisdiction, a kind of event; it guesses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from duly.errors import Problem
from duly.law import facts, inferred, jsontext, jurisdictions, stated, values, vocabulary
from duly.law.facts import Grain
from duly.law.jsontext import Place, Reading
from duly.model import notice
from duly.model.party import PointState
from duly.model.said import say

Keys = tuple[tuple[str, ...], tuple[str, ...]]  # those that must be there, and those that may

QUESTION: Keys = (
    ("pack", "jurisdictions", "at", "actor", "debt_class", "act", "debtor", "debt", "history"),
    ("product", "facts", "text"),
)
ACT: Keys = (("channel", "action", "recipient"), ("stage", "mandatory", "technology"))
RECIPIENT: Keys = (("role",), ("place", "shared", "verified_days"))
DEBTOR: Keys = (("id", "zones"), ("states", "consents", "preferences"))
DEBT: Keys = (("id",), ("account",))
EVENT: Keys = (("at", "kind"), ("channel", "debt", "number", "person", "ref", "dated", "marks"))
CONSENT: Keys = (("basis", "given"), ("form", "channel", "revoked"))

# Where a key stands, and the facts that are carried with it.
_CARRIED = (
    *(("top", name, (name,)) for name in ("actor", "debt_class", "product")),
    *(("act", name, (name,)) for name in ("channel", "action", "stage", "technology")),
    *(("recipient", name, (name,)) for name in ("place", "shared")),
    ("act", "mandatory", ("notice_class",)),
    ("recipient", "role", ("recipient_role",)),
    ("recipient", "verified_days", ("point_state",)),
    ("debtor", "consents", ("consents",)),
    ("debtor", "states", ("states", "holds")),
)

TEXT_FACTS = frozenset(name for name, fact in facts.FACTS.items() if fact.grain is Grain.TEXT)
# What only a person can note of a text is not carried by the text itself.
NOTED = frozenset(name for name in TEXT_FACTS if facts.FACTS[name].supplier.startswith("review:"))


@dataclass(frozen=True, kw_only=True)
class Question:
    """One act as it was asked about. `carried` are the facts that the question carries, known or not."""

    path: str
    pack: str
    act: values.Act
    carried: frozenset[str]
    text: str | None


def read(written: bytes, file: str) -> tuple[tuple[Question, ...], bool, list[Problem]]:
    """The questions, whether they came as an array, and every problem; no question where there is any."""
    reading = Reading(file=file)
    tree = jsontext.parse(reading, written)
    several = isinstance(tree, list)
    found: list[Question] = []
    if not reading.problems:
        items = [(f"$[{number}]", item) for number, item in enumerate(tree)] if isinstance(tree, list) else []
        for path, item in items if several else [("$", tree)]:
            one = _question(reading, item, path)
            if one is not None:
                found.append(one)
    return (() if reading.problems else tuple(found)), several, reading.problems


def _question(reading: Reading, node: object, path: str) -> Question | None:
    before = len(reading.problems)
    top = reading.place(node, path, required=QUESTION[0], optional=QUESTION[1])
    act = top.inner("act", *ACT)
    recipient, debtor = act.inner("recipient", *RECIPIENT), top.inner("debtor", *DEBTOR)
    person, account = debtor.text("id"), _account(top)
    mandatory, states, text = act.flag("mandatory"), _states(debtor), top.text("text", nullable=True)
    further = stated.read(top, mandatory=mandatory)
    said: dict[str, object] = {
        "at": top.moment("at"),
        "jurisdictions": _codes(top),
        "person": person,
        "accounts": (account.name,),
        "zones": debtor.zones("zones"),
        "preferred": debtor.hours("preferences"),
        "consents": _consents(debtor),
        "actor": top.fact("actor", "actor"),
        "debt_class": top.fact("debt_class", "debt_class"),
        "product": top.fact("product", "product"),
        "channel": act.fact("channel", "channel"),
        "action": act.fact("action", "action"),
        "stage": act.fact("stage", "stage"),
        "technology": act.fact("technology", "technology"),
        "recipient_role": recipient.fact("role", "recipient_role"),
        "place": recipient.fact("place", "place"),
        "shared": recipient.fact("shared", "shared"),
        "point_state": None if recipient.whole("verified_days") is None else PointState.OK.value,
        "notice_class": _notice_class(mandatory=mandatory),
    }
    if states is not None:
        said["states"] = states.intersection(vocabulary.STATES)
        said["holds"] = states.intersection(vocabulary.HOLDS)
    # A hold that stands among the states is one whatever `facts` says beside it.
    holds = [
        found for found in (said.get("holds"), further.fields.get("holds")) if isinstance(found, frozenset)
    ]
    fields = {**said, **further.fields, "holds": frozenset().union(*holds) if holds else None}
    history = _history(top, person=person or "", account=account, number=str(fields.get("number") or ""))
    pack = top.text("pack")
    if len(reading.problems) > before or pack is None:
        return None
    whole = values.Act(**fields, history=history, policy=further.policy, facts=further.further)  # type: ignore[arg-type]
    whole = inferred.complete(whole, stated=frozenset(further.carried))
    placed = {"top": top, "act": act, "recipient": recipient, "debtor": debtor}
    carried = further.carried | {
        fact for where, key, facts_of in _CARRIED if key in placed[where].entries for fact in facts_of
    }
    carried |= TEXT_FACTS - NOTED if text is not None else frozenset()
    return Question(path=path, pack=pack, act=whole, carried=frozenset(carried), text=text)


@dataclass(frozen=True)
class _Account:
    """The account that is asked about; `debt` is another name for it in the history."""

    name: str
    debt: str


def _account(top: Place) -> _Account:
    debt = top.inner("debt", *DEBT)
    known = debt.text("id") or ""
    return _Account(debt.text("account") or known, known)


def _codes(top: Place) -> tuple[str, ...]:
    codes = top.texts("jurisdictions", empty=False)
    for number, code in enumerate(codes or ()):
        if jurisdictions.unknown([code]):
            top.refuse(
                f"jurisdictions[{number}]",
                "law.ask.jurisdiction",
                say("`{code}` is no jurisdiction", code=code),
                say("Use one of {known}.", known=", ".join(jurisdictions.JURISDICTIONS)),
            )
    return tuple(codes or ())


def _notice_class(*, mandatory: bool | None) -> str | None:
    """What a law demands is never a nudge; whether anything else preserves rights is for `facts` to say."""
    if mandatory is None:
        return None
    found = notice.NoticeClass.REQUIRED_BY_LAW if mandatory else notice.NoticeClass.NUDGE
    return str(found.value)


def _states(debtor: Place) -> frozenset[str] | None:
    """The states of the law and the holds of the book: both are words that bar acts."""
    found = debtor.words("states", vocabulary.STATES | vocabulary.HOLDS)
    return None if found is None else frozenset(found)


def _consents(debtor: Place) -> tuple[values.Consent, ...] | None:
    if debtor.entries.get("consents") is None:
        return None
    found = []
    for row in debtor.rows("consents", *CONSENT):
        given, revoked = row.moment("given"), row.moment("revoked", nullable=True)
        basis, form = row.word("basis", vocabulary.BASES), row.word("form", vocabulary.FORMS, nullable=True)
        channel = row.word("channel", vocabulary.CHANNELS, nullable=True)
        if given is not None and revoked is not None and revoked < given:
            row.refuse(
                "revoked",
                "law.ask.consent",
                say("a consent is revoked before it is given"),
                say("Correct one of the two instants."),
            )
        elif given is not None and basis is not None:
            found.append(
                values.Consent(
                    basis=basis, given=given, form=form or "", channel=channel or "", revoked=revoked
                )
            )
    return tuple(found)


def _history(top: Place, *, person: str, account: _Account, number: str) -> tuple[values.Contact, ...]:
    """What happened, towards the act's own person, account and number unless a row says otherwise."""
    found = []
    for row in top.rows("history", *EVENT):
        at, kind, channel = (
            row.moment("at"),
            _kind(row),
            row.word("channel", vocabulary.CHANNELS, nullable=True),
        )
        named, debt = row.text("number", nullable=True) or number, row.text("debt", nullable=True)
        towards, ref = row.text("person", nullable=True) or person, row.text("ref", nullable=True)
        dated, marks = row.day("dated"), row.words("marks", vocabulary.MARKS)
        own = account.name if debt in {None, account.debt} else str(debt)
        if kind is not None and values.is_contact(kind) and not (channel and named):
            row.refuse(
                "",
                "law.ask.contact",
                say("a contact names its channel and its number"),
                say("Add `channel` and `number`; without them no cap could count it."),
            )
        elif at is not None and kind is not None and towards and own:
            found.append(
                values.Contact(
                    at=at,
                    kind=kind,
                    channel=channel or "",
                    person=towards,
                    account=own,
                    number=named,
                    ref=ref or "",
                    dated=dated,
                    marks=frozenset(marks or ()),
                )
            )
    return tuple(found)


def _kind(row: Place) -> str | None:
    kind = row.text("kind")
    if kind is None or kind in values.EVENT_KINDS or values.is_notice(kind):
        return kind
    row.refuse(
        "kind",
        "law.ask.word",
        say("`{word}` is no word of `{key}`", word=kind, key="kind"),
        say("Use one of {known}.", known=", ".join([*sorted(values.EVENT_KINDS), "notice:<name>"])),
    )
    return None
