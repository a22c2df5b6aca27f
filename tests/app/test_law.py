"""`duly law show`: every pinned rule, in sentences that can be read beside the statute."""

from __future__ import annotations

import dataclasses
import io
import json
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from docs.reference import law_ask as page
from duly import __main__ as program
from duly.app import law, questions, standings
from duly.errors import ProjectRefused, WrongUsage
from duly.law import document, pack, portrait, rules
from duly.model.party import Actor
from tests.app import own_law
from tests.app.folders import fresh, replace
from tests.law import tiny

DAY = date(2026, 11, 23)
WEI = Actor(name="wei", duties=frozenset())


def _shipped() -> list[tuple[str, rules.Rule]]:
    found = []
    for name in ("cn", "house"):
        one, _ = pack.load(pack.shipped(name))
        assert one is not None
        found += [(name, rule) for rule in one.rules]
    return found


RULES = _shipped()


def told(shelf: law.Shelf, rule: str, day: date = DAY, locale: str = "en") -> law.Told:
    """One rule."""
    return law.tell(shelf, rule, day, locale=locale)


@pytest.fixture
def shelf(tmp_path: Path) -> law.Shelf:
    """The packs of a fresh project."""
    return law.shelf(WEI, fresh(tmp_path / "project"))


def test_the_table_has_every_rule_that_the_project_pins(shelf: law.Shelf) -> None:
    """With what it says, where it stands on the day, how well it was read, since when, and what it does."""
    rows = law.rows(shelf, DAY, locale="en")

    assert [(row.pack, row.rule) for row in rows] == [(name, rule.id) for name, rule in RULES]
    quiet = next(row for row in rows if row.rule == "cn-time-01")
    assert quiet == law.Row(
        rule="cn-time-01",
        pack="cn",
        says="No collection from 22:00 to 08:00 unless the parties agreed otherwise.",
        standing=law.in_words(portrait.Standing.BINDS),
        reading="draft",
        since=date(2025, 2, 28),
        effect="advise",
    )


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
@pytest.mark.parametrize("rule", [rule for _, rule in RULES], ids=lambda rule: rule.id)
def test_every_rule_is_told_part_by_part(rule: rules.Rule, locale: str) -> None:
    """What it demands, of what, and from where it is known; no name of ours, no value without words."""
    found = portrait.of(rule, DAY, locale)

    assert found.title == rule.title[locale[:2]]
    assert len(found.texts) == len(rule.versions)
    assert found.text.cite.instrument
    house = rule.authority is rules.Authority.POLICY
    draft = {
        "en": "no qualified person has read it in the official text",
        "zh": "尚无具备资格的人员核读官方原文",
    }[locale[:2]]
    own = {"en": "there is no official text to read it in", "zh": "没有官方原文可核"}[locale[:2]]
    for text, version in zip(found.texts, rule.versions, strict=True):
        assert (draft in text.confidence) == (not house and version.reading is rules.Reading.DRAFT)
        assert (own in text.confidence) == house
        said = f"{text.demands} {text.applies} {found.effect} {text.confidence}".replace("credit_card", "")
        assert not re.search(r"_|None|True|False|frozenset|\{|\}", said)


@pytest.mark.parametrize(
    ("rule", "day", "standing"),
    [
        ("cn-freq-02", date(2024, 5, 14), portrait.Standing.AHEAD),
        ("cn-freq-02", date(2024, 5, 15), portrait.Standing.BINDS),
        ("cn-freq-02", date(2025, 2, 27), portrait.Standing.BINDS),
        ("cn-freq-02", date(2025, 2, 28), portrait.Standing.OVER),
        ("cn-sms-12", date(2026, 9, 29), portrait.Standing.AHEAD),
        ("cn-sms-12", date(2026, 9, 30), portrait.Standing.BINDS),
        ("duly.stop.dispute", DAY, portrait.Standing.BINDS),
    ],
)
def test_the_day_decides_where_a_rule_stands(
    shelf: law.Shelf, rule: str, day: date, standing: portrait.Standing
) -> None:
    """Both sides of the first and of the last day."""
    assert told(shelf, rule, day).portrait.text.standing is standing


