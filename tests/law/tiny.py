"""A tiny pack with every type of rule that needs no more than a few lines, to be broken by test_loading."""

from __future__ import annotations

HEAD = """\
pack: tiny
title: {zh: 样本, en: sample}
as_of: 2026-11-23
reviewed_until: 2027-02-28
zone: Asia/Shanghai
jurisdictions: [XX]
"""

RULES = """\
- id: xx-time-01
  type: time_window
  jurisdiction: XX
  authority: statute
  effect: deny
  title: {zh: 夜间不得联系。, en: No contact at night.}
  applies: {action: [contact]}
  lifted_by: [night_consent]
  versions:
    - from: 2024-01-01
      until: 2025-12-31
      status: in_force
      reading: draft
      allow: [{from: 08:00, to: 20:00, from_incl: true, to_incl: false}]
      zone: {basis: fixed, name: Asia/Shanghai}
      cite: {instrument: a text, tier: sec}
    - from: 2026-01-01
      until: null
      status: in_force
      reading: verified
      allow: [{from: 08:00, to: 22:00, from_incl: true, to_incl: false}]
      zone: {basis: fixed, name: Asia/Shanghai}
      cite: {instrument: a text, article: art. 2, tier: src}
- id: xx-freq-01
  type: rate_limit
  jurisdiction: XX
  authority: code
  effect: advise
  title: {zh: 每日三次。, en: Three a day.}
  versions:
    - from: 2024-01-01
      until: null
      status: in_force
      reading: draft
      max: 3
      window: {n: 1, unit: consecutive_days, event_day_counts: true}
      counts: attempt
      scope: [person]
      zone: {basis: fixed, name: Asia/Shanghai}
      cite: {instrument: another text, tier: sec}
- id: xx-lim-01
  type: parameter
  jurisdiction: XX
  authority: statute
  effect: require
  title: {zh: 时效。, en: Limitation.}
  versions:
    - from: 2024-01-01
      until: null
      status: in_force
      reading: verified
      value: 3
      unit: years
      cite: {instrument: a code, tier: src}
- id: xx-before-01
  type: precedence
  jurisdiction: XX
  authority: statute
  effect: deny
  title: {zh: 先通知后起诉。, en: Notice before suit.}
  versions:
    - from: 2024-01-01
      until: null
      status: in_force
      reading: draft
      event: [notice:default]
      must_exist: true
      min_elapsed: {n: 2, day_type: business, calendar: xx-days, event_day_counts: false, from: sent}
      blocks: [sue]
      scope: [account]
      zone: {basis: fixed, name: Asia/Shanghai}
      cite: {instrument: a third text, tier: mem}
  permits: true
- id: xx-consent-01
  type: require_consent
  jurisdiction: XX
  authority: statute
  effect: deny
  title: {zh: 须经同意。, en: Only with consent.}
  applies: {channel: [email]}
  versions:
    - from: 2024-01-01
      until: null
      status: in_force
      reading: draft
      basis: [direct]
      form: [written]
      freshness: {n: 60, event_day_counts: true}
      revocation: {scope: record}
      zone: {basis: fixed, name: Asia/Shanghai}
      cite: {instrument: a third text, tier: mem}
- id: xx-days
  type: parameter
  jurisdiction: XX
  authority: statute
  effect: require
  title: {zh: 日历。, en: The calendar.}
  versions:
    - from: 2026-01-01
      until: 2026-12-31
      status: in_force
      reading: draft
      value: {weekend: [sat, sun], holidays: [2026-10-01], working: [2026-10-10]}
      unit: calendar
      cite: {instrument: a third text, tier: mem}
    - from: 2027-01-01
      until: null
      status: in_force
      reading: draft
      value: null
      unit: calendar
      cite: {instrument: none seen, tier: unseen}
- id: xx-due-01
  type: deadline
  jurisdiction: XX
  authority: statute
  effect: require
  title: {zh: 十四日内通知。, en: A notice within fourteen days.}
  versions:
    - from: 2024-01-01
      until: null
      status: in_force
      reading: draft
      trigger: {zh: 欠款, en: arrears}
      do: {zh: 发出通知, en: send a notice}
      within: {n: 14, unit: days}
      repeat_every: {n: 6, unit: months}
      cite: {instrument: a third text, tier: mem}
- id: xx-keep-01
  type: retain
  jurisdiction: XX
  authority: statute
  effect: require
  title: {zh: 保存五年。, en: Kept for five years.}
  versions:
    - from: 2024-01-01
      until: null
      status: in_force
      reading: draft
      object: {zh: 记录, en: records}
      start: {zh: 形成, en: their making}
      for: {n: 5, unit: years}
      cite: {instrument: a third text, tier: mem}
- id: xx-duty-01
  type: duty
  jurisdiction: XX
  authority: statute
  effect: require
  title: {zh: 培训。, en: Training.}
  versions:
    - from: 2024-01-01
      until: null
      status: in_force
      reading: draft
      evidence_expected: {zh: 培训记录, en: a record of it}
      cite: {instrument: a third text, tier: mem}
"""

