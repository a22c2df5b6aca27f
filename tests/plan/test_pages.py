"""The pages about strategies, states and decisions are what the code says."""

from __future__ import annotations

import re
from pathlib import Path

from docs.reference import case_states, decisions
from duly.model.case import CASE_TRANSITIONS, STAGE_TRANSITIONS
from duly.plan import ladder, order, outline, returning, strategy
from duly.plan.code import Code
from tests.plan import worlds

REFERENCE = Path(case_states.__file__).parent


def test_the_states_are_drawn_from_the_tables() -> None:
    """docs/reference/case-states.md is what `python docs/reference/case_states.py` writes."""
    text = case_states.PAGE.read_text("utf-8")

    assert text == case_states.page()
    for table in (CASE_TRANSITIONS, STAGE_TRANSITIONS):
        for (before, event), after in table.items():
            assert f"{before.value} --> {after.value}: {event.value}" in text


def test_the_decisions_are_told_as_the_code_tells_them() -> None:
    """docs/reference/decisions.md is what `python docs/reference/decisions.py` writes, every code on it."""
    text = decisions.PAGE.read_text("utf-8")

    assert text == decisions.page()
    assert all(f"`{code.value}`" in text for code in Code)


def test_every_key_and_every_problem_of_a_strategy_is_on_its_page() -> None:
    """A key that is read and not described is one nobody can use."""
    text = (REFERENCE / "strategy.md").read_text("utf-8")
    modules = (strategy, order, outline, returning)
    sources = "".join(Path(str(module.__file__)).read_text("utf-8") for module in modules)
    codes = {
        f"strategy.{code}" for code in re.findall(r'"([a-z]+(?:[._][a-z_]+)*)",\s*(?:what|say\()', sources)
    }
    codes |= {f"strategy.{code}" for code in re.findall(r', "([a-z_]+\.[a-z_]+)"\)', sources)}

    assert all(f"| `{key}` |" in text for key in strategy.STAGE_KEYS)
    assert all(f"`{name}`" in text for name in ladder.ATTRIBUTES)
    assert len(codes) > 30
    assert {code for code in codes if f"`{code}`" not in text} == set()


def test_the_example_on_the_page_is_a_strategy() -> None:
    """What a reader copies has no problem."""
    text = (REFERENCE / "strategy.md").read_text("utf-8")
    example = re.search(r"```yaml\n(.*?)```", text, re.DOTALL)

    assert example is not None
    assert len(worlds.loaded(example[1]).segments[0].stages) == 6
