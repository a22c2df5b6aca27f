"""English and Chinese: nothing that a person reads is left without a translation."""

from __future__ import annotations

import os
import re
import string
import subprocess
import sys

import pytest

from duly.cli import language
from duly.model.said import Said, retell, say
from tests.cli import catalogue


def fields(pattern: str) -> set[str]:
    """The names in braces."""
    return {name for _, name, _, _ in string.Formatter().parse(pattern) if name is not None}


def test_everything_that_is_said_has_a_translation() -> None:
    """A new sentence comes with its Chinese."""
    told = language.read("zh-CN")
    missing = {text: places for text, places in catalogue.patterns().items() if text not in told}
    assert missing == {}


def test_the_catalogue_is_kept_in_order() -> None:
    """It is what `python -m tests.cli.catalogue` writes: nothing that is no longer said, one order."""
    assert catalogue.CATALOGUE.read_text(encoding="utf-8") == catalogue.written(language.read("zh-CN"))


def test_a_translation_has_the_same_fields() -> None:
    """A field that is missing, or one that is misspelled, would break the sentence when it is needed."""
    wrong = {text: told for text, told in language.read("zh-CN").items() if fields(text) != fields(told)}
    assert wrong == {}


def test_a_translation_is_chinese() -> None:
    """But for what is a name in any language."""
    wrong = [
        text
        for text, told in language.read("zh-CN").items()
        if not re.search(r"[\u4e00-\u9fff]", told) and re.search(r"[a-z]{3} [a-z]{3}", text)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("argv", "environ", "chosen"),
    [
        ([], {}, "en"),
        ([], {"LANG": "zh_CN.UTF-8"}, "zh-CN"),
        ([], {"LANG": "C.UTF-8"}, "en"),
        ([], {"LANG": "zh_CN.UTF-8", "LC_ALL": "en_GB.UTF-8"}, "en"),
        ([], {"LANG": "zh_CN.UTF-8", "DULY_LANG": "en"}, "en"),
        (["--lang", "zh-CN", "check"], {"DULY_LANG": "en"}, "zh-CN"),
        (["--lang=en", "check"], {"DULY_LANG": "zh-CN"}, "en"),
        (["--lang", "fr"], {}, "en"),
        (["check", "--lang"], {}, "en"),
    ],
)
def test_the_language_is_chosen_by_the_nearest_word(
    argv: list[str], environ: dict[str, str], chosen: str
) -> None:
    """The option, then DULY_LANG, then the locale, then English."""
    assert language.choose(argv, environ) == chosen


def test_what_was_said_can_be_said_again_in_another_language() -> None:
    """With its values, and with what was said inside them."""
    words = {"{what} is missing": "缺少{what}", "the {part} part": "{part}部分"}
    inner = say("the {part} part", part="first")
    said = say("{what} is missing", what=inner)
    assert said == "the first part is missing"
    assert isinstance(said, Said)
    assert retell(said, lambda text: words.get(text, text)) == "缺少first部分"
    assert retell("unknown", lambda text: words.get(text, text)) == "unknown"
    assert retell(3, lambda text: words.get(text, text)) == "3"


def test_values_are_never_taken_for_patterns() -> None:
    """Braces in the user's own words stay what they are."""
    assert say("`{value}` is wrong", value="{evil}") == "`{evil}` is wrong"
    assert retell(say("`{value}` is wrong", value="{evil}"), lambda _: "错误的{value}") == "错误的{evil}"


def test_help_speaks_chinese() -> None:
    """From the option and from the environment."""
    for argv, environ in ((["--lang", "zh-CN", "--help"], {}), (["--help"], {"DULY_LANG": "zh-CN"})):
        shown = subprocess.run(
            [sys.executable, "-m", "duly", *argv],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"PYTHONUTF8": "1"} | environ,
        )
        assert "项目文件夹" in shown.stdout
