"""Permits and the turnstile: what lets bytes through, once, and what does not."""

import hashlib
import hmac
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duly.channels import base
from duly.model import permit
from duly.model.permit import Fault

KEY = b"k" * 32
AT = datetime(2026, 11, 23, 10, 0, 0, 123456, tzinfo=UTC)
FIELDS: dict[str, Any] = {
    "message_key": b"m" * 16,
    "encoded_sha256": b"h" * 32,
    "route": "sms-1",
    "at": AT,
    "not_after": AT + timedelta(hours=1),
}
GOOD = permit.issue(KEY, **FIELDS)
ASKED: dict[str, Any] = {"message_key": b"m" * 16, "encoded_sha256": b"h" * 32, "route": "sms-1", "now": AT}


def test_the_mac_is_hmac_sha256_over_the_framed_fields() -> None:
    """Written out by hand: the form cannot drift between a gate and a worker of different versions."""
    micros = int(AT.timestamp()) * 1_000_000 + 123456
    framed = (
        b"duly.permit.1"
        + b"m" * 16
        + b"h" * 32
        + micros.to_bytes(8, "big")
        + (micros + 3_600_000_000).to_bytes(8, "big")
        + b"sms-1"
    )
    assert GOOD.mac == hmac.new(KEY, framed, hashlib.sha256).digest()
    assert permit.fault(KEY, GOOD, **ASKED) is None


def test_the_same_instant_in_another_zone_is_the_same_permit() -> None:
    """A database may give back another zone."""
    there = AT.astimezone(timezone(timedelta(hours=8)))
    assert permit.fault(KEY, replace(GOOD, at=there), **ASKED) is None


@pytest.mark.parametrize(
    ("held", "asked", "found"),
    [
        ({}, {"route": "sms-2"}, Fault.OTHER_ROUTE),
        ({"route": "sms-2"}, {"route": "sms-2"}, Fault.FORGED),
        ({}, {"message_key": b"n" * 16}, Fault.OTHER_MESSAGE),
        ({"message_key": b"n" * 16}, {"message_key": b"n" * 16}, Fault.FORGED),
        ({}, {"encoded_sha256": b"g" * 32}, Fault.OTHER_BYTES),
        ({"encoded_sha256": b"g" * 32}, {"encoded_sha256": b"g" * 32}, Fault.FORGED),
        ({"at": AT + timedelta(microseconds=1)}, {}, Fault.FORGED),
        ({"not_after": AT + timedelta(hours=2)}, {}, Fault.FORGED),
        ({"mac": b"\0" * 32}, {}, Fault.FORGED),
        ({"mac": b""}, {}, Fault.FORGED),
        ({}, {"now": AT + timedelta(seconds=2)}, None),
        ({}, {"now": AT + timedelta(seconds=2, microseconds=1)}, Fault.STALE),
        ({}, {"now": AT - timedelta(seconds=2)}, None),
        ({}, {"now": AT - timedelta(seconds=2, microseconds=1)}, Fault.AHEAD),
        ({}, {"now": AT + timedelta(hours=1, microseconds=1)}, Fault.EXPIRED),
    ],
)
def test_whatever_does_not_fit_is_named(
    held: dict[str, Any], asked: dict[str, Any], found: Fault | None
) -> None:
    """Both what the permit says and what is about to be written must be what the gate signed."""
    assert permit.fault(KEY, replace(GOOD, **held), **(ASKED | asked)) is found


def test_a_life_that_ends_before_the_two_seconds_ends_the_permit() -> None:
    """At its last instant it holds."""
    short = permit.issue(KEY, **(FIELDS | {"not_after": AT + timedelta(seconds=1)}))
    assert permit.fault(KEY, short, **(ASKED | {"now": AT + timedelta(seconds=1)})) is None
    over = ASKED | {"now": AT + timedelta(seconds=1, microseconds=1)}
    assert permit.fault(KEY, short, **over) is Fault.EXPIRED


def test_another_key_makes_no_permit() -> None:
    """Whoever can write to the database cannot sign."""
    assert permit.fault(b"l" * 32, GOOD, **ASKED) is Fault.FORGED


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"message_key": b"m" * 15}, "a key of 16 bytes"),
        ({"encoded_sha256": b"h" * 31}, "a digest of 32"),
        ({"route": ""}, "1 to 255 bytes"),
        ({"route": "x" * 256}, "1 to 255 bytes"),
        ({"at": AT.replace(tzinfo=None)}, "carry a zone"),
        ({"not_after": AT - timedelta(microseconds=1)}, "life is over"),
    ],
)
def test_the_gate_cannot_issue_nonsense(fields: dict[str, Any], says: str) -> None:
    """An illegal permit cannot be built."""
    with pytest.raises(ValueError, match=says):
        permit.issue(KEY, **(FIELDS | fields))


