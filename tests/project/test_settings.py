"""duly.toml: what is read, and what is refused with place, reason and remedy."""

from __future__ import annotations

from datetime import date
from importlib import resources

import pytest

from duly.model.approval import Subject
from duly.model.party import Duty
from duly.project import settings
from duly.project.reference import Reference

SHIPPED = (resources.files("duly") / "invent" / "folder" / "cn" / "duly.toml").read_text(encoding="utf-8")


def test_the_shipped_file_has_no_problem() -> None:
    """The file that `duly init` copies is read whole."""
    found, problems = settings.read(SHIPPED)
    assert problems == []
    assert found is not None
    assert found.invented
    assert found.database is None
    assert found.licences["CN"].actor == "first_party"
    assert found.limits.overdue_per_run_minor == 50_000_000_00
    assert found.authors[Subject.STRATEGY] == "lin.yue"
    assert found.actor("zhao.min").duties == {Duty.COMPLIANCE}
    assert found.actor("nobody").duties == frozenset()
    assert set(found.phrases) == {"zh-CN", "en"}


# What is changed in the shipped file, and the code and the line's text of the one problem it makes.
BROKEN = [
    ("invented = true", "invented = 1", "settings.flag", "invented = 1"),
    ("hotline = ", "hotlin = ", "settings.key.unknown", "hotlin = "),
    ('"400-000-0000"\nofficial', '"call us"\nofficial', "settings.text.shape", "call us"),
    ("https://chenxi", "http://chenxi", "settings.url", "http://chenxi"),
    ('"service@chenxi.example"', '"service"', "settings.text.shape", "email"),
    ('"first_party"', '"first"', "settings.choice", "first"),
    ("jurisdiction.CN", "jurisdiction.China", "settings.jurisdiction", "China"),
    ('"Asia/Shanghai"', '"Asia/Nowhere"', "settings.zone", "Nowhere"),
    ('"Asia/Shanghai"', '"../../etc/passwd"', "settings.zone", "passwd"),
    ('locale = "zh-CN"', 'locale = "fr"', "settings.choice", "fr"),
    ('currency = "CNY"', 'currency = "XXX"', "settings.choice", "XXX"),
    ("messages_per_run = 5000", "messages_per_run = 0", "settings.number", "messages_per_run"),
    ('"50000000.00"', '"50000000.001"', "settings.amount", "overdue_per_run"),
    ('"50000000.00"', '"-1"', "settings.amount", "overdue_per_run"),
    ('"50000000.00"', "5e7", "settings.amount", "overdue_per_run"),
    ('["compliance"]', '["king"]', "settings.choice", "king"),
    ('["compliance"]', '["machine"]', "settings.choice", "machine"),
    ('[people."lin.yue"]', '[people."lin yue"]', "settings.people.name", "lin yue"),
    ('strategy = "lin.yue"', 'strategy = "ghost"', "settings.authors.unknown", "ghost"),
    ('cn = "2026-11-23"\nhouse = "2026-11-23"', "", "settings.packs.none", "[packs]"),
    ('address = "', 'address = "\\u001b', "settings.text.control", "address"),
]


@pytest.mark.parametrize(("old", "new", "code", "excerpt"), BROKEN)
def test_a_mistake_has_its_code_and_its_line(old: str, new: str, code: str, excerpt: str) -> None:
    """Each mistake is found where it stands; mistakes that follow from it are allowed to be named too."""
    assert old in SHIPPED
    found, problems = settings.read(SHIPPED.replace(old, new, 1))
    assert found is None
    assert (code, True) in [(each.code, excerpt in each.excerpt) for each in problems]
    assert all(each.what and each.remedy and each.file == "duly.toml" for each in problems)


def test_all_mistakes_are_shown_together() -> None:
    """One pass over the file finds the mistakes of every table."""
    text = (
        SHIPPED.replace("hotline = ", "hotlin = ", 1)
        .replace("Asia/Shanghai", "Mars")
        .replace("5000\n", "-1\n", 1)
    )
    codes = {each.code for each in settings.read(text)[1]}
    assert codes == {"settings.key.unknown", "settings.key.missing", "settings.zone", "settings.number"}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("$DATABASE_URL", Reference(variable="DATABASE_URL")),
        ("postgresql:///duly", "postgresql:///duly"),
        ("postgresql://duly@db.internal:5432/duly", "postgresql://duly@db.internal:5432/duly"),
    ],
)
def test_a_database_is_a_reference_or_an_address_without_a_password(written: str, read: object) -> None:
    """Both forms are read; what is secret stands in the environment."""
    found, problems = settings.read(f'database = "{written}"\n{SHIPPED}')
    assert problems == []
    assert found is not None
    assert found.database == read