BASE = """\
at: 2026-11-23 10:00:00
jurisdictions: [XX]
action: contact
channel: sms
person: P1
accounts: [A1]
number: n1
"""

CASES = """\
- name: By day a contact is allowed
  rules: [xx-time-01, xx-freq-01]
  given: {}
  expect: {verdict: permit, because: [xx-time-01, xx-freq-01]}
- name: At ten at night it is not
  rules: [xx-time-01]
  given: {at: 2026-11-23 22:00:00}
  expect: {verdict: hold, until: 2026-11-24 08:00:00, blocked_by: [xx-time-01]}
- name: In the last year of the old text the night began at eight
  rules: [xx-time-01]
  given: {at: 2025-12-31 20:00:00}
  expect: {verdict: hold, until: 2026-01-01 08:00:00, blocked_by: [xx-time-01]}
- name: Three are enough
  rules: [xx-freq-01]
  given:
    history:
      - {at: 2026-11-23 08:00:00, kind: attempt}
      - {at: 2026-11-23 08:30:00, kind: attempt}
      - {at: 2026-11-23 09:00:00, kind: attempt}
  expect: {verdict: hold, until: 2026-11-24 08:00:00, blocked_by: [xx-freq-01]}
- {name: Three years, rules: [xx-lim-01], given: {on: 2026-11-23}, expect: {value: 3}}
- name: On the third working day after the notice suit may be brought
  rules: [xx-before-01]
  given: {action: sue, at: 2026-11-26 08:00:00, history: [{at: 2026-11-23 09:00:00, kind: notice:default}]}
  expect: {verdict: permit, because: [xx-before-01]}
- name: Without a notice it may not
  rules: [xx-before-01]
  given: {action: sue, history: []}
  expect: {verdict: hold, blocked_by: [xx-before-01]}
- name: On the last of sixty days the consent stands
  rules: [xx-consent-01]
  given: {channel: email, consents: [{basis: direct, form: written, given: 2026-09-25 23:00:00}]}
  expect: {verdict: permit, because: [xx-consent-01]}
- name: On the day after it does not
  rules: [xx-consent-01]
  given: {channel: email, consents: [{basis: direct, form: written, given: 2026-09-24 23:00:00}]}
  expect: {verdict: hold, blocked_by: [xx-consent-01]}
- {name: The first of October is off, rules: [xx-days], given: {on: 2026-10-01}, expect: {value: 'off'}}
- {name: The Saturday after it is worked, rules: [xx-days], given: {on: 2026-10-10}, expect: {value: working}}
- {name: Of the next year nothing is known, rules: [xx-days], given: {on: 2027-01-01}, expect: {value: null}}
- name: Again every six months
  rules: [xx-due-01]
  given: {on: 2026-08-17}
  expect: {due: ['2026-08-31', '2027-02-28', '2027-08-31']}
- {name: Kept for five years, rules: [xx-keep-01], given: {on: 2024-02-29}, expect: {kept_until: '2029-02-28'}}
"""
