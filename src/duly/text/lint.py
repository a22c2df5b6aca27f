"""The last reading of a text before it may be planned or sent: the text itself, not the template.

It must carry what it has to, name no sum that is not in the book, lead nowhere that was not approved, hold no
forbidden word and no character that cannot be seen, carry one signature, and keep to its length.
Each fault that is also a lie to the debtor has the category under which the law forbids it.
Refuses to mend anything: a text with a finding that blocks is held.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from duly.model.said import say
from duly.text import disclosure, elements, escape, figures, leads, page, segment, wording
from duly.text.destinations import Destinations
from duly.text.escape import Sink
from duly.text.leads import STRUCK, Lead, LeadKind
from duly.text.segment import Market
from duly.text.wording import Action

_LEADS: Mapping[LeadKind, tuple[str, str, str]] = {
    LeadKind.LINK: ("link", say("this link or address is not approved"), "private_channel"),
    LeadKind.SHORT_LINK: ("link.short", say("a short link hides where it leads"), "private_channel"),
    LeadKind.PHONE: ("phone", say("this number is not approved"), "private_channel"),
    LeadKind.ACCOUNT: ("account", say("this account number is not approved"), "private_channel"),
    LeadKind.IDENTITY: ("identity", say("this looks like the number of an identity card"), "over_disclosure"),
}

_NOBODY = "〇"


@dataclass(frozen=True, kw_only=True)
class Measure:
    """What every text of a batch is measured against.

    `required` are names of `elements.ELEMENTS`. `market` and `max_parts` limit the length of an SMS, and `preview`
    says how many characters of it a locked screen shows. `offers` are the kinds of offer that are on record.
    """

    notice: str
    sink: Sink
    currency: str
    lists: wording.Lists
    destinations: Destinations
    required: frozenset[str]
    market: Market | None = None
    max_parts: int | None = None
    preview: int = 0
    offers: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One fault, with what was found at `start` of the text (of an HTML text: of what `page.visible` reads).

    `code` is stable. `category` is one of `wording.CATEGORIES`, None where nothing false is said.
    """

    code: str
    what: str
    found: str
    start: int
    category: str | None = None
    action: Action = Action.BLOCK


def lint(
    text: str, measure: Measure, *, allowed: Collection[int], values: Mapping[str, str]
) -> tuple[Finding, ...]:
    """Every finding in a rendered text, by place; empty when nothing is wrong.

    `allowed` are the sums of the book, in minor units of `measure.currency`, that the text may name; `values`
    the fields it was rendered from.
    """
    read = page.visible(text) if measure.sink is Sink.HTML else text
    if not read.strip():
        return (_finding("empty", say("the text is empty"), "", 0),)
    found = [
        *_hidden(read),
        *_worded(read, measure),
        *_missing(read, measure, values),
        *_signed(read, measure),
        *_measured(read, measure),
        *_shown(read, measure, values),
    ]
    rest, links = leads.strike_links(figures.fold(read), measure.destinations)
    rest, sums = _sums(strike_value(rest, values.get("verify_code", "")), measure.currency, allowed)
    found += [*map(_lead, links), *sums, *map(_lead, leads.numbers(rest, measure.destinations))]
    return tuple(sorted(found, key=lambda one: (one.start, one.code, one.found)))


def blocks(findings: Iterable[Finding]) -> bool:
    """Whether the text must be held."""
    return any(finding.action is Action.BLOCK for finding in findings)


def claims(findings: Iterable[Finding]) -> frozenset[str]:
    """The forbidden categories the text falls under: the fact `claims` for the law."""
    return frozenset(one.category for one in findings if one.category and one.action is Action.BLOCK)


def _hidden(text: str) -> Iterator[Finding]:
    for start in escape.hidden(text):
        if text[start] != "\n":
            point = f"U+{ord(text[start]):04X}"
            yield _finding("hidden", say("the character {point} cannot be seen", point=point), point, start)


