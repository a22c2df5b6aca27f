"""The history of the system before counts where ours would: at the plan, at the gate, and in the evidence apart."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from duly import errors
from duly.app import books, proofs, story
from duly.evidence import proof
from duly.law import terms
from duly.law.pack import Pack
from duly.model.party import Actor, Duty
from duly.plan.code import Code
from duly.run import day, gate, history, outfit, planned
from tests.run import house as houses
from tests.run.house import ON, House, instant

FEED = """
  history:
    files: data/history.csv
    columns: {id: reference, what: kind, day: day, time: time, who: person, no: account, via: channel, value: number,
      came: result, letter: notice, arrived: arrival, proof: proof, to: until}
    fixed: {source: old}
"""
HEAD = "id,what,day,time,who,no,via,value,came,letter,arrived,proof,to"


@contextlib.contextmanager
def with_feed(house: House) -> Iterator[House]:
    """The same house, whose book.yaml describes the history of the system before."""
    with (house.folder / "book.yaml").open("a", encoding="utf-8") as book:
        book.write(FEED)
    with houses.reopened(house) as made:
        yield made
        made.close()


def line(reference: str, what: str, on: date, **cells: str) -> str:
    """One line of the feed."""
    told = {"id": reference, "what": what, "day": on.isoformat(), **cells}
    return ",".join(told.get(name, "") for name in HEAD.split(","))


def bring(house: House, *lines: str) -> history.Outcome:
    """Load these lines as the history."""
    (house.folder / "data" / "history.csv").write_text("\n".join([HEAD, *lines]) + "\n", encoding="utf-8")
    with contextlib.closing(house.opened.connect()) as connection:
        found = history.take(house.opened, connection, as_of=ON, by="chen.hao")
    assert found is not None
    return found


def one(house: House) -> planned.Planned:
    """One message over one account to somebody with one account, alone in the outbox."""
    row = next(
        row
        for row in house.waiting()
        if row.stage == "first"
        and house.ask("select count(*) from account_party where person = %s", row.person) == [(1,)]
    )
    house.keep_only(row)
    return row


def decided(house: House, row: planned.Planned, on: date = ON) -> dict[str, Any]:
    """What a plan of that day would say of the message's person and account."""
    with contextlib.closing(house.opened.connect("duly_planner")) as connection:
        made = day.make(house.opened, connection, on=on, persons=[row.person])
    decisions = made.plan.decisions.rows(named=True)
    return next(found for found in decisions if found["account"] == row.accounts[0])


def points(house: House, row: planned.Planned) -> list[str]:
    """Where a plan of the day would write to about the message's person."""
    with contextlib.closing(house.opened.connect("duly_planner")) as connection:
        return day.make(house.opened, connection, persons=[row.person]).plan.planned["point"].to_list()


def stricter(house: House, scope: str = "person", days: int = 80) -> Pack:
    """The law of the house with a cap of its own: one reminder or call in so many days."""
    law = house.opened.project.law
    (capped,) = [rule for rule in law.rules if rule.id == "cn-freq-04"]
    (version,) = capped.versions
    assert isinstance(version.term, terms.Cap)
    rare = replace(
        version.term,
        most=1,
        n=days,
        scope=(terms.Scope(scope),),
        pool=frozenset({"voice", "sms", "email"}),
    )
    own = replace(capped, id="acme.rare", versions=(replace(version, term=rare),))
    return replace(law, rules=(*law.rules, own))


def judged(house: House, row: planned.Planned, law: Pack) -> gate.Word:
    """The gate's word on the message under that law, as far back as its caps look."""
    project = replace(house.opened.project, law=law)
    rules = replace(house.rules(), law=law, history=outfit.history(project))
    return house.open_gate(rules=rules).judge(house.ready(row))


# --- caps


