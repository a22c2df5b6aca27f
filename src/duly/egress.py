"""The only way out of this machine: a name is resolved once, and what it leads to is reached by that address.

    connection = egress.postgresql(url, allow=("10.20.0.0/16",), connect_s=10, application="duly")

Refuses addresses of a private network, of this machine or of nobody, unless the project names them; an address
that says anything besides where, who and how it is sealed; and a word in clear over the open net. So a name that
points elsewhere tomorrow, or an address that somebody slipped in, reaches nothing inside.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import psycopg
from psycopg import conninfo

from duly.errors import DatabaseAway, DatabaseRefused, NotAllowed
from duly.model.said import say

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_PORT = 5432
# What an address may say. Everything else of libpq's words could lead elsewhere (service, hostaddr, load balancing),
# read files or change what the session does (options).
_WORDS = frozenset(
    {
        "host",
        "port",
        "dbname",
        "user",
        "password",
        "sslmode",
        "sslrootcert",
        "sslcert",
        "sslkey",
        "channel_binding",
    }
)
_SEALED = "verify-full"


@dataclass(frozen=True, kw_only=True)
class Reached:
    """Where a name leads: the addresses, each allowed, and whether all of them were named by the project."""

    addresses: tuple[str, ...]
    named: bool


def networks(written: Collection[str]) -> tuple[Network, ...] | None:
    """The networks among what a project allows (folders of sockets are the others); None if one is neither."""
    found: list[Network] = []
    for each in written:
        if each.startswith("/"):
            continue
        try:
            found.append(ipaddress.ip_network(each))
        except ValueError:
            return None
    return tuple(found)


def reach(host: str, port: int, *, allow: Collection[str]) -> Reached:
    """Resolve a name, once.

    Raises:
        NotAllowed: it leads, even once among others, to an address that is private and not in `allow`.
        DatabaseAway: it leads nowhere.
    """
    if host.startswith("/"):
        if str(PurePosixPath(host)) not in allow:
            raise _private(host)
        return Reached(addresses=(), named=True)
    try:
        told = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise DatabaseAway(
            say("the name {host} leads to no address", host=host),
            remedy=say("Check the name, and that this machine may ask for it."),
        ) from error
    addresses = [ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in told]
    allowed = networks(allow) or ()
    named = [_within(address, allowed) for address in addresses]
    if any(not (is_named or _is_open(address)) for address, is_named in zip(addresses, named, strict=True)):
        raise _private(host)
    return Reached(addresses=tuple(dict.fromkeys(str(each) for each in addresses)), named=all(named))


def _plain(address: Address) -> Address:
    """An IPv4 address is one however it is wrapped."""
    if isinstance(address, ipaddress.IPv6Address):
        return address.ipv4_mapped or address.sixtofour or address
    return address


def _is_open(address: Address) -> bool:
    plain = _plain(address)
    return plain.is_global and not plain.is_multicast


def _within(address: Address, allowed: Sequence[Network]) -> bool:
    return any(_plain(address) in network for network in allowed)


def _private(host: str) -> NotAllowed:
    return NotAllowed(
        say("{host} leads into a private network or to this machine", host=host),
        remedy=say("If it is meant, name the network, or the folder of the socket, under `allow_private`."),
    )


def postgresql(
    url: str, *, allow: Collection[str], connect_s: int, application: str
) -> psycopg.Connection[tuple[object, ...]]:
    """A connection to somebody else's PostgreSQL at the address that its name led to, which commits by itself.

    Over the open net the server must prove its name (`sslmode=verify-full`).

    Raises:
        NotAllowed: the address may not be reached, or says more than an address may.
        DatabaseRefused: the address cannot be read.
        DatabaseAway: nobody answers there in time, or lets us in.
    """
    told = _address(url)
    reached = reach(told["host"], int(told.get("port", str(_PORT))), allow=allow)
    if not reached.named and told.setdefault("sslmode", _SEALED) != _SEALED:
        raise NotAllowed(
            say("over the open net a database is reached with sslmode=verify-full alone"),
            remedy=say("Leave sslmode out of the address, and name the authority by sslrootcert."),
        )
    if reached.addresses:
        told["hostaddr"] = ",".join(reached.addresses)
        told["host"] = ",".join([told["host"]] * len(reached.addresses))
    try:
        return psycopg.connect(
            conninfo.make_conninfo("", **told),
            autocommit=True,
            application_name=application,
            client_encoding="UTF8",
            connect_timeout=connect_s,
            options="-c default_transaction_read_only=on",
        )
    except psycopg.Error:
        # `from None`: libpq's own words quote the address.
        raise DatabaseAway(
            say(
                "the database at {host} lets nobody in, or does not answer",
                host=told["host"].partition(",")[0],
            ),
            remedy=say("Check that it runs, that the role may enter from here, and its password."),
        ) from None


def _address(url: str) -> dict[str, str]:
    try:
        told: Mapping[str, object] = conninfo.conninfo_to_dict(url)
    except psycopg.Error:
        raise DatabaseRefused(
            say("the address of the database cannot be read"),
            remedy=say("Write it as postgresql://role:password@host:port/name."),
        ) from None
    found = {word: str(value) for word, value in told.items()}
    odd = sorted(set(found) - _WORDS)
    several = any("," in found.get(word, "") for word in ("host", "port"))
    if odd or several or not found.get("host") or not found.get("port", "1").isdecimal():
        raise NotAllowed(
            say(
                "the address of the database does not name one host and no more: {odd}",
                odd=", ".join(odd) or "host",
            ),
            remedy=say("Write it as postgresql://role:password@host:port/name."),
        )
    return found
