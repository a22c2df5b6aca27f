"""What a project says, in the form in which the gate, the renderer and the inbox take it.

Pure: only moves things from the project's words to theirs.
"""

from __future__ import annotations

from datetime import date, timedelta

from duly.book import points
from duly.law import tallies
from duly.model import approval
from duly.plan import inputs as plan_inputs
from duly.project.channels import Kind
from duly.project.folder import Project
from duly.run import inbox, installation, known, rendering
from duly.text import intent, segment, shelf, wording

# What two people must have approved before anything of a plan leaves.
REQUIRED = (
    approval.Subject.STRATEGY,
    approval.Subject.TEMPLATES,
    approval.Subject.PACKS,
    approval.Subject.DESTINATIONS,
    approval.Subject.CHANNELS,
    approval.Subject.SETTINGS,
)


# How far back a lender must be able to look, whatever his law asks: what is kept of the system before reaches as far.
LEAST_HISTORY = timedelta(days=90)


def history(project: Project) -> timedelta:
    """How far back contacts are looked at: as far as any cap in force here may count one, and 90 days at least."""
    return max(LEAST_HISTORY, tallies.reach(project.law.rules))


def jurisdiction(project: Project) -> str:
    """The country whose law and words apply to a project of one jurisdiction."""
    return next(iter(project.settings.licences)).partition("-")[0]


def heard_back(project: Project) -> frozenset[str]:
    """The routes whose carriers tell by receipts what arrived."""
    return frozenset(route.name for route in project.routes if route.kind is Kind.SMPP)


def rules(project: Project, phones: tuple[str, ...] = ()) -> known.Rules:
    """What the gate holds messages against; `phones` are the lender's own, by their blind indexes."""
    return known.Rules(
        law=project.law,
        policy=project.policy,
        zone=project.settings.zone,
        feed_limits={
            name: feed.max_age_days
            for name, feed in project.book.feeds.items()
            if feed.max_age_days is not None
        },
        required={subject: project.settings.authors[subject] for subject in REQUIRED},
        digests={subject: getattr(project.digests, subject.value) for subject in REQUIRED},
        duties=project.settings.people,
        messages_per_day=project.settings.limits.messages_per_day,
        ceilings=project.settings.bounds.ceilings,
        costs={
            route.name: route.cost_micro
            for route in project.routes
            if route.currency == project.settings.currency
        },
        phones=phones,
        seeded=heard_back(project),
        history=history(project),
    )


def words(project: Project) -> wording.Lists:
    """The lists a text is read against."""
    return project.words.wording[jurisdiction(project)]


def intents(project: Project) -> intent.Lists:
    """The lists a reply is read with."""
    return project.words.intents[jurisdiction(project)]


def said(project: Project, code_key: bytes, remembered: shelf.Shelf | None = None) -> plan_inputs.Words:
    """What may be said, as plan and worker take it; `remembered` is what was read of it before."""
    return plan_inputs.Words(
        templates={(key.notice, key.locale, key.part): one for key, one in project.templates.items()},
        phrases=project.settings.phrases,
        hotline=project.settings.lender.hotline,
        official_url=project.settings.lender.official_url,
        destinations=project.destinations,
        lists=project.words.wording,
        code_key=code_key,
        max_parts=project.settings.limits.parts_per_message,
        creditors=project.settings.creditors,
        preview=project.settings.limits.preview_characters,
        offers=project.settings.offers,
        shelf=remembered or shelf.Shelf(),
    )


def ways(project: Project) -> tuple[plan_inputs.Route, ...]:
    """The routes, as far as a plan cares."""
    return tuple(
        plan_inputs.Route(
            name=route.name,
            channel=route.channel,
            market=segment.Market(route.market) if route.market else segment.Market.CN,
            rate=route.rate,
            latency_ms=route.latency_ms,
            cost_micro=route.cost_micro,
            currency=route.currency,
            signatures={one.brand: one.texts for one in route.signatures},
        )
        for route in project.routes
    )


def outfit(project: Project, code_key: bytes, remembered: shelf.Shelf | None = None) -> rendering.Outfit:
    """What every message is rendered with."""
    return rendering.Outfit(
        words=said(project, code_key, remembered),
        lists=words(project),
        routes=ways(project),
        senders={(route.name, one.brand): one.sender for route in project.routes for one in route.signatures},
    )


def listener(opened: installation.Installation) -> inbox.Listener:
    """How the inbox reads replies and finds whose they are."""
    lists = intents(opened.project)
    calling_code = opened.project.book.calling_code

    def blind(source: str) -> str:
        number = points.telephone(source, calling_code=calling_code)
        return opened.blind(number if number is not None else source)

    def read(text: str, day: date) -> intent.Intent:
        return intent.read(text, lists, on=day, currency=opened.project.settings.currency)

    settings = opened.project.settings
    return inbox.Listener(read=read, blind=blind, zone=settings.zone, currency=settings.currency)
