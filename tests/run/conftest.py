"""The house that tests of `run` live in: made once a run, copied for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from duly.store import launcher
from tests.run import house as houses


@pytest.fixture(scope="session")
def model(
    server: launcher.Server, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[houses.Model]:
    """What every house is a copy of."""
    made = houses.build(tmp_path_factory.mktemp("model"), server, template)
    yield made
    houses.drop(server, made.database)


@pytest.fixture
def house(model: houses.Model, tmp_path: Path) -> Iterator[houses.House]:
    """A house of one's own, on the morning of its day, with the plan made and nothing sent."""
    with houses.moved_in(model, tmp_path) as made:
        yield made
