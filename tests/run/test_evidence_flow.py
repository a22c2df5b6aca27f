"""After a real day: all that left, was answered, arrived or was said stands in the evidence, and proves itself."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from duly.app import proofs
from duly.carrier import debtors
from duly.errors import WrongUsage
from duly.evidence import entry, proof, verify
from duly.model.party import Actor, Duty
from duly.run import planned
from tests.run.house import House, Model, moved_in, run, until

COUNSEL = Actor(name="counsel", duties=frozenset({Duty.COUNSEL}))
WORDS = ["退订", "昨天已还清", "I dispute this", "Wrong number", "明天还款", "嗯嗯"]


@pytest.fixture(scope="module")
def house(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house after its day: everything sent, receipts and replies in, some dropped, every entry in its place."""
    with moved_in(model, tmp_path_factory.mktemp("day")) as made:
        rows = made.waiting()
        numbers = [made.number(row).removeprefix("+") for row in rows]
        people = {
            number: debtors.Behaviour(reply=words, reply_after=0.05)
            for number, words in zip(numbers, WORDS, strict=False)
        } | {numbers[-1]: debtors.ABSENT}
        made.pay(rows[-2].accounts[0], 100)
        run(_day(made, people))
        made.sequence()
        yield made


async def _day(house: House, people: Mapping[str, debtors.Behaviour]) -> None:
    async with house.on_air(
        knobs={"receipt_early_ppm": 300_000, "drop_ppm": 60_000, "seed": 5},
        behave=debtors.Crowd(known=people),
        answer_within_ms=300,
    ) as air:
        await asyncio.gather(air.send(), air.send("mailbox"))
        # Every hand-over has its answer now; nothing more is taken.
        await until(lambda: house.ask("select count(*) from receipt") == [(len(air.taken()),)])
        answering = {number for number in air.messages() if number in people and people[number].reply}
        await until(lambda: house.ask("select count(distinct point) from reply") == [(len(answering),)])

        def everything_is_adopted() -> bool:
            house.adopt()
            return house.ask("select count(*) from receipt where key is null") == [(0,)]

        await until(everything_is_adopted)


def by_permit(facts: list[entry.Facts]) -> dict[str, int]:
    """How many entries of a kind belong to each permit."""
    found: dict[str, int] = {}
    for one in facts:
        if "permit" in one.open:
            found[one.open["permit"]] = found.get(one.open["permit"], 0) + 1
    return found


def test_every_permit_answer_receipt_reply_and_end_has_its_entry(house: House) -> None:
    """As many entries as facts, each beside its permit; what ended without leaving is there with its reason."""
    permits = {number.hex: key for number, key in house.ask("select entry, key from permit")}
    answers = house.ask(
        "select p.entry, count(*) from answer a join permit p using (day, key, attempt) group by 1"
    )
    receipts = house.ask("select p.entry, count(*) from receipt r join permit p using (key) group by 1")

    assert {one.entry_id.hex() for one in house.entries("permit")} == set(permits)
    assert by_permit(house.entries("answer")) == {number.hex: count for number, count in answers}
    assert by_permit(house.entries("receipt")) == {number.hex: count for number, count in receipts}
    assert len(house.entries("reply")) == house.ask("select count(*) from reply")[0][0] > 0
    ended = house.ask("select count(*) from disposition")
    assert len(house.entries("expiry")) == ended[0][0] > 0
    assert {one.committed["outcome"] for one in house.entries("answer")} >= {"accepted", "unsure"}
    assert house.ask("select count(*) from entry_waiting") == [(0,)]


