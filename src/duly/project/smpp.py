"""The SMPP part of a route in channels.yaml: where to bind and as whom, over what, and the carrier's dialect as data.

Refuses secrets, a private key among them: they are `$NAME` references to the environment, or a key is a file that lies
outside the project. Refuses a receiver alone as a route, since nothing could leave by it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from types import MappingProxyType
from zoneinfo import ZoneInfo

from duly.channels.smpp_settings import VENDOR_TAGS, Binding, LongTexts
from duly.model.said import say
from duly.project import reference
from duly.project.reference import Reference
from duly.project.table import Table
from duly.wire import sms
from duly.wire.remote_id import Habit
from duly.wire.smpp import receipt
from duly.wire.smpp.receipt import State
from duly.wire.smpp.status import Class

CERTIFICATES = "certificates"  # the folder of the project that holds them; private keys stay outside

KEYS = (
    "host", "port", "system_id", "password", "system_type", "bind", "binds", "enquire_after", "long_texts", "tls",
    "dialect",
)  # fmt: skip
_TLS_KEYS = ("ca", "certificate", "key", "server_name")
_DIALECT_KEYS = (
    "zone", "alphabet", "ids", "receipt_layout", "receipt_words", "codes", "source_ton", "source_npi", "reference",
    "reference_tag", "queries",
)  # fmt: skip

_ALPHABETS = {"gsm": sms.Alphabet.GSM, "latin_1": sms.Alphabet.LATIN_1, "ucs_2": sms.Alphabet.UCS_2}
# What a code of the carrier's own may mean; that a message was taken is said by 0 alone.
_CLASSES = {"retry": Class.REFUSED_RETRY, "final": Class.REFUSED_FINAL, "slower": Class.THROTTLED}
_STATES = {state.name.lower(): state for state in State if state is not State.UNREADABLE}
_BINDS = [one.value for one in Binding if one is not Binding.RECEIVER]


@dataclass(frozen=True, kw_only=True)
class Tls:
    """How the carrier is known and we to it: files in certificates/, and where our key is."""

    ca: str | None
    certificate: str | None
    key: Reference | PurePosixPath | None
    server_name: str


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """What is this carrier's own; the defaults are what most carriers do. `zone` is None where it is the project's."""

    zone: str | None = None
    alphabet: sms.Alphabet = sms.Alphabet.GSM
    ids: Habit = Habit.ANY
    receipts: receipt.Style = receipt.USUAL
    codes: Mapping[int, Class] = field(default_factory=lambda: MappingProxyType({}))
    source_ton: int = 0
    source_npi: int = 1
    reference: bool = True
    reference_tag: int | None = None
    queries: bool = False


@dataclass(frozen=True, kw_only=True)
class Smpp:
    """Where an SMPP carrier listens, as whom we bind, and how it speaks."""

    host: str
    port: int
    system_id: Reference
    password: Reference
    system_type: str
    bind: Binding
    binds: int
    enquire_after_ms: int
    long_texts: LongTexts
    tls: Tls | None
    dialect: Dialect


def read(table: Table) -> Smpp | None:
    """The keys of an SMPP route, or None after adding what is wrong."""
    before = len(table.problems)
    host = table.text("host", pattern=r"[A-Za-z0-9.:-]{1,253}", shape=say("a host name or an address"))
    port = table.integer("port", 1, 65_535)
    system_id, password = _secret(table, "system_id"), _secret(table, "password")
    system_type = table.text(
        "system_type", required=False, pattern=r"[!-~]{1,12}", shape=say("at most 12 letters")
    )
    bind = table.word("bind", _BINDS, required=False) or Binding.TRANSCEIVER.value
    binds = table.integer("binds", 1, 64, required=False) or 1
    enquire = table.milliseconds("enquire_after", required=False) or 30_000
    long_texts = table.choice("long_texts", LongTexts, required=False) or LongTexts.SEGMENTS
    tls, dialect = _tls(table), _dialect(table)
    if host is None or port is None or system_id is None or password is None or len(table.problems) > before:
        return None
    return Smpp(
        host=host,
        port=port,
        system_id=system_id,
        password=password,
        system_type=system_type or "",
        bind=Binding(bind),
        binds=binds,
        enquire_after_ms=enquire,
        long_texts=long_texts,
        tls=tls,
        dialect=dialect,
    )


def _secret(table: Table, key: str) -> Reference | None:
    value = table.value.get(key)
    if value is None:
        table.text(key)  # says that it is missing
        return None
    named = reference.parse(value) if isinstance(value, str) else None
    if named is None:
        table.refuse_secret(key, f"DULY_{key.upper()}")
    return named


def _tls(route: Table) -> Tls | None:
    table = route.table("tls", _TLS_KEYS, required=False)
    if table is None:
        return None
    certificate, key = _file(table, "certificate"), _key(table)
    if (certificate is None) is not (key is None):
        lacks = "key" if key is None else "certificate"
        what = say("a certificate is shown with its key, and `{lacks}` is missing", lacks=lacks)
        table.refuse_whole("tls.half", what, say("Add it, or remove the other."))
    name = table.text(
        "server_name",
        required=False,
        pattern=r"[A-Za-z0-9.:-]{1,253}",
        shape=say("a host name or an address"),
    )
    return Tls(ca=_file(table, "ca"), certificate=certificate, key=key, server_name=name or "")


def _file(table: Table, key: str) -> str | None:
    return table.text(
        key,
        required=False,
        pattern=rf"{CERTIFICATES}/[A-Za-z0-9_][A-Za-z0-9_.-]{{0,99}}",
        shape=say("a file in certificates/"),
    )


def _key(table: Table) -> Reference | PurePosixPath | None:
    value = table.value.get("key")
    if value is None:
        return None
    if isinstance(value, str) and (named := reference.parse(value)) is not None:
        return named
    if isinstance(value, str) and value.startswith("/") and "\n" not in value:
        return PurePosixPath(value)
    table.refuse_secret("key", "DULY_SMPP_TLS_KEY")
    return None


def _dialect(route: Table) -> Dialect:
    table = route.table("dialect", _DIALECT_KEYS, required=False)
    if table is None:
        return Dialect()
    ton, npi = (table.integer(key, 0, 255, required=False) for key in ("source_ton", "source_npi"))
    return Dialect(
        zone=_zone(table),
        alphabet=_ALPHABETS[table.word("alphabet", _ALPHABETS, required=False) or "gsm"],
        ids=table.choice("ids", Habit, required=False) or Habit.ANY,
        receipts=receipt.Style(layout=_layout(table), words=_words(table)),
        codes=_codes(table),
        source_ton=ton if ton is not None else 0,
        source_npi=npi if npi is not None else 1,
        reference=table.flag("reference") if table.has("reference") else True,
        reference_tag=_tag(table),
        queries=table.flag("queries"),
    )


def _zone(table: Table) -> str | None:
    name = table.text("zone", required=False)
    if name is None:
        return None
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        what = say("`{name}` is no time zone", name=name)
        table.refuse("zone", "zone", what, say("Write an IANA name, such as Asia/Shanghai."))
    return name


def _layout(table: Table) -> re.Pattern[str] | None:
    written = table.text("receipt_layout", required=False)
    if written is None:
        return None
    try:
        return receipt.layout(written)
    except ValueError:
        what = say("a receipt cannot be read by this layout")
        remedy = say(
            "Name {field} once, the other fields at most once, and put something between two fields.",
            field="{id}",
        )
        table.refuse("receipt_layout", "layout", what, remedy)
        return None


def _words(table: Table) -> dict[str, State]:
    words = table.table("receipt_words", None, required=False)
    if words is None:
        return {}
    named = {key: words.word(key, _STATES) for key in words.value}
    return {key.upper(): _STATES[state] for key, state in named.items() if state is not None}


def _codes(table: Table) -> dict[int, Class]:
    codes = table.table("codes", None, required=False)
    found: dict[int, Class] = {}
    if codes is None:
        return found
    for key in codes.value:
        outcome = codes.word(key, _CLASSES)
        number = _number(key)
        if not number:
            what = say("`{code}` is no command_status of a refusal", code=key)
            codes.refuse(key, "code", what, say('Write it as "0x0400".'))
        elif outcome is not None:
            found[number] = _CLASSES[outcome]
    return found


def _tag(table: Table) -> int | None:
    written = table.text("reference_tag", required=False)
    if written is None:
        return None
    number = _number(written)
    if number not in VENDOR_TAGS:
        what = say("`{tag}` is no tag for a parameter of our own", tag=written)
        table.refuse(
            "reference_tag", "tag", what, say('Write one from "0x1400" to "0x3FFF", as the carrier says.')
        )
        return None
    return number


def _number(written: str) -> int:
    """The number of `0x0400`; 0 for what is none."""
    digits = written.lower().removeprefix("0x")
    is_one = (
        written.lower().startswith("0x") and 1 <= len(digits) <= 8 and set(digits) <= set("0123456789abcdef")
    )
    return int(digits, 16) if is_one else 0