def test_a_short_key_is_no_key() -> None:
    """For the gate and for the turnstile."""
    with pytest.raises(ValueError, match="at least 32"):
        permit.issue(b"k" * 31, **FIELDS)
    with pytest.raises(ValueError, match="at least 32"):
        base.Turnstile(key=b"k" * 31, clock=lambda: AT)


def test_a_permit_does_not_show_its_mac() -> None:
    """Whoever reads a log cannot use it."""
    assert "mac" not in repr(GOOD)


@given(
    one=st.tuples(
        st.binary(min_size=16, max_size=16), st.text(min_size=1, max_size=40), st.integers(0, 10**12)
    ),
    two=st.tuples(
        st.binary(min_size=16, max_size=16), st.text(min_size=1, max_size=40), st.integers(0, 10**12)
    ),
)
def test_two_different_permits_never_share_a_mac(
    one: tuple[bytes, str, int], two: tuple[bytes, str, int]
) -> None:
    """No field runs into the next."""
    made = []
    for message_key, route, micros in (one, two):
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
        fields = {
            "message_key": message_key,
            "route": route,
            "at": at,
            "not_after": AT + timedelta(days=10**5),
        }
        made.append(permit.issue(KEY, **(FIELDS | fields)).mac)
    assert (made[0] == made[1]) is (one == two)


# --- the turnstile


def released(
    parts: tuple[bytes, ...] = (b"bytes",), sha256: bytes | None = None, at: datetime = AT
) -> base.Released:
    """A message that the gate released at this instant."""
    digest = base.digest(parts)
    signed = permit.issue(
        KEY, **(FIELDS | {"encoded_sha256": digest, "at": at, "not_after": AT + timedelta(hours=1)})
    )
    held = digest if sha256 is None else sha256
    return base.Released(message_key=b"m" * 16, encoded=base.Encoded(parts=parts, sha256=held), permit=signed)


def test_the_digest_is_computed_from_the_bytes_and_not_believed() -> None:
    """Bytes changed after the gate, with the old digest beside them, do not pass."""
    turnstile = base.Turnstile(key=KEY, clock=lambda: AT)
    honest = released()
    changed = replace(honest, encoded=base.Encoded(parts=(b"other",), sha256=honest.encoded.sha256))
    assert turnstile.admit(changed, route="sms-1") is Fault.OTHER_BYTES
    assert turnstile.admit(released(sha256=b"lie" * 10), route="sms-1") is None


@pytest.mark.parametrize("parts", [(b"ab", b"c"), (b"a", b"bc"), (b"abc",), (b"abc", b"")])
def test_a_byte_moved_across_segments_is_another_message(parts: tuple[bytes, ...]) -> None:
    """Each segment's length is in the digest."""
    turnstile = base.Turnstile(key=KEY, clock=lambda: AT)
    for other in {(b"ab", b"c"), (b"a", b"bc"), (b"abc",), (b"abc", b"")} - {parts}:
        moved = replace(released(parts), encoded=base.Encoded.of(other))
        assert turnstile.admit(moved, route="sms-1") is Fault.OTHER_BYTES


def test_a_permit_older_than_the_process_is_stale() -> None:
    """The process before this one may have used it."""
    turnstile = base.Turnstile(key=KEY, clock=lambda: AT)
    assert turnstile.admit(released(at=AT - timedelta(microseconds=1)), route="sms-1") is Fault.STALE
    assert turnstile.admit(released(at=AT), route="sms-1") is None


def test_a_used_permit_is_remembered_as_long_as_it_could_live_and_no_longer() -> None:
    """A permit from two seconds ahead lives four seconds; afterwards it is stale, and forgotten."""
    now = AT
    turnstile = base.Turnstile(key=KEY, clock=lambda: now)
    ahead = released(at=AT + timedelta(seconds=2))
    assert turnstile.admit(ahead, route="sms-1") is None
    now = AT + timedelta(seconds=4)
    assert turnstile.admit(ahead, route="sms-1") is Fault.USED
    now = AT + timedelta(seconds=4, microseconds=1)
    assert turnstile.admit(ahead, route="sms-1") is Fault.STALE
    now = AT + timedelta(seconds=10)
    assert turnstile.admit(released(at=now), route="sms-1") is None
    assert len(turnstile._used) == 1


def test_many_threads_with_one_permit_get_through_once() -> None:
    """A channel that writes files does so in threads."""
    turnstile = base.Turnstile(key=KEY, clock=lambda: AT)
    one = released()
    found: list[Fault | None] = []
    begin = threading.Barrier(8)

    def go() -> None:
        begin.wait()
        found.append(turnstile.admit(one, route="sms-1"))

    threads = [threading.Thread(target=go) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found.count(None) == 1
    assert found.count(Fault.USED) == 7
