"""Only those who may be told: where others may read a message, nothing of a debt is said, or nothing at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from duly.plan.inputs import Words
from duly.text import template
from duly.text.escape import Sink
from duly.text.offers import Offer
from tests.plan import plans, worlds
from tests.plan.plans import ON, account, late, point

WITHIN = 180
OLD, FRESH = ON - timedelta(days=WITHIN + 1), ON - timedelta(days=WITHIN)
# One stage that asks to call back, and says nothing of a debt.
NEUTRAL = worlds.loaded("""
strategy: neutral
segments:
  - name: default
    stages:
      - {name: ask, from_dpd: 1, notice: call_back, channel: [sms], fallback: [email], class: nudge}
""")
CALL = "您好，请在方便时致电{{ hotline }}，核验码{{ verify_code }}。"
SUBJECT = "【{{ brand }}】请联系我们"


def words(**texts: str) -> Words:
    """What `duly init` writes, with a neutral notice; `texts` replace parts of it."""
    parts = {"sms.txt": CALL, "email.txt": "【{{ brand }}】" + CALL, "email.subject.txt": SUBJECT}
    parts |= {name.replace("_", "."): text for name, text in texts.items()}
    found = dict(plans.words().templates)
    for part, text in parts.items():
        parsed, problems = template.parse(text, notice="call_back", sink=template.SINK_OF_FILE[part])
        assert parsed is not None, problems
        found["call_back", "zh-CN", part] = parsed
    return replace(plans.words(), templates=found)


# Points that somebody else may read, and the rule that says what they may be told.
OTHERS_READ = [
    ([point(shared=True, verified_on=FRESH)], "duly.stop.shared_point"),
    ([point(verified_on=OLD)], "duly.stop.unverified_point"),
    ([point(verified_on=None)], "duly.stop.unverified_point"),
    ([point(place="workplace", verified_on=FRESH)], "duly.stop.workplace"),
    ([point("email", place="workplace", verified_on=FRESH)], "duly.stop.workplace"),
]


@pytest.mark.parametrize(("contacts", "rule"), OTHERS_READ)
def test_where_others_may_read_it_a_notice_is_held(contacts: Sequence[plans.Row], rule: str) -> None:
    """The notice names the debt; nothing leaves, and the rule is named."""
    found = plans.decide(late(1, contacts=contacts), verified_within=WITHIN)

    assert found.messages.is_empty()
    assert (plans.decision(found)["code"], plans.decision(found)["rule"]) == ("law_holds", rule)


@pytest.mark.parametrize("contacts", [contacts for contacts, _ in OTHERS_READ])
def test_where_others_may_read_it_a_neutral_text_goes(contacts: Sequence[plans.Row]) -> None:
    """Asked to call back, with no word of a debt, to the very point that the notice was held for."""
    given = late(1, contacts=contacts)
    found = plans.decide(given, strategy=NEUTRAL, verified_within=WITHIN, words=words())

    assert found.messages.select("stage", "point").rows() == [("ask", contacts[0]["point"])]


@pytest.mark.parametrize(
    "text", ["您的欠款请致电{{ hotline }}，核验码{{ verify_code }}。", CALL + "共{{ overdue_total }}。"]
)
def test_a_text_is_neutral_only_without_a_word_or_a_sum_of_the_debt(text: str) -> None:
    """What its notice is called makes it neutral as little."""
    given = late(1, contacts=[point(shared=True)])
    found = plans.decide(given, strategy=NEUTRAL, words=words(sms_txt=text))

    assert found.messages.is_empty()
    assert plans.decision(found)["rule"] == "duly.stop.shared_point"


@pytest.mark.parametrize(
    ("contacts", "within", "sent"),
    [
        ([point(verified_on=FRESH)], WITHIN, "P1-sms"),
        ([point(verified_on=OLD)], None, "P1-sms"),
        ([point(verified_on=OLD), point(point="P1-two", verified_on=FRESH, rank=9)], WITHIN, "P1-two"),
        ([point(place="workplace", rank=0), point(point="P1-home", place="home", rank=9)], None, "P1-home"),
        ([point(place=None)], None, "P1-sms"),
        ([point(shared=True, rank=0), point(point="P1-own", rank=9)], None, "P1-own"),
    ],
)
def test_a_point_that_is_the_debtors_own_and_lately_verified_is_told(
    contacts: Sequence[plans.Row], within: int | None, sent: str
) -> None:
    """The day counts to the last; without the lender's number age bars nothing; a better point is taken first."""
    found = plans.decide(late(1, contacts=contacts), verified_within=within)

    assert found.messages["point"].to_list() == [sent], plans.decision(found)


