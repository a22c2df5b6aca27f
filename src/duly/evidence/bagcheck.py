"""Checks a bundle from `duly prove`: a BagIt bag (RFC 8493) with entries, proofs, openings and signed heads.

Believes nothing that is in the bag until it follows from the key that the caller trusts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from duly.evidence.note import Checkpoint, Key, read_note, read_vkey, signed_by
from duly.evidence.proof import (
    Chains,
    Refused,
    base64_of,
    canonical,
    consistency_holds,
    inclusion_holds,
    leaf_hash,
    opened,
    read_hash,
    read_json,
    read_leaf,
    sha256,
)
from duly.evidence.report import Report, known_heads, signed_checkpoint, trust

FACTS = "data/documents/facts-"
IMPORTED = "data/documents/imported.json"
DECIDED = "data/documents/decisions.json"


def read_bag(place: Path) -> dict[str, bytes]:
    """RFC 8493, strictly: exactly the listed files, none altered, nothing but plain files."""
    files: dict[str, bytes] = {}
    for path in sorted(place.rglob("*")):
        name = path.relative_to(place).as_posix()
        if path.is_symlink() or not (path.is_dir() or path.is_file()):
            raise Refused(f"{name} is not a plain file")
        if path.is_file():
            files[name] = path.read_bytes()
    for manifest, listed in (
        (
            "tagmanifest-sha256.txt",
            {n for n in files if not n.startswith("data/")} - {"tagmanifest-sha256.txt"},
        ),
        ("manifest-sha256.txt", {name for name in files if name.startswith("data/")}),
    ):
        wanted = _read_manifest(files.get(manifest, b""), manifest)
        for name in sorted(wanted.keys() | listed):
            if name not in listed:
                raise Refused(f"{name} is listed in {manifest} and is not there")
            if name not in wanted:
                raise Refused(f"{name} is not listed in {manifest}")
            if sha256(files[name]).hexdigest() != wanted[name]:
                raise Refused(f"{name} was altered: its SHA-256 is not the one in {manifest}")
    return files


def _read_manifest(raw: bytes, what: str) -> dict[str, str]:
    wanted: dict[str, str] = {}
    for line in raw.decode(errors="replace").splitlines():
        digest, gap, name = line.partition("  ")
        if not gap or len(digest) != 64 or name in wanted:
            raise Refused(f"{what} has a line that is not one: {line!r}")
        wanted[name] = digest
    if not wanted:
        raise Refused(f"{what} is missing or empty")
    return wanted


def check_bundle(place: Path, *, trusted: Sequence[str] = (), known: Sequence[Path] = ()) -> Report:
    """Every check of a bundle made by `duly prove`."""
    report = Report(path=str(place))
    plain = {
        path.relative_to(place).as_posix(): path.read_bytes()
        for path in sorted(place.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }
    bag = _Bag(files=plain)
    report.run("files", lambda: (read_bag(place), f"all {len(plain)} files are listed and unchanged"))
    key = report.run("key", lambda: trust(bag.key(), trusted, report))
    if key is not None:
        statement = report.run("statement", lambda: bag.statement(key))
        head = report.run("checkpoint", lambda: bag.checkpoint(key))
        entries = report.run("entries", bag.entries)
        if head is not None and entries is not None:
            report.run("inclusion", lambda: bag.inclusion(entries, head))
            report.run("openings", lambda: bag.openings(entries, report))
            report.run("cases", lambda: bag.cases(entries, head, statement))
            if IMPORTED in plain:
                report.run("imported", lambda: bag.imported(entries))
            if DECIDED in plain:
                report.run("decisions", lambda: bag.decided(entries))
        if head is not None:
            report.run("earlier heads", lambda: bag.heads(key, head, known_heads(known, key)))
    return report


@dataclass(kw_only=True)
class _Bag:
    files: dict[str, bytes]

    def file(self, name: str) -> bytes:
        if name not in self.files:
            raise Refused(f"{name} is missing")
        return self.files[name]

    def key(self) -> Key:
        return read_vkey(self.file("data/log.vkey").decode(errors="replace"))

    def statement(self, key: Key) -> tuple[dict[str, str], str]:
        """The signed statement: which files the bag has, which tree it rests on, where each case ends."""
        note = read_note(self.file("statement"), "statement")
        signed_by(note, key, "statement")
        lines = note.text.decode().splitlines()
        if lines[:2] != ["duly.bundle.1", key.name]:
            raise Refused("statement is not one about a bundle of this log")
        ends: dict[str, str] = {}
        bound = set()
        for line in lines[2:]:
            word, _, rest = line.partition(" ")
            first, _, second = rest.partition(" ")
            if word == "file":
                if sha256(self.file(second)).hexdigest() != first:
                    raise Refused(f"{second} was altered after the statement about it was signed")
                bound.add(second)
            if word == "tree":
                ends["tree"] = rest
            if word == "case":
                ends[first] = second
        if "manifest-sha256.txt" not in bound:
            raise Refused("statement does not say which files the bundle has")
        return ends, "signed, and it names this list of files"

    def checkpoint(self, key: Key) -> tuple[Checkpoint, str]:
        raw = self.file("data/checkpoint")
        head = signed_checkpoint(raw, key, "data/checkpoint")
        # What the README gives to openssl must be what was checked here.
        note = read_note(raw, "data/checkpoint")
        signature = note.signatures[0][2]
        for name, content in (
            ("data/checkpoint.text", note.text),
            ("data/checkpoint.sig", signature),
            ("data/log.pem", key.pem.encode()),
        ):
            if self.file(name) != content:
                raise Refused(f"{name} is not the one of data/checkpoint and data/log.vkey")
        return head, f"signed, {head.size} entries"

    def entries(self) -> tuple[dict[int, tuple[bytes, dict[str, Any]]], str]:
        found = {}
        for name, raw in self.files.items():
            _, entries, index, file, *_ = [*name.split("/"), "", "", ""]
            if entries == "entries" and file == "leaf.json":
                if not (index.isascii() and index.isdigit()) or f"{int(index):09d}" != index:
                    raise Refused(f"{name}: {index!r} is not an index")
                found[int(index)] = (raw, read_leaf(raw, name))
        if not found:
            raise Refused("there is no entry")
        return dict(sorted(found.items())), f"{len(found)} well formed"

    def inclusion(
        self, entries: Mapping[int, tuple[bytes, dict[str, Any]]], head: Checkpoint
    ) -> tuple[bool, str]:
        for index, (raw, _) in entries.items():
            name = f"data/entries/{index:09d}/proof.json"
            proof = read_json(self.file(name), name, exact=False)
            if not isinstance(proof, dict) or not isinstance(proof.get("hashes"), list):
                raise Refused(f"{name} is not a proof")
            path = [read_hash(text, name) for text in proof["hashes"]]
            if not inclusion_holds(index, head.size, leaf_hash(raw), path, head.root):
                raise Refused(f"entry {index} is not in the signed tree as it stands here")
        return True, f"all {len(entries)} are in the signed tree"

    def openings(
        self, entries: Mapping[int, tuple[bytes, dict[str, Any]]], report: Report
    ) -> tuple[bool, str]:
        account, cases = self._account()
        shut, shown, named = 0, set(), set()
        for index, (_, leaf) in entries.items():
            name = f"data/entries/{index:09d}/opening.json"
            if name not in self.files:
                shut += 1
                continue
            _, about = opened(leaf, read_json(self.files[name], name, exact=False), name)
            for case, said in about.items():
                if not isinstance(said, dict) or said.get("account") != account:
                    raise Refused(f"{name}: case {case} is not of account {account}")
                shown.add(case)
                if "facts" in said:
                    named.add(str(said["facts"]))
        for case in sorted(cases - shown):
            report.facts[f"case {case[:8]}"] = "no opening shows that it is of this account"
        if shut:
            report.facts["not opened"] = (
                f"{shut} of {len(entries)} entries: withheld, or their person was erased"
            )
        self._facts(named, report)
        return True, f"{len(entries) - shut} of {len(entries)} opened, each fits its commitments"

    def _facts(self, named: set[str], report: Report) -> None:
        """The rows that amounts were made from: each is the one that an entry names, by its SHA-256."""
        given = {name for name in self.files if name.startswith(FACTS)}
        for name in sorted(given):
            digest = name.removeprefix(FACTS).removesuffix(".json")
            if digest not in named:
                raise Refused(f"{name} is named by no entry")
            if sha256(self.files[name]).hexdigest() != digest:
                raise Refused(f"{name} was altered: an entry names it by its SHA-256")
        if named:
            report.facts["amounts"] = (
                f"{len(given)} of {len(named)} can be reckoned again from the rows in data/documents"
            )

    def cases(
        self,
        entries: Mapping[int, tuple[bytes, dict[str, Any]]],
        head: Checkpoint,
        statement: Mapping[str, str] | None,
    ) -> tuple[bool, str]:
        account, cases = self._account()
        chains = Chains()
        for index, (raw, leaf) in entries.items():
            chains.follow(leaf, leaf_hash(raw), f"entry {index}", cases)
        if statement is None:
            raise Refused("without its statement nothing says where each case ends")
        ends = {case: f"{seq} {base64_of(last)}" for case, (seq, last) in chains.heads.items()}
        if statement != {**ends, "tree": f"{head.size} {base64_of(head.root)}"} or ends.keys() != cases:
            raise Refused(
                "the cases do not end where the signed statement says they do: an entry is missing at the "
                "end, or the statement is of another bundle"
            )
        return True, f"account {account}: " + ", ".join(f"{seq} entries" for seq, _ in chains.heads.values())

    def imported(self, entries: Mapping[int, tuple[bytes, dict[str, Any]]]) -> tuple[bool, str]:
        """Rows of another system: each is one of those whose root stands in the entry of the load that brought it."""
        account, _ = self._account()
        said = read_json(self.file(IMPORTED), IMPORTED, exact=False)
        try:
            for given in said["rows"]:
                index, row = int(given["entry"]), given["row"]
                name = f"data/entries/{index:09d}/opening.json"
                facts, _ = opened(entries[index][1], read_json(self.file(name), name, exact=False), name)
                load = facts["imported"]
                path = [read_hash(text, IMPORTED) for text in given["hashes"]]
                root, size = bytes.fromhex(load["root"]), int(load["rows"])
                if not inclusion_holds(int(given["index"]), size, leaf_hash(canonical(row)), path, root):
                    raise Refused(
                        f"{IMPORTED}: the row {row['reference']} is not one of those that were imported"
                    )
                if row.get("account", account) != account:
                    raise Refused(f"{IMPORTED}: the row {row['reference']} is not of account {account}")
        except (TypeError, LookupError, ValueError, AttributeError) as error:
            raise Refused(f"{IMPORTED} does not hold rows with their proofs") from error
        return (
            True,
            f"{len(said['rows'])} rows of another system, as they were imported; not witnessed by the lender",
        )

    def decided(self, entries: Mapping[int, tuple[bytes, dict[str, Any]]]) -> tuple[bool, str]:
        """Decisions: each line is a leaf under the root that stands in the entry of that day's decisions."""
        account, _ = self._account()
        said = read_json(self.file(DECIDED), DECIDED, exact=False)
        try:
            for given in said["rows"]:
                index, line = int(given["entry"]), str(given["line"])
                name = f"data/entries/{index:09d}/opening.json"
                facts, _ = opened(entries[index][1], read_json(self.file(name), name, exact=False), name)
                path = [read_hash(text, DECIDED) for text in given["hashes"]]
                root, size = bytes.fromhex(facts["root"]), int(facts["rows"])
                if not inclusion_holds(int(given["index"]), size, leaf_hash(line.encode()), path, root):
                    raise Refused(f"{DECIDED}: a decision is not one of those of {facts['day']}")
                if read_json(line.encode(), DECIDED, exact=False)["account"] != account:
                    raise Refused(f"{DECIDED}: a decision is not about account {account}")
        except (TypeError, LookupError, ValueError, AttributeError) as error:
            raise Refused(f"{DECIDED} does not hold decisions with their proofs") from error
        return True, f"{len(said['rows'])} decisions about the account, each under the root of its day"

    def _account(self) -> tuple[str, set[str]]:
        said = read_json(self.file("data/account.json"), "data/account.json", exact=False)
        try:
            return str(said["account"]), {str(case) for case in said["cases"]}
        except (TypeError, LookupError) as error:
            raise Refused("data/account.json does not name an account and its cases") from error

    def heads(self, key: Key, head: Checkpoint, known: Sequence[tuple[str, Checkpoint]]) -> tuple[bool, str]:
        mine = {head.size: head.root}
        for name, raw in self.files.items():
            if not (name.startswith("data/heads/") and name.endswith("/checkpoint")):
                continue
            old = signed_checkpoint(raw, key, name)
            proof_name = name.removesuffix("checkpoint") + "proof.json"
            proof = read_json(self.file(proof_name), proof_name, exact=False)
            if not isinstance(proof, dict) or not isinstance(proof.get("hashes"), list):
                raise Refused(f"{proof_name} is not a proof")
            path = [read_hash(text, proof_name) for text in proof["hashes"]]
            if not consistency_holds(old.size, head.size, old.root, head.root, path):
                raise Refused(f"{name} is not an earlier state of the signed tree")
            mine[old.size] = old.root
        for name, seen in known:
            if seen.size > head.size:
                raise Refused(f"{name} had {seen.size} entries already: this tree was cut off, or is older")
            if seen.size not in mine:
                raise Refused(f"{name}: nothing here shows how the tree of {seen.size} entries continued")
            if mine[seen.size] != seen.root:
                raise Refused(f"{name} shows another tree of {seen.size} entries: the log was rewritten")
        return True, f"{len(mine) - 1} in the bundle, {len(known)} of yours, all continued by this tree"