@pytest.mark.parametrize(("back", "counts"), [(79, True), (80, False)])
@pytest.mark.parametrize("scope", ["person", "account", "number"])
def test_an_imported_call_counts_against_a_cap_and_not_one_day_longer(
    house: House, scope: str, back: int, *, counts: bool
) -> None:
    """At the plan and at the gate, by person, by account and by number: eighty days, the day of the call included."""
    with with_feed(house) as made:
        row = one(made)
        call = line(
            "c1", "attempt", ON - timedelta(days=back), time="20:00", who=row.person, no=row.accounts[0], via="voice",
            value=made.number(row),
        )  # fmt: skip
        assert bring(made, call).fresh == 1
        law = stricter(made, scope)

        project = made.opened.project
        if scope != "number":  # a cap on a number is the gate's alone to decide
            made.opened.project = replace(project, law=law)
            found = decided(made, row)
            assert (found["rule"] == "acme.rare") is counts
            assert (found["code"] == Code.FIRST_NOTICE.value) is not counts
            made.opened.project = project

        word = judged(made, row, law)

        assert (len(word.released) == 0) is counts
        if counts:
            told = [(item.code, item.rule) for item in word.deferred]
            told += [(item.code, item.rule) for item in word.dropped]
            assert told == [("law", "acme.rare")]


def test_the_plan_of_the_day_after_is_free_again(house: House) -> None:
    """The same call, one day later: the plan that was held says the notice."""
    with with_feed(house) as made:
        row = one(made)
        bring(
            made,
            line("c1", "attempt", ON - timedelta(days=79), who=row.person, no=row.accounts[0], via="voice"),
        )
        made.opened.project = replace(made.opened.project, law=stricter(made))

        assert decided(made, row)["rule"] == "acme.rare"
        assert decided(made, row, ON + timedelta(days=1))["code"] == Code.FIRST_NOTICE.value


def test_contacts_are_looked_at_for_ninety_days_and_as_far_as_the_law_looks(house: House) -> None:
    """A lender's own cap may look further back than any shipped pack."""
    shipped = house.opened.project
    assert outfit.history(shipped) == timedelta(days=90)
    assert outfit.rules(shipped).history == timedelta(days=90)
    own, further = stricter(house), stricter(house, days=180)

    assert outfit.history(replace(shipped, law=own)) == timedelta(days=90)
    assert outfit.history(replace(shipped, law=further)) >= timedelta(days=180)


# --- stops


def test_an_imported_stop_stops_at_the_gate_and_at_the_plan(house: House) -> None:
    """Whatever was planned before it came finds the message gone, and no plan after it reminds by that number."""
    with with_feed(house) as made:
        row = one(made)
        assert row.point in points(made, row)
        bring(made, line("s1", "opt_out", ON - timedelta(days=200), via="sms", value=made.number(row)))

        word = made.open_gate().judge(made.ready(row))

        (gone,) = word.dropped
        assert (gone.code, gone.fact) == ("consent_changed", "consent:withdrawn")
        assert made.send() == []
        assert row.point not in points(made, row)


def test_a_stop_on_another_number_stops_nothing_here(house: House) -> None:
    """The other side: the stop is about a number, and this is none of the person's."""
    with with_feed(house) as made:
        row = one(made)
        bring(
            made,
            line("s1", "opt_out", ON - timedelta(days=200), who=row.person, via="sms", value="13900000000"),
        )

        assert len(made.open_gate().judge(made.ready(row)).released) == 1


@pytest.mark.parametrize("via", ["sms", ""])
def test_a_stop_that_names_no_number_is_about_all_that_it_may_mean(house: House, via: str) -> None:
    """All points of the channel, or all points whatever."""
    with with_feed(house) as made:
        row = one(made)
        bring(made, line("s1", "opt_out", ON - timedelta(days=200), who=row.person, via=via))

        stopped = made.ask(
            "select distinct c.channel from book_event e join vault.contact c on c.point = e.point"
            " where e.kind = 'consent' and e.source = 'imported' order by 1"
        )
        known = made.ask(
            "select distinct channel from vault.contact where person = %s order by 1", row.person
        )
        assert stopped == ([("sms",)] if via else known)


