"""Adopting rows of the law: who may, what he signs, when it counts, and what production asks."""

from __future__ import annotations

import dataclasses
import io
import json
import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from duly import __main__ as program
from duly.app import adoption, check, coming, law, standings
from duly.law import decide, fingerprint, portrait, rules, source, values
from duly.law import pack as packs
from duly.model.party import Actor
from duly.project import adoption as kept
from duly.project import contents, folder
from duly.project.adoption import State
from duly.project.folder import Project
from duly.project.settings import Licence
from tests.app import own_law
from tests.app.folders import LIN, adopt, fresh, in_use, replace
from tests.conftest import Database

DAY = date(2026, 11, 23)
WEI = Actor(name="wei", duties=frozenset())
WORDS = "correct horse battery staple\n"
ROW = "cn-time-01"


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One new project."""
    return fresh(tmp_path_factory.mktemp("adoption") / "project")


@pytest.fixture
def project(pristine: Path, tmp_path: Path) -> Path:
    """A copy that may be changed."""
    return Path(shutil.copytree(pristine, tmp_path / "project"))


def loaded(project: Path) -> Project:
    """The project."""
    found, problems = folder.load(project)
    assert found is not None, problems
    return found


def state(project: Path, rule: str = ROW) -> State:
    """Where a row stands on the day."""
    found = loaded(project)
    one = found.law.rule(rule)
    version = one.binding(DAY)
    assert version is not None
    return adoption.stands(found, one, version).state


class Desk:
    """A person at a terminal, with a key of his own."""

    def __init__(
        self, project: Path, keys: Path, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.project, self.keys, self.patch, self.capsys = project, keys, patch, capsys

    def duly(self, *argv: str, who: str, keys: str = "", keyed: bool = True) -> tuple[int, dict[str, Any]]:
        """A command by somebody: its exit code and its answer."""
        self.patch.setattr("sys.stdin", io.StringIO(WORDS))
        place = ["--project", str(self.project), "--as", who]
        place += ["--keys", str(self.keys / (keys or who))] if keyed else []
        code = program.run([*argv, *place, "--json"])
        return code, json.loads(self.capsys.readouterr().out)


@pytest.fixture
def desk(
    project: Path,
    tmp_path: Path,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Desk:
    """The project on a database, with the keys of two people registered."""
    monkeypatch.setenv("DATABASE_URL", database.url)
    made = Desk(project, tmp_path / "keys", monkeypatch, capsys)
    for who in ("zhao.min", "lin.yue"):
        assert made.duly("approve", "--new-key", who=who)[0] == 0
    return made


def test_one_of_compliance_adopts_rows_with_his_own_key(desk: Desk, database: Database) -> None:
    """The file keeps who, when and which text; the evidence has it too; a second time there is nothing left to do."""
    code, said = desk.duly("law", "adopt", ROW, "duly.stop.dispute", who="zhao.min")
    assert code == 0
    assert [(row["rule"], row["version"]) for row in said["adopted"]] == [
        (ROW, "2025-02-28"),
        ("duly.stop.dispute", "undated"),
    ]
    found = loaded(desk.project)
    one, _ = found.adoptions
    version = found.law.rule(ROW).binding(DAY)
    assert version is not None
    assert (one.rule, one.version, one.text, one.by) == (ROW, version.name, version.fingerprint, "zhao.min")
    assert one.fits()
    assert (state(desk.project), state(desk.project, "cn-time-02")) == (State.ADOPTED, State.OPEN)
    with database.connect() as connection:
        entries = connection.execute("select leaf from entry where kind = 'adoption'").fetchall()
    assert len(entries) == 2
    before = (desk.project / kept.FILE).read_bytes()
    code, said = desk.duly("law", "adopt", ROW, who="zhao.min")
    assert (code, said["adopted"], said["already"]) == (0, [], 1)
    assert (desk.project / kept.FILE).read_bytes() == before


def test_all_are_those_in_use_and_verified_ones_only_what_was_read(desk: Desk) -> None:
    """First the rows whose text was read, then the drafts with the rest; then production asks for no more."""
    code, said = desk.duly("law", "adopt", "--all", "--verified", who="zhao.min")
    assert code == 0
    read = {row["rule"] for row in said["adopted"]}
    assert {row["reading"] for row in said["adopted"]} == {"verified"}
    code, said = desk.duly("law", "adopt", "--all", who="zhao.min")
    assert said["already"] == len(read)
    drafts = {row["rule"] for row in said["adopted"]}
    assert {row["reading"] for row in said["adopted"]} == {"draft"}
    used = {one.rule.id for one in in_use(loaded(desk.project), DAY)}
    assert read | drafts == used
    report = check.check(WEI, desk.project, on=DAY, environ={}, ready=True)
    assert [each for each in report.problems if each.code == "production.unadopted"] == []


@pytest.mark.parametrize(
    ("who", "keys", "what"),
    [
        ("lin.yue", "", "lin.yue answers for the packs and cannot adopt their rows"),
        ("wei", "", "wei has no duty that may adopt a row of the law"),
        ("chen.hao", "chen.hao", "chen.hao has no key at"),
    ],
)
def test_nobody_else_adopts(desk: Desk, who: str, keys: str, what: str) -> None:
    """Not the author of the packs, not one without the duty, not one without a key; and nothing is written."""
    replace(
        desk.project / "duly.toml",
        '[people."zhao.min"]',
        '[people.wei]\nduties = ["engineer"]\n\n[people."zhao.min"]',
    )
    code, said = desk.duly("law", "adopt", ROW, who=who, keys=keys)
    assert code in {3, 4}
    assert what in said["error"]["what"]
    assert not (desk.project / kept.FILE).exists()


def test_another_key_than_the_registered_one_is_refused(desk: Desk, tmp_path: Path) -> None:
    """A file of one's own making proves nothing."""
    shutil.rmtree(tmp_path / "keys" / "zhao.min")
    code, said = desk.duly("approve", "--new-key", who="zhao.min")
    assert code == 4  # the register has his first key
    code, said = desk.duly("law", "adopt", ROW, who="zhao.min")
    assert code == 4
    assert said["error"]["what"] == "the key of zhao.min is not the one that is registered"
    assert not (desk.project / kept.FILE).exists()


