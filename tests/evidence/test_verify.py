"""`duly verify` and the `verify.py` of a bundle: exit codes, words, and a whole log changed in every part."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from duly.evidence import bundle, checkpoint, proof, standalone, tiles, tree, treecheck, verify
from tests.evidence import made


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> made.World:
    """A log of 360 entries."""
    return made.world(tmp_path_factory.mktemp("world") / "log")


@pytest.fixture(scope="module")
def bag(world: made.World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle about the first account."""
    place = tmp_path_factory.mktemp("bundle") / "bag"
    bundle.write(place, world.bundle(), trusted=world.signer.key.fingerprint)
    return place


OUTCOMES = {
    "mine": (0, "VERIFIED with the trusted key."),
    "none": (5, "INTEGRITY ONLY, origin not established"),
    "other": (1, "REFUSED: this does not hold as evidence"),
}


@pytest.mark.parametrize("sort", ["bundle", "log"])
@pytest.mark.parametrize("trusted", OUTCOMES)
def test_three_outcomes_have_three_exit_codes_and_words(
    world: made.World, bag: Path, capsys: pytest.CaptureFixture[str], sort: str, trusted: str
) -> None:
    """A good bundle or log with the right key, without a key, with another key."""
    code, last = OUTCOMES[trusted]
    place = bag if sort == "bundle" else world.place
    trust = {"mine": ["--trust", world.signer.key.fingerprint], "none": [], "other": ["--trust", "ab" * 32]}

    assert verify.main([str(place), *trust[trusted]]) == code
    said = capsys.readouterr().out
    assert said.splitlines()[-1].startswith(last)
    assert "belongs to a demonstration" in said
    assert world.signer.key.fingerprint in said


