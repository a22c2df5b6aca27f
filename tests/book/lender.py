"""A lender's export in miniature: two accounts, three people, every feed, and its book.yaml."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from duly.book import mapping, read
from duly.book.mapping import Mapping as BookMapping
from duly.errors import Problem

AS_OF = date(2026, 3, 20)

YAML = """\
tolerance_minor: 100
cure_minor: 100
quarantine_percent: 100
feeds:
  accounts:
    files: data/accounts*.csv
    columns:
      no: account
      contract: tail
      type: product
      status: status
      since: status_since
      rate: rate
      od_rate: overdue_rate
      owed: ledger_overdue
      owed_on: ledger_as_of
      cur: currency
    values: {product: {L: cash_loan, C: card}}
    fixed: {creditor: acme, servicer: serva, brand: Acme, jurisdiction: CN, year_days: 365}
    ignore: [branch]
  parties:
    files: data/parties.csv
    columns: {who: person, no: account, role: role, zones: zones, name: name}
  instalments:
    files: data/instalments.csv
    columns: {no: account, seq: seq, due: due_on, prin: principal, int: interest}
  payments:
    files: data/payments.csv
    columns: {id: payment, no: account, day: paid_on, amount: amount, kind: kind, orig: reverses}
    values: {kind: {P: payment, R: reversal}}
  contacts:
    files: data/contacts.csv
    columns: {point: point, who: person, via: channel, value: value, consent: consent}
  holds:
    files: data/holds.csv
    columns: {who: person, no: account, why: kind, from: since, to: until}
"""

FILES: Mapping[str, str] = {
    "accounts": (
        "no,contract,type,status,since,rate,od_rate,owed,owed_on,cur,branch\n"
        "A1,K-2026-0077,L,overdue,2026-03-11,18.25,27.375,1000.50,2026-03-11,CNY,x\n"
        "A2,K-2026-0078,C,current,2026-01-01,0,0,,,CNY,y\n"
    ),
    "parties": (
        "who,no,role,zones,name\n"
        "P1,A1,borrower,Asia/Shanghai;Asia/Urumqi,王喆\n"
        'P2,A1,guarantor_general,,"李, 四"\n'
        "P3,A2,borrower,Asia/Shanghai,Ann Lee\n"
    ),
    "instalments": (
        "no,seq,due,prin,int\nA1,1,2026-03-10,1000.00,0\nA1,2,2026-04-10,1000.00,12.5\nA2,1,2026-04-01,50,\n"
    ),
    "payments": (
        "id,no,day,amount,kind,orig\n"
        "y1,A1,2026-03-12,200.00,P,\n"
        "y2,A1,2026-03-14,200.00,R,y1\n"
        "y3,A2,2026-03-01,1,P,\n"
    ),
    "contacts": (
        "point,who,via,value,consent\n"
        "P1-s1,P1,sms,138 0013-8000,given\n"
        "P3-s1,P3,sms,+8613800138000,\n"
        "P3-e1,P3,email,Ann@Post.Example,withdrawn\n"
    ),
    "holds": "who,no,why,from,to\nP3,,hardship,2026-03-01,2026-06-01\n,A1,dispute,2026-03-02,\n",
}


def index(value: str) -> str:
    """The blind index of these tests."""
    return hmac.digest(b"key", value.encode(), "sha256").hex()


def mapped(text: str = YAML) -> BookMapping:
    """The mapping in `text`, which has no problems."""
    found, problems = mapping.load(text, "book.yaml")
    assert problems == []
    assert found is not None
    return found


def write(root: Path, **files: str | bytes) -> Path:
    """The lender's files below `root`, with some of them different."""
    (root / "data").mkdir(exist_ok=True)
    for name, content in {**FILES, **files}.items():
        raw = content if isinstance(content, bytes) else content.encode()
        (root / "data" / f"{name}.csv").write_bytes(raw)
    return root


def load(root: Path, text: str = YAML, **files: str | bytes) -> tuple[read.Loaded | None, list[Problem]]:
    """What comes of loading them."""
    return read.load(write(root, **files), mapped(text), as_of=AS_OF, blind=index)


def loaded(root: Path, text: str = YAML, **files: str | bytes) -> read.Loaded:
    """What was loaded, when nothing refuses it."""
    found, problems = load(root, text, **files)
    assert problems == []
    assert found is not None
    return found
