"""Strategies that the tests of the plan share."""

from __future__ import annotations

# What `duly init` writes, in short.
PLAIN = """
strategy: plain
segments:
  - name: default
    stages:
      - {name: due_soon, from_dpd: -3, notice: due_soon, channel: [sms], fallback: [email], class: nudge}
      - {name: first, from_dpd: 1, notice: overdue_first, channel: [sms], fallback: [email], every: 3d, deadline: 5d}
      - {name: firm, from_dpd: 8, notice: overdue_firm, channel: [sms], fallback: [email], every: 5d, deadline: 10d}
      - {name: last, from_dpd: 31, notice: last_notice, channel: [sms, email], fallback: [letter], deadline: 15d}
"""

# Every key that there is.
FULL = """
strategy: full
segments:
  - name: cards
    when: {product: [card], creditor: [jia]}
    stages:
      - {name: week, from_dpd: -7, notice: due_soon, channel: [email], deadline: 3d}
      - {name: soon, from_dpd: -2, notice: due_soon, channel: [sms]}
      - {name: first, from_dpd: 1, notice: overdue_first, channel: [sms, email], every: 2d, deadline: 4d,
         unserved: {after: 2, then: next}, arms: {control: 90%, softer: {share: 10%, notice: overdue_softer}}}
      - {name: mid, from_dpd: 5, notice: overdue_firm, channel: [email], fallback: [sms, letter], deadline: 3d,
         served: [attempted, delivered], class: rights_preserving, unserved: {then: counsel}}
      - {name: suit, from_dpd: 9, list: suit_list, after: {stage: first, served: [delivered]}, notice: last_notice,
         channel: [letter, sms], deadline: 3d, approval: two_people}
      - {name: file, after: {stage: suit, deadline: passed}, action: litigation_file}
  - name: default
    stages:
      - {name: first, from_dpd: 1, notice: overdue_first, channel: [sms], fallback: [email], deadline: 2d}
      - {name: mid, from_dpd: 3, notice: overdue_firm, channel: [email], fallback: [sms], every: 1d, deadline: 2d}
      - {name: last, from_dpd: 6, notice: last_notice, channel: [sms, email], every: 2d}
"""

# Stages of one channel and one day, so that a random history soon comes to the end of it.
SHORT = """
strategy: short
segments:
  - name: default
    stages:
      - {name: soon, from_dpd: -2, notice: due_soon, channel: [sms]}
      - {name: first, from_dpd: 1, notice: overdue_first, channel: [sms], fallback: [email], every: 1d, deadline: 1d}
      - {name: firm, from_dpd: 3, notice: overdue_firm, channel: [sms], fallback: [email], deadline: 2d}
      - {name: last, from_dpd: 7, notice: last_notice, channel: [email], fallback: [sms], every: 3d, deadline: 3d}
"""

# Whoever was cured lately is left alone for a while, and goes on where he stood.
RETURNING = """
strategy: returning
segments:
  - name: cards
    when: {product: [card], currency: [CNY]}
    cooling_off: {days: 6d, up_to_minor: 150}
    re_entry: {within: 20d, at: same}
    stages:
      - {name: soon, from_dpd: -2, notice: due_soon, channel: [sms]}
      - {name: first, from_dpd: 1, notice: overdue_first, channel: [sms], fallback: [email], every: 1d, deadline: 1d}
      - {name: firm, from_dpd: 3, notice: overdue_firm, channel: [sms], fallback: [email], deadline: 2d}
      - {name: demand, from_dpd: 5, notice: last_notice, channel: [email], class: rights_preserving, deadline: 3d}
      - {name: last, from_dpd: 9, notice: last_notice, channel: [sms], every: 2d}
  - name: default
    cooling_off: {days: 9d}
    re_entry: {within: 12d, at: same}
    stages:
      - {name: first, from_dpd: 1, notice: overdue_first, channel: [sms], fallback: [email], deadline: 1d}
      - {name: mid, from_dpd: 2, notice: overdue_firm, channel: [email], fallback: [sms], every: 1d, deadline: 1d}
      - {name: suit, from_dpd: 4, list: suit_list, after: {stage: mid, served: [delivered]}, notice: last_notice,
         channel: [sms], deadline: 2d}
      - {name: file, after: {stage: suit, deadline: passed}, action: litigation_file}
"""

# As the lender counts since it re-aged the account.
REAGED = """
strategy: reaged
segments:
  - name: default
    stages:
      - {name: demand, from_dpd: 1, notice: last_notice, channel: [email], class: rights_preserving, deadline: 1d}
      - {name: first, from_dpd: 2, by: reaged, notice: overdue_first, channel: [sms], every: 1d, deadline: 2d}
      - {name: firm, from_dpd: 6, by: reaged, notice: overdue_firm, channel: [sms], fallback: [email], deadline: 2d}
      - {name: last, from_dpd: 9, by: contractual, notice: last_notice, channel: [sms]}
"""
