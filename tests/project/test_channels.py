"""channels.yaml: routes, and what is refused."""

from __future__ import annotations

from importlib import resources

import pytest

from duly.errors import KeyMissing
from duly.model.party import Channel
from duly.project import channels
from duly.project.reference import Reference

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
]


@pytest.mark.parametrize(("old", "new", "code", "excerpt"), BROKEN)
def test_a_mistake_has_its_code_and_its_line(old: str, new: str, code: str, excerpt: str) -> None:
    """Each mistake is found where it stands."""
    assert old in SHIPPED
    routes, problems = channels.read(SHIPPED.replace(old, new, 1), currency="CNY")
    assert routes is None
    assert (code, True) in [(each.code, excerpt in each.excerpt) for each in problems]
    assert "hunter2" not in repr(problems)


def test_a_reference_is_resolved_from_the_environment_and_missing_it_says_so() -> None:
    """An empty variable is a missing one."""
    reference = Reference(variable="DULY_X")
    assert reference.resolve({"DULY_X": "secret"}) == "secret"
    for environ in ({}, {"DULY_X": ""}):
        with pytest.raises(KeyMissing, match="DULY_X is not set"):
            reference.resolve(environ)
