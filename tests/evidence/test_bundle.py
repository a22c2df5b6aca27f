"""A bundle verifies, is the same for the same values, and every way of tampering is refused with its reason."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from duly.errors import EvidenceBroken, WrongUsage
from duly.evidence import bagcheck, bundle, checkpoint, log, note, proof, standalone, tree
from tests.evidence import made


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> made.World:
    """A log of 120 entries, two accounts."""
    return made.world(tmp_path_factory.mktemp("world") / "log", messages=40)


@pytest.fixture(scope="module")
def good(world: made.World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good bundle about the first account. Nobody changes it."""
    place = tmp_path_factory.mktemp("bundle") / "bag"
    bundle.write(place, world.bundle(), trusted=world.signer.key.fingerprint)
    return place


@pytest.fixture
def bag(good: Path, tmp_path: Path) -> Path:
    """A copy to tamper with."""
    return Path(shutil.copytree(good, tmp_path / "bag"))


def _check(place: Path, world: made.World, **more: object) -> tuple[str, str]:
    report = bagcheck.check_bundle(place, trusted=[world.signer.key.fingerprint], **more)  # type: ignore[arg-type]
    return report.result, "; ".join(check["detail"] for check in report.checks if not check["holds"])


def test_a_good_bundle_verifies_with_the_trusted_key_only(good: Path, world: made.World) -> None:
    """Without a fingerprint it is integrity only: the key came with the evidence."""
    assert _check(good, world) == ("verified", "")
    assert bagcheck.check_bundle(good).result == "integrity only"


def test_the_same_values_give_the_same_bytes(world: made.World) -> None:
    """A bundle can be issued again and compared."""
    assert world.bundle() == world.bundle()


def test_a_bundle_shows_nothing_of_another_account(world: made.World) -> None:
    """Also where one notice was about both."""
    content = b"".join(world.bundle().values())

    assert made.ACCOUNT.encode() in content
    assert made.OTHER.encode() not in content


def test_the_timeline_tells_every_entry(world: made.World) -> None:
    """In order, with its facts, for somebody who reads no JSON."""
    text = world.bundle()["data/timeline.txt"].decode()

    assert text.count("\nEntry ") + 1 == len(world.proven(world.case)) == 30
    assert "permit: The gate let exactly these bytes leave" in text
    assert f"    person: {made.PERSON}\n" in text


def test_the_checker_in_the_bundle_is_the_published_one(world: made.World) -> None:
    """Byte for byte."""
    assert world.bundle()["data/verify.py"] == standalone.source()


def test_an_earlier_head_is_shown_to_be_continued(good: Path, world: made.World, tmp_path: Path) -> None:
    """One that the bundle carries; of one that it does not, it says that nothing shows it."""
    kept = tmp_path / "kept"
    kept.write_bytes(world.notes[0])
    assert _check(good, world, known=[kept]) == ("verified", "")
    kept.write_bytes(checkpoint.sign(world.signer, size=5, root=tree.EMPTY_ROOT))
    assert _check(good, world, known=[kept]) == (
        "refused",
        "kept: nothing here shows how the tree of 5 entries continued",
    )


def test_a_cut_log_cannot_hide_behind_its_own_signature(
    good: Path, world: made.World, tmp_path: Path
) -> None:
    """Whoever kept a later head sees that the tail was cut off; one of the same size shows a rewritten log."""
    kept = tmp_path / "kept"
    kept.write_bytes(checkpoint.sign(world.signer, size=200, root=b"r" * 32))
    assert (
        _check(good, world, known=[kept])[1]
        == "kept had 200 entries already: this tree was cut off, or is older"
    )
    kept.write_bytes(checkpoint.sign(world.signer, size=120, root=b"r" * 32))
    assert (
        _check(good, world, known=[kept])[1]
        == "kept shows another tree of 120 entries: the log was rewritten"
    )


def test_a_bundle_is_not_written_over_anything(good: Path, world: made.World) -> None:
    """Two bundles in one directory would be neither."""
    with pytest.raises(WrongUsage, match="is not empty"):
        bundle.write(good, world.bundle(), trusted=world.signer.key.fingerprint)


def test_an_incomplete_case_is_not_issued(world: made.World) -> None:
    """The caller lost a row: it is found before a false statement is signed."""
    entries = world.proven(world.case)

    with pytest.raises(EvidenceBroken, match="do not make an unbroken case"):
        world.bundle(entries=[*entries[:5], *entries[6:]])
    with pytest.raises(ValueError, match="the checkpoint is of 63 entries, the tree read has 120"):
        world.bundle(head=world.notes[0])
    with pytest.raises(ValueError, match="is not a plain file name"):
        world.bundle(documents={"../x": b""})


