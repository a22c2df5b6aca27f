"""Entries: what is built reads back, fits the published schema, and refuses what the kinds do not list."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duly.errors import EvidenceBroken
from duly.evidence import chain, encode, entry, kinds, proof, schema
from duly.evidence.fields import Field, Kind, Subject, Type
from tests.evidence import made

CASES = [bytes([number]) * 16 for number in range(3)]


@st.composite
def drafts(draw: st.DrawFn) -> dict[str, Any]:
    """Arguments for `entry.build`, of any kind."""
    kind = draw(st.sampled_from(sorted(kinds.NEWEST)))
    links = []
    for case in draw(st.lists(st.sampled_from(CASES), unique=True, max_size=3)):
        seq = draw(st.integers(1, 10**6))
        links.append(
            entry.CaseLink(
                case, seq, None if seq == 1 else b"p" * 32, draw(made.mappings(kinds.ABOUT.fields))
            )
        )
    return {
        "kind": kind,
        "entry_id": draw(st.uuids()),
        "at": draw(made.values(Field(name="at", type=Type.INSTANT, says=""))),
        "open": draw(made.mappings(kinds.NEWEST[kind].open)),
        "committed": draw(made.mappings(kinds.NEWEST[kind].committed)),
        "cases": links,
        "salts": made.Salts(),
    }


@given(drafts())
@settings(max_examples=200)
def test_what_is_built_is_canonical_fits_the_schema_and_reads_back(draft: dict[str, Any]) -> None:
    """For any content of any kind: RFC 8785 form, the published JSON Schema, and every fact found again."""
    built = entry.build(**draft)
    kind = kinds.NEWEST[built.kind]
    leaf, openings = json.loads(built.leaf), json.loads(built.openings)

    assert proof.canonical(leaf) == built.leaf
    assert proof.canonical(openings) == built.openings
    assert built.leaf_hash == hashlib.sha256(b"\0" + built.leaf).digest()
    jsonschema.validate(leaf, schema.leaf(kind))
    jsonschema.validate(openings, schema.openings(kind))
    facts = entry.reveal(built.leaf, built.openings)
    assert facts.closed == ()
    assert facts.entry_id == built.entry_id
    assert facts.committed == {name: value for name, (_, value) in openings["fields"].items()}
    assert facts.committed.keys() == {name for name, value in draft["committed"].items() if value is not None}
    assert facts.links == tuple((link.case.hex(), link.seq, link.previous) for link in draft["cases"])


@given(made.JSON)
def test_values_are_written_as_rfc_8785_says(value: object) -> None:
    """Written, read and written again gives the same; names are in order and nothing is padded."""
    once = proof.canonical(value)

    assert proof.canonical(json.loads(once)) == once
    assert json.loads(once) == value


@pytest.mark.parametrize(
    ("value", "canonical"),
    [
        ({"b": 1, "a": '€$\u000f\nA\'B"\\\\"/'}, '{"a":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/","b":1}'),
        ([56, {"d": True, "10": None, "1": []}], '[56,{"1":[],"10":null,"d":true}]'),
        ("\u007f\u2028喆", '"\u007f\u2028喆"'),
    ],
)
def test_the_examples_of_rfc_8785(value: object, canonical: str) -> None:
    """Sections 3.2.2.2 and 3.2.3, the parts without floats."""
    assert proof.canonical(value) == canonical.encode()


@pytest.mark.parametrize("value", [1.5, 2**53, -(2**53), {"é": 1}, {1: 2}, b"x", "\ud800", object()])
def test_what_has_no_exact_form_is_refused(value: object) -> None:
    """Floats, integers that a double cannot hold, names beyond ASCII, bytes, half a surrogate pair."""
    with pytest.raises(ValueError, match=r"canonical form|surrogates not allowed"):
        proof.canonical(value)


def _permit(**changes: object) -> entry.Entry:
    shown, hidden = made.full("permit")
    given: dict[str, object] = {
        "entry_id": b"e" * 16,
        "at": made.NOON,
        "open": shown,
        "committed": hidden,
        "cases": [entry.CaseLink(CASES[0], 1, None, made.about())],
        "salts": made.Salts(),
    }
    return entry.build("permit", **(given | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"open": {"packs": "ab" * 32}}, "permit: strategy is missing"),
        ({"open": made.full("permit")[0] | {"name": "x"}}, "permit: unknown field: name"),
        (
            {"open": made.full("permit")[0] | {"strategy": "AB" * 32}},
            "permit: strategy: a digest is 32 bytes",
        ),
        ({"committed": made.full("permit")[1] | {"person": 7}}, "permit: person: a int is not text"),
        (
            {"committed": made.full("permit")[1] | {"window": {"not_before": made.NOON}}},
            "permit: window: not_after is missing",
        ),
        (
            {"committed": made.full("permit")[1] | {"window": {"not_before": datetime(2026, 1, 1)}}},  # noqa: DTZ001
            "permit: window: not_after is missing",
        ),
        ({"cases": [entry.CaseLink(CASES[0], 2, None, made.about())]}, "each but the first names"),
        ({"cases": [entry.CaseLink(CASES[0], 1, b"p" * 32, made.about())]}, "each but the first names"),
        ({"cases": [entry.CaseLink(CASES[0], 2, b"p" * 31, made.about())]}, "32 bytes"),
        ({"cases": [entry.CaseLink(b"A000123", 1, None, made.about())]}, "16 random bytes"),
        ({"cases": [entry.CaseLink(CASES[0], 1, None, {})]}, "permit: account is missing"),
        ({"cases": [entry.CaseLink(CASES[0], 1, None, made.about())] * 2}, "one case is linked twice"),
        ({"salts": lambda count: b"s" * (count - 1)}, "wrong number of bytes"),
    ],
)
def test_what_the_kinds_do_not_list_is_refused(changes: dict[str, object], reason: str) -> None:
    """A missing, unknown or wrongly typed field is our own mistake and is named."""
    with pytest.raises(ValueError, match=reason):
        _permit(**changes)


def test_an_unknown_kind_is_refused() -> None:
    """The list is closed."""
    with pytest.raises(ValueError, match="'gossip' is not a kind of entry"):
        entry.build(
            "gossip", entry_id=b"e" * 16, at=made.NOON, open={}, committed={}, cases=[], salts=made.Salts()
        )


def test_an_instant_needs_a_zone() -> None:
    """A local time without its zone is nobody's time."""
    with pytest.raises(TypeError, match="an instant is a datetime with a zone"):
        _permit(at=datetime(2026, 11, 20))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 11, 20, 4, tzinfo=UTC), "2026-11-20T04:00:00.000000Z"),
        (datetime(2026, 11, 20, 12, tzinfo=timezone(timedelta(hours=8))), "2026-11-20T04:00:00.000000Z"),
        (datetime(2026, 11, 20, 4, 0, 0, 1, tzinfo=UTC), "2026-11-20T04:00:00.000001Z"),
    ],
)
def test_one_instant_has_one_form(moment: datetime, text: str) -> None:
    """UTC with six decimals, whatever zone it came in."""
    assert encode.instant(moment) == text


