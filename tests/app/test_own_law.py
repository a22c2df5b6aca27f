"""What a lender adds to the law: numbers, rules and calendars of his own, which only ever take away."""

from __future__ import annotations

import dataclasses
import re
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from duly.app import check
from duly.law import check as law_check
from duly.law import columnar, decide, values
from duly.law import pack as packs
from duly.model.party import Actor
from duly.project import calendars, contents, folder, own
from duly.project.folder import Project
from tests.app import own_law
from tests.app.folders import LIN, adopt, fresh, replace

DAY = date(2026, 11, 23)
TEN = datetime(2026, 11, 23, 2, tzinfo=UTC)  # in Shanghai
WEI = Actor(name="wei", duties=frozenset())


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One new project."""
    return fresh(tmp_path_factory.mktemp("own") / "project")


@pytest.fixture
def project(pristine: Path, tmp_path: Path) -> Path:
    """A copy that may be changed."""
    return Path(shutil.copytree(pristine, tmp_path / "project"))


def loaded(project: Path) -> Project:
    """The project, locked as it is now."""
    check.accept_packs(LIN, project)
    found, problems = folder.load(project)
    assert problems == []
    assert found is not None
    return found


def codes(project: Path) -> list[str]:
    """What `duly check` finds."""
    found, problems = folder.load(project)
    assert (found is None) == bool(problems)
    return [each.code for each in problems if each.code != "lock.differs"]


def decision(rule: str, *, number: int) -> str:
    """A policy for a rule."""
    return f'[policy.{rule}]\nvalue = {number}\nby = "zhao.min"\non = 2026-11-02\n\n[limits]'


LIFT = '[lift.{}]\npeople = ["zhao.min", "chen.hao"]\non = 2026-11-02\nwhy = "Agreed."\n\n[limits]'


def call(found: Project, *, said: int, at: datetime = TEN) -> values.Verdict:
    """A call at an instant, after so many conversations that day; both readings answer the same."""
    act = values.Act(
        at=at,
        jurisdictions=("CN",),
        person="P1",
        actor="first_party",
        debt_class="consumer",
        product="cash_loan",
        channel="voice",
        action="contact",
        stage="first",
        notice_class="rights_preserving",
        technology="manual",
        accounts=("A1",),
        number="n1",
        recipient_role="borrower",
        zones=("Asia/Shanghai",),
        holds=frozenset(),
        consent="given",
        point_state="ok",
        shared=False,
        place="home",
        claims=frozenset(),
        elements=frozenset({"sender_name_first"}),
        history=tuple(
            values.Contact(
                at=datetime(2026, 11, 23, 0, minute, tzinfo=UTC),
                kind="conversation",
                channel="voice",
                person="P1",
                account="A1",
                number="n1",
            )
            for minute in range(said)
        ),
        policy=found.policy,
    )
    # The house's own stops ask for facts of their own, which say nothing of what is tried here.
    rules = tuple(rule for rule in found.law.rules if not rule.id.startswith("duly."))
    law = dataclasses.replace(found.law, rules=rules)
    verdict = decide.decide(law, act)
    (row,) = columnar.judge_acts(law, [act])
    assert row["verdict"] == verdict.kind.value
    assert [one["rule"] for one in row["blocked_by"]] == [one.rule for one in verdict.blocked_by]
    return verdict


def blocked(verdict: values.Verdict) -> list[str]:
    """The rules that stand in the way."""
    assert verdict.in_doubt == ()
    return [reason.rule for reason in verdict.blocked_by]


@pytest.mark.parametrize(("number", "said", "expected"), [(2, 1, []), (2, 2, ["cn-freq-01"]), (3, 2, [])])
def test_a_lower_number_than_the_laws_binds(
    project: Path, number: int, said: int, expected: list[str]
) -> None:
    """The law allows three conversations a day; with two of our own the third is held, and with three it is not."""
    replace(project / "duly.toml", "[limits]", decision("cn-freq-01", number=number))
    assert blocked(call(loaded(project), said=said)) == expected


@pytest.mark.parametrize(
    ("rule", "number", "expected"),
    [
        ("cn-freq-01", 3, []),
        ("cn-freq-01", 4, ["settings.policy.looser"]),
        ("cn-freq-01", -1, ["settings.policy.number"]),
        ("cn-freq-04", 99, ["settings.key.twice"]),
        ("cn-time-02", 3, ["settings.policy.foreign"]),
    ],
)
def test_a_looser_number_is_refused(project: Path, rule: str, number: int, expected: list[str]) -> None:
    """Both sides of the law's number; of a rule that is no cap there is none to lower."""
    if rule == "cn-freq-04":  # open: any number of our own fills it
        replace(project / "duly.toml", "value = 2", f"value = {number}")
        assert codes(project) == []
        return
    replace(project / "duly.toml", "[limits]", decision(rule, number=number))
    assert codes(project) == expected


