"""The certificates of the routes' TLS: those in certificates/, and the keys that lie outside the project.

`problems` says what is wrong with the files, without any key; `unready` what is wrong where duly runs: no key, another
certificate's key, a certificate that is not valid on a day. Refuses to show a byte of any of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path, PurePosixPath

from cryptography import x509

from duly import errors
from duly.channels import tls
from duly.errors import Problem
from duly.model.said import say
from duly.project import smpp
from duly.project.document import Document
from duly.project.reference import Reference

_BEGINS = "-----BEGIN"


def problems(found: Mapping[str, bytes], index: int, carrier: smpp.Smpp, ways: Document) -> Iterator[Problem]:
    """What is wrong with the files that a route's `tls` names; `found` are those of the folder, `ways` its routes."""
    if carrier.tls is None:
        return
    for key, name in (("ca", carrier.tls.ca), ("certificate", carrier.tls.certificate)):
        where = ("routes", index, "tls", key)
        if name is not None and name not in found:
            what = say("the file {file} is not in the folder", file=name)
            yield ways.problem(where, "tls.missing", what, say("Put the certificate there, in PEM."))
        elif name is not None and not _chain(found[name]):
            what = say("{file} holds no certificate in PEM", file=name)
            remedy = say("Export it as PEM: it begins with -----BEGIN CERTIFICATE-----.")
            yield ways.problem(where, "tls.unreadable", what, remedy)
    for name in (carrier.tls.ca, carrier.tls.certificate):
        if name is not None and b"PRIVATE KEY-----" in found.get(name, b""):
            what = say("{file} holds a private key, and the folder is kept in git", file=name)
            remedy = say("Keep the key outside the project; then have a new one made, it has been published.")
            yield ways.problem(("routes", index, "tls"), "tls.published", what, remedy)


def unready(
    found: Mapping[str, bytes],
    index: int,
    carrier: smpp.Smpp,
    ways: Document,
    *,
    environ: Mapping[str, str],
    on: date,
) -> Iterator[Problem]:
    """What keeps a route's TLS from working here on the day `on`; a variable that is not set is told elsewhere."""
    if carrier.tls is None:
        return
    where = ("routes", index, "tls")
    for name in (carrier.tls.ca, carrier.tls.certificate):
        for each in _chain(found[name]) if name is not None else ():
            first, last = each.not_valid_before_utc.date(), each.not_valid_after_utc.date()
            if not first <= on <= last:
                what = say(
                    "a certificate in {file} is valid from {first} to {last} only",
                    file=name,
                    first=first.isoformat(),
                    last=last.isoformat(),
                )
                yield ways.problem(where, "tls.expired", what, say("Ask who issued it for a new one."))
    try:
        tls.client(pems(found, carrier.tls, environ))
    except errors.KeyMissing as error:
        if isinstance(carrier.tls.key, PurePosixPath):
            yield ways.problem((*where, "key"), "tls.key", str(error), error.remedy)
    except tls.Unfit as unfit:
        what = say("this TLS cannot work: {why}", why=str(unfit))
        yield ways.problem(
            (*where, unfit.part), "tls.unfit", what, say("Compare the files with what was issued.")
        )


def pems(found: Mapping[str, bytes], asked: smpp.Tls, environ: Mapping[str, str]) -> tls.Pems:
    """The bytes of a route's TLS. Raises KeyMissing where the key is not in the environment or not in its file."""
    return tls.Pems(
        ca=None if asked.ca is None else found[asked.ca],
        certificate=None if asked.certificate is None else found[asked.certificate],
        key=None if asked.key is None else _key(asked.key, environ),
    )


def _key(key: Reference | PurePosixPath, environ: Mapping[str, str]) -> bytes:
    if isinstance(key, PurePosixPath):
        path = str(key)
    else:
        # The variable holds the key itself, or where it is.
        path = key.resolve(environ)
        if path.startswith(_BEGINS):
            return path.encode()
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise errors.KeyMissing(
            say("the key file {path} cannot be read: {why}", path=path, why=error.strerror or ""),
            remedy=say("Put it there, readable for the user that duly runs as."),
        ) from None


def _chain(pem: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError:
        return []
