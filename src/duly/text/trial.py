"""A mould is tried: it is read twice, filled with the shortest and with the longest values, by the lint that reads
a single text.

It vouches for its texts only if both readings agree, every value is read as itself and stands apart, and no phrase can
lie over the edge of one.
Refuses a page, a text of characters that are read as others, and whatever it cannot tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from duly.text import (
    disclosure,
    disguise,
    elements,
    escape,
    fields,
    figures,
    leads,
    lint,
    normal,
    render,
    statements,
)
from duly.text.escape import Sink
from duly.text.lint import Finding, Measure
from duly.text.mould import (
    DAYS,
    FIELD_AT,
    LONGEST_NAME,
    MARK,
    MARKS,
    SHORTEST_NAME,
    SUMS,
    VARYING,
    Mould,
    Place,
    Varying,
    filled,
)
from duly.text.normal import Form
from duly.text.sensitive import Sensitive, pairs_of
from duly.text.template import Template

# Digits that are read as no letter (`disguise`), so that what the text itself says can be told apart.
_SHORT_SUMS, _LONG_SUM = (222, 226, 228, 229, 262, 266), 99_999_999_000
_SHORT_DAYS, _LONG_DAYS = (2, 6, 8, 9), (22, 26, 28, 29)
# What may stand before or after a value: nothing that makes a link or a number go on.
_BEFORE = re.compile(f"[0-9A-Za-z@_~/?#%&=+.:,−年{figures.NUMERALS}\ue000-\uf8ff-]")
_AFTER = re.compile(f"[0-9A-Za-z@_~/?#%&=+{figures.NUMERALS}\ue000-\uf8ff-]|[.:,][0-9A-Za-z\ue000-\uf8ff]")
_HAN = re.compile("[\u4e00-\u9fff]")
_FAR_BEFORE = re.compile("[0-9\ue000-\uf8ff][ ()._/、,:*·–—-]$")
_FAR_AFTER = re.compile("[ ()._/、,:*·–—-][0-9\ue000-\uf8ff]")


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One template's part of a message: `sign` stands before it, and it is measured by `measure`."""

    template: Template
    sign: str
    measure: Measure


@dataclass(frozen=True, kw_only=True)
class Case:
    """Which text it is: `constants` are the fields that do not vary, `filled` those of the others that are not empty.

    `months` are those of the days, by field, where a language writes them in letters.
    """

    locale: str
    constants: Mapping[str, str]
    filled: frozenset[str]
    months: Mapping[str, int] = field(default_factory=dict)


class _Unsure(Exception):
    """The mould does not vouch for its texts; the message says why."""


def make(parts: Mapping[str, Setting], case: Case, sensitive: Sensitive) -> Mould:
    """The mould of a message's parts."""
    try:
        patterns = {part: _pattern(one, case) for part, one in parts.items()}
    except _Unsure as unsure:
        return Mould(patterns={}, why=str(unsure))
    try:
        return _read(Mould(patterns=patterns), parts, case, sensitive)
    except _Unsure as unsure:
        return Mould(patterns=patterns, why=str(unsure))


def _pattern(one: Setting, case: Case) -> str:
    if one.template.sink is Sink.HTML:
        raise _Unsure("a page")
    marks = {name: MARKS[name] if name in case.filled else "" for name in VARYING}
    try:
        text = render.plain(one.template, {**case.constants, **marks})
    except escape.RefusedError as refused:
        raise _Unsure("a value that may not stand here") from refused
    signed = text if text.startswith(one.sign.strip()) else one.sign + text
    plain = MARK.sub("", signed)
    if MARK.search("".join(case.constants.values())) or not normal.reads_plain(plain):
        raise _Unsure("a character that may be read as another")
    return signed