def test_the_doctor_knows_whose_key_it_was(desk: Desk) -> None:
    """The file cannot; so what was signed with a key of nobody's is found there, and is adopted anew."""

    def looked() -> dict[str, Any]:
        _, said = desk.duly("doctor", who="zhao.min", keyed=False)
        return next(one for one in said["findings"] if one["what"] == "adopted rows of the law")

    adopt(desk.project, on=DAY)  # with a key that the register has never seen
    found = looked()
    assert not found["sound"]
    assert ROW in found["remedy"]
    code, said = desk.duly("law", "adopt", "--all", who="zhao.min")
    assert (code, said["already"]) == (0, 0)
    assert looked()["sound"]


@pytest.mark.parametrize("argv", [[], [ROW, "--all"], [ROW, "--verified"], ["cn-tim-01"], ["acme.hours"]])
def test_the_words_of_the_command_have_to_fit(desk: Desk, argv: list[str]) -> None:
    """Neither nothing nor both, no name that nobody has, and no rule of our own, which is approved and not adopted."""
    own_law.hours(desk.project, since="2026-01-01", before="2025-12-31")
    check.accept_packs(LIN, desk.project)
    code, said = desk.duly("law", "adopt", *argv, who="zhao.min")
    assert code == 2
    assert said["error"]["remedy"]


def test_an_adoption_ends_when_the_text_changes(project: Path) -> None:
    """It names the text it was given for; of another text nobody has said anything."""
    adopt(project, on=DAY)
    assert state(project) is State.ADOPTED
    adopt(project, on=DAY, text="0" * 64)  # as the row stood in an earlier pack
    assert state(project) is State.CHANGED
    report = check.check(WEI, project, on=DAY, environ={}, ready=True)
    said = [each.what for each in report.problems if each.code == "production.unadopted"]
    assert len(said) == len(in_use(loaded(project), DAY))
    assert f"{ROW} (2025-02-28) changed since zhao.min adopted it: " in "\n".join(said)
    adopt(project, on=DAY)
    assert state(project) is State.ADOPTED