def test_of_several_versions_the_one_that_binds_is_told_first_and_all_are_listed() -> None:
    """The past, the present and the one that is only proposed, each with its own demand."""
    _, rule = next(one for one in RULES if one[1].id == "cn-freq-01")
    (text,) = rule.versions
    versions = (
        dataclasses.replace(text, since=date(2020, 1, 1), until=date(2025, 2, 27)),
        text,
        dataclasses.replace(text, since=date(2027, 1, 1), until=None, status=rules.Status.PROPOSED),
    )
    whole = dataclasses.replace(rule, versions=versions)

    found = portrait.of(whole, DAY, "en")
    assert found.now == 1
    assert [one.standing for one in found.texts] == [
        portrait.Standing.OVER,
        portrait.Standing.BINDS,
        portrait.Standing.PROPOSED,
    ]
    assert portrait.of(whole, date(2020, 1, 1), "en").now == 0


def test_a_number_of_the_lenders_own_is_told_with_who_set_it(tmp_path: Path) -> None:
    """And that it is lacking where it is; a rule that leaves no number has none."""
    folder = fresh(tmp_path / "project")
    found = law.shelf(WEI, folder)
    assert str(law.own_number(told(found, "cn-freq-04"))).startswith(
        "2, set by zhao.min on 2026-11-02: One message"
    )
    assert str(law.own_number(told(found, "cn-time-01"))) == "none: the rule leaves no number to the lender"

    text = (folder / "duly.toml").read_text(encoding="utf-8")
    (folder / "duly.toml").write_text(re.sub(r"\[policy\.cn-freq-04\]\n(.+\n)+", "", text), encoding="utf-8")
    bare = law.shelf(WEI, folder)  # the project has a problem now, and the law is read all the same
    assert (
        str(law.own_number(told(bare, "cn-freq-04")))
        == "left to the lender, and not set: every act under it is held"
    )
    outside = law.shelf(WEI, tmp_path, name="cn")
    assert "each project sets its own" in str(law.own_number(told(outside, "cn-freq-04")))


def test_a_rule_that_two_people_lifted_says_so(tmp_path: Path) -> None:
    """By whom, when and why; any other was not."""
    folder = fresh(tmp_path / "project")
    with (folder / "duly.toml").open("a", encoding="utf-8") as settings:
        settings.write(
            '\n[lift.cn-freq-03]\npeople = ["zhao.min", "chen.hao"]\non = 2026-11-05\nwhy = "Written agreement."\n'
        )
    found = law.shelf(WEI, folder)
    assert law.lifted(told(found, "cn-freq-03")) == "by zhao.min + chen.hao on 2026-11-05: Written agreement."
    assert law.lifted(told(found, "cn-freq-01")) == "no"


def test_a_stricter_rule_of_the_projects_own_is_shown_with_the_others(tmp_path: Path) -> None:
    """Under the name of the folder that holds it."""
    folder = fresh(tmp_path / "project")
    own_law.hours(folder, since="2026-01-01", before="2025-12-31")
    found = law.shelf(WEI, folder)
    assert told(found, "acme.hours").pack == "law"


@pytest.mark.parametrize(
    ("asked", "offered"),
    [
        ("cn-tim-01", "cn-time-01"),
        ("CN-TIME-02", "cn-time-02"),
        ("cn_freq_04", "cn-freq-04"),
        ("stop.dispute", "duly.stop.dispute"),
        ("quite.another", None),
    ],
)
def test_a_rule_that_nobody_has_is_answered_with_those_that_are_near(
    shelf: law.Shelf, asked: str, offered: str | None
) -> None:
    """The nearest first, and how to see them all."""
    with pytest.raises(WrongUsage, match=f"no rule {re.escape(asked)} in cn, house") as refused:
        told(shelf, asked)
    assert "`duly law show` lists them all" in refused.value.remedy
    if offered is not None:
        assert refused.value.remedy.startswith(f"Near it are {offered}")