def test_a_bundle_that_would_not_verify_is_not_issued(world: made.World, tmp_path: Path) -> None:
    """An entry that is not in the tree at that place."""
    entries = world.proven(world.case)
    last = entries[-1]
    moved = bundle.Proven(index=last.index + 1, leaf=last.leaf, openings=last.openings)
    waiting = bundle.Proven(index=120, leaf=last.leaf, openings=last.openings)
    with pytest.raises(EvidenceBroken, match="Entry 120 is not in the signed tree of 120 yet"):
        world.bundle(entries=[*entries[:-1], waiting])

    with pytest.raises(EvidenceBroken, match="is not in the signed tree"):
        bundle.write(
            tmp_path / "bag",
            world.bundle(entries=[*entries[:-1], moved]),
            trusted=world.signer.key.fingerprint,
        )


def test_an_erased_person_leaves_the_bundle_whole(world: made.World, tmp_path: Path) -> None:
    """The entries stand in their chain and in the tree; what they said is gone, and the report says so."""
    entries = [
        bundle.Proven(index=one.index, leaf=one.leaf, openings=None) for one in world.proven(world.case)
    ]
    report = bundle.write(
        tmp_path / "bag", world.bundle(entries=entries), trusted=world.signer.key.fingerprint
    )

    assert report.result == "verified"
    assert report.facts["not opened"].startswith("30 of 30 entries")
    assert report.facts[f"case {world.case.hex()[:8]}"] == "no opening shows that it is of this account"
    assert made.PERSON.encode() not in b"".join(world.bundle(entries=entries).values())


# --- tampering ------------------------------------------------------------------------------------------------

MANIFESTS = ("manifest-sha256.txt", "tagmanifest-sha256.txt")


