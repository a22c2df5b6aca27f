"""The forms in which words are compared, so that a phrase is found however it was written.

Every character is decomposed (NFKD: full width, circled, Kangxi radicals), replaced by what it stands for
(`variants`) and made small. What then counts differs:

- `han` keeps Chinese characters only, so nothing between them can hide a word;
- `compact` keeps them and `a-z0-9`, for words such as 加v;
- `words` keeps runs of `a-z0-9` as words with one blank around each, for English.

Only these characters are kept, so what later versions of Unicode add changes nothing. Each form has a
columnar twin that gives the same characters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from enum import Enum

import polars as pl

from duly.text import variants


class Form(Enum):
    """Which form a phrase is looked for in."""

    HAN = "han"
    COMPACT = "compact"
    WORDS = "words"


_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U000323af"
_NOT_HAN, _NOT_COMPACT = f"[^{_HAN}]", f"[^{_HAN}a-z0-9]"
# Inside a word these join: marks over letters, invisible characters, apostrophes (don't, you'll).
_APOSTROPHES = "'’‘ʼ`"
_IS_HAN = re.compile(f"[{_HAN}]")
_BLANKS = re.compile(" +")
# Letters written one by one: `s t o p`, `a.r.r.e.s.t`. From three on, because two occur in honest text.
_SPELLED = re.compile(r" (?:[a-z] ){2,}[a-z](?= )")


def _ordinary_characters() -> str:
    han = "".join(chr(code) for code in range(0x4E00, 0xA000) if chr(code) not in variants.STANDS_FOR)
    # No apostrophes: they join, and everything here parts.
    return f"\n -&(-_a-~{han}，。、（）【】：；！？“”《》·—…￥"


_NOT_ORDINARY = f"[^{_ordinary_characters()}]"
# Besides those, Chinese characters that are written for others: names are full of them.
_NOT_PLAIN = f"[^{_ordinary_characters()}\u4e00-\u9fff]"
_IS_NOT_PLAIN = re.compile(_NOT_PLAIN)


class _Table(dict[int, str]):
    """What each code point becomes, computed when it is first asked for; the argument of `str.translate`."""

    def __init__(self, keep: Callable[[str], str]) -> None:
        super().__init__()
        self._keep = keep

    def __missing__(self, code: int) -> str:
        kept = "".join(self._keep(char) for char in folded(chr(code)))
        self[code] = kept
        return kept


def folded(char: str) -> str:
    """The small characters that one character is read as; nothing is left out yet."""
    decomposed = unicodedata.normalize("NFKD", char)
    return "".join(variants.STANDS_FOR.get(one, one) for one in decomposed).lower()


def _keep_han(char: str) -> str:
    return char if _IS_HAN.match(char) else ""


def _keep_compact(char: str) -> str:
    return char if _IS_HAN.match(char) or _is_latin(char) else ""


def _keep_word(char: str) -> str:
    if _is_latin(char):
        return char
    joins = char in _APOSTROPHES or unicodedata.category(char) in {"Mn", "Mc", "Me", "Cf", "Cc"}
    return "" if joins and char not in "\t\n\r" else " "


def _is_latin(char: str) -> bool:
    return "a" <= char <= "z" or "0" <= char <= "9"


_TABLES = {
    Form.HAN: _Table(_keep_han),
    Form.COMPACT: _Table(_keep_compact),
    Form.WORDS: _Table(_keep_word),
}


def form_of(phrase: str) -> Form:
    """Which form a phrase of a list belongs to: Chinese, Chinese mixed with letters, or English."""
    compact = normalise(phrase, Form.COMPACT)
    han = normalise(phrase, Form.HAN)
    if not han:
        return Form.WORDS
    return Form.HAN if han == compact else Form.COMPACT


def normalise(text: str, form: Form) -> str:
    """`text` in `form`. Words have one blank before, between and after them; no words are one blank."""
    kept = text.translate(_TABLES[form])
    if form is not Form.WORDS:
        return kept
    return _BLANKS.sub(" ", f" {kept} ")


def spelled(words: str) -> list[tuple[int, str]]:
    """The runs of single letters in a text of `Form.WORDS`, as (place in it, letters joined)."""
    return [(run.start() + 1, run[0].replace(" ", "")) for run in _SPELLED.finditer(words)]


def is_spelled(words: pl.Expr) -> pl.Expr:
    """Whether `spelled` finds anything."""
    return words.str.contains(_SPELLED.pattern.replace("(?= )", " "))


def origins(text: str, form: Form) -> list[int]:
    """For every character of `normalise(text, form)`, the index in `text` that it came from."""
    table = _TABLES[form]
    places = [(index, char) for index, source in enumerate(text) for char in table[ord(source)]]
    if form is not Form.WORDS:
        return [index for index, _ in places]
    kept = [0]  # the blank before the first word
    after_blank = True
    for index, char in places:
        if char == " " and after_blank:
            continue
        kept.append(index)
        after_blank = char == " "
    return kept if after_blank else [*kept, kept[-1]]


def is_ordinary(text: pl.Expr) -> pl.Expr:
    """Whether all is ASCII, Chinese characters that stand for themselves, and usual punctuation."""
    return ~text.str.contains(_NOT_ORDINARY)


def is_plain(text: pl.Expr) -> pl.Expr:
    """Whether it is ordinary but for Chinese characters that are read as others: nothing hides and no digit folds."""
    return ~text.str.contains(_NOT_PLAIN)


def reads_plain(text: str) -> bool:
    """`is_plain` of one text."""
    return _IS_NOT_PLAIN.search(text) is None


def ordinary_column(text: pl.Expr, form: Form) -> pl.Expr:
    """`column` for ordinary texts, where nothing needs to be decomposed or replaced; a fifth of the work."""
    if form is Form.HAN:
        return text.str.replace_all(f"[^{_HAN}]+", "")
    if form is Form.COMPACT:
        return text.str.replace_all(f"[^{_HAN}A-Za-z0-9]+", "").str.to_lowercase()
    return _padded(text).str.replace_all("[^A-Za-z0-9]+", " ").str.to_lowercase()


def folded_column(text: pl.Expr) -> pl.Expr:
    """The columnar twin of `folded`, of every character of the texts."""
    known = dict(variants.STANDS_FOR)
    return text.str.normalize("NFKD").str.replace_many(list(known), list(known.values())).str.to_lowercase()


def _padded(text: pl.Expr) -> pl.Expr:
    return pl.concat_str(pl.lit(" "), text, pl.lit(" "))


def column(text: pl.Expr, form: Form) -> pl.Expr:
    """The columnar twin of `normalise`."""
    read = folded_column(text)
    if form is Form.HAN:
        return read.str.replace_all(_NOT_HAN, "")
    if form is Form.COMPACT:
        return read.str.replace_all(_NOT_COMPACT, "")
    joined = read.str.replace_all(rf"[\p{{M}}\p{{Cf}}{_APOSTROPHES}\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", "")
    return _padded(joined).str.replace_all("[^a-z0-9]+", " ")