def test_what_is_looser_takes_two_people_and_a_rule_of_our_own(project: Path) -> None:
    """The presumption is lifted by two, and a cap of ours, cited as policy, stands in its place."""
    replace(project / "duly.toml", "[limits]", LIFT.format("cn-freq-01"))
    rules = """\
- id: acme.calls
  type: rate_limit
  jurisdiction: CN
  authority: policy
  effect: deny
  title: {zh: 每日至多四次通话。, en: Four conversations a day at most.}
  applies: {action: [contact], channel: [voice]}
  versions:
    - from: 2026-01-01
      until: null
      status: in_force
      reading: draft
      max: 4
      window: {n: 1, unit: consecutive_days, event_day_counts: true}
      counts: contact_made
      scope: [person]
      zone: {basis: fixed, name: Asia/Shanghai}
      cite: {instrument: "Acme, rule of our own", tier: house}
"""
    tests = """\
- {name: The first, rules: [acme.calls], given: {channel: voice}, expect: {verdict: permit, because: [acme.calls]}}
- name: The fifth
  rules: [acme.calls]
  given:
    channel: voice
    history:
      - {at: 2026-11-23 08:00:01, kind: conversation}
      - {at: 2026-11-23 08:00:02, kind: conversation}
      - {at: 2026-11-23 08:00:03, kind: conversation}
      - {at: 2026-11-23 08:00:04, kind: conversation}
  expect: {verdict: hold, until: 2026-11-24 08:00:00, blocked_by: [cn-freq-01, acme.calls]}
- name: The day before
  rules: [acme.calls]
  given: {channel: voice, at: 2025-12-31 10:00:00}
  expect: {verdict: permit}
"""
    own_law.write(project, rules, tests)
    found = loaded(project)
    assert [one.differences for one in law_check.run_tests(found.packs["law"])] == [(), (), ()]
    assert blocked(call(found, said=3)) == []
    verdict = call(found, said=4)
    assert blocked(verdict) == ["acme.calls"]
    assert verdict.blocked_by[0].cite == "Acme, rule of our own"

    replace(project / "duly.toml", "[limits]", decision("cn-freq-01", number=5))
    assert codes(project) == ["settings.policy.lifted"]


def test_a_bar_is_lifted_by_nobody(project: Path) -> None:
    """Two people or not: what forbids and what is owed stays."""
    replace(project / "duly.toml", "[limits]", LIFT.format("cn-time-02"))
    assert codes(project) == ["settings.lift.foreign"]


def test_a_narrower_window_of_our_own_binds_beside_the_laws(project: Path) -> None:
    """Both sides of its beginning; the law's is kept as well, and the verdict names ours as policy."""
    own_law.hours(project, since="2026-01-01", before="2025-12-31")
    found = loaded(project)
    early = call(found, said=0, at=TEN.replace(hour=0, minute=59, second=59))
    assert blocked(early) == ["acme.hours"]
    assert early.until == TEN.replace(hour=1)
    assert blocked(call(found, said=0, at=TEN.replace(hour=1))) == []
    assert found.law.rule("acme.hours").authority.value == "policy"


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ('"09:00-18:00"', []),
        ('"mon,tue 09:00-18:00; sat 10:00-12:00"', []),
        ('"in the morning"', ["settings.policy.hours"]),
        ("9", ["settings.policy.hours"]),
        (None, ["settings.policy.unset"]),
    ],
)
def test_hours_that_a_text_leaves_open_are_set_in_the_settings(
    project: Path, own: str | None, expected: list[str]
) -> None:
    """As hours, and not as a number; a pack of law may leave them open, and so may a rule of our own."""
    rule = own_law.HOURS.replace("FIRST", "2026-01-01").replace("STATUS", "in_force")
    rule = rule.replace("[{from: 09:00, to: 18:00, from_incl: true, to_incl: false}]", "null")
    tests = """\
- {name: Set, rules: [acme.hours], given: GIVEN, expect: {verdict: permit, because: [acme.hours]}}
- name: Not set
  rules: [acme.hours]
  given: {}
  expect: {verdict: hold, until: null, in_doubt: ['acme.hours: policy.acme.hours']}
"""
    given = "{policy: {cn-freq-04: 1, acme.hours: '09:00-18:00'}}"
    own_law.write(project, rule, tests.replace("GIVEN", given))
    if own is not None:
        said = f'[policy."acme.hours"]\nvalue = {own}\nby = "zhao.min"\non = 2026-11-02\n\n[limits]'
        replace(project / "duly.toml", "[limits]", said)

    assert codes(project) == expected
    if not expected:
        assert blocked(call(loaded(project), said=0, at=TEN.replace(hour=10))) == ["acme.hours"]