@pytest.mark.parametrize(("size", "fits"), [(65_535, True), (65_536, False)])
def test_a_leaf_is_never_longer_than_the_log_format_can_hold(size: int, *, fits: bool) -> None:
    """c2sp.org/tlog-tiles gives the length 16 bits; an erasure of very many entries is written as several."""

    def build(count: int, authority: str = "") -> entry.Entry:
        shown = made.full("anchor")[0] | {"authority": authority + "x" * count}
        return entry.build(
            "anchor", entry_id=b"e" * 16, at=made.NOON, open=shown, committed={}, cases=[], salts=made.Salts()
        )

    empty = len(build(0).leaf)
    if fits:
        assert len(build(size - empty).leaf) == size
    else:
        with pytest.raises(ValueError, match="longer than a log entry may be"):
            build(size - empty)


def _swap(openings: bytes, change: str) -> bytes:
    content = json.loads(openings)
    fields = content["fields"]
    if change == "two swapped":
        fields["text"], fields["window"] = fields["window"], fields["text"]
    elif change == "another value":
        fields["person"][1] = "P000124"
    elif change == "another salt":
        fields["person"][0] = "00" * 16
    elif change == "another account":
        content["cases"][CASES[0].hex()][1]["account"] = "A000124"
    elif change == "another case":
        content["cases"][CASES[1].hex()] = content["cases"].pop(CASES[0].hex())
    elif change == "a field of nowhere":
        fields["phone"] = fields["person"]
    elif change == "a short salt":
        fields["person"][0] = "00" * 15
    return proof.canonical(content)


