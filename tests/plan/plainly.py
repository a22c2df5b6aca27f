"""A plan made by the plain readings: amounts by `reckoning`, law by `decide`, text by minijinja, the lint text by text.

Everything that has a fast reading and a plain one is put to the plain one, and the rest of the plan runs on what
that says.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import polars as pl
import pytest

from duly.book import contract, reckoning, tolerance
from duly.book.columns import Book
from duly.law import columnar, decide, values
from duly.plan import act, alike, columns, examination, plan
from duly.plan.inputs import Inputs
from duly.text import render, sweep
from duly.text.template import Template

_PARTS = ("fee", "interest", "penalty", "principal", "overdue")
_ALL = 10**9


class Asked(columnar.Reading):
    """The law in columns, of which every answer is asked of the plain reading again; `acts` counts them."""

    acts = 0

    def ahead(self, acts: pl.DataFrame, history: pl.DataFrame, *, before: datetime) -> pl.DataFrame:
        """What the columns answer, once the plain reading agreed."""
        answer = super().ahead(acts, history, before=before)
        happened = {str(who): rows.rows(named=True) for (who,), rows in history.group_by("person")}
        for row, said in zip(acts.iter_rows(named=True), answer.iter_rows(named=True), strict=True):
            assert row["act"] == said["act"]
            act = columnar.act_of(row, happened.get(row["person"], ()), self.policy)
            first = decide.decide(self.pack, act)
            lawful = said["not_before"]
            if lawful is not None:
                assert decide.decide(self.pack, replace(act, at=lawful)).kind is values.Kind.PERMIT, row
                assert said["verdict"] == values.Kind.PERMIT.value
                # At once, or exactly when the plain reading says that it is mended.
                assert lawful == (row["at"] if first.kind is values.Kind.PERMIT else first.until), row
            elif said["until"] is not None:
                assert (first.kind.value, first.until) == (values.Kind.HOLD.value, said["until"]), row
            else:
                assert (first.kind.value, first.until) == (said["verdict"], None), row
            Asked.acts += 1
        return answer


def decided(inputs: Inputs, monkeypatch: pytest.MonkeyPatch) -> plan.Plan:
    """The plan of these persons by the plain readings."""
    fast = tolerance.standing

    def standing(book: Book, on: date, cures: tolerance.Cures, **terms: Any) -> pl.DataFrame:
        found = fast(book, on, cures, **terms)
        told = {account: _reckoned(book, account, on, cures, terms) for account in found["account"].unique()}
        rows = []
        for row in found.iter_rows(named=True):
            plain = told[row["account"]]
            said = {f"{part}_minor": getattr(plain, part) for part in _PARTS}
            said |= {
                "dpd": plain.dpd,
                "first_unpaid_on": plain.first_unpaid_on,
                "episode_on": plain.episode_on,
                "next_due_on": plain.next_due_on,
                "next_due_minor": plain.next_due,
                "total_minor": plain.total,
            }
            rows.append(row | said)
        return pl.DataFrame(rows, schema=found.schema)

    def columnar_text(template: Template, frame: pl.DataFrame) -> pl.Series:
        wanted = [name for name in template.fields if name in frame.columns]
        said: list[str | None] = []
        for row in frame.select(wanted).iter_rows(named=True) if wanted else [{}] * frame.height:
            try:
                said.append(render.plain(template, row))
            except ValueError:  # its sink refuses it
                said.append(None)
        return pl.Series("text", said, dtype=pl.String)

    def every_act(acts: pl.DataFrame, history: pl.DataFrame) -> pl.Series:
        """Each act is a question of its own, also where many look alike."""
        del history
        return pl.repeat(value=True, n=acts.height, dtype=pl.Boolean, eager=True)

    with monkeypatch.context() as patched:
        patched.setattr(tolerance, "standing", standing)
        patched.setattr(act, "_met", every_act)
        patched.setattr(render, "columnar", columnar_text)
        patched.setattr(sweep, "FEW", _ALL)
        patched.setattr(sweep.sweep, "__kwdefaults__", {"present": None, "few": _ALL})
        patched.setattr(alike, "vouched", lambda *_: columns.empty(alike.FOUND))
        patched.setattr(examination, "_FEW", _ALL)
        return plan.decide(replace(inputs, reading=Asked(inputs.law, inputs.policy)))


def _reckoned(
    book: Book, account: str, on: date, cures: tolerance.Cures, terms: dict[str, Any]
) -> reckoning.Reckoned:
    facts = contract.of(book, account)
    product = book.accounts.filter(pl.col("account") == account)["product"].item(0)
    cure = cures.of(product)
    return reckoning.reckon(
        facts,
        on,
        cure_minor=cure.minor,
        cure_days=cure.days,
        **{name: value for name, value in terms.items() if name == "rounding"},
    )
