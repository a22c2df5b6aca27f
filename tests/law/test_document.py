"""Questions to the law as JSON: read strictly, and answered as the plain reading answers."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import jsonschema
import pytest

from docs.reference import law_ask as page
from duly.law import decide, document, facts, reply, values
from duly.law import pack as packs
from duly.law.pack import Pack
from tests.law.samples import practice, rule, written

Document = dict[str, Any]
_BLOCKS = re.findall(r"```json\n(.*?)```", page.PAGE.read_text("utf-8"), re.DOTALL)
EXAMPLE: Document = json.loads(_BLOCKS[0])

HOURS = rule(
    "xx.hours",
    "time_window",
    """
    allow: [{from: 08:00, to: 21:00, from_incl: false, to_incl: false}],
    zone: {basis: debtor, unknown: hold}
    """,
)


def question(**changed: Any) -> Document:
    """A call to a debtor under the law of XX, at ten in New York; keys with dots go inwards, `...` takes away."""
    found = copy.deepcopy(EXAMPLE)
    found |= {"jurisdictions": ["XX"], "at": "2026-03-02T10:00:00-05:00", "history": []}
    found["debtor"]["zones"] = ["America/New_York"]
    for name, value in changed.items():
        *outer, last = name.split("__")
        place = found
        for key in outer:
            place = place[key]
        if value is ...:
            del place[last]
        else:
            place[last] = value
    return found


def read(asked: object) -> tuple[document.Question, ...]:
    """The questions of a document without a problem."""
    found, _, problems = document.read(json.dumps(asked).encode(), "q.json")
    assert problems == []
    return found


def refused(asked: object) -> list[tuple[str, str]]:
    """The place and the code of every problem."""
    text = asked if isinstance(asked, bytes) else json.dumps(asked).encode()
    found, _, problems = document.read(text, "q.json")
    assert not found
    assert all(problem.what and problem.remedy for problem in problems)
    return [
        (problem.file.removeprefix("q.json "), problem.code.removeprefix("law.ask.")) for problem in problems
    ]


def answer(pack: Pack, asked: Document) -> dict[str, Any]:
    """The one answer; it has the shape that the schema says."""
    (one,) = read(asked)
    said = json.loads(json.dumps(reply.answer(pack, one)))
    jsonschema.validate(said, page.schema() | {"oneOf": [{"$ref": "#/$defs/answer"}]})
    return said  # type: ignore[no-any-return]


def test_every_key_becomes_its_fact() -> None:
    """And what happened is towards the act's own person and account, by whichever name of the account."""
    asked = question(
        product="card",
        act__mandatory=True,
        act__recipient__verified_days=0,
        debtor__states=["disputed", "cease", "deceased"],
        debtor__consents=[{"basis": "direct", "form": "written", "given": "2026-01-01T00:00:00Z"}],
        debtor__preferences=["mon,tue 09:00-17:30"],
        debt={"id": "d-7", "account": "a-7"},
        history=[
            {
                "at": "2026-03-01T10:00:00-05:00",
                "kind": "attempt",
                "channel": "voice",
                "debt": "d-7",
                "number": "n1",
            },
            {"at": "2026-03-01T11:00:00-05:00", "kind": "payment", "debt": "a-8"},
            {
                "at": "2026-03-01T12:00:00-05:00",
                "kind": "notice:default",
                "channel": "letter",
                "marks": ["requested"],
            },
        ],
        facts={"number": "n9", "holds": ["manual"], "night_consent": True, "claims": [], "policy.xx.cap": 2},
    )
    (one,) = read(asked)
    act = one.act
    assert act.at == datetime(2026, 3, 2, 10, tzinfo=timezone(timedelta(hours=-5)))
    assert (act.jurisdictions, act.person, act.accounts, act.number) == (("XX",), "d1", ("a-7",), "n9")
    assert (act.actor, act.debt_class, act.product) == ("first_party", "consumer", "card")
    assert (act.channel, act.action, act.stage, act.technology) == ("voice", "contact", "first", "manual")
    assert (act.notice_class, act.recipient_role, act.place, act.shared) == (
        "required_by_law",
        "debtor",
        "home",
        False,
    )
    assert act.point_state == "ok"
    assert act.states == frozenset({"disputed", "deceased"})
    assert act.holds == frozenset({"cease", "deceased", "manual"})
    assert act.preferred == ("mon,tue 09:00-17:30",)
    assert act.consents is not None
    assert [(given.basis, given.form, given.channel) for given in act.consents] == [("direct", "written", "")]
    assert [(row.kind, row.person, row.account, row.number, row.channel) for row in act.history] == [
        ("attempt", "d1", "a-7", "n1", "voice"),
        ("payment", "d1", "a-8", "n9", ""),
        ("notice:default", "d1", "a-7", "n9", "letter"),
    ]
    assert act.claims == frozenset()
    assert act.fact("night_consent") is True
    assert act.policy == {"xx.cap": 2}