def test_an_adoption_counts_as_long_as_its_person_has_the_duty(project: Path) -> None:
    """As with every approval, duly.toml says who may."""
    adopt(project, on=DAY)
    replace(project / "duly.toml", 'duties = ["compliance"]', 'duties = ["auditor"]')
    assert state(project) is State.WITHOUT_DUTY
    replace(project / "duly.toml", 'duties = ["auditor"]', 'duties = ["counsel"]')
    assert state(project) is State.ADOPTED


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("rule", "cn-time-02"),
        ("version", "2025-03-01"),
        ("text", "0" * 64),
        ("by", "chen.hao"),
        ("at", "2026-11-21T09:00:00Z"),
    ],
)
def test_what_is_changed_by_hand_is_refused(project: Path, key: str, value: str) -> None:
    """The signature covers the row, its version, its text, the person and the instant."""
    adopt(project, on=DAY)
    found = loaded(project).adoptions[0]
    changed: dict[str, Any] = {key: datetime(2026, 11, 21, 9, tzinfo=UTC) if key == "at" else value}
    forged = dataclasses.replace(found, **changed)
    assert not forged.fits()
    (project / kept.FILE).write_text(kept.write([forged]), encoding="utf-8")
    _, problems = kept.read(contents.gather(project)[0])
    assert [(each.code, each.line) for each in problems] == [("adopted.signature", 10)]


def test_a_row_that_nobody_adopted_blocks_all_the_same(project: Path) -> None:
    """Drafts too: adopting lifts and softens nothing, and neither does leaving it."""
    act = values.Act(
        at=datetime(2026, 11, 23, 14, 30, tzinfo=UTC),
        jurisdictions=("CN",),
        person="P1",
        action="contact",
        channel="sms",
        debt_class="consumer",
        notice_class="rights_preserving",
        holds=frozenset(),
    )
    before = decide.decide(loaded(project).law, act)
    adopt(project, on=DAY)
    after = decide.decide(loaded(project).law, act)
    assert before == after
    reasons = {reason.rule: reason.reading for reason in before.blocked_by}
    assert reasons[ROW] == "draft"


def test_adopting_changes_no_digest(project: Path) -> None:
    """What two people approved stays approved, also where the lender has rules of his own."""
    own_law.hours(project, since="2026-01-01", before="2025-12-31")
    check.accept_packs(LIN, project)
    before = loaded(project).digests
    adopt(project, on=DAY)
    assert loaded(project).digests == before


def test_production_names_each_row_that_nobody_adopted(project: Path) -> None:
    """Each with its remedy; not a rule of our own, and not one that cannot speak about what this strategy does."""
    own_law.hours(project, since="2026-01-01", before="2025-12-31")
    check.accept_packs(LIN, project)
    adopt(project, on=DAY, but=[ROW, "duly.stop.dispute"])
    report = check.check(WEI, project, on=DAY, environ={}, ready=True)
    found = [each for each in report.problems if each.code == "production.unadopted"]
    assert [each.what.partition(" ")[0] for each in found] == [ROW, "duly.stop.dispute"]
    assert (
        found[0].remedy == f"Have counsel read it, `duly law show {ROW}`, and sign: `duly law adopt {ROW}`."
    )
    said = check.check(WEI, project, on=DAY, environ={}).problems
    assert said == ()


