"""The published forms are those of the code, and what the README of a bundle tells works as it stands there."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from duly.evidence import bundle, kinds, schema
from strangers.roll import ROOT
from tests.evidence import made

GENERATOR = ROOT / "docs" / "reference" / "evidence.py"


def _generator() -> object:
    spec = importlib.util.spec_from_file_location("evidence_page", GENERATOR)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_page_is_what_the_code_gives() -> None:
    """If this fails: python docs/reference/evidence.py."""
    text = (ROOT / "docs/reference/evidence.md").read_text("utf-8")

    assert text == _generator().page(text)  # type: ignore[attr-defined]
    assert all(f"### {name}, version " in text for name in kinds.NEWEST)


def test_the_published_schemas_are_what_the_code_gives() -> None:
    """If this fails: python docs/reference/evidence.py."""
    found = {
        path.name: path.read_text("utf-8") for path in (ROOT / "docs/reference/evidence-schema").iterdir()
    }

    assert found == _generator().schemas()  # type: ignore[attr-defined]
    assert len(found) == 2 * len(kinds.KINDS)


def test_the_example_on_the_page_is_an_entry() -> None:
    """It fits the schema of its kind."""
    example = _generator().LEAF  # type: ignore[attr-defined]

    jsonschema.validate(example, schema.leaf(kinds.NEWEST[example["kind"]]))


def test_the_schemas_are_schemas() -> None:
    """Valid JSON Schema of the dialect that they name."""
    for content in schema.files().values():
        jsonschema.Draft202012Validator.check_schema(content)


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle as a court gets it."""
    place = tmp_path_factory.mktemp("bundle")
    world = made.world(place / "log", messages=20)
    bundle.write(place / "bag", world.bundle(), trusted=world.signer.key.fingerprint)
    return place / "bag"


@pytest.mark.parametrize("readme", ["README.en.md", "README.zh-CN.md"])
def test_the_lines_of_python_in_the_readme_prove_inclusion(bag: Path, readme: str) -> None:
    """Cut out and run as they stand there, for every entry; a changed leaf is not in the tree."""
    [code] = re.findall(r"```python\n(.*?)```", (bag / "data" / readme).read_text("utf-8"), re.DOTALL)
    indexes = [path.name for path in sorted((bag / "data" / "entries").iterdir())]
    for index in indexes:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-W", "ignore", "-c", code, index],
            cwd=bag,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout == "in the tree\n"
    leaf = bag / "data" / "entries" / indexes[0] / "leaf.json"
    raw = leaf.read_bytes()
    leaf.write_bytes(raw + b" ")
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-W", "ignore", "-c", code, indexes[0]],
        cwd=bag,
        capture_output=True,
        text=True,
        check=True,
    )
    leaf.write_bytes(raw)
    assert done.stdout == "NOT in the tree\n"


def test_the_two_readmes_tell_the_same() -> None:
    """Same sections, same files, same commands, word for word."""
    texts = [
        (ROOT / "src/duly/evidence/readme" / name).read_text("utf-8") for name in bundle.READMES.values()
    ]

    assert len({text.count("\n## ") for text in texts}) == 1
    assert len({tuple(re.findall(r"```.*?```", text, re.DOTALL)) for text in texts}) == 1
    assert len({tuple(sorted(set(re.findall(r"`(data/[^`]*)`", text)))) for text in texts}) == 1


def test_every_file_of_a_bundle_is_explained_in_its_readme(bag: Path) -> None:
    """Nothing in the folder that the reader must guess."""
    text = (bag / "data" / "README.en.md").read_text("utf-8")
    unexplained = [
        name
        for path in sorted(bag.rglob("*"))
        if path.is_file()
        and (name := path.relative_to(bag).as_posix())
        and not re.match(r"data/(entries|heads|documents)/|data/README|bagit\.txt|bag-info\.txt", name)
        and name.removeprefix("data/") not in text
    ]

    assert unexplained == []