def test_the_answer_has_the_printed_shape_and_the_offset_of_the_question() -> None:
    """On both sides of the first second at which it is lawful."""
    early = answer(written(HOURS), question(at="2026-03-02T08:00:00-05:00"))
    assert early == {
        "verdict": "hold",
        "until": "2026-03-02T08:00:01-05:00",
        "because": [],
        "blocked_by": [
            {
                "rule": "xx.hours",
                "version": "2020-01-01",
                "cite": "a text",
                "effect": "deny",
                "status": "in_force",
                "reading": "draft",
            }
        ],
        "in_doubt": [],
        "facts": {"local_time": "08:00:00"},
    }
    assert list(early) == ["verdict", "until", "because", "blocked_by", "in_doubt", "facts"]
    lawful = answer(written(HOURS), question(at=early["until"]))
    assert (lawful["verdict"], lawful["until"], lawful["blocked_by"]) == ("permit", None, [])
    assert [one["rule"] for one in lawful["because"]] == ["xx.hours"]
    elsewhere = answer(written(HOURS), question(at="2026-03-02T13:00:00Z"))
    assert elsewhere["until"] == "2026-03-02T13:00:01+00:00"


NARROW = HOURS + rule(
    "xx.machine",
    "forbid",
    "when: {shared: [false]}, check: machine",
    head="applies: {technology: [prerecorded]}",
)


@pytest.mark.parametrize(
    ("technology", "verdict", "doubts"),
    [
        ("prerecorded", "forbid", []),
        ("manual", "permit", []),
        (..., "permit", []),
        (None, "hold", [{"rule": "xx.machine", "fact": "technology"}]),
    ],
)
def test_a_rule_does_not_apply_for_want_of_what_the_question_does_not_carry(
    technology: object, verdict: str, doubts: object
) -> None:
    """Left out, the rule is passed by; null is carried and not known, and holds. Plan and gate hold for both."""
    asked = question(act__technology=technology)
    said = answer(written(NARROW), asked)
    assert (said["verdict"], said["in_doubt"]) == (verdict, doubts)

    (one,) = read(asked)
    plain = decide.decide(written(NARROW), one.act)
    if one.act.technology is None:
        assert plain.in_doubt == (values.Doubt(rule="xx.machine", fact="technology"),)
    assert plain.kind.value == ("hold" if one.act.technology is None else verdict)


@pytest.mark.parametrize(
    ("changed", "fact"),
    [
        ({"debtor__zones": []}, "zones"),
        ({"debtor__zones": None}, "zones"),
        ({"debtor__states": ...}, "states"),
        ({"debtor__states": None}, "states"),
        ({"facts": None}, "licensed"),
        ({"facts": {"licensed": None}}, "licensed"),
        ({}, None),
    ],
)
def test_a_rule_that_applies_and_lacks_a_fact_holds_and_names_it(changed: Document, fact: str | None) -> None:
    """By the name under which it can be stated."""
    pack = written(
        HOURS
        + rule("xx.state", "stop", "state: {states: [disputed]}, verdict: hold")
        + rule("xx.licence", "forbid", "when: {licensed: false}, check: machine")
    )
    said = answer(pack, question(**({"facts": {"licensed": True}} | changed)))
    assert [one["fact"] for one in said["in_doubt"]] == ([fact] if fact else [])
    assert said["verdict"] == ("hold" if fact else "permit")