def _read(mould: Mould, parts: Mapping[str, Setting], case: Case, sensitive: Sensitive) -> Mould:
    short, long = _probe(case, sensitive, long=False), _probe(case, sensitive, long=True)
    findings: dict[str, tuple[Finding, ...]] = {}
    letters: dict[str, int] = {}
    left: set[str] = set()
    right: set[str] = set()
    for part, one in parts.items():
        _check_edges(mould.patterns[part])
        measure = replace(one.measure, max_parts=None)
        read = [_reading(one, mould, part, measure, probe) for probe in (short, long)]
        if _gist(read[0]) != _gist(read[1]):
            raise _Unsure("what is found depends on the values")
        findings[part] = read[0]
        for probe in (short, long):
            text, places = filled(mould.patterns[part], probe.values)
            _check_words(text, places, case, sensitive)
            for place in places:
                if VARYING[place.field] is Varying.NAME:
                    left |= _nearest(reversed(text[: place.start]))
                    right |= _nearest(iter(text[place.end :]))
        letters[part] = _fixed_letters(mould.patterns[part], short.values, sensitive)
        _check_preview(one.measure, mould.patterns[part], short, long, shown=_shows(read[1]))
    told = {_tells(mould, parts, probe) for probe in (short, long)}
    carried = {_carried(mould, parts, case, probe) for probe in (short, long)}
    if len(told) > 1 or len(carried) > 1:
        raise _Unsure("what the text carries depends on the values")
    return replace(
        mould,
        findings=findings,
        elements=next(iter(carried)),
        tells=next(iter(told)),
        left=frozenset(left),
        right=frozenset(right),
        taken=_taken(mould, case),
        apart=_apart(mould),
        letters=letters,
    )


@dataclass(frozen=True, kw_only=True)
class _Values:
    """What a mould is tried with."""

    values: Mapping[str, str]
    allowed: Mapping[str, int]


def _probe(case: Case, sensitive: Sensitive, *, long: bool) -> _Values:
    """The shortest or longest values of each kind, no two alike. Their digits are read as no letters."""
    allowed = {
        name: (_LONG_SUM if long else 0) + sum_
        for name, sum_ in zip(SUMS, _SHORT_SUMS, strict=True)
        if name in case.filled
    }
    days = {
        # The year is named where it is not that of `as_of`.
        name: date(2028 if long and name != "as_of" else 2026, case.months.get(name, 12 if long else 2), day)
        for name, day in zip(DAYS, _LONG_DAYS if long else _SHORT_DAYS, strict=True)
    }
    values = dict(case.constants)
    for name, kind in VARYING.items():
        if name not in case.filled:
            values[name] = ""
        elif kind is Varying.NAME:
            values[name] = sensitive.silent * (LONGEST_NAME if long else SHORTEST_NAME)
        elif kind is Varying.NUMBER:
            values[name] = "9862" if long or name == "tail" else "2"
        elif kind is Varying.SUM:
            currency = case.constants["currency"]
            values[name] = fields.amount_in_words(allowed[name], currency, case.locale)
        elif kind is Varying.DAY:
            values[name] = fields.day_in_words(days[name], days["as_of"], case.locale)
        else:
            values[name] = "22222-22222"
    return _Values(values=values, allowed=allowed)


def _reading(one: Setting, mould: Mould, part: str, measure: Measure, probe: _Values) -> tuple[Finding, ...]:
    text, places = filled(mould.patterns[part], probe.values)
    rendered = render.plain(one.template, probe.values)
    if text != (rendered if rendered.startswith(one.sign.strip()) else one.sign + rendered):
        raise _Unsure("the text is not its mould filled")
    _check_apart(text, places, measure, probe)
    return lint.lint(text, measure, allowed=set(probe.allowed.values()), values=probe.values)


def _gist(findings: tuple[Finding, ...]) -> list[tuple[str, str, str | None, str]]:
    return [(one.code, str(one.what), one.category, one.action.value) for one in findings]


def _shows(findings: tuple[Finding, ...]) -> bool:
    return any(one.code == "text.lint.preview" for one in findings)


