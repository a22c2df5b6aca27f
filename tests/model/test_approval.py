"""Two people, neither of them the author, over one exact digest."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from duly.model import approval as rules
from duly.model.approval import Approval, Lack, Limits, Question, Subject
from duly.model.party import Duty

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
DIGEST = "d" * 64
DUTIES = {
    "ann": frozenset({Duty.COMPLIANCE}),
    "bob": frozenset({Duty.OPERATIONS}),
    "eve": frozenset({Duty.ENGINEER}),
    "wei": frozenset({Duty.COMPLIANCE, Duty.STRATEGIST}),
}
QUESTION = Question(subject=Subject.STRATEGY, digest=DIGEST, now=NOW, author="wei")


def given(by: str, /, **changes: object) -> Approval:
    """An approval that counts, by one person, with what the test changes."""
    plain = Approval(
        subject=Subject.STRATEGY,
        digest=DIGEST,
        by=by,
        author="wei",
        at=NOW - timedelta(days=1),
        expires=NOW + timedelta(days=1),
        nonce=by.encode().ljust(16, b"-"),
        signature=b"s" * 64,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def asked(*approvals: Approval, question: Question = QUESTION, used: tuple[bytes, ...] = ()) -> list[Lack]:
    """What is lacking; a signature with an f in it is forged."""
    found = rules.lacking(
        question, approvals, duties=DUTIES, verify=lambda each: b"f" not in each.signature, used=used
    )
    return [each.lack for each in found]


def test_two_people_are_a_yes() -> None:
    """Nothing is lacking."""
    assert asked(given("ann"), given("bob")) == []


def test_nobody_is_not() -> None:
    """Silence is not permission."""
    assert asked() == [Lack.PEOPLE]


def test_one_person_twice_is_one_person() -> None:
    """Two signed approvals of the same hand are counted once."""
    assert asked(given("ann"), given("ann", nonce=b"2" * 16)) == [Lack.PEOPLE]


# What is changed in the second approval, and why it does not count then.
REFUSED: list[tuple[dict[str, object], Lack]] = [
    ({"subject": Subject.TEMPLATES}, Lack.OTHER_SUBJECT),
    ({"digest": "e" * 64}, Lack.OTHER_DIGEST),
    ({"signature": b""}, Lack.UNSIGNED),
    ({"signature": b"f" * 64}, Lack.FORGED),
    ({"at": NOW + timedelta(seconds=1)}, Lack.NOT_YET),
    ({"expires": NOW}, Lack.EXPIRED),
    ({"nonce": b"ann".ljust(16, b"-")}, Lack.NONCE_USED),
    ({"author": "bob"}, Lack.OTHER_AUTHOR),
    ({"by": "wei"}, Lack.AUTHOR),
    ({"by": "eve"}, Lack.DUTY),
    ({"by": "stranger"}, Lack.DUTY),
]


@pytest.mark.parametrize(("changes", "why"), REFUSED)
def test_each_way_of_not_counting_is_named(changes: dict[str, object], why: Lack) -> None:
    """An approval that does not count is shown with its reason, and a person is still missing."""
    assert asked(given("ann"), given("bob", **changes)) == [why, Lack.PEOPLE]


def test_both_ends_of_its_time_are_exact() -> None:
    """It holds from its instant on, and no longer at its end."""
    assert asked(given("ann"), given("bob", at=NOW)) == []
    assert asked(given("ann"), given("bob", expires=NOW + timedelta(seconds=1))) == []


def test_the_author_cannot_be_relabelled() -> None:
    """The author naming another as the author gains nothing."""
    assert asked(given("ann"), given("wei", author="bob")) == [Lack.OTHER_AUTHOR, Lack.PEOPLE]


def test_a_nonce_spent_elsewhere_is_spent() -> None:
    """A copied approval is not a new one."""
    spent = given("bob").nonce
    assert asked(given("ann"), given("bob"), used=(spent,)) == [Lack.NONCE_USED, Lack.PEOPLE]


@pytest.mark.parametrize(("messages", "lacks"), [(100, []), (101, [Lack.LIMITS, Lack.PEOPLE])])
def test_an_approval_covers_as_much_as_it_says(messages: int, lacks: list[Lack]) -> None:
    """Both sides of the bound of count."""
    question = replace(QUESTION, messages=messages, overdue_minor=5)
    assert asked(given("ann"), given("bob", limits=Limits(messages=100)), question=question) == lacks


@pytest.mark.parametrize(("overdue", "lacks"), [(500, []), (501, [Lack.LIMITS, Lack.PEOPLE])])
def test_an_approval_covers_as_much_money_as_it_says(overdue: int, lacks: list[Lack]) -> None:
    """Both sides of the bound of sum."""
    question = replace(QUESTION, messages=1, overdue_minor=overdue)
    assert asked(given("ann"), given("bob", limits=Limits(overdue_minor=500)), question=question) == lacks


def test_three_where_one_does_not_count_are_a_yes() -> None:
    """What does not count does not spoil what does."""
    assert asked(given("ann"), given("wei"), given("bob")) == []


def test_what_is_signed_says_everything() -> None:
    """Each field changes the signed bytes, so none can be exchanged afterwards."""
    plain = given("ann")
    others = [
        given("bob"),
        *(
            given("ann", **changes)
            for changes, _ in REFUSED
            if "signature" not in changes and "by" not in changes
        ),
        given("ann", expires=NOW + timedelta(hours=5)),
        given("ann", nonce=b"x" * 16),
        given("ann", limits=Limits(messages=1)),
        given("ann", limits=Limits(overdue_minor=1)),
    ]
    signed = {each.to_sign() for each in others if each != plain}
    assert plain.to_sign() not in signed
    assert len(signed) == len([each for each in others if each != plain])


def test_what_is_signed_is_canonical_json() -> None:
    """Sorted keys, no spaces, UTF-8; the signature is not part of it."""
    raw = given("ann").to_sign()
    assert (
        raw == json.dumps(json.loads(raw), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    )
    assert given("ann", signature=b"").to_sign() == raw


@pytest.mark.parametrize(
    "changes",
    [
        {"digest": "D" * 64},
        {"digest": "d" * 63},
        {"nonce": b"short"},
        {"at": datetime(2026, 11, 20)},  # noqa: DTZ001 - the very mistake
        {"at": NOW.replace(microsecond=1)},
        {"expires": NOW - timedelta(days=1)},
        {"expires": NOW + timedelta(days=400)},
        {"signature": b"x"},
    ],
)
def test_an_illegal_approval_cannot_be_built(changes: dict[str, object]) -> None:
    """Digests, nonces, instants and signatures have one form each."""
    with pytest.raises(ValueError, match=r"an approval|a nonce|a signature"):
        given("ann", **changes)


def test_every_subject_has_people_who_may_approve_it() -> None:
    """Never the auditor, who looks, nor the strategist, who writes; but whose key it is he may say as well."""
    for subject in Subject:
        assert rules.MAY_APPROVE[subject]
        assert Duty.AUDITOR not in rules.MAY_APPROVE[subject]
        assert (Duty.STRATEGIST in rules.MAY_APPROVE[subject]) == (subject is Subject.KEY)
