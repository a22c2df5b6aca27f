"""Whether two people agreed: to the parts a plan was made with, to a run beyond its bounds, to a stage's list.

Reads what was signed and checks each signature once; what was signed does not change.
Refuses to count anything that `model.approval` does not.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import psycopg

from duly.model import approval, party
from duly.plan import release
from duly.run import register, statement

Signed = Sequence[tuple[approval.Approval, bytes]]


class Assent:
    """Asks for one worker.

    `required` are the parts of the project that two people must have approved, each with its author, `digests` those
    parts as this worker has read them, `duties` what each person may do.
    """

    def __init__(
        self,
        *,
        required: Mapping[approval.Subject, str],
        digests: Mapping[approval.Subject, str],
        duties: Mapping[str, frozenset[party.Duty]],
    ) -> None:
        self._required = required
        self._digests = digests
        self._duties = duties
        self._checked: dict[bytes, bool] = {}
        self._lists: dict[str, release.Release] = {}

    # --- plans

    def of_plans(
        self, connection: psycopg.Connection[Any], plans: Sequence[Mapping[str, Any]], now: datetime
    ) -> dict[int, tuple[str, ...]]:
        """The parts of each plan, given as rows of `plans`, that lack their two people."""
        digests = {str(row[f"{subject.value}_digest"]) for row in plans for subject in self._required}
        digests |= set(self._digests.values())
        digests |= {str(row["run_digest"]) for row in plans if not row["released"]}
        signed = register.signed(connection, sorted(digests))
        return {row["id"]: self._of_plan(row, signed, now) for row in plans}

    def _of_plan(self, plan: Mapping[str, Any], signed: Signed, now: datetime) -> tuple[str, ...]:
        wanted = [
            (subject, author, digest)
            for subject, author in self._required.items()
            for digest in sorted({str(plan[f"{subject.value}_digest"]), self._digests[subject]})
        ]
        if not plan["released"]:
            wanted.append((approval.Subject.RUN, statement.MACHINE, str(plan["run_digest"])))
        found = {
            subject.value: None
            for subject, author, digest in wanted
            if self._lacks(
                approval.Question(
                    subject=subject,
                    digest=digest,
                    now=now,
                    author=author,
                    messages=plan["messages"],
                    overdue_minor=plan["sum_minor"],
                ),
                signed,
            )
        }
        return tuple(found)

    # --- lists

    def unread(self, digests: Collection[str]) -> list[str]:
        """Those of these lists that were not looked at yet."""
        return sorted(set(digests) - set(self._lists))

    def read(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Take in rows of `release_lists`. One that is not what its digest was made of is no list."""
        for row in rows:
            with contextlib.suppress(ValueError):
                self._lists[row["digest"]] = release.read(
                    row["said"], salt=bytes(row["salt"]), digest=row["digest"]
                )

    def list_of(self, digest: str) -> release.Release:
        """A list that was read."""
        return self._lists[digest]

    def of_lists(
        self, connection: psycopg.Connection[Any], digests: Collection[str], now: datetime
    ) -> dict[str, tuple[str, ...]]:
        """What the release of each list that was read lacks."""
        known = [self._lists[digest] for digest in sorted(digests) if digest in self._lists]
        if not known:
            return {}
        signed = register.signed(connection, [one.digest for one in known])
        author = self._required[approval.Subject.STRATEGY]
        return {
            one.digest: tuple(
                each.lack.value for each in self._lacks(question(one, author=author, now=now), signed)
            )
            for one in known
        }

    # --- signatures

    def _lacks(self, asked: approval.Question, signed: Signed) -> tuple[approval.Lacking, ...]:
        keys = {one.nonce: key for one, key in signed}
        return approval.lacking(
            asked,
            [one for one, _ in signed if one.digest == asked.digest],
            duties=self._duties,
            verify=lambda one: self._is_signed(one, keys[one.nonce]),
        )

    def _is_signed(self, one: approval.Approval, public_key: bytes) -> bool:
        known = hashlib.sha256(public_key + one.signature + one.to_sign()).digest()
        if known not in self._checked:
            self._checked[known] = register.is_by(one, public_key)
        return self._checked[known]


def question(asked: release.Release, *, author: str, now: datetime) -> approval.Question:
    """Whether two people released a list: neither of them the strategy's author, and no less than all of it."""
    return approval.Question(
        subject=approval.Subject.STAGE,
        digest=asked.digest,
        now=now,
        author=author,
        messages=len(asked.items),
        overdue_minor=asked.overdue_minor,
    )