def test_the_report_is_json_too(world: made.World, bag: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every check with its reason."""
    verify.main([str(bag), "--trust", world.signer.key.fingerprint, "--json"])
    told = json.loads(capsys.readouterr().out)

    assert told["result"] == "verified"
    assert told["fingerprint"] == world.signer.key.fingerprint
    assert [check["check"] for check in told["checks"]] == [
        "files",
        "key",
        "statement",
        "checkpoint",
        "entries",
        "inclusion",
        "openings",
        "cases",
        "earlier heads",
    ]


@pytest.mark.parametrize("words", [[], ["x", "--trust", "short"], ["x", "--nonsense"]])
def test_wrong_usage_is_told_from_refused_evidence(words: list[str]) -> None:
    """Exit code 2, as everywhere."""
    with pytest.raises(SystemExit) as caught:
        verify.main(words)
    assert caught.value.code == 2


def test_what_is_neither_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty folder, or a path that is not there."""
    for place in (tmp_path, tmp_path / "nowhere"):
        assert verify.main([str(place)]) == 1
        assert "is neither a bundle (bagit.txt) nor a log directory (checkpoint)" in capsys.readouterr().out


ALONE = [sys.executable, "-I", "-S"]  # no packages installed, no environment, no current directory


@pytest.mark.stranger("openssl")
def test_the_checker_of_a_bundle_runs_alone(bag: Path, world: made.World) -> None:
    """Python's standard library and openssl; neither duly nor the package cryptography can be imported."""
    program = str(bag / "data" / "verify.py")
    absent = subprocess.run([*ALONE, "-c", "import cryptography"], capture_output=True, check=False)
    done = subprocess.run(
        [*ALONE, program, str(bag), "--trust", world.signer.key.fingerprint],
        capture_output=True,
        text=True,
        check=False,
    )

    assert absent.returncode != 0
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "VERIFIED with the trusted key."


@pytest.mark.stranger("openssl")
def test_the_checker_alone_refuses_a_bad_signature(world: made.World, tmp_path: Path) -> None:
    """What openssl answers is heard."""
    place = Path(shutil.copytree(world.place, tmp_path / "log"))
    raw = (place / "checkpoint").read_bytes()
    (place / "checkpoint").write_bytes(raw.replace(b"\n360\n", b"\n359\n"))
    (tmp_path / "verify.py").write_bytes(standalone.source())
    done = subprocess.run(
        [*ALONE, str(tmp_path / "verify.py"), str(place)], capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert "the signature of invented.test/duly does not fit the text" in done.stdout


def test_the_one_file_is_our_modules_and_nothing_else() -> None:
    """Each line of it stands in one of them; what is left out is only the imports among them."""
    joined = standalone.source().decode()
    own = re.compile(r"from duly\.evidence\.\w+ import (?:\([^)]*\)|[^\n(]*)\n")
    folder = Path(verify.__file__).parent
    code = {
        line
        for name in standalone.PARTS
        for line in own.sub("", (folder / f"{name}.py").read_text()).splitlines()
    }

    assert "import duly" not in joined
    assert "from duly" not in joined
    assert [line for line in joined.splitlines() if line not in code and not line.startswith("#")] == []
    for name in standalone.PARTS:
        _, _, body = (folder / f"{name}.py").read_text().partition("from __future__ import annotations\n")
        assert own.sub("", body).strip() in joined


# --- a whole log ----------------------------------------------------------------------------------------------


def _check(place: Path, world: made.World, *known: Path) -> tuple[str, str]:
    report = treecheck.check_log(place, trusted=[world.signer.key.fingerprint], known=known)
    return report.result, "; ".join(check["detail"] for check in report.checks if not check["holds"])


def _rebuild(place: Path, world: made.World, leaves: list[bytes], *, sign: bool) -> None:
    """Write the log anew with these leaves: with the lender's key, or under the old signature."""
    shutil.rmtree(place / "tile")
    edge, written = tiles.Edge().append(leaves)
    for name, data in written.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(data)
    if sign:
        (place / "checkpoint").write_bytes(checkpoint.sign(world.signer, size=edge.size, root=edge.root()))


def _leaves(world: made.World) -> list[bytes]:
    return [one.leaf for one in world.entries]


def _changed(world: made.World) -> list[bytes]:
    leaves = _leaves(world)
    leaves[100] = leaves[100].replace(b"T0", b"T1", 1)
    return leaves


def _dropped(world: made.World) -> list[bytes]:
    leaves = _leaves(world)
    return leaves[:100] + leaves[101:]


def _swapped(world: made.World) -> list[bytes]:
    leaves = _leaves(world)
    leaves[100], leaves[101] = leaves[101], leaves[100]
    return leaves


@pytest.mark.parametrize("make", [_changed, _dropped, _swapped])
@pytest.mark.parametrize("sign", [False, True])
def test_a_log_with_another_history_is_refused(
    world: made.World, tmp_path: Path, make: Callable[[made.World], list[bytes]], *, sign: bool
) -> None:
    """A changed, dropped or displaced entry breaks its case, even if the lender signs the whole log anew."""
    place = Path(shutil.copytree(world.place, tmp_path / "log"))
    _rebuild(place, world, make(world), sign=sign)
    result, reasons = _check(place, world)

    assert result == "refused"
    assert re.search(r"does not name the entry before it|goes from number|is missing|not the", reasons)


def test_another_history_under_the_old_signature_is_refused(world: made.World, tmp_path: Path) -> None:
    """As many entries, every case and every tile in order: only the root is not the signed one."""
    other = made.world(tmp_path / "other", name="invented.test/other")
    place = Path(shutil.copytree(world.place, tmp_path / "log"))
    _rebuild(place, world, [one.leaf for one in other.entries], sign=False)

    assert _check(place, world) == ("refused", "the entries do not give the signed root")


def test_a_cut_tail_is_refused_against_a_head_that_was_kept(world: made.World, tmp_path: Path) -> None:
    """In itself the shorter log holds: only who remembers the longer one sees it."""
    place = Path(shutil.copytree(world.place, tmp_path / "log"))
    _rebuild(place, world, _leaves(world)[:300], sign=True)
    kept = tmp_path / "kept"
    kept.write_bytes(world.notes[-1])

    assert _check(place, world) == ("verified", "")
    assert _check(place, world, kept) == (
        "refused",
        "kept had 360 entries already: this log was cut off, or is an old copy",
    )


def test_a_rewritten_log_is_refused_against_a_head_that_was_kept(world: made.World, tmp_path: Path) -> None:
    """The lender builds a whole other history and signs it."""
    other = made.world(tmp_path / "other", name="invented.test/other")
    place = Path(shutil.copytree(world.place, tmp_path / "log"))
    _rebuild(place, world, [one.leaf for one in other.entries], sign=True)
    kept = tmp_path / "kept"
    kept.write_bytes(world.notes[0])

    assert _check(place, world) == ("verified", "")
    assert _check(place, world, kept) == (
        "refused",
        "kept shows another tree of 63 entries: the log was rewritten",
    )


def test_a_log_signed_by_another_key_is_refused(world: made.World, tmp_path: Path) -> None:
    """The key that lies beside the log is not the one that is trusted."""
    other = made.world(tmp_path / "other", name="invented.test/other")

    assert _check(other.place, world)[1].startswith("signed by another key than you trust")


def _shorten(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda place: _shorten(place / "tile/entries/001.p/104"), "the bundle of entry 359 is cut off"),
        (lambda place: (place / "tile/entries/000").unlink(), "tile/entries/000 is missing"),
        (lambda place: (place / "tile/0/000").unlink(), "tile/0/000 is missing"),
        (lambda place: _shorten(place / "tile/0/000"), "tile 0 of level 0 is not what its entries give"),
        (lambda place: (place / "tile/1/000.p/1").write_bytes(bytes(32)), "tile 0 of level 1 is not"),
        (lambda place: (place / "checkpoint").write_bytes(b"x"), "not a signed note"),
        (lambda place: (place / "log.vkey").write_bytes(b"x"), "the verifier key is not"),
        (lambda place: (place / "log.vkey").unlink(), "No such file"),
    ],
)
def test_every_file_of_a_log_counts(
    world: made.World, tmp_path: Path, change: Callable[[Path], object], reason: str
) -> None:
    """Missing, cut or changed: named."""
    place = Path(shutil.copytree(world.place, tmp_path / "log"))
    change(place)
    result, reasons = _check(place, world)

    assert result == "refused"
    assert reason in reasons