@pytest.mark.parametrize(
    "change",
    [
        "two swapped",
        "another value",
        "another salt",
        "another account",
        "another case",
        "a field of nowhere",
        "a short salt",
    ],
)
def test_an_opening_that_is_not_the_one_committed_to_is_refused(change: str) -> None:
    """Neither value, salt, field nor case can be exchanged after the leaf was written."""
    built = _permit()

    with pytest.raises(EvidenceBroken, match="does not fit its commitment"):
        entry.reveal(built.leaf, _swap(built.openings, change))


def test_one_account_of_a_notice_about_two_can_be_shown_alone() -> None:
    """The other account stays a commitment, and the rest still checks."""
    built = _permit(
        cases=[
            entry.CaseLink(CASES[0], 1, None, made.about()),
            entry.CaseLink(CASES[1], 1, None, made.about(made.OTHER)),
        ]
    )
    shown = entry.disclose(built.openings, cases=[CASES[0]], fields=["text"])
    facts = entry.reveal(built.leaf, shown)

    assert made.OTHER.encode() not in shown
    assert [said["account"] for said in facts.about.values()] == [made.ACCOUNT]
    assert facts.committed.keys() == {"text"}
    assert set(facts.closed) == {"person", "message", "decision", "window", f"case {CASES[1].hex()}"}


def test_a_chain_numbers_entries_and_names_the_one_before() -> None:
    """An entry about two cases stands in both, each with its own number."""
    heads = chain.Chain([chain.Head(CASES[0]), chain.Head(CASES[1], 7, b"h" * 32)], salts=made.Salts())
    shown, hidden = made.full("wake")
    given = {"at": made.NOON, "open": shown, "committed": hidden}
    one = heads.build("wake", entry_id=b"1" * 16, about={CASES[0]: made.about()}, **given)  # type: ignore[arg-type]
    two = heads.build(
        "wake",
        entry_id=b"2" * 16,
        about={CASES[0]: made.about(), CASES[1]: made.about()},
        **given,  # type: ignore[arg-type]
    )

    assert one.links == ((CASES[0], 1),)
    assert entry.reveal(two.leaf, None).links == (
        (CASES[0].hex(), 2, one.leaf_hash),
        (CASES[1].hex(), 8, b"h" * 32),
    )
    assert heads.moved() == [
        chain.Head(CASES[0], 2, two.leaf_hash),
        chain.Head(CASES[1], 8, two.leaf_hash),
    ]
    with pytest.raises(KeyError):
        heads.build("wake", entry_id=b"3" * 16, about={CASES[2]: made.about()}, **given)  # type: ignore[arg-type]


D11 = """load snapshot decisions hold approval adoption permit answer receipt reply stop promise dispute payment
service wake
doubt_resolved access expiry halt resume key anchor erasure"""


def test_the_kinds_are_those_of_the_design() -> None:
    """D11's closed list, hold standing for set and lifted."""
    assert kinds.NEWEST.keys() == set(D11.split())


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (
            {"subject": Subject.PERSON, "open": (Field(name="amount", type=Type.COUNT, says="."),)},
            "may not stand open",
        ),
        (
            {"subject": Subject.PERSON, "open": (Field(name="why", type=Type.WORD, says=".", words=("a",)),)},
            "may not stand open",
        ),
        (
            {"subject": Subject.HOUSE, "open": (Field(name="why", type=Type.TEXT, says="."),)},
            "may not stand open",
        ),
        (
            {
                "subject": Subject.HOUSE,
                "open": (Field(name="a", type=Type.COUNT, says="."),),
                "committed": (Field(name="a", type=Type.COUNT, says="."),),
            },
            "stands twice",
        ),
    ],
)
def test_a_kind_that_would_show_a_fact_about_a_person_cannot_be_written(
    kind: dict[str, object], reason: str
) -> None:
    """The rule on what may stand open is checked where kinds are declared."""
    with pytest.raises(ValueError, match=reason):
        Kind(name="gossip", version=1, says=".", **kind)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "field",
    [
        {"name": "Name", "type": Type.TEXT},
        {"name": "a-b", "type": Type.TEXT},
        {"name": "名", "type": Type.TEXT},
        {"name": "a", "type": Type.WORD},
        {"name": "a", "type": Type.TEXT, "words": ("b",)},
        {"name": "a", "type": Type.OBJECT},
    ],
)
def test_a_field_that_could_not_be_written_cannot_be_declared(field: dict[str, object]) -> None:
    """Names are lower-case ASCII, so that their order in canonical JSON is one everywhere."""
    with pytest.raises(ValueError, match=r"lower-case|needs its"):
        Field(says=".", **field)  # type: ignore[arg-type]
