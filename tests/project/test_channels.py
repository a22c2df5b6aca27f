"""channels.yaml: routes, and what is refused."""

from __future__ import annotations

from importlib import resources
from pathlib import PurePosixPath

import pytest

from duly.channels.smpp_settings import Binding, LongTexts
from duly.errors import KeyMissing
from duly.model.party import Channel
from duly.project import channels, smpp
from duly.project.reference import Reference
from duly.wire.remote_id import Habit
from duly.wire.smpp.receipt import State
from duly.wire.smpp.status import Class
from duly.wire.sms import Alphabet

SHIPPED = (resources.files("duly") / "invent" / "folder" / "cn" / "channels.yaml").read_text(encoding="utf-8")


def test_the_shipped_routes_are_read() -> None:
    """Prices are exact millionths, secrets are names of variables."""
    routes, problems = channels.read(SHIPPED, currency="CNY")
    assert problems == []
    assert routes is not None
    main = routes[0]
    assert (main.name, main.channel, main.cost_micro, main.currency) == ("main", Channel.SMS, 45_000, "CNY")
    assert (main.latency_ms, main.window, main.rate) == (5_000, 50, 100)
    assert main.smpp is not None
    assert main.smpp.password == Reference(variable="DULY_SMPP_PASSWORD")
    signature = main.signature("晨曦消金")
    assert signature is not None
    assert signature.texts["zh-CN"] == "【晨曦消金】"
    assert main.signature("another") is None


BROKEN = [
    ("password: $DULY_SMPP_PASSWORD", "password: hunter2", "channels.secret", "password ********"),
    ("system_id: $DULY_SMPP_SYSTEM_ID", 'system_id: "hunter2"', "channels.secret", "system_id ********"),
    ("password: $DULY_SMPP_PASSWORD", "password: 12345", "channels.secret", "password ********"),
    ("    password: $DULY_SMPP_PASSWORD\n", "", "channels.key.missing", "- name: main"),
    ("kind: smpp", "kind: pigeon", "channels.choice", "kind: pigeon"),
    ("channel: sms", "channel: fax", "channels.choice", "channel: fax"),
    ("port: 2775", "port: 70000", "channels.number", "port: 70000"),
    ("rate: 100", "rate: fast", "channels.number", "rate: fast"),
    ("latency: 5s", "latency: 5 s", "channels.text.shape", "latency: 5 s"),
    ('cost_per_part: "0.045"', 'cost_per_part: "0.0000001"', "channels.amount", "cost_per_part"),
    ("market: cn", "market: moon", "channels.choice", "market: moon"),
    ("window: 50", "windows: 50", "channels.key.unknown", "windows: 50"),
    ("name: mailbox", "name: main", "channels.route.twice", "- name: main"),
    ("folder: outgoing-email", "folder: ../../etc", "channels.text.shape", "folder: ../../etc"),
    ("folder: outgoing-email", "folder: outgoing-email\n    port: 25", "channels.key.foreign", "port: 25"),
    ("filed_on: 2026-01-05", "filed_on: 2026-13-05", "channels.date.impossible", "filed_on: 2026-13-05"),
    ("filing: 虚构备案-2026-0001\n", "\n", "channels.key.missing", "- brand: 晨曦消金"),
    ("sender: 1069000000000001", "sender: 106#9", "channels.text.shape", "sender: 106#9"),
    ("    window: 50", "    window: 50\n    refuses: [happiness]", "channels.choice", "refuses: [happiness]"),
    ("    window: 50", "    window: 50\n    bind: receiver", "channels.choice", "bind: receiver"),
    ("    window: 50", "    window: 50\n    binds: 65", "channels.number", "binds: 65"),
    ("    window: 50", "    window: 50\n    long_texts: whole", "channels.choice", "long_texts: whole"),
    (
        "    window: 50",
        "    window: 50\n    tls: {ca: ../ca.pem}",
        "channels.text.shape",
        "tls: {ca: ../ca.pem}",
    ),
    ("    window: 50", "    window: 50\n    tls: {key: hunter2}", "channels.secret", "key ********"),
    ("    window: 50", "    window: 50\n    tls: {key: $K}", "channels.tls.half", "tls: {key: $K}"),
    ("    window: 50", "    window: 50\n    dialect: {ids: odd}", "channels.choice", "ids: odd"),
    ("    window: 50", "    window: 50\n    dialect: {accent: 1}", "channels.key.unknown", "accent: 1"),
    ("    window: 50", '    window: 50\n    dialect: {codes: {"0x0": retry}}', "channels.code", "0x0"),
    ("    window: 50", '    window: 50\n    dialect: {codes: {"0x1": taken}}', "channels.choice", "0x1"),
    (
        "    window: 50",
        "    window: 50\n    dialect: {receipt_words: {OK: fine}}",
        "channels.choice",
        "OK: fine",
    ),
    ("folder: outgoing-email", "folder: outgoing-email\n    binds: 2", "channels.key.foreign", "binds: 2"),
]