@pytest.mark.parametrize(
    ("changed", "verdict", "doubts"),
    [
        ({"text": None}, "permit", []),
        ({"text": ...}, "permit", []),
        ({"text": "Pay."}, "hold", ["claims", "elements"]),
        ({"facts": {"claims": ["threat"], "elements": ["amount"]}}, "forbid", []),
        ({"facts": {"claims": [], "elements": ["amount"]}, "text": "Pay."}, "permit", []),
        ({"facts": {"claims": [], "elements": []}}, "forbid", []),
        ({"facts": {"claims": None}}, "hold", ["claims"]),
    ],
)
def test_without_a_text_there_is_no_wording_to_judge(
    changed: Document, verdict: str, doubts: list[str]
) -> None:
    """With one there is, and what nobody has examined holds."""
    pack = written(
        HOURS
        + rule("xx.words", "forbid", "when: {claims: [threat]}, check: machine")
        + rule("xx.says", "require_content", "elements: [amount], when: each")
    )
    said = answer(pack, question(**changed))
    assert (said["verdict"], [one["fact"] for one in said["in_doubt"]]) == (verdict, doubts)


def test_what_two_people_or_the_lender_set_is_asked_for_by_name() -> None:
    """A number that the law leaves open holds until it is stated, and then counts what happened."""
    cap = rule(
        "xx.cap",
        "rate_limit",
        """
        max: null, window: {n: 1, unit: consecutive_days, event_day_counts: true}, counts: attempt,
        scope: [person], zone: {basis: fixed, name: America/New_York}
        """,
    )
    call = {
        "at": "2026-03-02T09:00:00-05:00",
        "kind": "attempt",
        "channel": "voice",
        "debt": "a1",
        "number": "n1",
    }
    open_number = answer(written(cap), question(history=[call]))
    assert open_number["in_doubt"] == [{"rule": "xx.cap", "fact": "policy.xx.cap"}]
    full = answer(written(cap), question(history=[call], facts={"policy.xx.cap": 1}))
    assert (full["verdict"], full["until"]) == ("hold", "2026-03-03T00:00:00-05:00")
    assert (full["facts"]["count.xx.cap"], full["facts"]["max.xx.cap"]) == (1, 1)
    assert answer(written(cap), question(history=[call], facts={"policy.xx.cap": 2}))["verdict"] == "permit"


@pytest.mark.parametrize("own", ["sat 09:00-17:00; mon 08:00-20:00", ["sat 09:00-17:00", "mon 08:00-20:00"]])
def test_hours_that_the_law_leaves_to_the_lender_are_stated_as_a_text_or_a_list(own: object) -> None:
    """Without them the act is held for want of them, whatever the hour."""
    body = "allow: null, zone: {basis: debtor, unknown: hold}"
    open_hours = written(rule("xx.hours", "time_window", body))

    unset = answer(open_hours, question())
    assert unset["in_doubt"] == [{"rule": "xx.hours", "fact": "policy.xx.hours"}]
    stated = question(facts={"policy.xx.hours": own})
    jsonschema.validate(stated, page.schema())
    assert answer(open_hours, stated)["verdict"] == "permit"
    late = answer(open_hours, question(at="2026-03-02T20:00:00-05:00", facts={"policy.xx.hours": own}))
    assert late["until"] == "2026-03-07T09:00:00-05:00"


def test_what_only_a_person_can_note_of_a_text_is_not_carried_by_the_text() -> None:
    """A rule on conduct speaks where it was noted; one on wording speaks wherever there is a text."""
    conduct = rule("xx.conduct", "forbid", "when: {conduct: [pressure]}, check: human")
    wording = rule("xx.wording", "forbid", "when: {claims: [threat]}, check: machine")
    pack = written(HOURS + conduct + wording)

    said = answer(pack, question(text="Please pay."))
    assert said["in_doubt"] == [{"rule": "xx.wording", "fact": "claims"}]
    noted = answer(pack, question(text="Please pay.", facts={"claims": [], "conduct": ["pressure"]}))
    assert [one["rule"] for one in noted["blocked_by"]] == ["xx.conduct"]
    assert (
        answer(pack, question(text="Please pay.", facts={"claims": [], "conduct": []}))["verdict"] == "permit"
    )