def test_without_a_project_a_pack_is_named(tmp_path: Path) -> None:
    """And without either it is told which packs there are."""
    assert list(law.shelf(WEI, tmp_path, name="house").packs) == ["house"]
    with pytest.raises(WrongUsage, match=r"no duly\.toml") as lost:
        law.shelf(WEI, tmp_path)
    assert f"--pack {' | '.join(law.names())}." in lost.value.remedy
    for name in ("cm", "../cn", ""):
        with pytest.raises(WrongUsage, match="there is no pack"):
            law.shelf(WEI, tmp_path, name=name)


def test_a_project_whose_settings_cannot_be_read_is_told_with_its_places(tmp_path: Path) -> None:
    """What is pinned is not guessed."""
    folder = fresh(tmp_path / "project")
    replace(folder / "duly.toml", "legal_name", "legal_nam")
    with pytest.raises(ProjectRefused) as refused:
        law.shelf(WEI, folder)
    assert {problem.file for problem in refused.value.problems} == {"duly.toml"}


def test_the_command_tells_one_rule_and_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As text and as JSON, in both languages, and with exit code 2 for a rule that is not there."""
    monkeypatch.chdir(fresh(tmp_path / "project"))

    def said(*argv: str, code: int = 0) -> str:
        assert program.run([*argv]) == code
        return capsys.readouterr().out

    whole = json.loads(said("law", "show", "--on", "2026-11-23", "--json"))
    assert [row["rule"] for row in whole["rules"]] == [rule.id for _, rule in RULES]
    one = json.loads(said("law", "show", "cn-time-01", "--on", "2026-11-23", "--json"))
    assert one["reading"] == "draft"
    assert one["rule"]["lifted_by"] == "a recorded consent to be contacted at night"
    assert one["rule"]["instrument"].startswith("GB/T 45251-2025")
    assert [row["since"] for row in one["versions"]] == ["2025-02-28"]
    text = said("law", "show", "cn-time-01")
    assert "Draft: no qualified person has read it in the official text" in text
    assert "Guidance: it blocks unless two people have decided otherwise, on record." in text
    chinese = said("--lang", "zh-CN", "law", "show", "cn-time-01")
    assert "草稿：尚无具备资格的人员核读官方原文" in chinese
    assert not re.search(r"^(What|Whose|Status|Confidence|Instrument)", chinese, re.MULTILINE)
    said("law", "show", "cn-tim-01", code=2)


# --- law ask ---------------------------------------------------------------------------------------

EXAMPLE = json.loads(re.findall(r"```json\n(.*?)```", page.PAGE.read_text("utf-8"), re.DOTALL)[0])


def verdict(asked: object) -> Any:
    """The answer to a document."""
    return questions.ask(WEI, json.dumps(asked).encode(), file="q.json", locale="en")


def test_a_file_and_standard_input_are_answered_alike(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An object for an object, an array for an array, byte for byte the same each time, without a project."""
    monkeypatch.chdir(tmp_path)
    written = json.dumps([EXAMPLE, EXAMPLE | {"at": "2026-11-23T08:00:00+08:00"}]).encode()
    (tmp_path / "q.json").write_bytes(written)
    (tmp_path / "one.json").write_text(json.dumps(EXAMPLE), "utf-8")

    assert program.run(["law", "ask", "q.json"]) == 0
    answered = capsysbinary.readouterr().out
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(written)))
    assert program.run(["law", "ask", "-"]) == 0
    assert capsysbinary.readouterr().out == answered
    night, day = json.loads(answered)
    assert "cn-time-01" in {one["rule"] for one in night["blocked_by"]}
    assert "cn-time-01" not in {one["rule"] for one in day["blocked_by"]}
    assert program.run(["law", "ask", "one.json"]) == 0
    assert json.loads(capsysbinary.readouterr().out) == night