def test_a_recycled_number_is_never_used() -> None:
    """Whatever is said: the operator gave it to somebody else."""
    only = plans.decide(late(1, contacts=[point(state="recycled")]))
    neutral = plans.decide(late(1, contacts=[point(state="recycled")]), strategy=NEUTRAL, words=words())
    other = plans.decide(late(1, contacts=[point(state="recycled"), point("email")]))

    assert (only.messages.height, neutral.messages.height) == (0, 0)
    assert plans.decision(only)["code"] == "no_contact_point"
    assert other.messages["point"].to_list() == ["P1-email"]


@pytest.mark.parametrize(
    ("subject", "held"),
    [
        ("【{{ brand }}】账户通知", False),
        ("【{{ brand }}】您的账户已逾期", True),
        ("【{{ brand }}】欠款提醒", True),
        ("【{{ brand }}】催收通知", True),
        ("【{{ brand }}】Overdue account", True),
        ("【{{ brand }}】Debt collection", True),
    ],
)
def test_a_subject_that_tells_of_a_debt_holds_the_mail(subject: str, *, held: bool) -> None:
    """Others see subjects; the same mail under a neutral one goes."""
    parsed, problems = template.parse(subject, notice="overdue_first", sink=Sink.EMAIL_SUBJECT)
    assert parsed is not None, problems
    said = plans.words()
    given = late(1, contacts=[point("email")])
    templates = {**said.templates, ("overdue_first", "zh-CN", "email.subject.txt"): parsed}
    found = plans.decide(given, words=replace(said, templates=templates))
    told = plans.decision(found)

    assert found.messages.height == (0 if held else 1), told
    if held:
        assert (told["code"], told["fact"]) == ("text_refused", "text.lint.preview")


@pytest.mark.parametrize(("shown", "held"), [(6, False), (7, True), (0, False)])
def test_the_first_words_of_an_sms_tell_of_no_debt(shown: int, *, held: bool) -> None:
    """As many as the lender says a locked screen shows; the signature before them does not count."""
    parsed, _ = template.parse(
        "您的账户，逾期，{{ creditor }}截至{{ as_of }}应还{{ overdue_total }}。{{ pay_how }}。{{ objection_how }}。"
        "{{ hotline }} {{ verify_code }}",
        notice="overdue_first",
        sink=Sink.SMS,
    )
    assert parsed is not None
    said = plans.words()
    templates = {**said.templates, ("overdue_first", "zh-CN", "sms.txt"): parsed}
    found = plans.decide(late(1), words=replace(said, templates=templates, preview=shown))

    assert plans.decision(found)["fact"] == ("text.lint.preview" if held else None)
    assert found.messages.height == (0 if held else 1)


@pytest.mark.parametrize(
    ("since", "until", "creditors", "sent"),
    [
        (ON, ON, frozenset(), True),
        (ON, ON, frozenset({"晨曦消费金融"}), True),
        (ON, ON, frozenset({"yunhe"}), False),
        (ON + timedelta(days=1), ON + timedelta(days=2), frozenset(), False),
        (ON - timedelta(days=2), ON - timedelta(days=1), frozenset(), False),
    ],
)
def test_a_promise_leaves_only_while_its_offer_stands(
    since: date, until: date, creditors: frozenset[str], *, sent: bool
) -> None:
    """Without one on record on the day, for this creditor, it is a false promise, and the law says so."""
    said = plans.words()
    plain = said.templates["overdue_first", "zh-CN", "sms.txt"].source
    parsed, problems = template.parse(plain.rstrip() + "罚息可减免。", notice="overdue_first", sink=Sink.SMS)
    assert parsed is not None, problems
    templates = {**said.templates, ("overdue_first", "zh-CN", "sms.txt"): parsed}
    offer = Offer(name="spring", kind="waiver", since=since, until=until, creditors=creditors)
    none = plans.decide(late(1), words=replace(said, templates=templates))
    found = plans.decide(late(1), words=replace(said, templates=templates, offers=(offer,)))

    assert none.messages.is_empty()
    assert plans.decision(none)["rule"] == "cn-word-04"
    assert found.messages.height == (1 if sent else 0), plans.decision(found)


def test_a_notice_to_a_person_who_is_not_liable_is_not_planned_even_if_neutral() -> None:
    """Only the debtor and who is liable with him is contacted at all."""
    given = late(1, accounts=[account(role="guarantor_general", liable=False)])
    found = plans.decide(given, strategy=NEUTRAL, words=words())

    assert found.messages.is_empty()
    assert plans.decision(found)["outcome"] == "not_liable"