def test_a_permits_entry_holds_the_bytes_the_figures_and_the_rules(house: House) -> None:
    """What left can be compared with it: the digest of the bytes, the debt on that day, each rule with its citation."""
    by_key = {row.key.hex(): row for row in house.versions()}
    digests = {
        number.hex: bytes(digest) for number, digest in house.ask("select entry, encoded_sha256 from permit")
    }
    for told in house.entries("permit"):
        row = by_key[told.committed["message"]["message"]]
        assert told.committed["text"]["sha256"] == digests[told.entry_id.hex()].hex()
        assert told.committed["text"]["template"] == row.template_digest
        assert told.committed["decision"]["verdict"] == "permit"
        assert all(rule["cite"] for rule in told.committed["decision"]["rules"])
        assert {said["account"] for said in told.about.values()} == set(row.accounts)
        assert sum(said["overdue_minor"] for said in told.about.values()) == row.fields["overdue_minor"]


def test_the_chain_of_no_case_has_a_gap(house: House) -> None:
    """Numbered from one, each naming the leaf before it, up to the head that the case remembers."""
    cases = house.ask('select "case", pseudonym, chain_seq, chain_head from case_file where chain_seq > 0')
    assert len(cases) > 10
    for case, pseudonym, length, head in cases:
        leaves = house.ask(
            'select c.seq, e.leaf from entry_case c join entry e using (day, id) where "case" = %s order by c.seq',
            case,
        )
        previous: bytes | None = None
        for number, (seq, leaf) in enumerate(leaves, start=1):
            links = [
                link for link in entry.reveal(bytes(leaf), None).links if link[0] == bytes(pseudonym).hex()
            ]
            assert [(link[1], link[2]) for link in links] == [(number, previous)]
            assert seq == number
            previous = proof.leaf_hash(bytes(leaf))
        assert (length, bytes(head)) == (len(leaves), previous)


def test_the_log_verifies_with_the_key_that_is_trusted(house: House) -> None:
    """With the lender's fingerprint verified; without one only unbroken; with another's refused."""
    folder = house.opened.log_folder
    mine = house.opened.signer.key.fingerprint

    assert verify.check(folder, trusted=[mine]).result == "verified"
    assert verify.check(folder).result == "integrity only"
    assert (
        verify.check(folder, trusted=["00" * (len(bytes.fromhex(mine.replace(":", ""))))]).result == "refused"
    )


def contacted(house: House) -> planned.Planned:
    """A message that was accepted, arrived with every part, and was answered."""
    rows = {row.key: row for row in house.versions()}
    ((key,), *_) = house.ask(
        "select r.key from receipt r join message m on m.key = r.key join reply y on y.person = m.person"
        " where r.arrival = 'delivered' and y.acted <> ''"
        " and exists (select 1 from answer a where a.key = m.key and a.outcome = 'accepted')"
        " group by r.key, m.parts having count(distinct r.part) = m.parts order by r.key"
    )
    return rows[bytes(key)]


@pytest.fixture(scope="module")
def bundle(house: House) -> tuple[proofs.Bundle, planned.Planned]:
    """The proof of one account, and its message."""
    row = contacted(house)
    made = proofs.prove(
        COUNSEL,
        house.folder,
        account=row.accounts[0],
        out=house.folder.parent / "bundle",
        environ=house.environ,
    )
    return made, row


def test_the_bundle_of_an_account_verifies(
    house: House, bundle: tuple[proofs.Bundle, planned.Planned]
) -> None:
    """It holds permit, answer, receipts, reply and what followed; with the trusted key it is verified."""
    made, row = bundle

    assert made.report.result == "verified"
    assert verify.check(made.path, trusted=[made.fingerprint]).result == "verified"
    assert verify.check(made.path).result == "integrity only"
    kinds = [
        json.loads(leaf.read_bytes())["kind"] for leaf in sorted(made.path.glob("data/entries/*/leaf.json"))
    ]
    assert made.entries == len(kinds)
    assert {"permit", "answer", "receipt", "reply"} <= set(kinds)
    assert kinds.count("receipt") == row.parts
    assert row.accounts[0] in (made.path / "data" / "account.json").read_text("utf-8")