@pytest.mark.parametrize("newer", [True, False])
def test_an_old_stop_does_not_undo_what_was_told_to_us_since(house: House, *, newer: bool) -> None:
    """Whoever said stop to the other system and start to us is heard; one who said start before the stop is not."""
    with with_feed(house) as made:
        row = one(made)
        made.ask(
            "insert into book_event (at, kind, person, point, on_date, detail, source)"
            " values (duly_clock(), 'consent', %s, %s, %s, 'given', 'reply')",
            row.person,
            row.point,
            ON,
        )
        when = ON - timedelta(days=3) if newer else ON
        bring(
            made,
            line(
                "s1", "opt_out", when, time="09:00" if newer else "10:05", via="sms", value=made.number(row)
            ),
        )
        if not newer:
            # At five past ten, which the clock of this house may not have reached: dated by hand.
            assert made.now() < instant(10, 5)

        found = made.ask("select detail from book_event where source = 'imported' and point = %s", row.point)
        assert found == ([] if newer else [("withdrawn",)])


@pytest.mark.parametrize(
    ("what", "cells", "held"),
    [
        ("dispute", {}, True),
        ("complaint", {}, True),
        ("dispute", {"to": ON.isoformat()}, False),
        ("dispute", {"to": (ON + timedelta(days=1)).isoformat()}, True),
        ("promise", {"to": (ON + timedelta(days=1)).isoformat()}, False),
    ],
)
def test_an_imported_dispute_holds_unless_it_was_over(
    house: House, what: str, cells: dict[str, str], *, held: bool
) -> None:
    """As one would that was told to us, at the gate and at the plan; one that ended by today holds nothing."""
    with with_feed(house) as made:
        row = one(made)
        bring(made, line("d1", what, ON - timedelta(days=20), who=row.person, no=row.accounts[0], **cells))

        word = made.open_gate().judge(made.ready(row))

        assert [(gone.code, gone.fact) for gone in word.dropped] == (
            [("held_since", f"hold_set:{what}")] if held else []
        )
        assert (what in decided(made, row)["holds"]) is held


def test_an_old_dispute_that_somebody_lifted_here_since_is_not_set_again(house: House) -> None:
    """And one that is dated after the lifting is."""
    with with_feed(house) as made:
        row = one(made)
        made.ask(
            "insert into book_event (at, kind, person, account, on_date, detail, source)"
            " values (duly_clock(), 'hold_lifted', %s, %s, %s, 'dispute', 'operator')",
            row.person,
            row.accounts[0],
            ON - timedelta(days=5),
        )
        about = {"who": row.person, "no": row.accounts[0]}
        bring(made, line("d1", "dispute", ON - timedelta(days=5), **about))
        assert made.ask("select count(*) from book_event where source = 'imported'") == [(0,)]

        bring(made, line("d1", "dispute", ON - timedelta(days=5), **about),
              line("d2", "dispute", ON - timedelta(days=4), **about))  # fmt: skip
        assert made.ask("select count(*) from book_event where source = 'imported'") == [(1,)]


@pytest.mark.parametrize(("verified", "stops"), [(-21, True), (-20, True), (-19, False)])
def test_a_wrong_number_is_one_until_it_was_verified_again(
    house: House, verified: int, *, stops: bool
) -> None:
    """Reported wrong twenty days ago: a verification of that day is the one that was wrong, a later one mends it."""
    file = house.folder / "data" / "contacts.csv"
    row = one(house)
    header, *lines = file.read_text("utf-8").splitlines()
    names = header.split(",")
    changed = []
    for text in lines:
        cells = text.split(",")
        if cells[names.index("contact_no")] == row.point:
            cells[names.index("verify_date")] = (ON + timedelta(days=verified)).isoformat()
        changed.append(",".join(cells))
    file.write_text("\n".join([header, *changed]) + "\n", "utf-8")
    with with_feed(house) as made:
        houses.begin(made.opened)
        wrong = line(
            "w1", "attempt", ON - timedelta(days=20), who=row.person, no=row.accounts[0], via="sms",
            value=made.number(row), came="wrong_number",
        )  # fmt: skip
        bring(made, wrong)

        found = made.ask(
            "select detail from book_event where kind = 'contact_state' and point = %s", row.point
        )
        assert found == ([("wrong_number",)] if stops else [])