def test_a_wrong_question_gets_a_list_of_problems_and_no_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As JSON, exit code 1, the right questions beside it unanswered; a file that is not there is wrong usage."""
    monkeypatch.chdir(tmp_path)
    wrong = [
        EXAMPLE,
        EXAMPLE | {"jurisdictions": ["UK"]},
        EXAMPLE | {"pack": "../cn"},
        EXAMPLE | {"facts": {"policy.cn-freq-4": 1}},
    ]
    (tmp_path / "q.json").write_text(json.dumps(wrong), "utf-8")
    assert program.run(["law", "ask", "q.json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert [one["code"] for one in told["problems"]] == ["law.ask.jurisdiction"]
    (tmp_path / "q.json").write_text(json.dumps([wrong[0], *wrong[2:]]), "utf-8")
    assert program.run(["law", "ask", "q.json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert [(one["file"], one["code"]) for one in told["problems"]] == [
        ("q.json $[1].pack", "law.ask.pack"),
        ("q.json $[2].facts.policy.cn-freq-4", "law.ask.policy"),
    ]
    assert told["problems"][0]["remedy"] == f"The packs that come with duly are {', '.join(law.names())}."
    assert "cn-freq-04" in told["problems"][1]["remedy"]
    for name in ("gone.json", "."):
        assert program.run(["law", "ask", name]) == 2
        said = capsys.readouterr()
        assert f"{name} cannot be read" in said.err
        assert said.out == ""


@pytest.mark.parametrize(
    ("text", "claims"),
    [("您的账户有款项到期。", frozenset()), ("再不还款就打断你的腿。", frozenset({"threat"})), (None, None)],
)
def test_a_text_is_searched_with_the_lists_of_the_pack(
    text: str | None, claims: frozenset[str] | None
) -> None:
    """What is found is the fact that the rules of wording ask about; a hold by hand of the same text is not."""
    (one,), _, _ = document.read(json.dumps(EXAMPLE | {"text": text}).encode(), "q.json")
    assert questions.examined(questions.Shelf(), one).act.claims == claims


@pytest.mark.parametrize(
    ("text", "stated", "tells"),
    [
        ("您的借款已逾期。", {}, True),
        ("请在方便时致电我们。", {}, False),
        ("您的借款已逾期。", {"debt_disclosed": False}, False),
        (None, {}, None),
    ],
)
def test_whether_a_text_tells_of_a_debt_is_read_from_it(
    text: str | None, stated: dict[str, bool], *, tells: bool | None
) -> None:
    """What the question states itself stands; without a text nobody knows."""
    asked = EXAMPLE | {"text": text, "facts": {**EXAMPLE["facts"], **stated}}
    (one,), _, problems = document.read(json.dumps(asked).encode(), "q.json")

    assert problems == []
    assert questions.examined(questions.Shelf(), one).act.fact("debt_disclosed") is tells


def tiny_pack(folder: Path) -> None:
    """The tiny pack as a folder."""
    files = {"pack.yaml": tiny.HEAD, "rules/all.yaml": tiny.RULES, "tests/base.yaml": tiny.BASE}
    for name, text in (files | {"tests/cases.yaml": tiny.CASES}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")


def _own_packs(folder: Path) -> None:
    """The tiny pack as `xx`, and a second one of the part XX-1 whose only rule forbids a visit."""
    tiny_pack(folder / "xx")
    part = folder / "xx-1"
    for name in ("rules", "tests"):
        (part / name).mkdir(parents=True)
    (part / "pack.yaml").write_text(
        tiny.HEAD.replace("[XX]", "[XX-1]").replace("tiny", "part") + "tested_with: [xx]\n", "utf-8"
    )
    (part / "rules" / "visits.yaml").write_text(
        """\
- id: xx-1-visit
  type: forbid
  jurisdiction: XX-1
  authority: statute
  effect: deny
  title: {zh: 不得上门。, en: No visits.}
  versions:
    - from: 2024-01-01
      until: null
      status: in_force
      reading: draft
      when: {channel: [visit]}
      check: machine
      cite: {instrument: a text, tier: mem}
