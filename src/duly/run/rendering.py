"""The worker's own rendering, inside its claim and before the gate: from ids and figures to the exact bytes.

Names and numbers are opened here for as long as it takes; what was rendered is linted again as a text, because
what leaves is this text and not the one that was planned.
Refuses to render from a template other than the one that the message was planned with.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
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
    fields,
    lint,
    offers,
    page,
    render,
    statements,
    template,
    wording,
)

_SQL = sql.load()

_DATES = frozenset(name for name, kind in saying.FIGURES.items() if kind == pl.Date())
_AMOUNTS = tuple(name for name in saying.FIGURES if name.endswith("_minor"))


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

    def _prepare(
        self, row: planned.Planned, sealed: bytes | None, point: tuple[str, bytes] | None
    ) -> ruling.Prepared | ruling.Drop:
        if sealed is None or point is None or point[0] != row.person:
            return _drop(row, "contact_gone")
        try:
            name = json.loads(self._safe.open(row.person, sealed, kind="person", ref=row.person))["name"]
            to = self._safe.open(row.person, point[1], kind="contact", ref=row.point).decode()
            values = self._values(row, str(name))
            said = self._say(row, values)
        except errors.KeyMissing:
            return _drop(row, "person_erased")
        except errors.EvidenceBroken:
            return _drop(row, "vault_altered")
        except (escape.RefusedError, render.MissingFieldError):
            return _drop(row, "text_refused", fact="the template cannot be filled")
        except _OtherTemplate:
            return _drop(row, "template_changed", wake=True)
        message = base.Message(
            key=row.key,
            channel=party.Channel(row.channel),
            to=to,
            text=said["text"],
            subject=said.get("subject", ""),
            html=said.get("html", ""),
            day=row.day,
            not_after=row.not_after,
            sender=self._outfit.senders.get((row.route, row.brand), ""),
        )
        try:
            encoded = self._channel.encode(message)
        except base.Unsendable as refused:
            return _drop(row, "unsendable", fact=refused.code)
        findings = [one for part, text in said.items() for one in self._lint(row, part, text, values)]
        blocking = [one for one in findings if one.action is wording.Action.BLOCK]
        return ruling.Prepared(
            planned=row,
            encoded=encoded,
            text=said["text"],
            subject=said.get("subject", ""),
            claims=lint.claims(findings),
            elements=elements.present(said["text"], values)
            | statements.present(said["text"], self._outfit.lists.statements, row.locale),
            debt_disclosed=any(self._tells(part, text) for part, text in said.items()),
            findings=tuple(one.code for one in blocking if one.category is None),
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
        sms = sink is escape.Sink.SMS
        measure = lint.Measure(
            notice=row.notice,
            sink=sink,
            currency=str(row.fields["currency"]),
            lists=self._outfit.lists,
            destinations=self._outfit.words.destinations,
            required=elements.required(row.notice, sink),
            market=self._markets[row.route] if sms else None,
            max_parts=self._outfit.words.max_parts if sms else None,
            preview=self._outfit.words.preview if sms else 0,
            offers=offers.standing(
                self._outfit.words.offers, on=row.day, creditor=str(row.fields["creditor"])
            ),
        )
        allowed = [value for name in _AMOUNTS if isinstance(value := row.fields.get(name), int)]
        return lint.lint(text, measure, allowed=allowed, values=values)

    def _values(self, row: planned.Planned, name: str) -> dict[str, str]:
        words = self._outfit.words
        phrases = words.phrases.get(row.locale, {})
        typed: dict[str, object] = {field: _typed(field, row.fields.get(field)) for field in saying.FIGURES}
        creditor = str(typed["creditor"])
        typed |= {
            "creditor": words.creditors.get(creditor, {}).get(row.locale, creditor),
            "name": name,
            "hotline": words.hotline,
            "official_url": words.official_url,
            **{field: phrases.get(field, "") for field in ("pay_how", "objection_how", "plan_how")},
        }
        return fields.localise_one(typed, row.locale)


def _typed(field: str, value: object) -> object:
    return date.fromisoformat(str(value)) if field in _DATES and value is not None else value


class _OtherTemplate(Exception):
    """The template is gone, or is not the one the message was planned with."""


def _drop(row: planned.Planned, code_: str, *, fact: str | None = None, wake: bool = False) -> ruling.Drop:
    return ruling.Drop(planned=row, outcome="dropped", code=code_, fact=fact, wake=wake)
