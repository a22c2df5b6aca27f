"""In which language the command line speaks, and the catalogue that makes it so.

English is what the code says; a catalogue is a gettext .po file, read by Babel when it is needed.
What a catalogue lacks is said in English. Refuses to touch notices: their language is the debtor's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources

from duly.model import said

LANGUAGES = ("en", "zh-CN")
VARIABLE = "DULY_LANG"

_chosen: str = "en"
_catalogue: Mapping[str, str] = {}


def choose(argv: Sequence[str], environ: Mapping[str, str]) -> str:
    """`--lang` on the command line, else DULY_LANG, else the locale of the process, else English."""
    for place, word in enumerate(argv):
        if word == "--lang" and place + 1 < len(argv):
            return _nearest(argv[place + 1])
        if word.startswith("--lang="):
            return _nearest(word.removeprefix("--lang="))
    for variable in (VARIABLE, "LC_ALL", "LC_MESSAGES", "LANG"):
        if environ.get(variable):
            return _nearest(environ[variable])
    return "en"


def _nearest(name: str) -> str:
    return "zh-CN" if name.lower().startswith("zh") else "en"


def speak(language: str) -> None:
    """Speak `language` from now on. Called once, before any command is defined: their help is text too."""
    global _chosen, _catalogue  # noqa: PLW0603 - one process speaks one language
    _chosen = language
    _catalogue = {} if language == "en" else read(language)


def chosen() -> str:
    """The language spoken."""
    return _chosen


def tr(text: str, /, **values: object) -> str:
    """`text` in the language spoken. With values it is a pattern; a `Said` brings its own."""
    return said.retell(said.say(text, **values) if values else text, _look_up)


def _look_up(pattern: str) -> str:
    return _catalogue.get(pattern) or pattern


def read(language: str) -> dict[str, str]:
    """The catalogue of a language: English pattern to its translation."""
    from babel.messages.pofile import read_po

    path = resources.files("duly") / "locale" / language.replace("-", "_") / "LC_MESSAGES" / "duly.po"
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language.replace("-", "_"))
    return {
        message.id: message.string
        for message in catalogue
        if isinstance(message.id, str) and isinstance(message.string, str) and message.id and message.string
    }