# --- kept as it was told


def test_the_same_file_twice_is_the_same_history(house: House) -> None:
    """Nothing is written the second time, neither rows nor events nor evidence; one more line is one more row."""
    with with_feed(house) as made:
        row = one(made)
        about = {"who": row.person, "no": row.accounts[0]}
        first = [
            line("c1", "attempt", ON - timedelta(days=3), via="voice", **about),
            line("d1", "dispute", ON - timedelta(days=20), **about),
        ]
        assert bring(made, *first).fresh == 2
        before = made.ask("select count(*) from book_event"), len(made.entries("load"))

        again = bring(made, *first)

        assert (again.rows, again.fresh, again.quarantined) == (2, 0, 0)
        assert (made.ask("select count(*) from book_event"), len(made.entries("load"))) == before
        assert bring(made, *first, line("c2", "attempt", ON, via="voice", **about)).fresh == 1


def test_what_was_loaded_is_not_changed_by_a_row_that_says_otherwise(house: House) -> None:
    """The new word goes to the quarantine, and the caps count the old one."""
    with with_feed(house) as made:
        row = one(made)
        about = {"who": row.person, "no": row.accounts[0], "via": "voice"}
        bring(made, line("c1", "attempt", ON - timedelta(days=3), **about))

        again = bring(made, line("c1", "attempt", ON - timedelta(days=2), **about))

        assert (again.fresh, again.quarantined) == (0, 1)
        assert [problem.code for problem in again.warnings] == ["book.row.says_otherwise"]
        assert made.ask("select on_date from imported") == [(ON - timedelta(days=3),)]


@pytest.mark.parametrize("table", ["imported", "imported_contact"])
@pytest.mark.parametrize("act", ["update {} set person = 'P'", "delete from {}", "truncate {} cascade"])
def test_the_database_keeps_what_was_imported(house: House, table: str, act: str) -> None:
    """Whoever owns the tables cannot change a row by asking for it."""
    with with_feed(house) as made:
        row = one(made)
        bring(made, line("c1", "attempt", ON, who=row.person, no=row.accounts[0], via="voice"))

        with pytest.raises(psycopg.errors.RaiseException):
            made.ask(act.format(table))


def test_no_number_goes_into_the_database(house: House) -> None:
    """Only its blind index does."""
    with with_feed(house) as made:
        row = one(made)
        number = made.number(row)
        bring(made, line("c1", "attempt", ON, who=row.person, no=row.accounts[0], via="sms", value=number))

        ((kept, whole),) = made.ask("select value_key, i::text from imported i")
        assert kept == row.value_key
        assert number.removeprefix("+86") not in whole


def test_a_project_without_the_feed_has_nothing_to_load(house: House) -> None:
    """As most have none."""
    with contextlib.closing(house.opened.connect()) as connection:
        assert history.take(house.opened, connection, as_of=ON, by="chen.hao") is None


def test_rows_that_name_nobody_we_know_are_sealed_in_the_quarantine(house: House) -> None:
    """A file of strangers is refused; among ninety-nine others one is left out."""
    with with_feed(house) as made:
        row = one(made)
        stranger = line("x", "attempt", ON, who="nobody", no=row.accounts[0], via="voice")
        with pytest.raises(errors.ProjectRefused) as refused:
            bring(made, stranger)
        assert {problem.code for problem in refused.value.problems} == {
            "book.feed.too_many_bad",
            "book.row.person_unknown",
        }
        others = [
            line(f"c{n}", "attempt", ON - timedelta(days=n), who=row.person, no=row.accounts[0], via="voice")
            for n in range(99)
        ]

        assert bring(made, *others, stranger).quarantined == 1
        assert made.ask("select feed, code from quarantine where feed = 'history'") == [
            ("history", "person_unknown")
        ]