def test_a_rule_of_our_own_permits_nothing(project: Path) -> None:
    """It says so and is refused: else the lender could permit himself anything."""
    own_law.hours(project, since="2026-01-01", before="2025-12-31")
    replace(project / "law/rules/own.yaml", "  effect: deny\n", "  effect: deny\n  permits: true\n")
    assert codes(project) == ["law.house.permits"]


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("authority: policy", "authority: statute", "law.own.authority", 1),
        ("acme.hours", "cn-time-02", "law.own.clash", 1),
        ("effect: deny", "efect: deny", "law.key.unknown", 5),
    ],
)
def test_a_rule_of_our_own_is_refused_at_its_line(
    project: Path, old: str, new: str, code: str, line: int
) -> None:
    """It is policy, has a name of its own, and is read as strictly as a pack."""
    own_law.hours(project, since="2026-01-01", before="2025-12-31")
    for file in (project / "law").rglob("own.yaml"):
        text = file.read_text(encoding="utf-8").replace(old, new)
        file.write_text(text.replace("tier: house", "tier: unseen"), encoding="utf-8")
    found, problems = folder.load(project)
    assert found is None
    first = next(each for each in problems if each.code == code)
    assert (first.file, first.line) == ("law/rules/own.yaml", line)


def test_a_calendar_of_our_own_speaks_of_the_days_it_has(project: Path) -> None:
    """Monday is worked, Tuesday was made a holiday, Saturday is worked in exchange, next year nobody knows."""
    own_law.write(project, own_law.WORKDAYS, own_law.WORKDAYS_TESTS)
    doubt = [values.Doubt(rule="acme.workdays", fact="policy.acme.cal")]
    assert list(call(loaded(project), said=0).in_doubt) == doubt

    own_law.calendar(project)
    found = loaded(project)
    assert blocked(call(found, said=0)) == []
    tuesday = call(found, said=0, at=TEN + timedelta(days=1))
    assert blocked(tuesday) == ["acme.workdays"]
    assert tuesday.until == datetime(2026, 11, 25, 0, tzinfo=UTC)
    assert blocked(call(found, said=0, at=TEN + timedelta(days=5))) == []
    assert blocked(call(found, said=0, at=TEN + timedelta(days=6))) == ["acme.workdays"]
    assert blocked(call(found, said=0, at=datetime(2026, 12, 31, 2, tzinfo=UTC))) == []
    assert list(call(found, said=0, at=datetime(2027, 1, 1, 2, tzinfo=UTC)).in_doubt) == doubt


def test_a_calendar_is_part_of_what_is_approved(project: Path) -> None:
    """It decides, so one day more in it changes the digest of the packs."""
    own_law.write(project, own_law.WORKDAYS, own_law.WORKDAYS_TESTS)
    without = loaded(project)
    own_law.calendar(project)
    first = loaded(project)
    own_law.calendar(project, holidays="[2026-11-24, 2026-11-25]")
    second = loaded(project)
    assert len({one.digests.packs for one in (without, first, second)}) == 3
    assert second.law.digest == second.digests.packs


