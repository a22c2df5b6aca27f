"""The channels of a project: each route of channels.yaml as a channel that is ready to be started.

Refuses a route whose secrets are not in the environment.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping

from duly import errors
from duly.carrier import server
from duly.channels import base, folder, inbound, smpp, tls
from duly.project import certificates
from duly.project import smpp as project_smpp
from duly.project.channels import Kind, Route
from duly.project.folder import Project
from duly.run.installation import Installation


def channels(
    opened: Installation, *, on_inbound: inbound.OnInbound, environ: Mapping[str, str]
) -> list[base.Channel]:
    """A channel for each route, behind the one turnstile of this process."""
    turnstile = opened.turnstile()
    return [
        _channel(opened, route, turnstile=turnstile, on_inbound=on_inbound, environ=environ)
        for route in opened.project.routes
    ]


def _channel(
    opened: Installation,
    route: Route,
    *,
    turnstile: base.Turnstile,
    on_inbound: inbound.OnInbound,
    environ: Mapping[str, str],
) -> base.Channel:
    if route.kind is Kind.FOLDER:
        return folder.Folder(
            folder.Settings(
                route=route.name,
                path=opened.project.root / (route.folder or f".duly/out/{route.name}"),
                carries=frozenset({route.channel}),
            ),
            turnstile=turnstile,
        )
    if route.smpp is None:
        raise errors.WrongUsage(
            f"route {route.name} says no carrier",
            remedy="Give it host, port, system_id and password in channels.yaml.",
        )
    made = settings(opened.project, route, route.smpp, environ=environ)
    return smpp.Smpp(made, turnstile=turnstile, on_inbound=on_inbound)


def settings(
    project: Project, route: Route, carrier: project_smpp.Smpp, *, environ: Mapping[str, str]
) -> smpp.Settings:
    """An SMPP route as its channel wants it. Raises KeyMissing, and WrongUsage where its TLS cannot work."""
    dialect = carrier.dialect
    return smpp.Settings(
        route=route.name,
        host=carrier.host,
        port=carrier.port,
        system_id=carrier.system_id.resolve(environ),
        password=carrier.password.resolve(environ),
        source=route.signatures[0].sender if route.signatures else "",
        source_ton=dialect.source_ton,
        source_npi=dialect.source_npi,
        system_type=carrier.system_type,
        bind=carrier.bind,
        binds=carrier.binds,
        window=route.window,
        rate=float(route.rate),
        answer_within=route.answer_within_ms / 1000,
        enquire_after=carrier.enquire_after_ms / 1000,
        zone=dialect.zone or project.settings.zone,
        default_alphabet=dialect.alphabet,
        codes=dialect.codes,
        ids=dialect.ids,
        receipts=dialect.receipts,
        long_texts=carrier.long_texts,
        reference=dialect.reference,
        reference_tag=dialect.reference_tag,
        queries=dialect.queries,
        # An invented project speaks to the simulated carrier and hangs up on every other.
        peer=server.NAME if project.settings.invented else "",
        tls=None if carrier.tls is None else _tls(project, route, carrier.tls, environ),
        server_name="" if carrier.tls is None else carrier.tls.server_name,
    )


def _tls(
    project: Project, route: Route, asked: project_smpp.Tls, environ: Mapping[str, str]
) -> ssl.SSLContext:
    try:
        return tls.client(certificates.pems(project.certificates, asked, environ))
    except tls.Unfit as unfit:
        raise errors.WrongUsage(
            f"the TLS of route {route.name} cannot work: {unfit}",
            remedy="Run `duly check --production`; it says which file.",
        ) from None
