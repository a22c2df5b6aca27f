"""What goes to court: a BagIt bag (RFC 8493) about one account that anybody can check without duly.

Takes plain values (leaves and their openings as the caller read and opened them) and gives files, the same
bytes for the same values. Refuses to issue a bag that its own checker would refuse.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from importlib import resources
from pathlib import Path
from string import Template

from duly.errors import EvidenceBroken, WrongUsage
from duly.evidence import (
    bagcheck,
    checkpoint,
    encode,
    entry,
    files,
    kinds,
    note,
    proof,
    report,
    standalone,
    tiles,
    tree,
)

READMES = {"README.en.md": "bundle.en.md", "README.zh-CN.md": "bundle.zh-CN.md"}


@dataclass(frozen=True, kw_only=True)
class Proven:
    """One entry of the bundle: its index in the tree, its leaf, and its openings as built.

    None for openings that were erased, or belong to a person who is not to be shown.
    """

    index: int
    leaf: bytes
    openings: bytes | None


def make(
    *,
    account: str,
    cases: Sequence[bytes],
    entries: Sequence[Proven],
    issued_at: datetime,
    whole: tiles.Reader,
    head: bytes,
    signer: checkpoint.Signer,
    earlier: Sequence[bytes] = (),
    documents: Mapping[str, bytes] | None = None,
) -> dict[str, bytes]:
    """The files of the bundle by their path.

    `cases` are the account's cases in the log and `entries` all entries linked to them, and any others that
    help to understand (approvals, adoptions); openings are cut down to this account. `head` is the signed
    checkpoint whose tree `whole` reads; `earlier` are older signed checkpoints, each given with its
    consistency proof; `documents`, by plain file name, are the things whose SHA-256 an entry holds (exact
    messages, receipts as received).
    Raises EvidenceBroken when an opening does not fit or the account's entries have a gap.
    """
    mine = {case.hex() for case in cases}
    chains = proof.Chains()
    ordered = sorted(entries, key=lambda proven: proven.index)
    payload: dict[str, bytes] = {}
    story = []
    for proven in ordered:
        place = f"data/entries/{proven.index:09d}/"
        openings = None if proven.openings is None else entry.disclose(proven.openings, cases=cases)
        facts = entry.reveal(proven.leaf, openings)
        _follow(chains, proven, mine)
        if proven.index >= whole.size:
            raise EvidenceBroken(
                f"Entry {proven.index} is not in the signed tree of {whole.size} yet.",
                remedy="Let the sequencer publish what is committed, and repeat.",
            )
        payload[place + "leaf.json"] = proven.leaf
        payload[place + "proof.json"] = _proof(tree.inclusion(proven.index, whole.size, whole.subtree))
        if openings is not None:
            payload[place + "opening.json"] = _readable(json.loads(openings))
        story.append(_story(proven.index, facts, mine))
    signed = checkpoint.read(head, signer.key)
    if signed.size != whole.size:
        raise ValueError(f"the checkpoint is of {signed.size} entries, the tree read has {whole.size}")
    signed_note = note.read_note(head, "the checkpoint")
    payload |= {
        "data/account.json": _readable({"account": account, "cases": sorted(mine)}),
        "data/checkpoint": head,
        "data/checkpoint.sig": signed_note.signatures[0][2],
        "data/checkpoint.text": signed_note.text,
        "data/log.pem": signer.key.pem.encode(),
        "data/log.vkey": signer.key.vkey.encode(),
        "data/timeline.txt": "\n".join(story).encode(),
        "data/verify.py": standalone.source(),
    }
    payload |= {f"data/documents/{_plain(name)}": data for name, data in (documents or {}).items()}
    for raw in earlier:
        old = checkpoint.read(raw, signer.key)
        place = f"data/heads/{old.size:012d}/"
        payload[place + "checkpoint"] = raw
        payload[place + "proof.json"] = _proof(tree.consistency(old.size, whole.size, whole.subtree))
    issued = encode.instant(issued_at)
    told = {
        "origin": signer.name,
        "fingerprint": signer.key.fingerprint,
        "issued": issued,
        "count": str(len(ordered)),
        "size": str(signed.size),
    }
    for name, source in READMES.items():
        text = (resources.files("duly.evidence") / "readme" / source).read_text("utf-8")
        payload[f"data/{name}"] = Template(text).substitute(told).encode()
    return _bag(payload, issued, signed, chains, signer)


def facts_named(leaf: bytes, openings: bytes | None, *, cases: Sequence[bytes]) -> set[str]:
    """The SHA-256 (hex) of what the amounts of an entry were made from, of these cases; the documents to be given."""
    wanted = {case.hex() for case in cases}
    about = entry.reveal(leaf, openings).about
    return {str(said["facts"]) for case, said in about.items() if case in wanted and "facts" in said}


def facts_name(digest: str) -> str:
    """The plain file name of such a document."""
    return f"{bagcheck.FACTS.rpartition('/')[2]}{digest}.json"


def write(directory: Path, contents: Mapping[str, bytes], *, trusted: str) -> report.Report:
    """Write the bag into a directory that is empty or absent, check it there, and return the report.

    Raises WrongUsage when something is in the directory, EvidenceBroken when the written bag does not verify
    with the key whose fingerprint is `trusted`.
    """
    with files.refusals("Writing the bundle"):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(directory.iterdir()):
            raise WrongUsage(f"{directory} is not empty.", remedy="Name a directory that does not exist yet.")
        # Not synced: a bundle can be made again, and its own lists show one that is torn.
        for name, data in contents.items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    checked = bagcheck.check_bundle(directory, trusted=[trusted])
    if checked.result != "verified":
        reasons = "; ".join(check["detail"] for check in checked.checks if not check["holds"])
        raise EvidenceBroken(
            f"The bundle does not verify: {reasons}.",
            remedy="Do not hand it out. Run `duly verify` on the log to see what is wrong with it.",
        )
    return checked


def _follow(chains: proof.Chains, proven: Proven, mine: set[str]) -> None:
    what = f"entry {proven.index}"
    try:
        leaf = proof.read_leaf(proven.leaf, what)
        chains.follow(leaf, proof.leaf_hash(proven.leaf), what, mine)
    except proof.Refused as error:
        raise EvidenceBroken(
            f"The account's entries do not make an unbroken case: {error}.",
            remedy="Run `duly verify` on the log; a row may be missing from the database.",
        ) from error


def _bag(
    payload: Mapping[str, bytes],
    issued: str,
    signed: note.Checkpoint,
    chains: proof.Chains,
    signer: checkpoint.Signer,
) -> dict[str, bytes]:
    total = sum(len(data) for data in payload.values())
    tags = {
        "bag-info.txt": f"Bag-Software-Agent: duly\nBagging-Date: {issued[:10]}\n"
        f"Payload-Oxum: {total}.{len(payload)}\n".encode(),
        "bagit.txt": b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
        "manifest-sha256.txt": _manifest(payload),
    }
    lines = ["duly.bundle.1", signer.name, f"issued {issued}", f"tree {signed.size} {_base64(signed.root)}"]
    lines += [f"file {sha256(data).hexdigest()} {name}" for name, data in sorted(tags.items())]
    lines += [f"case {case} {seq} {_base64(last)}" for case, (seq, last) in sorted(chains.heads.items())]
    tags["statement"] = signer.note("\n".join(lines) + "\n")
    return {**payload, **tags, "tagmanifest-sha256.txt": _manifest(tags)}


def _manifest(contents: Mapping[str, bytes]) -> bytes:
    return "".join(
        f"{sha256(data).hexdigest()}  {name}\n" for name, data in sorted(contents.items())
    ).encode()


def _plain(name: str) -> str:
    if not name or name != Path(name).name or "\n" in name:
        raise ValueError(f"{name!r} is not a plain file name")
    return name


def _proof(hashes: Sequence[bytes]) -> bytes:
    return _readable({"hashes": [_base64(one) for one in hashes]})


def _story(index: int, facts: entry.Facts, mine: set[str]) -> str:
    kind = kinds.KINDS[facts.kind, facts.version]
    lines = [f"Entry {index}  {facts.at}  {facts.kind}: {kind.says}"]
    lines += [f"    case {case[:8]}, number {seq}" for case, seq, _ in facts.links if case in mine]
    for said in (*facts.about.values(), facts.committed, facts.open):
        lines += [f"    {name}: {_flat(value)}" for name, value in said.items()]
    closed = [name for name in facts.closed if not name.startswith("case ") or name[5:] in mine]
    if closed:
        lines.append(f"    not opened: {', '.join(closed)}")
    return "\n".join(lines) + "\n"


def _flat(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _readable(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, indent=2).encode() + b"\n"


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