def test_of_a_question_that_carries_everything_no_rule_is_passed_by() -> None:
    """Then the answer is that of the plain reading, rule by rule."""
    (one,) = read(question(act__technology=..., facts={}))
    whole = document.Question(
        path=one.path, pack=one.pack, act=one.act, carried=frozenset(facts.FACTS), text=None
    )
    addressed = reply.addressed(practice(), whole)
    assert [(found.id, found.versions) for found in addressed.rules] == [
        (found.id, found.versions) for found in practice().rules
    ]
    assert len(reply.addressed(practice(), one).rules) < len(practice().rules)


@pytest.mark.parametrize("at", ["1900-01-01T00:00:00+23:59", "2199-12-31T23:59:59-23:59"])
def test_the_outermost_instants_are_answered(at: str) -> None:
    """With the longest way from start to arrival, and the hold looked ahead of."""
    pack = written(HOURS.replace("zone: {", "moment: arrival, zone: {"))
    said = answer(pack, question(at=at, facts={"transit_seconds": 10**9}))
    assert said["verdict"] == "hold"


def test_a_jurisdiction_whose_law_is_not_in_the_pack_holds() -> None:
    """It is known and has no law here, which is no permission; without the wider one it holds as well."""
    for codes in (["XX", "US"], ["XX-1"]):
        said = answer(written(HOURS, jurisdictions=("XX", "XX-1")), question(jurisdictions=codes))
        assert {"rule": "duly.silence", "fact": "jurisdictions"} in said["in_doubt"]


_CALL = {"at": "2026-03-01T10:00:00-05:00", "kind": "attempt", "channel": "voice", "number": "n1"}

