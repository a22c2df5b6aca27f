"""What a question's history and consents say where it does not say it itself: both sides of each inference."""

from __future__ import annotations

import pytest

from tests.law.test_document import Document, question, read

REFUSAL: Document = {"at": "2026-02-20T12:00:00-05:00", "kind": "opt_out", "channel": "voice"}
CALL: Document = {"at": "2026-03-01T12:00:00-05:00", "kind": "attempt", "channel": "voice", "number": "n1"}


def consent(basis: str, given: str, **more: str) -> Document:
    """A consent on record."""
    return {"basis": basis, "given": given, **more}


@pytest.mark.parametrize(
    ("changed", "refused"),
    [
        ({"history": [REFUSAL]}, True),
        ({"history": [REFUSAL | {"channel": "sms"}]}, False),
        ({"history": [REFUSAL | {"at": "2026-03-02T10:00:00-05:00"}]}, True),
        ({"history": [REFUSAL | {"at": "2026-03-02T10:00:01-05:00"}]}, False),
        ({"history": [REFUSAL | {"person": "d2"}]}, False),
        ({"history": [REFUSAL], "debtor__states": ["no_work_contact"]}, False),
        ({"history": [REFUSAL], "debtor__states": ["no_work_contact_written"]}, False),
        (
            {"history": [REFUSAL], "debtor__consents": [consent("direct", "2026-02-21T12:00:00-05:00")]},
            False,
        ),
        (
            {"history": [REFUSAL], "debtor__consents": [consent("direct", "2026-02-19T12:00:00-05:00")]},
            True,
        ),
    ],
)
def test_an_opt_out_on_the_acts_channel_is_a_refusal_of_it(changed: Document, refused: bool) -> None:
    """Up to the act's second, of this debtor, until he consents again; a word about work is one about work."""
    (one,) = read(question(**changed))

    assert one.act.states is not None
    assert ("medium_opt_out" in one.act.states) is refused


def test_states_that_are_not_known_stay_unknown() -> None:
    """An opt-out is one of them; whether there are others nobody said."""
    (one,) = read(question(history=[REFUSAL], debtor__states=None))

    assert one.act.states is None


@pytest.mark.parametrize(
    ("history", "stated", "number"),
    [
        ([], {}, "d1"),
        ([CALL, CALL | {"at": "2026-03-01T13:00:00-05:00"}], {}, "n1"),
        ([CALL, CALL | {"number": "n2"}], {}, None),
        ([CALL, CALL | {"number": "n2", "person": "d2"}], {}, "n1"),
        ([CALL], {"number": "n9"}, "n9"),
        ([CALL], {"number": None}, None),
    ],
)
def test_the_number_is_that_of_the_history_where_it_names_one_only(
    history: list[Document], stated: Document, number: str | None
) -> None:
    """With none in the history no cap on a number can be reached; with several nobody knows which it is."""
    (one,) = read(question(history=history, facts=stated))

    assert one.act.number == number


@pytest.mark.parametrize(
    ("given", "recent"),
    [
        ("2026-02-24T23:59:59-05:00", True),
        ("2026-02-23T23:59:59-05:00", False),
        ("2026-03-02T10:00:01-05:00", False),
    ],
)
def test_a_direct_consent_to_a_call_serves_for_seven_days_its_own_the_first(given: str, recent: bool) -> None:
    """The act is on 2 March, so 24 February is the seventh day back; by the debtor's own calendar."""
    (one,) = read(question(debtor__consents=[consent("direct", given)]))

    assert one.act.facts["call_consent_7d"] is recent


@pytest.mark.parametrize(
    ("consents", "machines", "court"),
    [
        ([], False, None),
        ([consent("prior_express", "2025-01-01T12:00:00-05:00")], True, None),
        ([consent("prior_express", "2025-01-01T12:00:00-05:00", channel="sms")], False, None),
        (
            [consent("prior_express", "2025-01-01T12:00:00-05:00", revoked="2026-03-02T10:00:00-05:00")],
            False,
            None,
        ),
        (
            [consent("prior_express", "2025-01-01T12:00:00-05:00", revoked="2026-03-02T10:00:01-05:00")],
            True,
            None,
        ),
        ([consent("court_permission", "2025-01-01T12:00:00-05:00")], False, True),
        ([consent("used_with_creditor", "2025-01-01T12:00:00-05:00")], False, None),
    ],
)
def test_what_consents_on_record_permit_is_told_by_them(
    consents: list[Document], machines: bool, court: bool | None
) -> None:
    """Those that stand at the act's second for its channel."""
    (one,) = read(question(debtor__consents=consents))

    assert one.act.facts["machine_call_consent"] is machines
    assert one.act.facts.get("court_permission") is court


def test_what_is_stated_is_not_inferred() -> None:
    """Not even where the records say otherwise."""
    records = [consent("direct", "2026-03-01T12:00:00-05:00")]
    (one,) = read(
        question(debtor__consents=records, facts={"call_consent_7d": False, "machine_call_consent": None})
    )

    assert one.act.facts["call_consent_7d"] is False
    assert one.act.facts.get("machine_call_consent") is None
    (unknown,) = read(question(debtor__consents=None))
    assert "call_consent_7d" not in unknown.act.facts
