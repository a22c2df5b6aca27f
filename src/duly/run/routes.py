"""The channels of a project: each route of channels.yaml as a channel that is ready to be started.

Refuses a route whose secrets are not in the environment.
"""

from __future__ import annotations

from collections.abc import Mapping

from duly import errors
from duly.carrier import server
from duly.channels import base, folder, inbound, smpp
from duly.project.channels import Kind, Route
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
    return smpp.Smpp(
        smpp.Settings(
            route=route.name,
            host=route.smpp.host,
            port=route.smpp.port,
            system_id=route.smpp.system_id.resolve(environ),
            password=route.smpp.password.resolve(environ),
            source=route.signatures[0].sender if route.signatures else "",
            system_type=route.smpp.system_type,
            window=route.window,
            rate=float(route.rate),
            answer_within=route.answer_within_ms / 1000,
            zone=opened.project.settings.zone,
            # An invented project speaks to the simulated carrier and hangs up on every other.
            peer=server.NAME if opened.project.settings.invented else "",
        ),
        turnstile=turnstile,
        on_inbound=on_inbound,
    )