def test_a_bundle_of_which_one_byte_is_changed_is_refused(
    house: House, bundle: tuple[proofs.Bundle, planned.Planned], tmp_path: Path
) -> None:
    """In a leaf, an opening or a proof."""
    made, _ = bundle
    for name in ("leaf.json", "opening.json", "proof.json"):
        file = next(iter(sorted(made.path.glob(f"data/entries/*/{name}"))))
        whole = file.read_bytes()
        at = whole.index(b"1") if b"1" in whole else len(whole) // 2
        file.write_bytes(whole[:at] + b"2" + whole[at + 1 :])
        assert verify.check(made.path, trusted=[made.fingerprint]).result == "refused", name
        file.write_bytes(whole)
    assert verify.check(made.path, trusted=[made.fingerprint]).result == "verified"


def test_there_is_no_bundle_of_an_account_without_a_case(house: House) -> None:
    """Said in words, and nothing is written."""
    with pytest.raises(WrongUsage, match="no case of account"):
        proofs.prove(
            COUNSEL, house.folder, account="A-nobody", out=house.folder.parent / "none", environ=house.environ
        )
    assert not (house.folder.parent / "none").exists()


def test_no_leaf_is_rebuilt_by_whoever_guesses_everything_right(house: House) -> None:
    """The guesser has the whole log and knows name, number, account, amount and every value: without salts, nothing."""
    row = contacted(house)
    leaves = [bytes(leaf) for (leaf,) in house.ask("select leaf from entry order by at, id")]
    values: list[object] = [
        house.name(row.person),
        house.number(row),
        house.number(row).removeprefix("+86"),
        row.person,
        row.accounts[0],
        row.point,
        row.value_key,
        row.fields["overdue_minor"],
        row.code,
        row.key.hex(),
    ]
    for facts in [*house.entries("permit"), *house.entries("answer"), *house.entries("reply")]:
        values += [value for value in facts.committed.values() if _about(row, value)]
    names = {name for leaf in leaves for name in json.loads(leaf)["committed"]} | {"about"}
    hidden = {
        commitment
        for leaf in leaves
        for commitment in (
            *json.loads(leaf)["committed"].values(),
            *(link["about"] for link in json.loads(leaf)["cases"]),
        )
    }
    salts = [b"", bytes(16)]
    salts += [bytes.fromhex(json.loads(leaf)["entry"]) for leaf in leaves]
    salts += [bytes.fromhex(link["case"]) for leaf in leaves for link in json.loads(leaf)["cases"]][:20]
    guesses = set()
    for value in values:
        text = proof.canonical(value)
        guesses |= {_sum(text), _sum(json.dumps(value, ensure_ascii=False).encode())}
        guesses |= {proof.commitment(salt, name, text) for salt, name in itertools.product(salts[:60], names)}

    assert len(guesses) > 10_000
    assert hidden.isdisjoint(guesses)


def test_nothing_of_a_person_stands_in_the_log_or_its_files(house: House) -> None:
    """Neither names nor numbers nor ids of anybody who was written to, in no file that is published."""
    published = b"".join(path.read_bytes() for path in house.opened.log_folder.rglob("*") if path.is_file())
    leaves = b"".join(bytes(leaf) for (leaf,) in house.ask("select leaf from entry"))
    for row in house.versions():
        for told in (
            house.name(row.person),
            house.number(row),
            row.person,
            row.point,
            row.accounts[0],
            row.value_key,
        ):
            assert told.encode() not in published
            assert told.encode() not in leaves


def _about(row: planned.Planned, value: object) -> bool:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return row.person in text or row.key.hex() in text or row.value_key in text


def _sum(raw: bytes) -> str:
    return base64.b64encode(hashlib.sha256(raw).digest()).decode()


def test_the_code_of_a_notice_that_arrived_is_genuine(house: House) -> None:
    """As the debtor types it, with the day it left; a code nobody gave is not."""
    row = contacted(house)

    found = proofs.genuine(house.folder, row.code.lower(), environ=house.environ)

    assert found is not None
    assert (found.brand, found.creditor, found.sent_on) == (row.brand, row.creditor, row.day)
    dropped: list[Any] = [one for one in house.versions() if house.ended(one) is not None]
    assert dropped
    assert proofs.genuine(house.folder, dropped[0].code, environ=house.environ) is None