_HOLIDAYS = {"from": "2026-01-01", "until": "2026-12-31", "weekend": ["sun"], "holidays": ["2026-12-25"]}
# What is changed, where it is found, its code, and whether the schema can see it.
BROKEN: tuple[tuple[Document, str, str, bool], ...] = (
    ({"at": ...}, "$", "key.missing", True),
    ({"history": ...}, "$", "key.missing", True),
    ({"act__recipient__role": ...}, "$.act.recipient", "key.missing", True),
    ({"colour": "red"}, "$.colour", "key.unknown", True),
    ({"act__recipient__name": "Li"}, "$.act.recipient.name", "key.unknown", True),
    ({"history": [_CALL | {"account": "a1"}]}, "$.history[0].account", "key.unknown", True),
    ({"act": []}, "$.act", "shape", True),
    ({"debt": "a1"}, "$.debt", "shape", True),
    ({"history": [7]}, "$.history[0]", "shape", True),
    ({"history": None}, "$.history", "value", True),
    ({"jurisdictions": "XX"}, "$.jurisdictions", "value", True),
    ({"jurisdictions": []}, "$.jurisdictions", "value", True),
    ({"jurisdictions": ["XX", "UK"]}, "$.jurisdictions[1]", "jurisdiction", True),
    ({"at": None}, "$.at", "null", True),
    ({"at": "2026-03-02T10:00:00"}, "$.at", "value", True),
    ({"at": "2026-03-02T10:00:00.5-05:00"}, "$.at", "value", True),
    ({"at": "2026-03-02T10:00:00.000Z"}, "$.at", "value", True),
    ({"at": "2026-03-02 10:00:00Z"}, "$.at", "value", True),
    ({"at": "2026-02-30T10:00:00Z"}, "$.at", "value", False),
    ({"at": 1772463600}, "$.at", "value", True),
    ({"at": "1899-12-31T23:59:59Z"}, "$.at", "value", True),
    ({"at": "2200-01-01T00:00:00Z"}, "$.at", "value", True),
    ({"at": "2026-03-02T10:00:00+24:00"}, "$.at", "value", False),
    ({"facts": {"transit_seconds": 10**9 + 1}}, "$.facts.transit_seconds", "value", True),
    ({"actor": "robot"}, "$.actor", "word", True),
    ({"act__channel": "telegraph"}, "$.act.channel", "word", True),
    ({"act__technology": ""}, "$.act.technology", "value", True),
    ({"act__mandatory": "no"}, "$.act.mandatory", "value", True),
    ({"act__recipient__verified_days": -1}, "$.act.recipient.verified_days", "value", True),
    ({"act__recipient__verified_days": 1.5}, "$.act.recipient.verified_days", "value", True),
    ({"act__recipient__verified_days": True}, "$.act.recipient.verified_days", "value", True),
    ({"debtor__zones": ["Mars/Olympus"]}, "$.debtor.zones[0]", "value", False),
    ({"debtor__states": ["sad"]}, "$.debtor.states[0]", "word", True),
    ({"debtor__preferences": ["noon"]}, "$.debtor.preferences[0]", "value", True),
    ({"debtor__preferences": ["17:00-09:00"]}, "$.debtor.preferences[0]", "value", False),
    ({"debtor__consents": [{"basis": "direct"}]}, "$.debtor.consents[0]", "key.missing", True),
    (
        {
            "debtor__consents": [
                {"basis": "direct", "given": "2026-01-02T00:00:00Z", "revoked": "2026-01-01T00:00:00Z"}
            ]
        },
        "$.debtor.consents[0].revoked",
        "consent",
        False,
    ),
    ({"history": [_CALL | {"kind": "smoke"}]}, "$.history[0].kind", "word", True),
    ({"history": [_CALL | {"kind": "notice:"}]}, "$.history[0].kind", "word", True),
    ({"history": [_CALL | {"number": None}]}, "$.history[0]", "contact", False),
    ({"history": [_CALL | {"dated": "2026-02-30"}]}, "$.history[0].dated", "value", False),
    ({"history": [_CALL | {"marks": ["red"]}]}, "$.history[0].marks[0]", "word", True),
    ({"facts": {"weather": True}}, "$.facts.weather", "fact.unknown", True),
    ({"facts": {"channel": "sms"}}, "$.facts.channel", "fact.placed", True),
    ({"facts": {"policy": {}}}, "$.facts.policy", "fact.placed", True),
    ({"facts": {"policy.xx.cap": "2"}}, "$.facts.policy.xx.cap", "value", True),
    ({"facts": {"policy.xx.hours": "20:00-08:00"}}, "$.facts.policy.xx.hours", "value", False),
    ({"facts": {"policy.xx.hours": ["08:00-20:00", "noon"]}}, "$.facts.policy.xx.hours[1]", "value", True),
    ({"facts": {"policy.xx.cal": _HOLIDAYS | {"from": None}}}, "$.facts.policy.xx.cal.from", "value", True),
    (
        {"facts": {"policy.xx.cal": _HOLIDAYS | {"holidays": ["25 Dec"]}}},
        "$.facts.policy.xx.cal.holidays[0]",
        "value",
        True,
    ),
    (
        {"facts": {"policy.xx.cal": _HOLIDAYS | {"holidays": None}}},
        "$.facts.policy.xx.cal.holidays",
        "value",
        True,
    ),
    (
        {"facts": {"policy.xx.cal": _HOLIDAYS | {"weekend": ["sunday"]}}},
        "$.facts.policy.xx.cal.weekend[0]",
        "word",
        True,
    ),
    (
        {"facts": {"policy.xx.cal": _HOLIDAYS | {"working": ["2026-12-25"]}}},
        "$.facts.policy.xx.cal.working",
        "value",
        False,
    ),
    (
        {"facts": {"policy.xx.cal": {"from": "2026-01-01", "until": "2026-12-31", "weekend": ["sun"]}}},
        "$.facts.policy.xx.cal",
        "key.missing",
        True,
    ),
    ({"facts": {"night_consent": "yes"}}, "$.facts.night_consent", "value", True),
    ({"facts": {"lender": "pawnshop"}}, "$.facts.lender", "word", True),
    ({"facts": {"notice_class": "required_by_law"}}, "$.facts.notice_class", "fact.contradicts", False),
    ({"text": ""}, "$.text", "value", True),
    ({"pack": 7}, "$.pack", "value", True),
)