def _worded(text: str, measure: Measure) -> Iterator[Finding]:
    for one in wording.find(text, measure.lists, notice=measure.notice):
        says, basis = measure.lists.says[one.category]["en"], ", ".join(one.basis)
        code, action = "text.lint.review", one.action
        what = say("{category} ({basis})", category=says, basis=basis)
        if one.offer and one.offer not in measure.offers:
            code, action = "text.lint.offer", Action.BLOCK
            what = say(
                "no offer of this kind ({offer}) is on record: {category} ({basis})",
                offer=one.offer,
                category=says,
                basis=basis,
            )
        elif one.action is Action.BLOCK:
            code = "text.lint.wording"
        yield Finding(
            code=code, what=what, found=one.phrase, start=one.start, category=one.category, action=action
        )


def _missing(text: str, measure: Measure, values: Mapping[str, str]) -> Iterator[Finding]:
    for element in sorted(measure.required - elements.present(text, values)):
        what = say("the text does not carry the element {element}", element=element)
        yield _finding("element", what, element, len(text))


def _signed(text: str, measure: Measure) -> Iterator[Finding]:
    for match in re.finditer("【[^】\n]{0,20}】?", text) if measure.sink is Sink.SMS else ():
        if match.start() > 0:
            what = say("a second signature; one, at the beginning, says who sends")
            yield _finding("signature", what, match[0], match.start())


def _measured(text: str, measure: Measure) -> Iterator[Finding]:
    if measure.market is None or measure.max_parts is None:
        return
    parts = segment.count(text, measure.market).billed
    if parts > measure.max_parts:
        what = say(
            "the text takes {parts} parts, and {most} are allowed", parts=parts, most=measure.max_parts
        )
        yield _finding("length", what, str(parts), len(text))


def _shown(text: str, measure: Measure, values: Mapping[str, str]) -> Iterator[Finding]:
    """Debt words where others may read them: in a subject, and in what a locked screen shows."""
    # Who writes must be said; the sign that stands for the name forms no word with what is beside it.
    for name in ("brand", "creditor"):
        if known := escape.line(values.get(name, "")):
            text = text.replace(known, _NOBODY * len(known))
    if measure.sink is Sink.EMAIL_SUBJECT:
        seen, what = text, say("the subject tells of a debt, and others may read it")
    elif measure.sink is Sink.SMS and measure.preview:
        seen = disclosure.preview(text, measure.preview)
        what = say("the first words tell of a debt, and others may read them on a locked screen")
    else:
        return
    told = disclosure.told(seen, measure.lists)
    if told is not None:
        yield _finding("preview", what, told, max(text.find(told), 0))


def strike_value(text: str, value: str) -> str:
    """The text (folded by `figures.fold`) with the value struck out wherever it stands whole."""
    plain = figures.fold(escape.line(value))
    if not plain:
        return text
    whole = rf"(?<![0-9A-Za-z]){re.escape(plain)}(?![0-9A-Za-z])"
    return re.sub(whole, lambda match: STRUCK * len(match[0]), text)


def _sums(text: str, currency: str, allowed: Collection[int]) -> tuple[str, list[Finding]]:
    found: list[Finding] = []
    for one in figures.sums(text, currency):
        said = text[one.start : one.end]
        if not figures.agrees(one, currency):
            what = say("{sum} is not in {currency}", sum=said, currency=currency)
            found.append(_finding("currency", what, said, one.start, "false_amount"))
        elif one.minor is None or one.minor not in allowed:
            what = say("{sum} is not a figure of the book", sum=said)
            found.append(_finding("amount", what, said, one.start, "false_amount"))
        text = text[: one.start] + STRUCK * (one.end - one.start) + text[one.end :]
    return text, found


def _lead(lead: Lead) -> Finding:
    code, what, category = _LEADS[lead.kind]
    return _finding(code, what, lead.found, lead.start, category)


def _finding(code: str, what: str, found: str, start: int, category: str | None = None) -> Finding:
    return Finding(code=f"text.lint.{code}", what=what, found=found, start=start, category=category)
