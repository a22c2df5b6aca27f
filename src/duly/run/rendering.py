"""The worker's own rendering, inside its claim and before the gate: from ids and figures to the exact bytes.

Names and numbers are opened here for as long as it takes; what was rendered is judged again as a text, because
what leaves is this text and not the one that was planned: by its mould, if it is that and these values to the
character, else word by word.
Refuses to render from a template other than the one that the message was planned with.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
import psycopg

from duly import errors
from duly.channels import base
from duly.evidence import vault
from duly.model import party
from duly.plan import inputs as plan_inputs
from duly.plan import saying
from duly.run import planned, ruling
from duly.store import sql
from duly.text import (
    disclosure,
    elements,
    escape,
    lint,
    offers,
    page,
    render,
    segment,
    statements,
    template,
    wording,
)
from duly.text.shelf import Kind

_SQL = sql.load()

_DATES = frozenset(name for name, kind in saying.FIGURES.items() if kind == pl.Date())


@dataclass(frozen=True, kw_only=True)
class Outfit:
    """What every message of a project is rendered with.

    `lists` to read a text against, `senders` by route and brand, `routes` as the plan knows them.
    """

    words: plan_inputs.Words
    lists: wording.Lists
    routes: tuple[plan_inputs.Route, ...]
    senders: Mapping[tuple[str, str], str]


class Renderer:
    """Renders rows for one channel."""

    def __init__(self, outfit: Outfit, *, safe: vault.Vault, channel: base.Channel) -> None:
        self._outfit = outfit
        self._safe = safe
        self._channel = channel
        self._markets = {route.name: route.market for route in outfit.routes}
        self._latencies = {route.name: timedelta(milliseconds=route.latency_ms) for route in outfit.routes}
        self._kinds: dict[tuple[Hashable, ...], Kind | None] = {}

    def prepare(
        self, connection: psycopg.Connection[Any], rows: Sequence[planned.Planned]
    ) -> list[ruling.Prepared | ruling.Drop]:
        """Each row rendered and encoded, or dropped with the reason why it cannot be."""
        names = {
            row[0]: bytes(row[1])
            for row in connection.execute(
                _SQL["persons_sealed"], {"persons": sorted({row.person for row in rows})}
            ).fetchall()
        }
        points = {
            row[0]: (row[1], bytes(row[3]))
            for row in connection.execute(
                _SQL["contacts_sealed"], {"points": sorted({row.point for row in rows})}
            ).fetchall()
        }
        return [self._prepare(row, names.get(row.person), points.get(row.point)) for row in rows]

    def _end(self, row: planned.Planned) -> datetime:
        """The end of a message's life, earlier than planned by as much as its carrier was measured slower than said.

        The carrier is told to drop it then, and what cannot arrive within the law's window any more does not leave.
        """
        measured = self._channel.delay
        beyond = timedelta() if measured is None else measured - self._latencies[row.route]
        return row.not_after if beyond <= timedelta() else (row.not_after - beyond).replace(microsecond=0)

    def _prepare(
        self, row: planned.Planned, sealed: bytes | None, point: tuple[str, bytes] | None
    ) -> ruling.Prepared | ruling.Drop:
        if sealed is None or point is None or point[0] != row.person:
            return _drop(row, "contact_gone")
        try:
            name = json.loads(self._safe.open(row.person, sealed, kind="person", ref=row.person))["name"]
            to = self._safe.open(row.person, point[1], kind="contact", ref=row.point).decode()
            typed = self._typed(row, str(name))
            values = self._values(row, typed)
            said = self._say(row, values)
        except errors.KeyMissing:
            return _drop(row, "person_erased")
        except errors.EvidenceBroken:
            return _drop(row, "vault_altered")
        except (escape.RefusedError, render.MissingFieldError):
            return _drop(row, "text_refused", fact="the template cannot be filled")
        except _OtherTemplate:
            return _drop(row, "template_changed", wake=True)
        end = self._end(row)  # once: it may be measured anew meanwhile
        try:
            encoded = self._channel.encode(self._message(row, to, said, end))
        except base.Unsendable as refused:
            return _drop(row, "unsendable", fact=refused.code)
        found, carried, tells = self._read(row, said, values, typed)
        blocking = [one for one in found if one.action is wording.Action.BLOCK]
        return ruling.Prepared(
            planned=row,
            encoded=encoded,
            text=said["text"],
            subject=said.get("subject", ""),
            claims=lint.claims(found),
            elements=carried,
            debt_disclosed=tells,
            findings=tuple(one.code for one in blocking if one.category is None),
            until=end,
        )

    def _read(
        self, row: planned.Planned, said: Mapping[str, str], values: dict[str, str], typed: dict[str, object]
    ) -> tuple[list[lint.Finding], frozenset[str], bool]:
        """What was found in the message, what it carries, and whether it tells of a debt.

        A text that is its mould filled with these values, to the character, is as its mould was read.
        """
        kind = self._kind(row)
        mould = None if kind is None else self._outfit.words.shelf.vouched(kind, values, typed)
        if (
            mould is not None
            and all(text == mould.fill(part, values) for part, text in said.items())
            and not self._too_long(row, said["text"])
        ):
            found = [one for part in said for one in mould.findings[part]]
            return found, mould.elements, mould.tells
        found = [one for part, text in said.items() for one in self._lint(row, part, text, values)]
        stated = statements.present(said["text"], self._outfit.lists.statements, row.locale)
        carried = elements.present(said["text"], values) | stated
        return found, carried, any(self._tells(part, text) for part, text in said.items())

    def _too_long(self, row: planned.Planned, text: str) -> bool:
        most = self._outfit.words.max_parts
        if most is None or row.channel != party.Channel.SMS.value:
            return False
        return segment.count(text, self._markets[row.route]).billed > most

    def _by(self, row: planned.Planned) -> saying.By:
        creditor = str(row.fields["creditor"])
        return saying.By(
            lists=self._outfit.lists,
            currency=str(row.fields["currency"]),
            market=self._markets[row.route],
            offered=offers.standing(self._outfit.words.offers, on=row.day, creditor=creditor),
        )

    def _kind(self, row: planned.Planned) -> Kind | None:
        by = self._by(row)
        key = (row.notice, row.locale, row.channel, row.route, row.brand, by.currency, by.offered)
        if key not in self._kinds:
            sign = saying.signature(self._outfit.routes, row.route, row.brand, row.locale)
            self._kinds[key] = saying.kind(
                self._outfit.words,
                by,
                notice=row.notice,
                locale=row.locale,
                channel=party.Channel(row.channel),
                sign=sign,
            )
        return self._kinds[key]

    def encode_sample(self, row: planned.Planned, *, name: str, to: str) -> base.Encoded | None:
        """A row of nobody as bytes to a number of the lender's own; None where its template is another by now."""
        values = self._values(row, self._typed(row, name))
        try:
            return self._channel.encode(self._message(row, to, self._say(row, values), self._end(row)))
        except (_OtherTemplate, escape.RefusedError, render.MissingFieldError, base.Unsendable):
            return None

    def _message(self, row: planned.Planned, to: str, said: Mapping[str, str], end: datetime) -> base.Message:
        return base.Message(
            key=row.key,
            channel=party.Channel(row.channel),
            to=to,
            text=said["text"],
            subject=said.get("subject", ""),
            html=said.get("html", ""),
            day=row.day,
            not_after=end,
            sender=self._outfit.senders.get((row.route, row.brand), ""),
        )

    def _tells(self, part: str, text: str) -> bool:
        read = page.visible(text) if part == "html" else text
        return disclosure.told(read, self._outfit.lists) is not None

    def _say(self, row: planned.Planned, values: Mapping[str, str]) -> dict[str, str]:
        found = saying.templates(self._outfit.words, row.notice, row.locale, party.Channel(row.channel))
        if found is None or saying.digest(found) != row.template_digest:
            raise _OtherTemplate
        said = {part: render.plain(one, values) for part, one in found.items()}
        if row.channel == party.Channel.SMS.value:
            sign = saying.signature(self._outfit.routes, row.route, row.brand, row.locale)
            if sign and not said["text"].startswith(sign.strip()):
                said["text"] = sign + said["text"]
        return said

    def _lint(
        self, row: planned.Planned, part: str, text: str, values: Mapping[str, str]
    ) -> tuple[lint.Finding, ...]:
        sink = template.SINK_OF_FILE[saying.PARTS[party.Channel(row.channel)][part]]
        measure = saying.measure(self._outfit.words, self._by(row), notice=row.notice, sink=sink)
        allowed = [value for name in saying.AMOUNTS if isinstance(value := row.fields.get(name), int)]
        return lint.lint(text, measure, allowed=allowed, values=values)

    def _values(self, row: planned.Planned, typed: Mapping[str, object]) -> dict[str, str]:
        return saying.values_of_one(typed, self._outfit.words, row.locale)

    def _typed(self, row: planned.Planned, name: str) -> dict[str, object]:
        return {field: _typed(field, row.fields.get(field)) for field in saying.FIGURES} | {"name": name}


def _typed(field: str, value: object) -> object:
    return date.fromisoformat(str(value)) if field in _DATES and value is not None else value


class _OtherTemplate(Exception):
    """The template is gone, or is not the one the message was planned with."""


def _drop(row: planned.Planned, code_: str, *, fact: str | None = None, wake: bool = False) -> ruling.Drop:
    return ruling.Drop(planned=row, outcome="dropped", code=code_, fact=fact, wake=wake)