""",
        "utf-8",
    )
    (part / "tests" / "base.yaml").write_text(tiny.BASE.replace("[XX]", "[XX, XX-1]"), "utf-8")
    (part / "tests" / "visits.yaml").write_text(
        """\
- name: A message is no visit
  rules: [xx-1-visit]
  given: {}
  expect: {verdict: permit, because: [xx-1-visit]}
- name: A visit is forbidden
  rules: [xx-1-visit]
  given: {channel: visit}
  expect: {verdict: forbid, blocked_by: [xx-1-visit]}
""",
        "utf-8",
    )


def test_the_pack_of_a_part_is_joined_where_the_act_lies_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And only there, whichever is named; a law for which no pack is shipped holds the act."""
    _own_packs(tmp_path)
    monkeypatch.setattr(pack, "_PACKS", tmp_path)
    visit = EXAMPLE | {"pack": "xx", "at": "2026-11-23T10:00:00+08:00", "history": []}
    visit["act"] = EXAMPLE["act"] | {"channel": "visit"}

    assert verdict(visit | {"jurisdictions": ["XX"]})["blocked_by"] == []
    for named in ("xx", "xx-1"):
        found = verdict(visit | {"pack": named, "jurisdictions": ["XX", "XX-1"]})
        assert (found["verdict"], [one["rule"] for one in found["blocked_by"]]) == ("forbid", ["xx-1-visit"])
    stranger = verdict(visit | {"jurisdictions": ["XX", "CN"]})
    assert stranger["in_doubt"][-1] == {"rule": "duly.silence", "fact": "jurisdictions"}


def test_the_questions_of_one_document_may_stand_on_different_packs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is judged by its own, and packs joined once serve every question that asks for the same ones."""
    _own_packs(tmp_path)
    monkeypatch.setattr(pack, "_PACKS", tmp_path)
    visit = EXAMPLE | {"pack": "xx", "at": "2026-11-23T10:00:00+08:00", "history": []}
    visit["act"] = EXAMPLE["act"] | {"channel": "visit"}
    wide, narrow = visit | {"jurisdictions": ["XX"]}, visit | {"jurisdictions": ["XX", "XX-1"]}

    found = verdict([wide, narrow, wide])
    assert [[one["rule"] for one in each["blocked_by"]] for each in found] == [[], ["xx-1-visit"], []]

    part = narrow | {"pack": "xx-1", "jurisdictions": ["XX-1"]}  # what it lies in is law there too
    read, _, _ = document.read(json.dumps([wide, narrow, narrow, part]).encode(), "q.json")
    shelf = questions.Shelf()
    assert [shelf.names(one) for one in read] == [("xx",), ("xx", "xx-1"), ("xx", "xx-1"), ("xx-1", "xx")]
    assert shelf.joined(read[1]) is shelf.joined(read[2])


# --- law test, law status --------------------------------------------------------------------------


def test_a_packs_own_tests_are_run_in_both_readings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """How many hold, and each that does not with its file and line, in text and as JSON."""
    tiny_pack(tmp_path / "tiny")
    assert program.run(["law", "test", str(tmp_path / "tiny")]) == 0
    whole = re.search(r"(\d+) of (\d+) tests hold in both readings", capsys.readouterr().out)
    assert whole is not None
    assert whole[1] == whole[2] != "0"

    cases = tmp_path / "tiny" / "tests" / "cases.yaml"
    replace(cases, "given: {at: 2026-11-23 22:00:00}", "given: {at: 2026-11-23 21:59:59}")
    assert program.run(["law", "test", str(tmp_path / "tiny")]) == 1
    said = capsys.readouterr().out
    assert "tiny/tests/cases.yaml:5: At ten at night it is not" in said
    assert "plain: permit, expected hold" in said
    assert "columnar: permit, expected hold" in said
    assert f"{int(whole[1]) - 1} of {whole[2]} tests hold" in said
    assert program.run(["law", "test", str(tmp_path / "tiny"), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["tests"], told["hold"]) == (int(whole[2]), int(whole[1]) - 1)
    assert [(one["file"], one["line"]) for one in told["failed"]] == [("tiny/tests/cases.yaml", 5)]


def test_a_pack_that_is_not_there_or_cannot_be_read_has_no_tests_to_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wrong usage, or the pack's own problems."""
    assert program.run(["law", "test", "cm"]) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert f"The packs that come with duly are {', '.join(law.names())}." in told
    tiny_pack(tmp_path / "tiny")
    replace(tmp_path / "tiny" / "pack.yaml", "zone: Asia/Shanghai", "zone: Asia/Peking")
    assert program.run(["law", "test", str(tmp_path / "tiny")]) == 1
    said = capsys.readouterr().out
    assert "tiny/pack.yaml" in said
    assert "Asia/Peking" in said


