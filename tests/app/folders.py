"""A project to try things on: the shipped folder, locked, without its book."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Collection
from datetime import UTC, date, datetime
from importlib import resources
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from duly.app import adoption, check
from duly.model.party import Actor, Duty
from duly.project import folder, usage
from duly.project.adoption import Adoption
from duly.project.folder import Project

LIN = Actor(name="lin.yue", duties=frozenset({Duty.STRATEGIST}))


def fresh(target: Path) -> Path:
    """Make one at `target`."""
    with resources.as_file(resources.files("duly") / "invent" / "folder" / "cn") as source:
        shutil.copytree(source, target)
    check.accept_packs(LIN, target)
    return target


def in_use(found: Project, on: date) -> tuple[usage.Used, ...]:
    """Every row in use on a day."""
    return usage.of_day(found.law.rules, found.settings, found.strategy, on)


def adopt(target: Path, *, on: date, but: Collection[str] = (), text: str = "") -> None:
    """Have every row that is in use adopted, but some, with a key that exists for this alone.

    `text` is the fingerprint of what was adopted, where that is another text than the row has.
    """
    found, problems = folder.load(target)
    assert found is not None, problems
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    signed = []
    for one in in_use(found, on):
        if one.rule.id in but:
            continue
        bare = Adoption(
            rule=one.rule.id,
            version=one.version.name,
            text=text or one.version.fingerprint,
            by="zhao.min",
            at=datetime(2026, 11, 20, 9, tzinfo=UTC),
            key=public,
        )
        signed.append(dataclasses.replace(bare, signature=key.sign(bare.to_sign())))
    adoption.keep(target, found.adoptions, signed)


def replace(file: Path, old: str, new: str) -> None:
    """Change one place of a file that is there."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