def _list_again(place: Path) -> None:
    """What a forger without the key can do: write the manifests anew."""
    for manifest, wanted in ((MANIFESTS[0], True), (MANIFESTS[1], False)):
        names = sorted(
            name
            for path in place.rglob("*")
            if path.is_file()
            and (name := path.relative_to(place).as_posix()).startswith("data/") is wanted
            and name != MANIFESTS[1]
        )
        lines = [f"{sha256((place / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
        (place / manifest).write_text("".join(lines))


def _state_again(place: Path, signer: checkpoint.Signer, change: Callable[[list[str]], list[str]]) -> None:
    """What the lender itself can do: sign a new statement over what lies there now."""
    _list_again(place)
    text = note.read_note((place / "statement").read_bytes(), "").text.decode()
    lines = []
    for line in change(text.splitlines()):
        word, _, rest = line.partition(" ")
        if word == "file":
            name = rest.split(" ")[1]
            lines.append(f"file {sha256((place / name).read_bytes()).hexdigest()} {name}")
        else:
            lines.append(line)
    (place / "statement").write_bytes(signer.note("\n".join(lines) + "\n"))
    _list_again(place)


def _places(place: Path) -> list[Path]:
    return sorted((place / "data" / "entries").iterdir())


def _edit_leaf(place: Path) -> None:
    leaf = _places(place)[3] / "leaf.json"
    leaf.write_bytes(leaf.read_bytes().replace(b"04:0", b"05:0", 1))


def _drop_middle(place: Path) -> None:
    shutil.rmtree(_places(place)[7])


def _drop_last(place: Path) -> None:
    shutil.rmtree(_places(place)[-1])


def _edit_opening(place: Path) -> None:
    opening = _places(place)[0] / "opening.json"
    opening.write_bytes(opening.read_bytes().replace(made.PERSON.encode(), b"P000999", 1))


def _swap_openings(place: Path) -> None:
    opening = _places(place)[0] / "opening.json"
    content = json.loads(opening.read_bytes())
    content["fields"]["text"], content["fields"]["window"] = (
        content["fields"]["window"],
        content["fields"]["text"],
    )
    opening.write_bytes(json.dumps(content).encode())


def _another_account(place: Path) -> None:
    account = place / "data" / "account.json"
    account.write_bytes(account.read_bytes().replace(made.ACCOUNT.encode(), b"A000999"))


def _edit_proof(place: Path) -> None:
    path = _places(place)[0] / "proof.json"
    hashes = json.loads(path.read_bytes())["hashes"]
    path.write_text(json.dumps({"hashes": hashes[::-1]}))


def _edit_readme(place: Path) -> None:
    readme = place / "data" / "README.en.md"
    readme.write_text(readme.read_text().replace("What this does not prove", "What this proves"))


def _edit_document(place: Path) -> None:
    (place / "data" / "documents" / "message.txt").write_text("something kinder")


def _extra_file(place: Path) -> None:
    (place / "data" / "extra.pdf").write_bytes(b"%PDF")


def _link(place: Path) -> None:
    target = place / "data" / "timeline.txt"
    target.rename(place.parent / "elsewhere.txt")
    target.symlink_to(place.parent / "elsewhere.txt")


def _older_head(place: Path) -> None:
    """A head from before, as if the entries since had never been."""
    raw = (min((place / "data" / "heads").iterdir()) / "checkpoint").read_bytes()
    (place / "data" / "checkpoint").write_bytes(raw)


def _other_openssl_parts(place: Path) -> None:
    """The README's openssl command would check another signature than the checkpoint's."""
    (place / "data" / "checkpoint.text").write_bytes(b"anything")


def _break_head(place: Path) -> None:
    path = min((place / "data" / "heads").iterdir()) / "proof.json"
    path.write_text('{"hashes": []}')


TAMPERING = {
    "a changed leaf": (_edit_leaf, "leaf.json was altered", "is not in the signed tree as it stands here"),
    "a leaf dropped in the middle": (_drop_middle, "is not there", "goes from number 7 to 9"),
    "a leaf dropped at the end": (_drop_last, "is not there", "do not end where the signed statement says"),
    "a changed opening": (_edit_opening, "opening.json was altered", "of person does not fit its commitment"),
    "swapped openings": (_swap_openings, "opening.json was altered", "does not fit its commitment"),
    "another account": (_another_account, "account.json was altered", "is not of account A000999"),
    "a changed proof": (_edit_proof, "proof.json was altered", "is not in the signed tree as it stands here"),
    "a changed README": (_edit_readme, "README.en.md was altered", ""),
    "a changed document": (
        _edit_document,
        "message.txt was altered",
        "",
    ),
    "an unlisted file": (
        _extra_file,
        "data/extra.pdf is not listed",
        "",
    ),
    "a link to a file elsewhere": (_link, "data/timeline.txt is not a plain file", ""),
    "an older head": (_older_head, "data/checkpoint was altered", "checkpoint.text is not the one of"),
    "other parts for openssl": (_other_openssl_parts, "checkpoint.text was altered", "is not the one of"),
    "a broken earlier head": (
        _break_head,
        "proof.json was altered",
        "is not an earlier state of the signed tree",
    ),
}


@pytest.mark.parametrize("name", TAMPERING)
def test_tampering_is_refused_by_the_lists(bag: Path, world: made.World, name: str) -> None:
    """The plain change, without covering it up."""
    change, reason, _ = TAMPERING[name]
    change(bag)
    result, reasons = _check(bag, world)

    assert result == "refused"
    assert reason in reasons


@pytest.mark.parametrize("name", TAMPERING)
def test_tampering_is_refused_though_the_lists_were_written_anew(
    bag: Path, world: made.World, name: str
) -> None:
    """A forger without the key: the lists fit, the lender's signed statement about them does not."""
    change, _, _ = TAMPERING[name]
    change(bag)
    _list_again(bag)
    result, reasons = _check(bag, world)

    assert result == "refused"
    assert "manifest-sha256.txt was altered after the statement" in reasons or "not a plain file" in reasons


@pytest.mark.parametrize("name", [name for name, (_, _, deep) in TAMPERING.items() if deep])
def test_tampering_is_refused_though_the_lender_signs_it(bag: Path, world: made.World, name: str) -> None:
    """With the log's own key a statement over the changed files: the log's earlier promise still refuses."""
    change, _, reason = TAMPERING[name]
    change(bag)
    _state_again(bag, world.signer, list)
    result, reasons = _check(bag, world)

    assert result == "refused"
    assert reason in reasons
    assert "altered" not in reasons


def test_a_lender_who_hides_the_last_entry_must_sign_a_lie(bag: Path, world: made.World) -> None:
    """The bundle then holds, and contradicts any other statement of the lender about the same tree."""
    honest = (bag / "statement").read_bytes()
    places = _places(bag)
    shown = places[-2] / "leaf.json"
    shutil.rmtree(places[-1])
    head = f"case {world.case.hex()} 29 {proof.base64_of(proof.leaf_hash(shown.read_bytes()))}"
    _state_again(
        bag, world.signer, lambda lines: [head if line.startswith("case ") else line for line in lines]
    )

    assert _check(bag, world)[0] == "verified"
    said = [
        note.read_note(raw, "").text.decode().splitlines()
        for raw in (honest, (bag / "statement").read_bytes())
    ]
    trees = [next(line for line in lines if line.startswith("tree ")) for lines in said]
    cases = [next(line for line in lines if line.startswith("case ")) for lines in said]
    assert trees[0] == trees[1]
    assert cases[0] != cases[1]


def test_a_bundle_signed_by_another_key_is_refused(tmp_path: Path, world: made.World) -> None:
    """A whole forged log, consistent in itself: only the fingerprint tells."""
    forged = made.world(tmp_path / "log", name="invented.forger/duly", messages=40)
    forged.signer = checkpoint.Signer(name=world.signer.name, private=forged.signer.private)
    forged.notes = [
        checkpoint.sign(forged.signer, size=len(forged.entries), root=_root(forged)) for _ in range(1)
    ]
    (tmp_path / "log" / "checkpoint").write_bytes(forged.notes[-1])
    place = tmp_path / "bag"
    bundle.write(place, forged.bundle(), trusted=forged.signer.key.fingerprint)

    assert bagcheck.check_bundle(place).result == "integrity only"
    result, reasons = _check(place, world)
    assert result == "refused"
    assert reasons == (
        f"signed by another key than you trust: its fingerprint is {forged.signer.key.fingerprint}"
    )


def _root(world: made.World) -> bytes:
    return tree.Memory(one.leaf_hash for one in world.entries).root()


PARTS = [
    "statement",
    "data/checkpoint",
    "data/log.vkey",
    "data/account.json",
    "data/entries/000000000/leaf.json",
    "data/entries/000000000/opening.json",
    "data/entries/000000000/proof.json",
    "data/heads/000000000063/checkpoint",
    "data/heads/000000000063/proof.json",
]
GARBAGE = [
    b"",
    b"\xff\xfe",
    b"{}",
    b"null",
    b"[" * 100_000,
    b"\n\n\n",
    b'{"fields": []}',
    b'{"fields": {"person": 1}, "cases": {"x": {}}}',
    b'{"fields": {"person": ["00", 1.5]}}',
    b'{"hashes": {}}',
    b'{"hashes": [1, null]}',
    b'{"account": [], "cases": 1}',
]


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("content", [None, *GARBAGE])
def test_garbage_is_refused_in_words_and_never_crashes(
    bag: Path, world: made.World, name: str, content: bytes | None
) -> None:
    """Each part missing, empty, not text, of another shape, or nested without end."""
    if content is None:
        (bag / name).unlink()
    else:
        (bag / name).write_bytes(content)
    _list_again(bag)
    result, reasons = _check(bag, world)

    assert result == "refused"
    assert reasons


@pytest.mark.parametrize(
    "line",
    ["", "short  data/x", "0" * 64 + " data/README.en.md", "0" * 64 + "  ../../etc/passwd", "\xff"],
)
def test_a_manifest_that_is_not_one_is_refused(bag: Path, world: made.World, line: str) -> None:
    """Nothing outside the bag is ever read by its name in a list."""
    (bag / "manifest-sha256.txt").write_text(line + "\n")
    text = "".join(
        f"{sha256((bag / name).read_bytes()).hexdigest()}  {name}\n"
        for name in ("bag-info.txt", "bagit.txt", "manifest-sha256.txt", "statement")
    )
    (bag / "tagmanifest-sha256.txt").write_text(text)

    assert _check(bag, world)[0] == "refused"


def test_an_unlisted_tag_file_is_refused(bag: Path, world: made.World) -> None:
    """Beside the payload, too."""
    (bag / "notes.txt").write_bytes(b"x")

    assert _check(bag, world) == ("refused", "notes.txt is not listed in tagmanifest-sha256.txt")


def test_a_reader_of_the_log_refuses_one_that_is_not_signed(tmp_path: Path, world: made.World) -> None:
    """`duly prove` starts from the published head only."""
    assert log.published(world.place, key=world.signer.key).note == world.notes[-1]
    with pytest.raises(EvidenceBroken, match="holds no checkpoint"):
        log.read(tmp_path, key=world.signer.key)
    shutil.copytree(world.place, tmp_path / "log")
    root = checkpoint.sign(world.signer, size=120, root=b"r" * 32)
    (tmp_path / "log" / "checkpoint").write_bytes(root)
    with pytest.raises(EvidenceBroken, match="tiles do not give the signed root"):
        log.read(tmp_path / "log", key=world.signer.key)
