"""The examples run by themselves and print what their readers are told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
PRINTED = {
    "ask_the_law.py": [
        "07:59:59  hold by cn-time-01 (draft) until 2026-11-23 08:00:00",
        "08:00:00  permit",
        "21:59:59  permit",
        "22:00:00  hold by cn-time-01 (draft) until 2026-11-24 08:00:00",
    ],
    "read_smpp.py": ["carrier heard Bind", "carrier heard 您好", "client heard first is 17"],
    "count_parts.py": [
        "{'cn': 1, 'gsm': 1} 【晨曦消金】您的账户有款项到期。",
        "{'cn': 2, 'gsm': 1} [Chenxi Finance] A payment on your account is overdue. Please call 400-000-0000.",
        "{'cn': 2, 'gsm': 2} [Chenxi Finance] A payment on your account is overdue – please call 400-000-0000.",
    ],
}


@pytest.mark.parametrize("name", sorted(PRINTED))
def test_an_example_prints_what_it_promises(name: str) -> None:
    """Run as a reader would, in a process of its own."""
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name)], capture_output=True, text=True, encoding="utf-8", check=True
    )

    assert done.stdout.splitlines() == PRINTED[name]


def test_every_example_is_run_and_listed() -> None:
    """A file in examples/ that no test runs would rot."""
    there = {path.name for path in EXAMPLES.glob("*.py")}
    listed = (EXAMPLES / "README.md").read_text("utf-8")

    assert there == set(PRINTED)
    assert all(f"({name})" in listed for name in there)