@pytest.mark.parametrize(("old", "new", "code", "excerpt"), BROKEN)
def test_a_mistake_has_its_code_and_its_line(old: str, new: str, code: str, excerpt: str) -> None:
    """Each mistake is found where it stands."""
    assert old in SHIPPED
    routes, problems = channels.read(SHIPPED.replace(old, new, 1), currency="CNY")
    assert routes is None
    assert (code, True) in [(each.code, excerpt in each.excerpt) for each in problems]
    assert "hunter2" not in repr(problems)


FULL = """
    bind: pair
    binds: 4
    enquire_after: 15s
    long_texts: payload
    tls:
      ca: certificates/carrier-ca.pem
      certificate: certificates/us.pem
      key: /etc/duly/smpp.key
      server_name: smpp.carrier.example
    dialect:
      zone: Asia/Singapore
      alphabet: latin_1
      ids: hex_answers
      receipt_layout: "MsgID={id};State={state};Done={done}"
      receipt_words: {"0": delivered, blocked: rejected}
      codes: {"0x0401": retry, "0x0402": slower, "0x0403": final}
      source_ton: 3
      source_npi: 0
      reference: false
      reference_tag: "0x1501"
"""


def test_all_that_may_be_said_of_a_carrier_is_read() -> None:
    """Binds, TLS and the dialect, each as what the channel takes."""
    routes, problems = channels.read(
        SHIPPED.replace("    window: 50\n", f"    window: 50{FULL}", 1), currency="CNY"
    )
    assert problems == []
    assert routes is not None
    assert routes[0].places == 200
    read = routes[0].smpp
    assert read is not None
    assert (read.bind, read.binds, read.enquire_after_ms, read.long_texts) == (
        Binding.PAIR,
        4,
        15_000,
        LongTexts.PAYLOAD,
    )
    assert read.tls == smpp.Tls(
        ca="certificates/carrier-ca.pem",
        certificate="certificates/us.pem",
        key=PurePosixPath("/etc/duly/smpp.key"),
        server_name="smpp.carrier.example",
    )
    spoken = read.dialect
    assert (spoken.zone, spoken.alphabet, spoken.ids) == (
        "Asia/Singapore",
        Alphabet.LATIN_1,
        Habit.HEX_ANSWERS,
    )
    assert spoken.receipts.layout is not None
    assert spoken.receipts.words == {"0": State.DELIVERED, "BLOCKED": State.REJECTED}
    assert spoken.codes == {0x401: Class.REFUSED_RETRY, 0x402: Class.THROTTLED, 0x403: Class.REFUSED_FINAL}
    assert (spoken.source_ton, spoken.source_npi, spoken.reference, spoken.reference_tag) == (
        3,
        0,
        False,
        0x1501,
    )


def test_what_is_not_said_of_a_carrier_is_what_most_do() -> None:
    """One transceiver, no TLS, the usual receipts, our reference asked for."""
    routes, _ = channels.read(SHIPPED, currency="CNY")
    assert routes is not None
    read = routes[0].smpp
    assert read is not None
    assert (read.bind, read.binds, read.tls, read.dialect) == (Binding.TRANSCEIVER, 1, None, smpp.Dialect())
    assert routes[0].places == routes[0].window


def test_a_reference_is_resolved_from_the_environment_and_missing_it_says_so() -> None:
    """An empty variable is a missing one."""
    reference = Reference(variable="DULY_X")
    assert reference.resolve({"DULY_X": "secret"}) == "secret"
    for environ in ({}, {"DULY_X": ""}):
        with pytest.raises(KeyMissing, match="DULY_X is not set"):
            reference.resolve(environ)
