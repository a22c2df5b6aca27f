"""Whether the files of a project agree: what one promises, another must provide.

A strategy that names a channel needs a route for it, and templates in every language of the project; a route
must not be asked to carry what its carrier refuses. Everything is found before anybody is written to.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from duly.errors import Problem
from duly.model.party import Channel
from duly.model.said import say
from duly.plan.ladder import Stage, Strategy
from duly.project import templates
from duly.project.channels import Refusal, Route
from duly.project.contents import Contents
from duly.project.document import Document, Where
from duly.project.settings import Settings
from duly.project.templates import TemplateKey
from duly.text.template import SINK_OF_FILE, Template


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What was read; `stages` and `ways` are strategy.yaml and channels.yaml with their lines."""

    contents: Contents
    settings: Settings
    strategy: Strategy
    routes: tuple[Route, ...]
    templates: Mapping[TemplateKey, Template]
    stages: Document
    ways: Document


def problems(parts: Parts) -> list[Problem]:
    """Every disagreement, at the place that asks for what is not there."""
    return [
        *_unwritable(parts),
        *_missing_templates(parts),
        *_missing_routes(parts),
        *_refused(parts),
        *_unsigned(parts),
    ]


def _stages(parts: Parts) -> Iterator[tuple[Where, Stage]]:
    for outer, segment in enumerate(parts.strategy.segments):
        for inner, stage in enumerate(segment.stages):
            yield ("segments", outer, "stages", inner), stage


def _notices(stage: Stage) -> list[str]:
    names = [stage.notice, *(arm.notice for arm in stage.arms)]
    return sorted({name for name in names if name is not None})


def _channels(stage: Stage) -> list[Channel]:
    return [channel for step in stage.steps for channel in step]


def _unwritable(parts: Parts) -> Iterator[Problem]:
    """A channel for which no template can be written in this version."""
    for where, stage, channel in _first_uses(parts):
        if not _writable(channel):
            what = say("this version of duly writes nothing for the channel {channel}", channel=channel.value)
            remedy = say("Take it out of the stage.")
            yield parts.stages.problem(_place_of(where, channel, stage), "channel.unwritable", what, remedy)


def _writable(channel: Channel) -> bool:
    return set(templates.NEEDED[channel]) <= set(SINK_OF_FILE)


def _first_uses(parts: Parts) -> Iterator[tuple[Where, Stage, Channel]]:
    """Each channel at the first stage that uses it: what is missing for it is missing everywhere."""
    seen: set[Channel] = set()
    for where, stage in _stages(parts):
        for channel in _channels(stage):
            if channel not in seen:
                seen.add(channel)
                yield where, stage, channel


def _missing_templates(parts: Parts) -> Iterator[Problem]:
    told: set[TemplateKey] = set()
    for where, stage in _stages(parts):
        for notice in _notices(stage):
            for channel in _channels(stage):
                for key in _lacking(parts, notice, channel):
                    if key in told:
                        continue
                    told.add(key)
                    what = say(
                        "the stage `{stage}` says `{notice}` by {channel}, and {path} is missing",
                        stage=stage.name,
                        notice=notice,
                        channel=channel.value,
                        path=key.path,
                    )
                    remedy = say("Write it, or take the channel out of the stage.")
                    yield parts.stages.problem(
                        _place_of(where, channel, stage), "template.missing", what, remedy
                    )


def _lacking(parts: Parts, notice: str, channel: Channel) -> Iterator[TemplateKey]:
    for locale in parts.settings.locales:
        for part in templates.NEEDED[channel] if _writable(channel) else ():
            key = TemplateKey(notice=notice, locale=locale, part=part)
            # A template that is there and wrong has its own problems.
            if key.path not in parts.contents.files:
                yield key


def _place_of(where: Where, channel: Channel, stage: Stage) -> Where:
    return (*where, "channel" if stage.steps and channel in stage.steps[0] else "fallback")


def _missing_routes(parts: Parts) -> Iterator[Problem]:
    open_channels = {route.channel for route in parts.routes}
    for where, stage, channel in _first_uses(parts):
        if channel not in open_channels and _writable(channel):
            what = say(
                "the stage `{stage}` goes out by {channel}, and channels.yaml has no route for it",
                stage=stage.name,
                channel=channel.value,
            )
            remedy = say(
                "Add a route with `channel: {channel}`, or take the channel out of the strategy.",
                channel=channel.value,
            )
            yield parts.stages.problem(_place_of(where, channel, stage), "route.missing", what, remedy)


def _refused(parts: Parts) -> Iterator[Problem]:
    """A route whose carrier turns away what the strategy would hand it."""
    overdue = {channel for _, stage in _stages(parts) if not stage.ahead for channel in _channels(stage)}
    third = any(licence.actor == "third_party" for licence in parts.settings.licences.values())
    linked = {_channel_of(key) for key, template in parts.templates.items() if _links(template)}
    for index, route in enumerate(parts.routes):
        asked: Mapping[Refusal, bool] = {
            Refusal.OVERDUE_NOTICES: route.channel in overdue,
            Refusal.THIRD_PARTY: third,
            Refusal.LINKS: route.channel in linked,
        }
        for refusal in sorted(route.refuses, key=lambda each: each.value):
            if asked[refusal]:
                what = say(
                    "the route `{route}` refuses {refusal}, and this project would send just that by it",
                    route=route.name,
                    refusal=refusal.value,
                )
                remedy = say("Use a carrier that takes it: a message that is dropped quietly is lost.")
                yield parts.ways.problem(("routes", index, "refuses"), "route.refuses", what, remedy)


def _channel_of(key: TemplateKey) -> Channel:
    kind = key.part.partition(".")[0]
    return next(channel for channel in Channel if channel.value == kind)


def _links(template: Template) -> bool:
    return "official_url" in template.fields or "://" in template.source


def _unsigned(parts: Parts) -> Iterator[Problem]:
    """Every signature has its text in every language of the project."""
    for index, route in enumerate(parts.routes):
        for place, signature in enumerate(route.signatures):
            for locale in _missing_locales(parts.settings.locales, signature.texts):
                what = say(
                    "the signature of {brand} has no text in {locale}", brand=signature.brand, locale=locale
                )
                remedy = say("Add it under `texts`, as it was registered.")
                where = ("routes", index, "signatures", place, "texts")
                yield parts.ways.problem(where, "signature.locale", what, remedy)


def _missing_locales(wanted: Collection[str], present: Mapping[str, str]) -> list[str]:
    return [locale for locale in wanted if locale not in present]
