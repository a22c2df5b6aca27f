"""docs/reference/project.md tells of every key that the folder's files may have."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from duly.channels.smpp_settings import LongTexts
from duly.model.approval import Subject
from duly.model.party import Duty
from duly.plan.code import Outcome
from duly.project import bounds, cases, channels, decisions, document, settings, smpp
from duly.wire.remote_id import Habit

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "project.md").read_text(encoding="utf-8")

# Every key of every file, by the tuples that the readers themselves refuse strangers with.
KEYS = {
    "duly.toml": (
        *settings.Lender.__dataclass_fields__,
        *settings.Licence.__dataclass_fields__,
        *settings.PHRASES,
        *settings.ACTORS,
        *settings.LOCALES,
        *(
            "zone",
            "locale",
            "locales",
            "currency",
            "packs",
            "creditors",
            "policy",
            "lift",
            "limits",
            "people",
        ),
        *("messages_per_run", "messages_per_day", "overdue_per_run", "parts_per_message"),
        *("preview_characters", "verified_within_days", "offers", "kind", "since", "until"),
        *("doubt_decided_alone", "doubt_margin_hours"),
        *bounds.KEYS,
        *(duty.value for duty in Duty if duty is not Duty.MACHINE),
        *(part.value for part in decisions.PARTS),
    ),
    "channels.yaml": (
        *channels._KEYS,
        *channels._SIGNATURE_KEYS,
        *smpp._TLS_KEYS,
        *smpp._DIALECT_KEYS,
        *smpp._BINDS,
        *smpp._ALPHABETS,
        *smpp._CLASSES,
        *(habit.value for habit in Habit),
        *(one.value for one in LongTexts),
        *channels.MARKETS,
        *(refusal.value for refusal in channels.Refusal),
        *(kind.value for kind in channels.Kind),
    ),
    "tests": (
        *cases._EXPECT,
        *(outcome.value for outcome in Outcome),
        "from",
        "undelivered",
        "told",
        "given",
    ),
}


@pytest.mark.parametrize("file", KEYS)
def test_every_key_is_documented(file: str) -> None:
    """A key that a reader takes is on the page, as code."""
    words = set(re.findall(r"[A-Za-z0-9_-]+", " ".join(re.findall(r"```.*?```|`[^`\n]+`", PAGE, re.DOTALL))))
    assert [key for key in KEYS[file] if key not in words] == []


def test_every_subject_that_is_approved_is_a_digest_or_an_act() -> None:
    """The parts of the project have digests; a list, a run, a resume, a key, a recovery and a doubt their own."""
    acts = {Subject.STAGE, Subject.RUN, Subject.RESUME, Subject.KEY, Subject.RECOVER, Subject.DOUBT}
    assert {*decisions.PARTS, *acts} == set(Subject)


def test_the_example_on_the_page_is_read() -> None:
    """The case shown in the docs is one that the reader takes."""
    example = next(block for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if "cases:" in block)
    found, problems = document.read_yaml(example, kind="cases", file="tests/page.yaml")
    assert problems == []
    assert found is not None
    wrong: list[object] = []
    (case,) = cases._File(found, wrong, "CNY").cases()  # type: ignore[arg-type]
    assert wrong == []
    assert case.expected[0].total_minor == 50_000