@pytest.mark.parametrize(("changed", "path", "code", "seen"), BROKEN)
def test_what_is_wrong_is_refused_at_its_place(
    changed: Document, path: str, code: str, *, seen: bool
) -> None:
    """One problem for one mistake; the schema refuses what a schema can see."""
    asked = question(**changed)
    assert refused(asked) == [(path, code)]
    assert refused([question(), asked]) == [(path.replace("$", "$[1]", 1), code)]
    checker = jsonschema.Draft202012Validator(page.schema())
    assert checker.is_valid(asked) != seen


def test_everything_that_is_wrong_is_told_at_once() -> None:
    """Over all questions of an array, in the order in which they are written."""
    found = refused([question(act__channel="telegraph", actor="robot"), question(), question(at=7), 5])
    assert sorted(found) == [
        ("$[0].act.channel", "word"),
        ("$[0].actor", "word"),
        ("$[2].at", "value"),
        ("$[3]", "shape"),
    ]


@pytest.mark.parametrize(
    "mend",
    [
        lambda text: text.replace(b'"text": null', b'"text": null, "at": 1'),
        lambda text: text[:-1] + b', "pack": "cn"}',
    ],
)
def test_a_key_that_stands_twice_is_refused(mend: Callable[[bytes], bytes]) -> None:
    """JSON readers take the last one in silence, and so could let somebody hide what was asked."""
    assert [code for _, code in refused(mend(json.dumps(question()).encode()))] == ["key.twice"]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b'{"at": NaN}',
        b"[" * 100_000,
        b"{}{}",
        b"1" * 5000,
        rb'["\ud800"]',
        rb'{"\udfff": 1}',
    ],
)
def test_what_is_no_json_is_said_to_be_none(text: bytes) -> None:
    """Whatever is wrong with it, and with nothing else said."""
    assert [code for _, code in refused(text)] == ["json"]


def test_an_array_is_told_from_an_object() -> None:
    """So that the answer can have the form of the question; an empty array asks nothing."""
    assert document.read(json.dumps(question()).encode(), "q")[1] is False
    found, several, problems = document.read(json.dumps([question(), question()]).encode(), "q")
    assert (len(found), several, problems) == (2, True, [])
    assert [one.path for one in found] == ["$[0]", "$[1]"]
    assert document.read(b"[]", "q") == ((), True, [])


def test_the_schema_is_the_code() -> None:
    """docs/reference/law-ask.schema.json is what `python docs/reference/law_ask.py` writes, and is a schema."""
    assert page.SCHEMA.read_text("utf-8") == page.written()
    jsonschema.Draft202012Validator.check_schema(page.schema())
    jsonschema.validate(question(), page.schema())
    jsonschema.validate([question(), EXAMPLE], page.schema())


def test_the_example_of_the_page_is_answered_as_the_page_says() -> None:
    """Every value that is printed there, of the pack that comes with duly."""
    cn, _ = packs.load(packs.shipped("cn"))
    assert cn is not None
    said, shown = answer(cn, EXAMPLE), json.loads(_BLOCKS[1])
    assert said["verdict"] == shown["verdict"]
    assert [one for one in shown["blocked_by"] if one not in said["blocked_by"]] == []
    assert shown["facts"].items() <= said["facts"].items()
    _, _, problems = document.read(json.dumps(question(act__channel="telegraph")).encode(), "question.json")
    (problem,) = json.loads(_BLOCKS[2])["problems"]
    assert (problem["file"], problem["what"], problem["remedy"], problem["code"]) == (
        problems[0].file,
        problems[0].what,
        problems[0].remedy,
        problems[0].code,
    )