def test_a_calendar_alone_is_approved_too(project: Path) -> None:
    """Also where the lender has no rule of his own beside it, whose digest would cover it."""
    law = loaded(project).law
    assert own.with_calendars(law, contents.gather(project)[0]).digest == law.digest
    own_law.calendar(project)
    one = own.with_calendars(law, contents.gather(project)[0])
    own_law.calendar(project, holidays="[2026-11-25]")
    two = own.with_calendars(law, contents.gather(project)[0])
    assert len({law.digest, one.digest, two.digest}) == 3


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ({"calendar": "acme.hours"}, "calendar.unknown"),
        ({"until": "2025-12-31"}, "calendar.reversed"),
        ({"holidays": "[2027-01-01]"}, "calendar.outside"),
        ({"holidays": "[2026-11-28]"}, "calendar.both"),
        ({"holidays": "2026-11-24"}, "calendar.days"),
        ({"weekend": "[saturday]"}, "calendar.choice"),
        ({"by": "''"}, "calendar.text"),
        ({"holliday": "[]"}, "calendar.key.unknown"),
    ],
)
def test_a_calendar_is_read_strictly(project: Path, lines: dict[str, str], code: str) -> None:
    """Each mistake with its file and line."""
    own_law.write(project, own_law.WORKDAYS, own_law.WORKDAYS_TESTS)
    own_law.calendar(project, **lines)
    _, problems = calendars.read(contents.gather(project)[0], ["acme.cal"])
    assert [each.code for each in problems] == [code]
    assert problems[0].file == "law/calendars/ours.yaml"
    assert problems[0].line is not None
    assert code in codes(project)


def test_two_files_for_one_calendar_are_refused(project: Path) -> None:
    """Nobody could say which of them speaks."""
    own_law.write(project, own_law.WORKDAYS, own_law.WORKDAYS_TESTS)
    own_law.calendar(project)
    shutil.copyfile(project / "law/calendars/ours.yaml", project / "law/calendars/theirs.yaml")
    assert codes(project) == ["calendar.twice"]


def test_a_calendar_that_nobody_set_is_reported(project: Path) -> None:
    """By the check of policies against a pack, and by production where a rule in use counts by it."""
    own_law.write(project, own_law.WORKDAYS, own_law.WORKDAYS_TESTS)
    own, _ = packs.load(project / "law")
    assert own is not None
    (problem,) = law_check.policy_problems(own, {}, "duly.toml")
    assert problem.code == "law.policy.calendar"
    assert "acme.workdays" in problem.what

    check.accept_packs(LIN, project)
    adopt(project, on=DAY)

    def lacking(day: date) -> list[str]:
        found = check.check(WEI, project, on=day, environ={}, ready=True)
        return [each.what for each in found.problems if each.code == "production.calendar"]

    assert [what for what in lacking(DAY) if "acme.cal" in what and "acme.workdays" in what]
    own_law.calendar(project)
    check.accept_packs(LIN, project)
    days = calendars.read(contents.gather(project)[0], ["acme.cal"])[0]
    assert law_check.policy_problems(own, calendars.policies(days), "duly.toml") == []
    assert lacking(date(2026, 12, 31)) == []
    assert lacking(date(2027, 1, 1)) != []


def test_a_calendar_is_no_number(project: Path) -> None:
    """A policy for it is refused and told where its days go."""
    own_law.write(project, own_law.WORKDAYS, own_law.WORKDAYS_TESTS)
    replace(project / "duly.toml", "[limits]", decision('"acme.cal"', number=5))
    assert codes(project) == ["settings.policy.calendar"]


def test_the_page_on_adopting_shows_rules_that_work(project: Path) -> None:
    """Its files, put where it says, are read, tested in both readings, and bind."""
    page = Path("docs/howto/adopt-the-law.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n# (law/\S+)\n(.*?)```", page, re.DOTALL)
    assert [name for name, _ in blocks] == ["law/pack.yaml", "law/rules/hours.yaml", "law/tests/hours.yaml"]
    for name, text in blocks:
        file = project / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    shutil.copyfile(packs.shipped("house") / "tests" / "base.yaml", project / "law" / "tests" / "base.yaml")
    found = loaded(project)
    assert [one.differences for one in law_check.run_tests(found.packs["law"])] == [(), ()]
    assert blocked(call(found, said=0, at=datetime(2026, 12, 1, 0, 30, tzinfo=UTC))) == ["acme.hours"]
    assert blocked(call(found, said=0, at=datetime(2026, 11, 30, 0, 30, tzinfo=UTC))) == []


def test_the_calendar_of_the_reference_page_is_one(project: Path) -> None:
    """With the name of a calendar that there is."""
    page = Path("docs/reference/law.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml\n(calendar: .*?)```", page, re.DOTALL)
    file = project / "law" / "calendars" / "federal.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(block, encoding="utf-8")
    found, problems = calendars.read(contents.gather(project)[0], ["us-cal-federal"])
    assert problems == []
    assert found["us-cal-federal"].days.holidays == {date(2027, 1, 1)}