# --- told apart


def test_the_evidence_says_that_we_did_not_witness_it(house: House) -> None:
    """How much of what, how well shown, and the root over the rows."""
    with with_feed(house) as made:
        row = one(made)
        about = {"who": row.person, "no": row.accounts[0]}
        bring(
            made,
            line("c1", "attempt", ON - timedelta(days=9), via="voice", **about),
            line("n1", "notice", ON - timedelta(days=5), via="sms", letter="T1", arrived="delivered",
                 proof="receipt", **about),
        )  # fmt: skip

        told = made.entries("load")[-1].committed["imported"]

        assert told["witnessed"] == "imported"
        assert (told["rows"], told["sources"]) == (2, ["old"])
        assert told["kinds"] == {"attempt": 1, "notice": 1}
        assert told["proofs"] == {"asserted": 1, "receipt": 1}
        assert (told["first_day"], told["last_day"]) == (
            (ON - timedelta(days=9)).isoformat(),
            (ON - timedelta(days=5)).isoformat(),
        )
        leaves = [bytes(leaf) for (leaf,) in made.ask("select leaf from imported order by n")]
        assert proof.tree_root(b"".join(leaves)).hex() == told["root"]


def test_a_bundle_shows_imported_rows_apart_from_ours(house: House, tmp_path: Path) -> None:
    """With the path of each to the root in the entry of its load; a row that is changed is refused."""
    counsel = Actor(name="zhao.min", duties=frozenset({Duty.COMPLIANCE}))
    with with_feed(house) as made:
        row = one(made)
        about = {"who": row.person, "no": row.accounts[0], "via": "voice"}
        bring(made, *(line(f"c{n}", "attempt", ON - timedelta(days=n), **about) for n in range(1, 6)))
        made.send()
        made.sequence()

        written = proofs.prove(
            counsel, made.folder, account=row.accounts[0], out=tmp_path / "out", environ=made.environ
        )

        assert written.report.result == "verified"
        checks = {check["check"]: check for check in written.report.checks}
        assert checks["imported"]["holds"] is True
        assert "5 rows of another system" in checks["imported"]["detail"]
        kept = tmp_path / "out" / "data" / "documents" / "imported.json"
        given = json.loads(kept.read_text())
        assert [one["row"]["reference"] for one in given["rows"]] == ["c1", "c2", "c3", "c4", "c5"]
        given["rows"][2]["row"]["day"] = (ON - timedelta(days=30)).isoformat()
        kept.write_text(json.dumps(given))
        report = proofs.check(tmp_path / "out", trusted=(written.fingerprint,), known=())
        refused = {check["check"]: check["detail"] for check in report.checks if not check["holds"]}
        assert "the row c3 is not one of those that were imported" in refused["imported"]


def test_a_row_that_was_changed_in_the_database_is_not_handed_out(house: House, tmp_path: Path) -> None:
    """Past every trigger, as whoever owns the database may do."""
    with with_feed(house) as made:
        row = one(made)
        bring(made, line("c1", "attempt", ON, who=row.person, no=row.accounts[0], via="voice"))
        made.send()
        made.sequence()
        made.force("update imported set result = 'busy'")

        with pytest.raises(errors.EvidenceBroken, match="changed after it was loaded: c1"):
            proofs.prove(
                Actor(name="zhao.min", duties=frozenset({Duty.COMPLIANCE})),
                made.folder,
                account=row.accounts[0],
                out=tmp_path / "out",
                environ=made.environ,
            )


