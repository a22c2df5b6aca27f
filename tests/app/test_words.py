"""The recorded words: each one that a plan, a gate, a carrier or a reply can leave behind has a name in Chinese."""

from __future__ import annotations

from enum import Enum

import pytest

from duly.app import words
from duly.channels.inbound import Provenance
from duly.cli import language
from duly.model.account import HoldKind
from duly.model.case import CaseEvent, CaseState, StageEvent, StageState
from duly.model.notice import Arrival
from duly.model.notice import Outcome as HandedOver
from duly.model.party import Channel
from duly.model.said import Said, retell
from duly.plan.code import Code, Outcome
from duly.text.intent import Kind

CHINESE = language.read("zh-CN")
ENUMS = (
    Arrival,
    CaseEvent,
    CaseState,
    Channel,
    Code,
    HandedOver,
    HoldKind,
    Kind,
    Outcome,
    Provenance,
    StageEvent,
    StageState,
)


def in_chinese(text: str) -> str:
    """As the command line would say it."""
    return retell(text, lambda pattern: CHINESE.get(pattern, pattern))


@pytest.mark.parametrize("enum", ENUMS)
def test_every_word_of_a_closed_list_has_a_name_in_chinese(enum: type[Enum]) -> None:
    """A new state or code comes with its name; without one an operator would read English in the middle."""
    unnamed = [one.value for one in enum if in_chinese(words.said(one.value)) == one.value]
    assert unnamed == []


def test_english_shows_a_word_as_it_is_recorded() -> None:
    """So what is shown, what is searched for and what JSON has are the same."""
    assert words.said("first_notice") == "first_notice"


def test_what_the_user_named_is_left_alone() -> None:
    """A stage that happens not to be a word of ours stays as it stands in strategy.yaml."""
    told = words.said("second_reminder")
    assert told == "second_reminder"
    assert not isinstance(told, Said)


def test_reasons_are_told_together_and_each_is_translated() -> None:
    """The code, and the event with its detail, as a dropped message has them."""
    told = words.listed(["held_since", "hold_set:dispute"])
    assert told == "held_since; hold_set; dispute"
    assert in_chinese(told) == "其间被暂缓；设置暂缓；有异议"


def test_no_reason_is_told_as_nothing() -> None:
    """A message may end without one."""
    assert words.listed([]) == ""