def _check_edges(pattern: str) -> None:
    """Each value stands apart from letters, digits and other values."""
    for mark in MARK.finditer(pattern):
        before, after = pattern[: mark.start()], pattern[mark.end() :]
        named = VARYING[FIELD_AT[mark[0]]] is Varying.NAME
        beside = MARK if named else _BEFORE
        if beside.match(before[-1:]) or (MARK.match(after) if named else _AFTER.match(after)):
            raise _Unsure("a value is joined to what stands beside it")
        if _FAR_BEFORE.search(before[-2:]) or _FAR_AFTER.match(after):
            raise _Unsure("two numbers are only parted by a sign")
        if named and before[-1:] and before[-1:] in figures.NUMERALS:
            raise _Unsure("a numeral stands before the name")
        if named and after[:1] and after[:1] in f"{figures.NUMERALS}元块圆":
            raise _Unsure("a numeral stands after the name")


def _check_apart(text: str, places: list[Place], measure: Measure, probe: _Values) -> None:
    """Every sum is read as itself, every code as the text's own, and nothing else is read out of a value."""
    rest, links = leads.strike_links(figures.fold(text), measure.destinations)
    spans = [(one.start - 1, one.start + len(one.found) + 1) for one in links]
    struck = lint.strike_value(rest, probe.values.get("verify_code", ""))
    codes = {place.start for place in places if VARYING[place.field] is Varying.CODE}
    for place in places:
        if leads.STRUCK in rest[max(place.start - 1, 0) : place.end + 1]:
            raise _Unsure("a value belongs to a link")
        if (place.start in codes) != (struck[place.start] == leads.STRUCK):
            raise _Unsure("the code is not read as one")
    found = {(one.start, one.end): one for one in figures.sums(struck, measure.currency)}
    for place in places:
        own = found.pop((place.start, place.end), None) if VARYING[place.field] is Varying.SUM else None
        if VARYING[place.field] is Varying.SUM and (
            own is None
            or own.minor != probe.allowed[place.field]
            or not figures.agrees(own, measure.currency)
        ):
            raise _Unsure("a sum is not read as itself")
        if own is not None:
            struck = struck[: own.start] + leads.STRUCK * (own.end - own.start) + struck[own.end :]
    spans += [(one.start - 1, one.end + 1) for one in found.values()]
    spans += [
        (one.start - 2, one.start + len(one.found) + 2) for one in leads.numbers(struck, measure.destinations)
    ]
    if any(start < place.end and place.start < end for start, end in spans for place in places):
        raise _Unsure("a value belongs to a number")


def _check_words(text: str, places: list[Place], case: Case, sensitive: Sensitive) -> None:
    """No phrase with a number or a letter in it can be completed by a value."""
    if sensitive.numbered:
        raise _Unsure("the lists have numbers beside Chinese characters")
    if case.months and _months(case) & (sensitive.before_number | sensitive.after_number):
        raise _Unsure("the lists have days")
    for place in places:
        if VARYING[place.field] is Varying.NAME:
            if any(_is_latin(char) for char in (text[: place.start][-1:], text[place.end :][:1])):
                raise _Unsure("a letter stands beside the name")
            continue
        before = normal.normalise(text[: place.start], Form.WORDS).split()[-1:]
        after = normal.normalise(text[place.end :], Form.WORDS).split()[:1]
        if set(before) & sensitive.before_number or set(after) & sensitive.after_number:
            raise _Unsure("the lists have numbers beside this word")
        beside = _nearest(reversed(text[: place.start])) | _nearest(iter(text[place.end :]))
        if beside & sensitive.beside_letters:
            raise _Unsure("the lists have letters beside this character")


def _months(case: Case) -> set[str]:
    return {
        fields.day_in_words(date(2026, month, 2), None, "en").split()[1].lower()
        for month in case.months.values()
    }


def _is_latin(char: str) -> bool:
    return char.isascii() and char.isalnum()


def _nearest(chars: Iterator[str]) -> set[str]:
    """The nearest characters that the forms of Chinese phrases keep, in a text that reads plain."""
    found: set[str] = set()
    for char in chars:
        if _HAN.match(char):
            return {*found, normal.normalise(char, Form.HAN)}
        if not found and _is_latin(char):
            found.add(char.lower())
    return found