def test_the_status_tells_drafts_numbers_and_reviews(tmp_path: Path) -> None:
    """Of every rule with a text that binds on the day, and of each pack."""
    folder = fresh(tmp_path / "project")
    found = law.shelf(WEI, folder)
    used = standings.binding(found, DAY, locale="en")
    assert [(one.pack, one.rule) for one in used] == [
        (name, rule.id) for name, rule in RULES if rule.binding(DAY) is not None
    ]
    by_rule = {one.rule: one for one in used}
    assert (by_rule["cn-freq-04"].number, by_rule["cn-time-01"].number) == (True, None)
    cn, house = standings.reviews(found, used, DAY)
    assert (cn.pack, cn.in_force + house.in_force) == ("cn", len(used))
    # There is no official text of the house's own rules that somebody could have read.
    own = {rule.id for _, rule in RULES if rule.authority is rules.Authority.POLICY}
    assert (
        cn.drafts == len({one.rule for one in used if one.pack == "cn" and one.reading == "draft"} - own) > 0
    )
    assert house.drafts == 0
    assert cn.unset == 0

    text = (folder / "duly.toml").read_text(encoding="utf-8")
    (folder / "duly.toml").write_text(re.sub(r"\[policy\.cn-freq-04\]\n(.+\n)+", "", text), encoding="utf-8")
    bare = law.shelf(WEI, folder)
    used = standings.binding(bare, DAY, locale="en")
    assert [one.rule for one in used if one.number is False] == ["cn-freq-04"]
    assert standings.reviews(bare, used, DAY)[0].unset == 1


def test_a_pack_is_past_its_review_on_the_day_after(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not on the last day; then the command warns of it."""
    monkeypatch.chdir(fresh(tmp_path / "project"))
    cn, _ = pack.load(pack.shipped("cn"))
    assert cn is not None
    for days, past in ((0, []), (1, ["cn", "house"])):
        day = (cn.reviewed_until + timedelta(days=days)).isoformat()
        assert program.run(["law", "status", "--on", day, "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["past"] == past
        assert [one["pack"] for one in told["packs"] if one["past"]] == past
        assert program.run(["law", "status", "--on", day]) == 0
        assert ("what the law has changed since is not in it" in capsys.readouterr().out) == bool(past)


def test_the_status_says_how_a_number_is_set(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table of duly.toml, in both languages."""
    folder = fresh(tmp_path / "project")
    monkeypatch.chdir(folder)
    text = (folder / "duly.toml").read_text(encoding="utf-8")
    (folder / "duly.toml").write_text(re.sub(r"\[policy\.cn-freq-04\]\n(.+\n)+", "", text), encoding="utf-8")
    assert program.run(["law", "status", "--on", "2026-11-23"]) == 0
    said = capsys.readouterr().out
    assert "cn-freq-04: the law leaves the number to you, and nobody has set it." in said
    assert 'Add [policy."cn-freq-04"] with `value`, `by` and `on`' in said
    assert program.run(["--lang", "zh-CN", "law", "status", "--on", "2026-11-23"]) == 0
    assert "cn-freq-04：法律把这一数字留给贵方，尚无人设定。" in capsys.readouterr().out
