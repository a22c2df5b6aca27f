"""The brakes in duly.toml: what is read, what is left out, and what is refused at its place."""

from __future__ import annotations

from importlib import resources

import pytest

from duly.project import bounds, settings
from duly.project.bounds import Alarms, Bounds, Ceiling, Span, Trial, Unusual

SHIPPED = (resources.files("duly") / "invent" / "folder" / "cn" / "duly.toml").read_text(encoding="utf-8")
WHOLE = """
cost_per_run = "400.00"
persons_percent_per_run = 20
times_usual_per_run = 3
messages_per_hour = 2000
cost_per_day = "800.00"

[limits.routes.main]
messages_per_hour = 1500
messages_per_day = 6000
cost_per_day = "500.00"

[trial]
phones = ["+8613900000001"]
canary = 50
arrived_percent = 80
within_minutes = 20

[alarms]
sample = 100
minutes = 30
arrived_percent = 60
stopped_percent = 4
refused_percent = 20
throttled_percent = 40

[keeping]
days = 400
"""


def read(more: str) -> tuple[settings.Settings | None, list[str]]:
    """duly.toml of a new project with more after its limits; the settings, and the codes of what is wrong."""
    text = SHIPPED.replace("parts_per_message = 8\n", f"parts_per_message = 8\n{more}", 1)
    found, problems = settings.read(text)
    return found, [one.code for one in problems]


def test_every_brake_is_read_in_millionths_and_seconds() -> None:
    """Costs are millionths of the currency unit, as in channels.yaml."""
    found, problems = read(WHOLE)

    assert problems == []
    assert found is not None
    assert found.bounds == Bounds(
        unusual=Unusual(cost_micro=400_000_000, persons_percent=20, times=3),
        ceilings=(
            Ceiling(span=Span.HOUR, messages=2000),
            Ceiling(span=Span.DAY, cost_micro=800_000_000),
            Ceiling(route="main", span=Span.HOUR, messages=1500),
            Ceiling(route="main", span=Span.DAY, messages=6000, cost_micro=500_000_000),
        ),
        trial=Trial(phones=("+8613900000001",), canary=50, arrived_percent=80, within=1200),
        alarms=Alarms(
            sample=100,
            minutes=30,
            arrived_percent=60,
            stopped_percent=4,
            refused_percent=20,
            throttled_percent=40,
        ),
        days=400,
    )


def test_without_a_word_there_is_no_ceiling_and_every_alarm() -> None:
    """A lender who sets nothing is still stopped where nothing arrives, and loses no day."""
    found, problems = read("")

    assert problems == []
    assert found is not None
    assert found.bounds == Bounds()
    assert (found.bounds.alarms.sample, found.bounds.days, found.bounds.trial.canary) == (200, None, None)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ("persons_percent_per_run = 101\n", "settings.number"),
        ("persons_percent_per_run = 100\n", None),
        ("times_usual_per_run = 1\n", "settings.number"),
        ("times_usual_per_run = 2\n", None),
        ('cost_per_day = "0.001"\n', "settings.amount"),
        ('cost_per_day = "0.01"\n', None),
        ("[limits.routes.main]\nmessages_per_week = 1\n", "settings.key.unknown"),
        ("[keeping]\ndays = 399\n", "settings.number"),
        ("[keeping]\ndays = 400\n", None),
        ("[alarms]\nsample = 9\n", "settings.number"),
        ("[alarms]\nsample = 10\n", None),
        ('[trial]\nphones = ["13900000001"]\n', "settings.trial.phone"),
        ('[trial]\nphones = ["+139000"]\n', "settings.trial.phone"),
        ('[trial]\nphones = ["+1390000"]\n', None),
    ],
)
def test_a_number_beyond_its_range_is_refused_and_one_at_its_end_is_not(more: str, code: str | None) -> None:
    """Each with the code under which the page of problems has it."""
    _, problems = read(more)
    assert problems == ([] if code is None else [code])


def test_whatever_can_be_written_is_on_the_list_of_keys() -> None:
    """The page of the project folder is held to that list."""
    written = {line.partition(" ")[0] for line in WHOLE.splitlines() if " = " in line}
    assert written <= set(bounds.KEYS)