def _fixed_letters(pattern: str, values: Mapping[str, str], sensitive: Sensitive) -> int:
    """How many disguised phrases the words of the text hold by themselves."""
    whole, _ = filled(pattern, values)
    alone = sum(sensitive.disguised.count(disguise.letters(piece)) for piece in MARK.split(pattern))
    if alone != sensitive.disguised.count(disguise.letters(whole)):
        raise _Unsure("a phrase lies over a value")
    return alone


def _check_preview(measure: Measure, pattern: str, short: _Values, long: _Values, *, shown: bool) -> None:
    """A locked screen tells of the debt in all texts (so it does with the longest values), or in none."""
    if measure.sink is not Sink.SMS or not measure.preview or shown:
        return
    text, places = filled(pattern, short.values)
    for name in ("brand", "creditor"):
        if known := short.values.get(name, ""):
            text = text.replace(known, "〇" * len(known))
    # A Latin word is shown to its end, and the longest may be begun anywhere; Chinese ones are cut.
    longest = max(map(len, re.findall("[0-9A-Za-z]+", filled(pattern, long.values)[0])), default=0)
    ends = disclosure.shown_from(text) + measure.preview
    near = disclosure.preview(text, measure.preview)
    far = _HAN.sub(" ", disclosure.preview(text, measure.preview + longest))
    sums = [place for place in places if VARYING[place.field] is Varying.SUM]
    if any(disclosure.told(seen, measure.lists) for seen in (near, far)) or any(
        place.start < ends for place in sums
    ):
        raise _Unsure("what a locked screen shows depends on the values")


def _tells(mould: Mould, parts: Mapping[str, Setting], probe: _Values) -> bool:
    return any(
        disclosure.told(filled(mould.patterns[part], probe.values)[0], one.measure.lists) is not None
        for part, one in parts.items()
    )


def _carried(mould: Mould, parts: Mapping[str, Setting], case: Case, probe: _Values) -> frozenset[str]:
    text, places = filled(mould.patterns["text"], probe.values)
    for place in places:
        value = probe.values[place.field]
        if VARYING[place.field] is not Varying.NAME and not elements.stands(value, text):
            raise _Unsure("a value does not stand by itself")
    stated = statements.present(text, parts["text"].measure.lists.statements, case.locale)
    return elements.present(text, probe.values) | stated


def _taken(mould: Mould, case: Case) -> frozenset[str]:
    """Pairs by which a name could be taken for something that the text says, or the text for it."""
    known = [case.constants.get("brand", ""), case.constants.get("creditor", "")]
    known += [text for text in mould.patterns.values() if MARKS["name"] not in text]
    return frozenset(pair for text in known for pair in pairs_of(text))


def _apart(mould: Mould) -> frozenset[tuple[frozenset[str], frozenset[str]]]:
    """Of what no element is known by, for want of one value at least, that one must not stand in the text by chance."""
    must: set[tuple[frozenset[str], frozenset[str]]] = set()
    for text in mould.patterns.values():
        printed = frozenset(FIELD_AT[mark] for mark in MARK.findall(text))
        for names, suffices in elements.KNOWN_BY:
            varying = names & frozenset(VARYING)
            if varying <= printed or (suffices and names & printed):
                continue
            if _LOOKS_VALUED.search(text):
                raise _Unsure("the text itself names something like a value that it leaves out")
            out = varying - printed
            left_out = [frozenset({name}) for name in out] if suffices else [out]
            must |= {(each, _alike(each, printed)) for each in left_out}
    return frozenset(must)


def _alike(names: frozenset[str], printed: frozenset[str]) -> frozenset[str]:
    kinds = {VARYING[name] for name in names}
    return frozenset(name for name in printed if VARYING[name] in kinds)


_LOOKS_VALUED = re.compile(
    rf"[0-9]\s?(?:{figures.CURRENCY}|日|月)|(?:{figures.CURRENCY})\s?[0-9]"
    r"|[0-9] [A-Z][a-z]+ [0-9]{4}|[0-9A-Z]{5}-[0-9A-Z]{5}"
)