def test_the_status_tells_what_is_in_use_and_adopted(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rows in use, who adopted them, what changed since; the same in Chinese."""
    adopt(project, on=DAY, text="0" * 64)
    adopt(project, on=DAY, but=[ROW, "duly.stop.dispute"])
    monkeypatch.chdir(project)
    assert program.run(["law", "status", "--on", DAY.isoformat(), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    by_rule = {row["rule"]: row for row in told["rules"]}
    assert by_rule[ROW]["adopted"] == "changed since zhao.min adopted it on 2026-11-20"
    assert by_rule["cn-time-02"]["adopted"] == "by zhao.min on 2026-11-20"
    assert (by_rule["cn-freq-01"]["in_use"], by_rule["cn-freq-01"]["adopted"]) == (False, "no")
    assert told["unadopted"] == told["changed"] == [ROW, "duly.stop.dispute"]
    assert [(one["pack"], one["unadopted"]) for one in told["packs"]] == [("cn", 1), ("house", 1)]
    assert program.run(["--lang", "zh-CN", "law", "status", "--on", DAY.isoformat()]) == 0
    assert f"{ROW}：zhao.min于2026-11-20采纳后条文有变。" in capsys.readouterr().out


def test_the_status_is_told_where_the_strategy_cannot_be_read(project: Path) -> None:
    """Then nobody knows what is in use, and it says so."""
    replace(project / "strategy.yaml", "stages:", "stagges:")
    found = law.shelf(WEI, project)
    binding = standings.binding(found, DAY, locale="en")
    assert {one.speaks for one in binding} == {None}
    assert {one.in_use for one in standings.reviews(found, binding, DAY)} == {None}


def test_a_rule_is_shown_with_its_adoption(project: Path) -> None:
    """In a project; outside there is nobody who could have adopted it."""
    adopt(project, on=DAY, but=["cn-time-02"])
    found = law.shelf(WEI, project)

    def told(rule: str) -> str:
        return str(standings.told(law.tell(found, rule, DAY, locale="en")))

    assert (told(ROW), told("cn-time-02")) == ("by zhao.min on 2026-11-20", "no")
    outside = law.shelf(WEI, project, name="cn")
    assert standings.told(law.tell(outside, ROW, DAY, locale="en")) is None


@pytest.mark.parametrize(
    ("locale", "adopted", "other"),
    [
        ("en", "zhao.min adopted this row on 2026-11-20.", "Nobody of the lender has adopted this row."),
        ("zh-CN", "zhao.min已于2026-11-20采纳此条。", "本机构尚无人采纳此条。"),
    ],
)
def test_a_reason_tells_whether_its_row_is_adopted(
    project: Path, locale: str, adopted: str, other: str
) -> None:
    """In plan and explain; of what is no row of the project nothing is said."""
    adopt(project, on=DAY, but=["cn-time-02"])
    found = loaded(project)
    assert adoption.sentence(found, ROW, "2025-02-28", locale) == adopted
    assert adoption.sentence(found, "cn-time-02", "2026-01-30", locale) == other
    assert adoption.sentence(found, values.SILENCE, None, locale) == ""


def test_the_fingerprint_is_of_the_text_and_not_of_its_layout() -> None:
    """Spaces, quotes, comments and the order of keys change nothing; each word does, also of the citation."""
    text = "id: a\nversions:\n  - from: 2026-01-01\n    value: 3\n    cite: {instrument: A, tier: sec}\n"
    other = "# a comment\nversions: [{cite: {tier: 'sec', instrument: \"A\"}, value: 3, from: '2026-01-01'}]\nid: a\n"

    def of(text: str) -> str:
        opened = source.Source(file="a.yaml")
        row = source.parse(opened, text)
        assert isinstance(row, source.Mapping)
        versions = row.entries["versions"]
        assert isinstance(versions, source.Listing)
        version = versions.items[0]
        assert isinstance(version, source.Mapping)
        return fingerprint.of(row, version)

    assert of(text) == of(other)
    for old, new in (("value: 3", "value: 4"), ("id: a", "id: b"), ("tier: sec", "tier: src"), ("3", "'3'")):
        assert of(text) != of(text.replace(old, new, 1)), new


def test_each_version_has_a_fingerprint_of_its_own(project: Path) -> None:
    """So that a coming version is adopted by itself."""
    found = loaded(project)
    prints = [version.fingerprint for rule in found.law.rules for version in rule.versions]
    assert len(set(prints)) == len(prints)
    assert portrait.of(found.law.rule(ROW), DAY, "en").text.reading == rules.Reading.DRAFT.value


def _with_india(found: Project) -> Project:
    """The project as it would be with a second country, whose law changes on a day that is known."""
    india, _ = packs.load(packs.shipped("in"))
    assert india is not None
    licences = {**found.settings.licences, "IN": Licence(actor="first_party", licence="bank")}
    return dataclasses.replace(
        found,
        law=packs.join(found.law, india),
        packs={**found.packs, "in": india},
        settings=dataclasses.replace(found.settings, licences=licences),
    )


def test_what_is_to_come_is_adopted_with_the_rest(project: Path) -> None:
    """So that production does not fail on the day it begins; what is over is not asked for any more."""
    whole = _with_india(loaded(project))
    first = date(2027, 1, 1)

    def asked(today: date) -> set[str]:
        rows = adoption.wanted(whole, [], today, verified=False)
        return {row.version.name for row in rows if row.rule.id.startswith("in.")}

    assert first.isoformat() in asked(DAY)
    assert asked(DAY) > asked(first) == {first.isoformat()}
    (named,) = adoption.wanted(whole, [ROW], DAY, verified=False)
    assert named.version.name == "2025-02-28"


def test_a_change_of_the_law_is_told_where_it_touches_the_project(project: Path) -> None:
    """A lender who works in one country hears of that country's law alone."""
    found = loaded(project)
    assert list(coming.changes(found, DAY)) == []
    told = list(coming.changes(_with_india(found), DAY))
    assert {str(change.on) for change in told} == {"2027-01-01"}
    assert {change.kind.value for change in told} == {"begins", "ends"}
    assert all(change.rule.id.startswith("in.") for change in told)
