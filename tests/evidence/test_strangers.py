"""Strangers check our evidence: Go's sumdb, openssl and sha256sum accept the good and refuse the changed."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from duly.evidence import bundle, checkpoint, log, tree
from tests.evidence import made

OLD = 63


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> made.World:
    """A log of 360 entries: a full tile, a partial one, and one above."""
    return made.world(tmp_path_factory.mktemp("world") / "log")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Go program, built against Debian's source of golang.org/x/mod; nothing is fetched."""
    program = tmp_path_factory.mktemp("go") / "check"
    environ = os.environ | {
        "GO111MODULE": "off",
        "GOFLAGS": "",
        "GOPATH": "/usr/share/gocode",
        "GOCACHE": str(program.parent / "cache"),
        "CGO_ENABLED": "0",
    }
    source = Path(__file__).parent / "go" / "main.go"
    subprocess.run(["go", "build", "-o", str(program), str(source)], env=environ, check=True)
    return program


def _proofs(world: made.World) -> str:
    whole = log.read(world.place, key=world.signer.key)
    size = whole.size

    def written(hashes: list[bytes]) -> list[str]:
        return [base64.b64encode(one).decode() for one in hashes]

    return json.dumps(
        {
            "Inclusion": [written(tree.inclusion(index, size, whole.subtree)) for index in range(size)],
            "Consistency": written(tree.consistency(OLD, size, whole.subtree)),
        }
    )


def _ask(program: Path, place: Path, old: bytes, proofs: str, scratch: Path) -> tuple[int, str]:
    (scratch / "old").write_bytes(old)
    (scratch / "proofs").write_text(proofs)
    done = subprocess.run(
        [str(program), str(place), str(scratch / "old"), str(scratch / "proofs")],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.strip()


@pytest.mark.stranger("go-sumdb")
def test_go_accepts_our_log(stranger: Path, world: made.World, tmp_path: Path) -> None:
    """Signature, tiles, every entry, every inclusion proof, and the consistency of two heads."""
    answer = _ask(stranger, world.place, world.notes[0], _proofs(world), tmp_path)

    assert answer == (0, "VERIFIED 360 entries, 63 before")


def _flip(path: Path, at: int) -> None:
    raw = bytearray(path.read_bytes())
    raw[at] ^= 1
    path.write_bytes(bytes(raw))


@pytest.mark.stranger("go-sumdb")
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda place: _flip(place / "tile/entries/000", 40), "does not hash to its tile"),
        (lambda place: _flip(place / "tile/0/000", 40), "tiles: "),
        (lambda place: _flip(place / "tile/1/000.p/1", 3), "tiles: "),
        (lambda place: _flip(place / "checkpoint", 25), "checkpoint: "),
        (lambda place: (place / "tile/entries/001.p/104").write_bytes(b""), "entries: 256 of 360"),
    ],
    ids=["entry", "tile", "tile above", "checkpoint", "cut tail"],
)
def test_go_refuses_one_changed_byte(
    stranger: Path, world: made.World, tmp_path: Path, change: Callable[[Path], object], reason: str
) -> None:
    """Wherever it is."""
    place = Path(shutil.copytree(world.place, tmp_path / "log"))
    change(place)
    code, said = _ask(stranger, place, world.notes[0], _proofs(world), tmp_path)

    assert code == 1
    assert said.startswith("REFUSED")
    assert reason in said


@pytest.mark.stranger("go-sumdb")
def test_go_refuses_a_head_that_the_log_does_not_continue(
    stranger: Path, world: made.World, tmp_path: Path
) -> None:
    """The lender signed another tree of 63 entries before."""
    old = checkpoint.sign(world.signer, size=OLD, root=b"r" * 32)
    code, said = _ask(stranger, world.place, old, _proofs(world), tmp_path)

    assert code == 1
    assert said.startswith("REFUSED consistency")


@pytest.fixture
def bag(world: made.World, tmp_path: Path) -> Path:
    """A bundle."""
    bundle.write(tmp_path / "bag", world.bundle(), trusted=world.signer.key.fingerprint)
    return tmp_path / "bag"


def _run(place: Path, *words: str) -> tuple[int, str]:
    done = subprocess.run(words, cwd=place, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


SIGNATURE = "openssl pkeyutl -verify -pubin -inkey data/log.pem -rawin -in data/checkpoint.text -sigfile"


@pytest.mark.stranger("openssl")
def test_openssl_accepts_the_signature_and_refuses_a_changed_head(bag: Path) -> None:
    """The command of the README."""
    code, said = _run(bag, *SIGNATURE.split(), "data/checkpoint.sig")
    assert (code, "Verified Successfully" in said) == (0, True)
    _flip(bag / "data" / "checkpoint.text", 25)
    code, said = _run(bag, *SIGNATURE.split(), "data/checkpoint.sig")
    assert code != 0


@pytest.mark.stranger("openssl")
def test_openssl_makes_the_same_commitments(bag: Path) -> None:
    """The README's printf and openssl, for every field of an entry."""
    place = min((bag / "data" / "entries").iterdir())
    committed = json.loads((place / "leaf.json").read_bytes())["committed"]
    opened = json.loads((place / "opening.json").read_bytes())["fields"]
    command = r"""printf 'duly.commit.1\n%s\n%s\n%s' "$1" "$2" "$3" | openssl dgst -sha256 -binary | base64"""
    for name, (salt, value) in opened.items():
        text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        code, said = _run(bag, "sh", "-c", command, "sh", salt, name, text)
        assert (code, said.strip()) == (0, committed[name])


def test_sha256sum_accepts_the_bag_and_refuses_a_changed_file(bag: Path, world: made.World) -> None:
    """Both lists, and the fingerprint as the README tells it."""
    for manifest in ("tagmanifest-sha256.txt", "manifest-sha256.txt"):
        assert _run(bag, "sha256sum", "--check", "--strict", "--quiet", manifest) == (0, "")
    assert _run(bag, "sha256sum", "data/log.vkey")[1].split()[0] == world.signer.key.fingerprint
    _flip(bag / "data" / "timeline.txt", 0)
    code, said = _run(bag, "sha256sum", "--check", "--strict", "--quiet", "manifest-sha256.txt")
    assert code == 1
    assert "data/timeline.txt: FAILED" in said
