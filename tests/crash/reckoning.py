"""What the carrier has against what the database says, message by message, and the evidence of it all.

The carrier's journal is the truth about what left: it lies outside duly and is written before an answer is given.
Refuses to explain anything away: every message that does not add up is named.
"""

from __future__ import annotations

import contextlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from duly.carrier import journal
from duly.channels import base
from duly.evidence import entry, proof, verify
from duly.run import installation

SMS = "main"

_MESSAGES = """
select distinct on (m.key) m.key, m.version, m.day, m.person, m.point, m.route, d.outcome, d.code
from message m left join disposition d using (day, key, version) order by m.key, m.version desc
"""
_HAND_OVERS = """
select p.key, p.attempt, p.day, p.route, p.worker, p.parts, p.person, t.sealed as text, c.sealed as number, m.point,
    (select array_agg(a.outcome order by a.n) from answer a where a.key = p.key and a.attempt = p.attempt) as answers,
    exists (
        select 1 from answer a where a.key = p.key and a.attempt = p.attempt and a.reason like 'the worker ended%'
    ) as left_behind,
    exists (select 1 from hand_over h where h.key = p.key and h.attempt = p.attempt) as handed_over,
    exists (select 1 from reservation r where r.key = p.key and r.attempt = p.attempt) as reserved
from permit p
join message m using (day, key, version)
join vault.message_text t on t.day = p.day and t.key = p.key and t.attempt = p.attempt
join vault.contact c on c.point = m.point
order by p.at, p.key
"""
_CHAINS = """
select c."case", c.seq, e.leaf, p.tree_index, f.pseudonym, f.chain_seq, f.chain_head
from entry_case c join entry e using (day, id) join case_file f using ("case")
left join entry_place p on p.id = c.id order by c."case", c.seq
"""
# Pairs of counts that are the same when every fact has its entry and every entry its place.
_COUNTS: Mapping[str, tuple[str, str]] = {
    "permits and their entries": (
        "select count(*) from permit",
        "select count(*) from permit p join entry e on e.id = p.entry where e.kind = 'permit'",
    ),
    "entries of permits": (
        "select count(*) from permit",
        "select count(*) from entry where kind = 'permit'",
    ),
    "answers and their entries": (
        "select count(*) from answer",
        "select count(*) from entry where kind = 'answer'",
    ),
    "entries and their places": (
        "select count(*) from entry",
        "select count(*) from entry_place join entry using (day, id)",
    ),
    "the head of the log and its places": (
        "select size from log_head",
        "select count(*) from entry_place",
    ),
    "the lengths of all chains and their entries": (
        "select sum(chain_seq) from case_file",
        "select count(*) from entry_case",
    ),
    "entries that wait": ("select 0", "select count(*) from entry_waiting"),
    "receipts that know their message": (
        "select count(*) from receipt r join remote m using (route, normal_id)",
        "select count(*) from receipt r join remote m using (route, normal_id) where r.key = m.key",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Reckoning:
    """How it came out. `ends` counts messages by how they ended, `doubts` segments in doubt by who had them in hand,
    those included that a receipt settled after their worker had died; `doubted` counts messages that ever were.

    `twice`, `lost`, `without_end` and `wrong` name, each in a sentence, what must not be.
    """

    messages: int
    segments: int
    ends: Mapping[str, int]
    doubts: Mapping[str, int]
    doubted: int
    twice: tuple[str, ...]
    lost: tuple[str, ...]
    without_end: tuple[str, ...]
    wrong: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class _HandOver:
    key: bytes
    attempt: int
    day: Any
    route: str
    worker: str
    parts: int
    answers: Sequence[str]
    left_behind: bool
    handed_over: bool
    reserved: bool
    text: str
    number: str

    @property
    def outcome(self) -> str | None:
        return self.answers[-1] if self.answers else None

    @property
    def in_doubt(self) -> bool:
        """Still in doubt, or so because its worker died, whatever a receipt said of it later."""
        return self.outcome == "unsure" or self.left_behind


def reckon(opened: installation.Installation, taken: Path) -> Reckoning:
    """Compare everything; `taken` is the carrier's journal. Nobody may be at work any more."""
    with contextlib.closing(opened.connect(patient=True)) as connection:
        messages = _rows(connection, _MESSAGES)
        handed = [_read(opened, row) for row in _rows(connection, _HAND_OVERS)]
        wrong = [*_counts(connection), *_chains(connection)]
    lines = journal.read(taken)
    by_key: dict[bytes, list[_HandOver]] = defaultdict(list)
    for one in handed:
        by_key[one.key].append(one)
    at_carrier, strangers = _whose(lines, handed)
    for key, copies in _in_folders(opened).items():
        at_carrier[key] += copies
    wrong += strangers
    ends: Counter[str] = Counter()
    lost: list[str] = []
    without_end: list[str] = []
    for row in messages:
        key = row["key"]
        found = _ends(row, by_key[key])
        ends.update(found or ["none"])
        if len(found) != 1:
            said = ", ".join(found) or f"none ({[one.answers for one in by_key[key]]})"
            (wrong if found else without_end).append(f"{key.hex()} on {row['route']} has these ends: {said}")
        lost += _missing(by_key[key], at_carrier[key])
        wrong += _denied(key, found, at_carrier[key])
        wrong += _uncounted(by_key[key])
    report = verify.check(opened.log_folder, trusted=[opened.signer.key.fingerprint])
    if report.result != "verified":
        wrong.append("the evidence does not verify: " + " / ".join(report.lines()))
    return Reckoning(
        messages=len(messages),
        segments=len(lines),
        ends=ends,
        doubts=Counter(
            {
                worker: sum(one.parts for one in handed if one.worker == worker and one.in_doubt)
                for worker in {one.worker for one in handed if one.in_doubt}
            }
        ),
        doubted=len({one.key for one in handed if "unsure" in one.answers}),
        twice=tuple(
            f"{key.hex()}, part {part}, came {copies} times"
            for key, parts in at_carrier.items()
            for part, copies in parts.items()
            if copies > 1
        ),
        lost=tuple(lost),
        without_end=tuple(without_end),
        wrong=tuple(wrong),
    )


def _rows(connection: psycopg.Connection[Any], statement: str) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement).fetchall()


def _read(opened: installation.Installation, row: Mapping[str, Any]) -> _HandOver:
    unseal: Callable[..., bytes] = opened.vault.open
    key, person = bytes(row["key"]), row["person"]
    return _HandOver(
        key=key,
        attempt=row["attempt"],
        day=row["day"],
        route=row["route"],
        worker=row["worker"],
        parts=row["parts"],
        answers=row["answers"] or (),
        left_behind=row["left_behind"],
        handed_over=row["handed_over"],
        reserved=row["reserved"],
        text=unseal(person, bytes(row["text"]), kind="text", ref=key.hex()).decode(),
        number=unseal(person, bytes(row["number"]), kind="contact", ref=row["point"]).decode(),
    )


# --- what left


def _whose(
    lines: Sequence[Mapping[str, Any]], handed: Sequence[_HandOver]
) -> tuple[dict[bytes, Counter[int]], list[str]]:
    """How often the carrier took each segment of each message, and what it took that nobody permitted."""
    sent: dict[tuple[str, int, int], list[_HandOver]] = defaultdict(list)
    for one in handed:
        for part in range(one.parts if one.route == SMS else 0):
            number, reference = one.number.removeprefix("+"), base.reference(one.key, one.day, part)
            sent[number, reference, part + 1].append(one)
    found: dict[bytes, Counter[int]] = defaultdict(Counter)
    strangers = []
    for line in lines:
        fitting = {
            one.key
            for one in sent[line["destination"], line["reference"], line["part"]]
            if one.parts == line["parts"] and line["text"] in one.text
        }
        if len(fitting) == 1:
            found[fitting.pop()][line["part"]] += 1
        else:
            strangers.append(f"the carrier's {line['remote_id']} fits {len(fitting)} permits")
    return found, strangers


def _in_folders(opened: installation.Installation) -> dict[bytes, Counter[int]]:
    """Messages that left as files, each in one part; a file's name is its message's key, and it says so itself."""
    found: dict[bytes, Counter[int]] = {}
    for route in opened.project.routes:
        if route.folder is not None:
            for file in (opened.project.root / route.folder).glob("*.json"):
                key = json.loads(file.read_text("utf-8"))["key"]
                found.setdefault(bytes.fromhex(key), Counter())[1] += 1
    return found


def _missing(handed: Sequence[_HandOver], copies: Mapping[int, int]) -> Iterator[str]:
    """Accepted, and not at the carrier: lost."""
    for one in handed:
        gone = [part for part in range(1, one.parts + 1) if not copies.get(part)]
        if one.outcome == "accepted" and gone:
            yield f"{one.key.hex()} on {one.route} was accepted, and its parts {gone} are not there"


# --- what is said of it


def _ends(message: Mapping[str, Any], handed: Sequence[_HandOver]) -> list[str]:
    found = [one.outcome or "" for one in handed if one.outcome in {"accepted", "refused", "unsure"}]
    if message["outcome"] is not None:
        found.append(f"{message['outcome']}: {message['code']}")
    return found


def _denied(key: bytes, ends: Sequence[str], copies: Mapping[int, int]) -> Iterator[str]:
    if copies and not {"accepted", "unsure"} & set(ends):
        yield f"{key.hex()} is at the carrier, and the database says {', '.join(ends) or 'nothing'} of it"


def _uncounted(handed: Sequence[_HandOver]) -> Iterator[str]:
    """Accepted and in doubt stay handed over and count as contacts; anything else does neither."""
    for one in handed:
        counts = one.outcome in {"accepted", "unsure"}
        if one.reserved != counts:
            yield f"{one.key.hex()} is {one.outcome}, and {'counts' if one.reserved else 'does not count'}"
        if one.handed_over != (counts or one.outcome == "refused"):
            yield f"{one.key.hex()} is {one.outcome}, and its hand-over stands at {one.handed_over}"
        if len(set(one.answers)) != len(one.answers):
            yield f"{one.key.hex()} was answered {one.answers}: one answer was written down twice"


# --- the evidence


def _counts(connection: psycopg.Connection[Any]) -> Iterator[str]:
    for name, statements in _COUNTS.items():
        one, other = [next(iter(_rows(connection, statement)[0].values())) for statement in statements]
        if one != other:
            yield f"{name}: {one} and {other}"


def _chains(connection: psycopg.Connection[Any]) -> Iterator[str]:
    """Each case's entries count from 1 without a gap, name the one before, and end where its file says."""
    chains: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in _rows(connection, _CHAINS):
        chains[row["case"]].append(row)
    for case, rows in chains.items():
        if [row["seq"] for row in rows] != list(range(1, rows[0]["chain_seq"] + 1)):
            yield f"the chain of {case} has gaps: {[row['seq'] for row in rows]}"
        places = [row["tree_index"] for row in rows]
        if None in places or places != sorted(places):
            yield f"the chain of {case} stands in the tree at {places}"
        hashes = [proof.leaf_hash(bytes(row["leaf"])) for row in rows]
        pseudonym = bytes(rows[0]["pseudonym"]).hex()
        links = [
            link
            for row in rows
            for link in entry.reveal(bytes(row["leaf"]), None).links
            if link[0] == pseudonym
        ]
        if links != [(pseudonym, n, before) for n, before in enumerate([None, *hashes[:-1]], start=1)]:
            yield f"the entries of {case} do not name the ones before them"
        if bytes(rows[-1]["chain_head"]) != hashes[-1]:
            yield f"the chain of {case} does not end where its file says"
