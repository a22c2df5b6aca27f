"""May a reminder by SMS leave at these minutes, in mainland China? If not: which rule, and when next?"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from duly.law import decide, pack, values

SHANGHAI = ZoneInfo("Asia/Shanghai")


def rules() -> pack.Pack:
    """The law of mainland China, and duly's own stops."""
    found = []
    for name in ("cn", "house"):
        one, problems = pack.load(pack.shipped(name))
        if one is None:
            raise SystemExit("\n".join(str(problem.what) for problem in problems))
        found.append(one)
    return pack.join(*found)


def reminder(at: datetime) -> values.Act:
    """A reminder to a borrower on her own telephone, with a text that was examined and found clean."""
    return values.Act(
        at=at,
        jurisdictions=("CN",),
        person="P1",
        accounts=("A1",),
        actor="first_party",
        debt_class="consumer",
        product="cash_loan",
        channel="sms",
        action="contact",
        stage="first",
        notice_class="nudge",
        number="a-blind-index",
        recipient_role="borrower",
        liable=True,
        zones=("Asia/Shanghai",),
        holds=frozenset(),
        consent="unknown",
        point_state="ok",
        shared=False,
        claims=frozenset(),
        elements=frozenset(
            {"sender_name_first", "creditor_name", "amount", "official_contact", "objection_route"}
        ),
        policy={"cn-freq-04": 2},
        facts={"first_notice": True, "debt_disclosed": True, "at_work": False, "verification_lapsed": False},
    )


def main() -> None:
    """Ask at both sides of both ends of the night."""
    law = rules()
    for clock in ("07:59:59", "08:00:00", "21:59:59", "22:00:00"):
        at = datetime.fromisoformat(f"2026-11-23T{clock}").replace(tzinfo=SHANGHAI)
        verdict = decide.decide(law, reminder(at))
        line = f"{clock}  {verdict.kind.value}"
        if verdict.blocked_by:
            reason = verdict.blocked_by[0]
            line += f" by {reason.rule} ({reason.reading})"
        if verdict.until is not None:
            line += f" until {verdict.until.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"
        print(line)


if __name__ == "__main__":
    main()