@pytest.mark.parametrize(
    "written", ["postgresql://duly:hunter2@db/duly", "postgresql://db/duly?password=hunter2"]
)
def test_a_password_in_the_file_is_refused_and_not_repeated(written: str) -> None:
    """The problem names the line and hides the secret."""
    _, problems = settings.read(f'database = "{written}"\n{SHIPPED}')
    assert [(each.code, each.line) for each in problems] == [("settings.secret", 1)]
    assert "hunter2" not in repr(problems)


POLICY = (
    '\n[policy."cn-freq-09"]\nvalue = 3\nby = "zhao.min"\non = 2026-03-01\nwhy = "as agreed with counsel"\n'
)


def test_a_policy_says_who_set_it_and_when() -> None:
    """All three are kept with the value."""
    found, problems = settings.read(SHIPPED + POLICY)
    assert problems == []
    assert found is not None
    policy = found.policies["cn-freq-09"]
    assert (policy.value, policy.by, policy.on) == (3, "zhao.min", date(2026, 3, 1))


@pytest.mark.parametrize("left_out", ["value = 3\n", 'by = "zhao.min"\n', "on = 2026-03-01\n"])
def test_a_policy_without_value_person_or_day_is_refused(left_out: str) -> None:
    """A number of which nobody says who decided it is not a policy."""
    found, problems = settings.read(SHIPPED + POLICY.replace(left_out, ""))
    assert found is None
    assert len(problems) == 1
    assert "cn-freq-09" in problems[0].excerpt


@pytest.mark.parametrize(
    ("people", "code"),
    [
        ('["zhao.min", "chen.hao"]', None),
        ('["zhao.min"]', "settings.lift.people"),
        ('["zhao.min", "zhao.min"]', "settings.lift.people"),
        ('["zhao.min", "ghost"]', "settings.choice"),
    ],
)
def test_lifting_a_rule_takes_two_people_of_the_file(people: str, code: str | None) -> None:
    """One person twice is one person."""
    text = f'{SHIPPED}\n[lift."cn-x"]\npeople = {people}\non = 2026-03-01\nwhy = "counsel\'s letter"\n'
    found, problems = settings.read(text)
    assert [each.code for each in problems] == ([] if code is None else [code])
    assert (found is None) == (code is not None)


OFFER = '\n[offers.spring]\nkind = "waiver"\nsince = 2026-03-01\nuntil = 2026-03-31\ncreditors = ["chenxi"]\n'


def test_an_offer_on_record_has_its_kind_its_days_and_its_creditors() -> None:
    """As it is written; a project without any has none, and no promise is true there."""
    plain, _ = settings.read(SHIPPED)
    found, problems = settings.read(SHIPPED + OFFER)

    assert problems == []
    assert plain is not None
    assert found is not None
    (offer,) = found.offers
    assert plain.offers == ()
    assert (offer.name, offer.kind, offer.creditors) == ("spring", "waiver", frozenset({"chenxi"}))
    assert (offer.since, offer.until) == (date(2026, 3, 1), date(2026, 3, 31))


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('"waiver"', '"gift"', "settings.choice"),
        ('["chenxi"]', '["nobody"]', "settings.choice"),
        ("until = 2026-03-31", "until = 2026-02-28", "settings.offer.days"),
        ("since = 2026-03-01\n", "", "settings.key.missing"),
    ],
)
def test_an_offer_that_nobody_could_keep_to_is_refused(old: str, new: str, code: str) -> None:
    """Of an unknown kind, to nobody's debtors, ending before it begins, without a day."""
    found, problems = settings.read(SHIPPED + OFFER.replace(old, new, 1))

    assert found is None
    assert [problem.code for problem in problems] == [code]


def test_what_a_locked_screen_shows_and_how_old_a_verification_may_be_are_the_lenders_own() -> None:
    """Twelve characters and no age unless he says otherwise; both have their bounds."""
    plain, _ = settings.read(SHIPPED)
    own = "parts_per_message = 8\npreview_characters = 30\nverified_within_days = 365\n"
    found, problems = settings.read(SHIPPED.replace("parts_per_message = 8\n", own))
    _, wrong = settings.read(SHIPPED.replace("parts_per_message = 8\n", own.replace("365", "0")))

    assert problems == []
    assert plain is not None
    assert found is not None
    assert (plain.limits.preview_characters, plain.limits.verified_within_days) == (12, None)
    assert (found.limits.preview_characters, found.limits.verified_within_days) == (30, 365)
    assert [problem.code for problem in wrong] == ["settings.number"]