def test_the_story_tells_imported_rows_as_another_systems(house: House) -> None:
    """Each names its source, its grade and its reference, and is of a kind of its own."""
    with with_feed(house) as made:
        row = one(made)
        bring(made, line("c1", "attempt", ON - timedelta(days=9), who=row.person, no=row.accounts[0], via="voice",
                         came="no_answer"))  # fmt: skip

        told = story.tell_opened(made.opened, account=row.accounts[0], locale="en")

        (line_,) = [one for one in told.lines if one.kind == "imported"]
        assert (line_.day, line_.person) == (ON - timedelta(days=9), row.person)
        assert str(line_.says) == (
            "Imported from old, not witnessed by us: attempt (voice; no_answer); grade asserted, reference c1."
        )


# --- stages


TAKEOVER = """
[takeover]
start_at = "proven"

[takeover.stages]
T1 = "first"
"""


@pytest.mark.parametrize(("proof_of_it", "begins"), [("receipt", "firm"), ("asserted", "first")])
def test_a_case_begins_where_the_system_before_is_shown_to_have_left_it(
    house: House, proof_of_it: str, begins: str
) -> None:
    """With a receipt the first stage is done, and the story says by what; an assertion leaves it to be done."""
    with (house.folder / "duly.toml").open("a", encoding="utf-8") as settings:
        settings.write(TAKEOVER)
    with with_feed(house) as made:
        # Somebody who fell behind long ago, and of whom nothing was written down yet.
        for table in ("stage_event", "stage_file"):
            made.force(f"delete from {table}")
        with contextlib.closing(made.opened.connect("duly_planner")) as connection:
            found = day.make(made.opened, connection).plan.decisions
        old = next(
            row for row in found.rows(named=True) if row["stage"] == "first" and (row["dpd"] or 0) > 30
        )
        due = ON - timedelta(days=old["dpd"])
        sent = due + timedelta(days=2)
        bring(made, line("n1", "notice", sent, via="sms", who=old["person"], no=old["account"], letter="T1",
                         arrived="delivered", proof=proof_of_it))  # fmt: skip

        made.plan(reason="day")

        told = story.tell_opened(made.opened, account=old["account"], locale="en")
        stages = [str(line_.says) for line_ in told.lines if line_.kind == "stage"]
        done = f"Stage first: done in the earlier system on {sent}, grade receipt, reference old/n1."
        assert (done in stages) is (begins == "firm")
        ((opened,),) = made.ask(
            "select stage from stage_file where person = %s and state = 'open'", old["person"]
        )
        assert opened == begins


# --- the command


def test_the_history_comes_with_the_book(house: House) -> None:
    """One command loads both; with `strict` a row that would be left out keeps the whole history out."""
    who = Actor(name="chen.hao", duties=frozenset({Duty.OPERATIONS}))
    with with_feed(house) as made:
        row = one(made)
        about = {"who": row.person, "no": row.accounts[0], "via": "voice"}
        good = [line(f"c{n}", "attempt", ON - timedelta(days=n), **about) for n in range(99)]
        bad = line("x", "attempt", ON, **{**about, "who": "nobody"})
        file = made.folder / "data" / "history.csv"
        file.write_text("\n".join([HEAD, *good, bad]) + "\n", encoding="utf-8")

        strict = books.load(who, made.folder, as_of=ON, environ=made.environ, strict=True)
        assert (strict.imported, made.ask("select count(*) from imported")) == (0, [(0,)])
        loose = books.load(who, made.folder, as_of=ON, environ=made.environ)

        assert (loose.imported, loose.changed) == (99, False)
        assert [problem.code for problem in loose.warnings] == ["book.row.person_unknown"]
        assert made.ask("select count(*) from imported") == [(99,)]


def test_a_plan_that_was_made_before_finds_what_came_since(house: House) -> None:
    """The gate counts a call that was imported after the plan, within the same cap."""
    with with_feed(house) as made:
        row = one(made)
        law = stricter(made)
        bring(made, line("c1", "attempt", ON, time="09:59", who=row.person, no=row.accounts[0], via="voice"))

        assert judged(made, row, law).released == ()