LEAF = (
    b'{"at":"2026-11-20T04:00:00.000000Z","cases":[],"committed":{},"entry":"%b",'
    b'"kind":"halt","open":{},"version":1}'
)


@pytest.mark.parametrize(
    ("leaf", "reason"),
    [
        (b"{}", "has not exactly the parts of an entry"),
        (b"[]", "has not exactly the parts of an entry"),
        (b"nonsense", "is not JSON as duly writes it"),
        (b"\xff", "is not JSON as duly writes it"),
        (b"[" * 60_000, "is not JSON as duly writes it"),
        (LEAF % b"e" + b" ", "is not in canonical form"),
        (LEAF.replace(b'"version":1', b'"version":1,"version":1') % b"e", "is not in canonical form"),
        (LEAF.replace(b"1}", b"1.0}") % b"e", "is not a whole number"),
        (LEAF.replace(b"1}", b"NaN}") % b"e", "is not a whole number"),
        (LEAF.replace(b"[]", b"{}") % b"e", "have the wrong shape"),
        (LEAF.replace(b"[]", b"[1]") % b"e", "has a link that is not one"),
        (
            LEAF.replace(b"[]", b'[{"about":"","case":"a","prev":null,"seq":true}]') % b"e",
            "without its number or case",
        ),
        (
            LEAF.replace(b"[]", b'[{"about":"","case":"a","prev":null,"seq":2}]') % b"e",
            "case a goes from number 0 to 2",
        ),
        (
            LEAF.replace(b"[]", b'[{"about":"","case":"a","prev":"x","seq":1}]') % b"e",
            "the previous hash is not a SHA-256",
        ),
        (
            LEAF.replace(b"[]", b"[%b,%b]" % ((b'{"about":"","case":"a","prev":null,"seq":1}',) * 2)) % b"e",
            "names one case twice",
        ),
    ],
)
def test_a_log_of_anything_but_entries_is_refused(
    world: made.World, tmp_path: Path, leaf: bytes, reason: str
) -> None:
    """Signed by the lender or not: no crash, and the reason."""
    place = Path(shutil.copytree(world.place, tmp_path / "log"))
    _rebuild(place, world, [leaf], sign=True)
    result, reasons = _check(place, world)

    assert result == "refused"
    assert reason in reasons


def test_an_empty_log_verifies(tmp_path: Path, world: made.World) -> None:
    """Nothing was recorded, and that is signed."""
    (tmp_path / "log.vkey").write_text(world.signer.key.vkey)
    (tmp_path / "checkpoint").write_bytes(checkpoint.sign(world.signer, size=0, root=tree.EMPTY_ROOT))

    assert _check(tmp_path, world) == ("verified", "")


def test_a_case_must_begin_at_its_beginning() -> None:
    """The first entry names none before it."""
    chains = proof.Chains()
    link = {"about": "", "case": "a", "prev": proof.base64_of(bytes(32)), "seq": 1}

    with pytest.raises(proof.Refused, match="does not name the entry before it"):
        chains.follow({"cases": [link]}, bytes(32), "entry 0")
