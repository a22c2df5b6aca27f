"""Signed notes and checkpoints: written as the standards say, read strictly, foreign errors never leak."""

from __future__ import annotations

import base64

import pytest

from duly.errors import EvidenceBroken
from duly.evidence import checkpoint, note, tree
from duly.evidence.proof import Refused
from tests.evidence import made

SIGNER = made.signer("example.com/log")
ROOT = tree.EMPTY_ROOT
GOOD = checkpoint.sign(SIGNER, size=0, root=ROOT)

# The example that Go's sumdb/note carries in its documentation.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
).encode()


def test_the_note_of_gos_documentation_holds() -> None:
    """A stranger's key and signature are read and checked."""
    found = note.read_note(GO_NOTE, "note")
    note.signed_by(found, note.read_vkey(GO_KEY), "note")

    assert found.text.endswith(b"what your problem is.\n")


def test_a_checkpoint_has_the_lines_of_the_standard() -> None:
    """Origin, size, root; an empty line; the signature line with the key's name and number."""
    text, _, signature = GOOD.decode().partition("\n\n")

    assert text.split("\n") == ["example.com/log", "0", base64.b64encode(ROOT).decode()]
    assert signature.startswith("— example.com/log ")
    assert base64.b64decode(signature.split()[2])[:4] == SIGNER.key.number


def test_a_checkpoint_signed_twice_is_the_same() -> None:
    """Ed25519 is deterministic: signing again after a crash says nothing new."""
    assert checkpoint.sign(SIGNER, size=0, root=ROOT) == GOOD


def test_a_witness_may_sign_too() -> None:
    """Both signatures hold, and each key alone suffices for whoever trusts it."""
    witness = made.signer("witness.example/w")
    both = checkpoint.cosign(GOOD, witness)

    assert checkpoint.read(both, SIGNER.key).size == 0
    note.signed_by(note.read_note(both, "note"), witness.key, "note")
    assert both.startswith(GOOD)


def test_a_verifier_key_reads_back() -> None:
    """And its fingerprint is the SHA-256 of the line, as sha256sum prints for log.vkey."""
    assert note.read_vkey(SIGNER.key.vkey) == SIGNER.key
    assert len(SIGNER.key.fingerprint) == 64


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.com/log",
        SIGNER.key.vkey + "\n",
        SIGNER.key.vkey.replace("example", "exempla"),
        SIGNER.key.vkey[:-4] + "AAA=",
        "a b" + SIGNER.key.vkey[SIGNER.key.vkey.index("+") :],
        "example.com/log+00000000+" + base64.b64encode(b"\2" + bytes(32)).decode(),
        "example.com/log+00000000+" + base64.b64encode(b"\1" + bytes(31)).decode(),
        "example.com/log+00000000+***",
    ],
)
def test_a_verifier_key_that_is_not_one_is_refused(text: str) -> None:
    """Also one whose number does not fit its name and bytes."""
    with pytest.raises(Refused, match="the verifier key is not"):
        note.read_vkey(text)


def _change(old: str, new: str) -> bytes:
    assert old in GOOD.decode()
    return GOOD.decode().replace(old, new, 1).encode()


LINE = GOOD.decode().split("\n\n")[1]
SIGNATURE = LINE.split()[2]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "not a signed note"),
        (b"\xff" + GOOD, "not UTF-8"),
        (_change("log\n0", "log\r\n0"), "control character"),
        (_change("\n\n", "\n"), "not a signed note"),
        (GOOD[:-1], "not a signed note"),
        (GOOD + b"\n", "signature line|not a signed note"),
        (_change("— ", "- "), "signature line"),
        (_change("— ", "—"), "signature line"),
        (_change(LINE, LINE.replace(" example", "  example")), "signature line"),
        (_change(SIGNATURE, SIGNATURE[:-1] + " "), "signature line"),
        (_change(SIGNATURE, "AAAA"), "signature line"),
        (_change("\n0\n", "\n1\n"), "does not fit the text"),
        (
            _change(LINE, LINE.replace("example.com/log", "example.org/log")),
            "is not signed by example.com/log",
        ),
        (
            SIGNER.note("example.com/log\n00\nx\n"),
            "size is not a whole number",
        ),
        (SIGNER.note("example.com/log\n-1\nx\n"), "size is not a whole number"),
        (SIGNER.note("example.com/log\n٣\nx\n"), "size is not a whole number"),
        (SIGNER.note("example.com/log\n0\nx\n"), "not a SHA-256 in base64"),
        (SIGNER.note("example.com/log\n0\n"), "has not the lines"),
        (
            SIGNER.note(f"example.com/log\n0\n{base64.b64encode(ROOT).decode()}\n\next\n"),
            "has not the lines",
        ),
        (
            SIGNER.note(f"example.com/other\n0\n{base64.b64encode(ROOT).decode()}\n"),
            "is of the log example.com/other",
        ),
    ],
)
def test_a_checkpoint_that_is_not_one_is_refused_with_its_reason(raw: bytes, reason: str) -> None:
    """Each rule of c2sp.org/signed-note and c2sp.org/tlog-checkpoint, broken once."""
    with pytest.raises(EvidenceBroken, match=reason):
        checkpoint.read(raw, SIGNER.key)


def test_extension_lines_are_read() -> None:
    """Another log's checkpoint may have them."""
    raw = SIGNER.note(f"example.com/log\n0\n{base64.b64encode(ROOT).decode()}\none\ntwo\n")

    assert checkpoint.read(raw, SIGNER.key).extensions == ("one", "two")


def test_a_second_bad_signature_of_the_known_key_refuses_the_note() -> None:
    """c2sp.org/signed-note: if one from a known key fails, the whole note is suspect."""
    bad = checkpoint.sign(SIGNER, size=1, root=ROOT).decode().split("\n\n")[1]

    with pytest.raises(EvidenceBroken, match="does not fit the text"):
        checkpoint.read(GOOD + bad.encode(), SIGNER.key)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u3000b", "a\nb"])
def test_a_key_name_that_would_break_the_line_is_refused(name: str) -> None:
    """Spaces of any script, plus, and control characters."""
    with pytest.raises(ValueError, match="cannot name a key"):
        checkpoint.Signer(name=name, private=SIGNER.private)


def test_only_text_that_a_note_can_hold_is_signed() -> None:
    """No missing line feed, no control character."""
    for text in ("x", "x\r\n", "x\0\n"):
        with pytest.raises(ValueError, match="ends with a line feed"):
            SIGNER.note(text)


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("ab" * 32, True),
        ("AB:" * 31 + "AB", True),
        ("sha256:" + "ab" * 32, True),
        (" ".join(["abab"] * 16) + "\n", True),
        ("ab" * 31, False),
        ("xy" * 32, False),
        ("", False),
    ],
)
def test_a_fingerprint_is_read_as_people_write_it(text: str, fits: bool) -> None:
    """In groups, in capitals, after its algorithm; but never half."""
    if fits:
        assert note.read_fingerprint(text) == "ab" * 32
    else:
        with pytest.raises(ValueError, match="64 hexadecimal digits"):
            note.read_fingerprint(text)
