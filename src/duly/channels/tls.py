"""Whom we believe over TLS, and how we show who we are: PEM in, a context for the socket out.

The carrier's certificate is always checked, against the authorities named or the system's own, and so is its name.
Refuses anything below TLS 1.2, and a key that is not the certificate's; what is wrong is said without any of the bytes.
"""

from __future__ import annotations

import os
import ssl
import tempfile
from dataclasses import dataclass, field
from pathlib import Path


class Unfit(ValueError):
    """These authorities, this certificate or this key cannot be used; `part` says which: ca, certificate or key."""

    def __init__(self, part: str, what: str) -> None:
        super().__init__(what)
        self.part = part


@dataclass(frozen=True, kw_only=True)
class Pems:
    """PEM as it stands in the files: the authorities (None for the system's), our certificate chain and its key."""

    ca: bytes | None = None
    certificate: bytes | None = None
    key: bytes | None = field(default=None, repr=False)


def client(pems: Pems) -> ssl.SSLContext:
    """The context of a client that shows its certificate where there is one. Raises Unfit."""
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if pems.ca is not None:
        # Only the named ones: a carrier with its own authority is not to be spoken for by another.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        _trust(context, pems.ca)
    if pems.certificate is not None:
        if pems.key is None:
            raise Unfit("key", "the certificate has no key")
        show(context, pems.certificate, pems.key)
    return context


def _trust(context: ssl.SSLContext, ca: bytes) -> None:
    try:
        context.load_verify_locations(cadata=ca.decode("ascii"))
    except (ssl.SSLError, UnicodeDecodeError, ValueError):
        raise Unfit("ca", "this holds no certificates in PEM") from None


def show(context: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    """Give a context its own certificate chain and key. Raises Unfit."""
    # OpenSSL takes them from files only: one that nobody else can read, gone before anything is sent.
    handle, name = tempfile.mkstemp(prefix="duly-tls-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(certificate.rstrip() + b"\n" + key)
        context.load_cert_chain(name, password=_nobody_to_ask)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise Unfit("key", "this key is not the certificate's") from None
        part = "certificate" if b"-----BEGIN CERTIFICATE" not in certificate else "key"
        raise Unfit(part, f"this is no usable {part} in PEM") from None
    except ValueError:
        raise Unfit("key", "this key is locked by a pass phrase") from None
    finally:
        Path(name).unlink()


def _nobody_to_ask() -> bytes:
    raise ValueError
