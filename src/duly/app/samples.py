"""Every template rendered once with invented figures and read as the plan would read it.

What a template promises, a text must keep: the required elements, the registered signature, the length, no sum
that is not in the book. Here the author is told before anybody is planned to be written to.
Refuses nothing by itself: the same reading, on the real text, is what holds a message.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import polars as pl

from duly.errors import Problem
from duly.model.party import Channel
from duly.model.said import say
from duly.plan import inputs, saying
from duly.project.folder import Project
from duly.project.templates import TemplateKey
from duly.run import outfit
from duly.text import elements, lint
from duly.text.segment import Market
from duly.text.template import SINK_OF_FILE

_NAMES = {"zh-CN": "欧阳示例", "en": "Ouyang Shili"}
_FIGURES: Mapping[str, object] = {
    "tail": "0000",
    "accounts_count": 1,
    "overdue_minor": 1_234_567,
    "principal_minor": 1_200_000,
    "interest_minor": 30_000,
    "penalty_minor": 4_000,
    "fee_minor": 567,
    "first_unpaid_on": date(2026, 10, 18),
    "as_of": date(2026, 11, 20),
    "dpd": 33,
    "deadline": date(2026, 12, 5),
    "next_due_on": date(2026, 12, 18),
    "next_due_minor": 412_345,
    "verify_code": "7KQ2M9",
}
# Several accounts in one notice have no common contract number.
_SEVERAL: Mapping[str, object] = {"tail": None, "accounts_count": 2}


def problems(project: Project) -> Iterator[Problem]:
    """What is wrong with the rendered text of any template, once for each fault and file."""
    words, routes = outfit.said(project, bytes(32)), outfit.ways(project)
    rows = list(_rows(project, routes))
    if not rows:
        return
    frame = pl.DataFrame(rows, schema={**saying.ADDRESS, **saying.FIGURES, "name": pl.String()}, orient="row")
    texts = saying.compose(frame, words, routes)
    markets = {route.name: route.market for route in routes}
    told: set[tuple[str, str]] = set()
    for row, said in zip(rows, texts.iter_rows(named=True), strict=True):
        for part, file in saying.PARTS[Channel(str(row["channel"]))].items():
            if said[part] is None:
                continue
            key = TemplateKey(notice=str(row["notice"]), locale=str(row["locale"]), part=file)
            values = saying.values_of(pl.DataFrame([row], schema=frame.schema), words, key.locale)
            found = _findings(
                project,
                row,
                said[part],
                file=file,
                market=markets[str(row["route"])],
                values=values.row(0, named=True),
            )
            for finding in found:
                if (key.path, finding.what) not in told:
                    told.add((key.path, finding.what))
                    yield _problem(key, finding)


def _rows(project: Project, routes: tuple[inputs.Route, ...]) -> Iterator[dict[str, object]]:
    brands = sorted({brand for route in routes for brand in route.signatures})
    names = {(row["brand_id"], row["locale"]): row["brand"] for row in saying.names_of(routes).to_dicts()}
    for key in sorted({(key.notice, key.locale) for key in project.templates}):
        notice, locale = key
        for route in routes:
            if saying.templates(outfit.said(project, bytes(32)), notice, locale, route.channel) is None:
                continue
            for brand in brands:
                for more in ({}, _SEVERAL):
                    yield {
                        "notice": notice,
                        "locale": locale,
                        "channel": route.channel.value,
                        "route": route.name,
                        "brand_id": brand,
                        "currency": project.settings.currency,
                        "creditor": _longest(project, locale),
                        "brand": names.get((brand, locale), brand),
                        **_FIGURES,
                        **more,
                        "name": _NAMES[locale],
                    }


def _longest(project: Project, locale: str) -> str:
    """The longest name of a creditor: what fits with it fits with any."""
    return max((names[locale] for names in project.settings.creditors.values()), key=len, default="")


def _findings(
    project: Project,
    row: Mapping[str, object],
    text: str,
    *,
    file: str,
    market: Market,
    values: Mapping[str, Any],
) -> Iterator[lint.Finding]:
    sink, sms = SINK_OF_FILE[file], row["channel"] == Channel.SMS.value
    notice = str(row["notice"])
    measure = lint.Measure(
        notice=notice,
        sink=sink,
        currency=project.settings.currency,
        lists=outfit.words(project),
        destinations=project.destinations,
        required=elements.required(notice, sink),
        market=market if sms else None,
        max_parts=project.settings.limits.parts_per_message if sms else None,
        preview=project.settings.limits.preview_characters if sms else 0,
        # Which offers stand is known on the day; here an author is told only of a kind that he never recorded.
        offers=frozenset(one.kind for one in project.settings.offers),
    )
    allowed = [int(str(row[name])) for name in saying.FIGURES if name.endswith("_minor")]
    for finding in lint.lint(text, measure, allowed=allowed, values=values):
        if lint.blocks([finding]):
            yield finding


def _problem(key: TemplateKey, finding: lint.Finding) -> Problem:
    what = say("with invented figures, {what}", what=finding.what)
    if finding.found not in finding.what:
        what = say("with invented figures, {what}: {found}", what=finding.what, found=finding.found)
    return Problem(
        code=finding.code.replace("text.lint.", "template.sample."),
        file=key.path,
        what=what,
        remedy=say("Mend the template; every message made from it would be held."),
    )
