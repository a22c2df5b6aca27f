"""A lender's own law/ folder: its head, a window that is narrower than the law's, and what is needed around them."""

from __future__ import annotations

import shutil
from pathlib import Path

from duly.law import pack

HEAD = """\
pack: acme
title: {zh: 本机构更严的规则, en: Stricter rules of our own}
as_of: 2026-11-20
reviewed_until: 2027-11-20
zone: Asia/Shanghai
jurisdictions: [CN]
tested_with: [cn, house]
"""

HOURS = """\
- id: acme.hours
  type: time_window
  jurisdiction: CN
  authority: policy
  effect: deny
  title: {zh: 九时至十八时联系。, en: We contact from nine to six.}
  applies: {action: [contact]}
  versions:
    - from: FIRST
      until: null
      status: STATUS
      reading: draft
      allow: [{from: 09:00, to: 18:00, from_incl: true, to_incl: false}]
      zone: {basis: fixed, name: Asia/Shanghai}
      cite: {instrument: "Acme, rule of our own", tier: house}
"""

HOURS_TESTS = """\
- {name: At nine, rules: [acme.hours], given: {at: SINCE 09:00:00}, expect: {verdict: permit, because: [acme.hours]}}
- name: A second before nine
  rules: [acme.hours]
  given: {at: SINCE 08:59:59}
  expect: {verdict: hold, until: SINCE 09:00:00, blocked_by: [acme.hours]}
- {name: The day before, rules: [acme.hours], given: {at: BEFORE 08:30:00}, expect: {verdict: permit}}
"""

# A calendar of which the rule knows no day, and a window that counts by it.
WORKDAYS = """\
- id: acme.cal
  type: parameter
  jurisdiction: CN
  authority: policy
  effect: require
  title: {zh: 工作日历。, en: Our working days.}
  versions:
    - from: 2026-01-01
      until: null
      status: in_force
      reading: draft
      value: null
      unit: calendar
      cite: {instrument: "Acme, rule of our own", tier: unseen}
- id: acme.workdays
  type: time_window
  jurisdiction: CN
  authority: policy
  effect: deny
  title: {zh: 仅工作日联系。, en: We contact on working days.}
  applies: {action: [contact]}
  versions:
    - from: 2026-01-01
      until: null
      status: in_force
      reading: draft
      allow: [{days: [workday], from: 08:00, to: 20:00, from_incl: true, to_incl: false}]
      holidays: {calendar: acme.cal, policy: as_sunday}
      zone: {basis: fixed, name: Asia/Shanghai}
      cite: {instrument: "Acme, rule of our own", tier: house}
"""

WORKDAYS_TESTS = """\
- {name: No day is known, rules: [acme.cal], given: {on: 2026-11-23}, expect: {value: null}}
- name: Nobody knows whether it is a working day
  rules: [acme.workdays]
  given: {at: 2026-11-23 10:00:00}
  expect: {verdict: hold, in_doubt: ['acme.workdays: policy.acme.cal']}
- name: A Monday that is worked
  rules: [acme.workdays]
  given:
    at: 2026-11-23 10:00:00
    policy:
      cn-freq-04: 1
      acme.cal: {from: 2026-01-01, until: 2026-12-31, days: {weekend: [sat, sun], holidays: [], working: []}}
  expect: {verdict: permit, because: [acme.workdays]}
"""


def write(project: Path, rules: str, tests: str) -> None:
    """Put rules of the lender's own with their tests into a project."""
    law = project / "law"
    for name in ("rules", "tests"):
        (law / name).mkdir(parents=True, exist_ok=True)
    (law / "pack.yaml").write_text(HEAD, encoding="utf-8")
    shutil.copyfile(pack.shipped("house") / "tests" / "base.yaml", law / "tests" / "base.yaml")
    (law / "rules" / "own.yaml").write_text(rules, encoding="utf-8")
    (law / "tests" / "own.yaml").write_text(tests, encoding="utf-8")


def hours(project: Path, *, since: str, before: str, status: str = "in_force") -> None:
    """The narrower window, from a day on; `before` is the day before."""
    rules = HOURS.replace("FIRST", since).replace("STATUS", status)
    write(project, rules, HOURS_TESTS.replace("SINCE", since).replace("BEFORE", before))


def calendar(project: Path, *, since: str = "2026-01-01", until: str = "2026-12-31", **more: str) -> None:
    """Days for the calendar of WORKDAYS; `more` replaces single lines."""
    lines = {
        "calendar": "acme.cal",
        "from": since,
        "until": until,
        "weekend": "[sat, sun]",
        "holidays": "[2026-11-24]",
        "working": "[2026-11-28]",
        "by": "zhao.min",
        "on": "2026-11-20",
        "source": "our own list",
    } | more
    file = project / "law" / "calendars" / "ours.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(f"{key}: {value}\n" for key, value in lines.items()), encoding="utf-8")
