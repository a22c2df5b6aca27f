"""A strategy is read strictly: every mistake at once, with its line, what is wrong and what to do."""

from __future__ import annotations

import pytest

from duly.model.notice import Grade, NoticeClass
from duly.model.party import Channel
from duly.plan import ladder, strategy
from tests.plan import plans, strategies, worlds

HEAD = "strategy: s\nsegments:\n  - name: default\n    stages:\n"
FIRST = "      - {name: a, from_dpd: 1, notice: n, channel: [sms], deadline: 5d}\n"
LAST = "      - {name: z, from_dpd: 9, notice: n, channel: [sms]}\n"


def stages(*lines: str) -> str:
    """A strategy of one segment with these stages; the first of them stands on line 5."""
    return HEAD + "".join(lines)


def segments(*whens: str) -> str:
    """A strategy of segments with these conditions, one a line from line 3."""
    stage = "stages: [{name: a, from_dpd: 1, notice: n, channel: [sms]}]"
    listed = "".join(f"  - {{name: s{n}, when: {when}, {stage}}}\n" for n, when in enumerate(whens))
    return "strategy: s\nsegments:\n" + listed


def ruled(rule: str, *lines: str) -> str:
    """A strategy of one segment with this rule, on line 4."""
    return HEAD.replace("    stages:\n", f"    {rule}\n    stages:\n") + "".join(lines or (FIRST, LAST))


BROKEN = [
    ("not yaml", "strategy: [", "strategy.syntax", 1, "this is not YAML"),
    ("empty", "", "strategy.syntax", None, "the file is empty"),
    ("anchor", "strategy: &a s\nsegments: *a\n", "strategy.anchor", 1, "without"),
    ("tag", "strategy: !!python/none s\nsegments: []\n", "strategy.tag", 1, "tag"),
    ("no name", "segments:\n  - {name: d, stages: [{name: a, from_dpd: 1, notice: n, channel: [sms]}]}\n",
     "strategy.key.missing", 1, "`strategy` is missing"),
    ("no segments", "strategy: s\n", "strategy.key.missing", 1, "`segments` is missing"),
    ("unknown key above", "strategy: s\nsegment: []\n", "strategy.key.unknown", 2, "`segment`"),
    ("unknown key", stages(FIRST.replace("every", "e").replace("deadline", "dedline"), LAST), "strategy.key.unknown", 5,
     "`dedline`"),
    ("key twice", stages("      - {name: a, name: b, from_dpd: 1, notice: n, channel: [sms]}\n"),
     "strategy.key.twice", 5, "written twice"),
    ("stage named twice", stages(FIRST, FIRST.replace("1", "9", 1)), "strategy.stage.twice", 6, "`a`"),
    ("odd name", stages("      - {name: A b, from_dpd: 1, notice: n, channel: [sms]}\n"), "strategy.name", 5, "`A b`"),
    ("unknown channel", stages(FIRST.replace("sms", "fax")), "strategy.channel.unknown", 5, "`fax`"),
    ("channel twice", stages(FIRST.replace("[sms]", "[sms, sms]")), "strategy.list.twice", 5, "`sms`"),
    ("no channel", stages("      - {name: a, from_dpd: 1, notice: n}\n"), "strategy.key.missing", 5, "`channel`"),
    ("channels not a list", stages(FIRST.replace("[sms]", "sms")), "strategy.list", 5, "a list"),
    ("fallback is the primary", stages(FIRST.replace("channel: [sms]", "channel: [sms], fallback: [email, sms]")),
     "strategy.fallback.twice", 5, "`sms` was already tried"),
    ("order", stages(FIRST.replace("from_dpd: 1", "from_dpd: 9"), LAST.replace("from_dpd: 9", "from_dpd: 3")),
     "strategy.stage.order", 6, "DPD 3"),
    ("same day", stages(FIRST, LAST.replace("9", "1")), "strategy.stage.order", 6, "DPD 1"),
    ("day nought", stages(FIRST.replace("from_dpd: 1", "from_dpd: 0")), "strategy.stage.zero", 5, "before the due"),
    ("half a day", stages(FIRST.replace("from_dpd: 1", "from_dpd: 1.5")), "strategy.number", 5, "whole number"),
    ("no beginning", stages(FIRST.replace("from_dpd: 1, ", "")), "strategy.stage.start", 5, "when the stage `a`"),
    ("every longer than the stage", stages(FIRST.replace("deadline: 5d", "deadline: 5d, every: 6d"), LAST),
     "strategy.stage.every", 5, "every 6 days"),
    ("every in words", stages(FIRST.replace("deadline: 5d", "deadline: 5d, every: weekly"), LAST),
     "strategy.duration", 5, "number of days"),
    ("no deadline before another stage", stages(FIRST.replace(", deadline: 5d", ""), LAST),
     "strategy.stage.deadline", 5, "never begin"),
    ("after a later stage", stages(FIRST, LAST.replace("notice", "after: {stage: y, deadline: passed}, notice")),
     "strategy.stage.unreachable", 6, "`y` is not a stage before this one"),
    ("after nothing", stages(FIRST, LAST.replace("notice", "after: {stage: a}, notice")), "strategy.after.empty", 6,
     "what must have come of it"),
    ("after a reminder", stages(FIRST.replace("from_dpd: 1", "from_dpd: -3"),
                                LAST.replace("notice", "after: {stage: a, deadline: passed}, notice")),
     "strategy.stage.unreachable", 6, "reminder"),
    ("unknown grade", stages(FIRST.replace("deadline: 5d", "deadline: 5d, served: [seen]")),
     "strategy.grade.unknown", 5, "`seen`"),
    ("unknown class", stages(FIRST.replace("deadline: 5d", "class: spam")), "strategy.class.unknown", 5, "`spam`"),
    ("unknown list", stages(FIRST.replace("deadline: 5d", "list: vip")), "strategy.list.unknown", 5, "`vip`"),
    ("unknown approval", stages(FIRST.replace("deadline: 5d", "approval: me")), "strategy.approval.unknown", 5, "`me`"),
    ("cooling-off without days", ruled("cooling_off: {up_to_minor: 5}"), "strategy.key.missing", 4, "`days`"),
    ("cooling-off of half a day", ruled("cooling_off: {days: 0.5d}"), "strategy.duration", 4, "number of days"),
    ("sum of several currencies", ruled("cooling_off: {days: 5d, up_to_minor: 5}"), "strategy.cooling_off.sum", 4,
     "several"),
    ("nothing to silence", ruled("cooling_off: {days: 5d}", FIRST.replace("deadline: 5d", "class: required_by_law")),
     "strategy.cooling_off.silent", 4, "silence nothing"),
    ("re-entry without a place", ruled("re_entry: {within: 5d}"), "strategy.key.missing", 4, "`at`"),
    ("re-entry after the stage", ruled("re_entry: {within: 5d, at: next}"), "strategy.re_entry.next", 4,
     "passed over"),
    ("re-entry elsewhere", ruled("re_entry: {within: 5d, at: last}"), "strategy.re_entry.unknown", 4, "`last`"),
    ("re-entry at an approval", ruled("re_entry: {within: 5d, at: same}", FIRST,
                                      LAST.replace("channel", "approval: two_people, channel")),
     "strategy.re_entry.nowhere", 4, "nowhere but with its first stage"),
    ("re-entry past a demand", ruled("re_entry: {within: 5d, at: same}",
                                     FIRST.replace("deadline", "class: rights_preserving, deadline"), LAST),
     "strategy.re_entry.nowhere", 4, "nowhere but with its first stage"),
    ("counted by nothing known", stages(FIRST.replace("deadline: 5d", "by: moon")), "strategy.by.unknown", 5, "`moon`"),
    ("a demand by the re-aged count", stages(LAST.replace("channel", "class: rights_preserving, by: reaged, channel")),
     "strategy.stage.by", 5, "`z` counts by the contract"),
    ("what the law asks for by the re-aged count",
     stages(LAST.replace("channel", "class: required_by_law, by: reaged, channel")), "strategy.stage.by", 5, "`z`"),
    ("a clock by the re-aged count",
     stages(LAST.replace("channel", "class: rights_preserving, before_limit: 9d, every: 5d, by: reaged, channel")),
     "strategy.stage.by", 5, "`z`"),
    ("a release by the re-aged count", stages(LAST.replace("channel", "approval: two_people, by: reaged, channel")),
     "strategy.stage.by", 5, "`z`"),
    ("a re-aged stage before a demand", stages(FIRST.replace("deadline", "by: reaged, deadline"),
                                               LAST.replace("channel", "class: rights_preserving, channel")),
     "strategy.stage.by", 5, "re-aged days past due cannot open `a`: `z`"),
    ("a reminder by the re-aged count", stages(FIRST.replace("from_dpd: 1", "from_dpd: -3, by: reaged"), LAST),
     "strategy.key.foreign", 5, "counts no days"),
    ("one arm", stages(FIRST.replace("deadline: 5d", "arms: {control: 100%}")), "strategy.arms.sum", 5, "1 arm"),
    ("arms below the whole", stages(FIRST.replace("deadline: 5d", "arms: {control: 90%, softer: 9.5%}")),
     "strategy.arms.sum", 5, "99.5%"),
    ("arms above the whole", stages(FIRST.replace("deadline: 5d", "arms: {control: 90%, softer: 11%}")),
     "strategy.arms.sum", 5, "101%"),
    ("arm of nothing", stages(FIRST.replace("deadline: 5d", "arms: {control: 100%, softer: 0%}")),
     "strategy.arms.share", 5, "above nothing"),
    ("unserved without repeats", stages(FIRST.replace("deadline: 5d", "deadline: 5d, unserved: {after: 3}"), LAST),
     "strategy.unserved.every", 5, "3 notices"),
    ("unserved without a deadline", stages(FIRST.replace("deadline: 5d", "unserved: {then: next}")),
     "strategy.unserved.deadline", 5, "deadline"),
    ("unserved to nobody", stages(FIRST.replace("deadline: 5d", "deadline: 5d, unserved: {then: mother}")),
     "strategy.unserved.then", 5, "`mother`"),
    ("nothing said or done", stages("      - {name: a, from_dpd: 1}\n"), "strategy.stage.empty", 5, "says nothing"),
    ("said and done", stages(FIRST.replace("deadline: 5d", "action: litigation_file")), "strategy.stage.both", 5,
     "either"),
    ("an action with a channel", stages(FIRST, "      - {name: z, from_dpd: 9, action: litigation_file, every: 3d}\n"),
     "strategy.key.foreign", 6, "`every` means nothing"),
    ("a stage after the action", stages(FIRST, "      - {name: y, from_dpd: 8, action: litigation_file}\n", LAST),
     "strategy.stage.unreachable", 7, "after an action"),
    ("a reminder with a list", stages(FIRST.replace("from_dpd: 1", "list: suit_list, from_dpd: -3")),
     "strategy.key.foreign", 5, "before the due date"),
    ("segment named twice", segments("{product: [card]}", "{}").replace("s1", "s0"),
     "strategy.segment.twice", 4, "`s0`"),
    ("segment covered", segments("{product: [card]}", "{product: [card], creditor: [jia]}", "{}"),
     "strategy.segment.unreachable", 4, "`s1`"),
    ("segment covered by two", segments("{product: [card]}", "{product: [cash_loan]}", "{creditor: [jia]}"),
     "strategy.segment.unreachable", 5, "`s2`"),
    ("no default", segments("{creditor: [jia]}"), "strategy.segment.default", 3, "creditor (any other)"),
    ("no default for a product", segments("{product: [card]}"), "strategy.segment.default", 3, "product cash_loan"),
    ("unknown product", segments("{product: [boat]}", "{}"), "strategy.segment.value", 3, "`boat`"),
    ("unknown attribute", segments("{colour: [red]}", "{}"), "strategy.key.unknown", 3, "`colour`"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "code", "line", "words"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN]
)
def test_each_mistake_is_found_with_its_line_and_a_remedy(
    text: str, code: str, line: int | None, words: str
) -> None:
    """One broken strategy for each problem, and its place, words and remedy."""
    found, problems = strategy.load(text)

    assert found is None
    problem = next((each for each in problems if each.code == code), None)
    assert problem is not None, [each.code for each in problems]
    assert problem.line == line
    assert words in problem.what
    assert problem.remedy
    if line is not None:
        assert problem.excerpt == text.splitlines()[line - 1]


def test_a_notice_without_a_template_is_refused() -> None:
    """The names of the template folders are known to the project; a notice must be one of them."""
    _, problems = strategy.load(stages(FIRST), notices={"m"})

    assert [(each.code, each.line) for each in problems] == [("strategy.notice.unknown", 5)]
    assert strategy.load(stages(FIRST), notices={"n"})[1] == []


def test_all_mistakes_are_told_at_once_in_the_order_of_the_lines() -> None:
    """A person mends the file once, not once for each mistake."""
    _, problems = strategy.load(stages(FIRST.replace("sms", "fax"), LAST.replace("9", "1"), LAST))

    assert [each.code for each in problems] == [
        "strategy.channel.unknown",
        "strategy.stage.deadline",
        "strategy.stage.order",
        "strategy.stage.twice",
    ]
    assert [each.line for each in problems] == [5, 6, 6, 7]


def test_the_strategy_of_a_new_project_has_no_problem() -> None:
    """What `duly init` writes is read without a word, for the notices it has templates of."""
    notices = {path.name for path in (plans.FOLDER / "templates").iterdir()}

    found, problems = strategy.load((plans.FOLDER / "strategy.yaml").read_text("utf-8"), notices=notices)

    assert problems == []
    assert found is not None
    assert found.notices() == {"due_soon", "overdue_first", "overdue_firm", "last_notice"}


def test_every_key_says_what_it_means() -> None:
    """The values of a stage that has them all."""
    plan = worlds.loaded(strategies.FULL)
    cards, default = plan.segments
    first, mid, suit, file = cards.stages[2:]

    assert cards.when == {"product": {"card"}, "creditor": {"jia"}}
    assert default.when == {}
    assert cards.stages[0].ahead
    assert first.steps == ((Channel.SMS, Channel.EMAIL),)
    assert (first.every, first.deadline) == (2, 4)
    assert first.unserved == ladder.Unserved(after=2, then=ladder.Then.NEXT)
    assert [(arm.name, arm.share, arm.notice) for arm in first.arms] == [
        ("control", 900_000, None),
        ("softer", 100_000, "overdue_softer"),
    ]
    assert mid.steps == ((Channel.EMAIL,), (Channel.SMS,), (Channel.LETTER,))
    assert mid.served == frozenset({Grade.ATTEMPTED, Grade.DELIVERED})
    assert mid.notice_class is NoticeClass.RIGHTS_PRESERVING
    assert mid.unserved.then is ladder.Then.COUNSEL
    assert suit.on_list is ladder.ListName.SUIT_LIST
    assert suit.after == ladder.After(stage="first", served=frozenset({Grade.DELIVERED}))
    assert suit.approval is ladder.Approval.TWO_PEOPLE
    assert file.after == ladder.After(stage="suit", deadline=True)
    assert file.action is ladder.Action.LITIGATION_FILE


def test_the_digest_is_of_the_meaning_and_not_of_the_layout() -> None:
    """A comment moves nothing; a day more is another strategy, to be approved again."""
    plain = worlds.loaded(stages(FIRST, LAST))

    assert worlds.loaded("# a comment\n" + stages(FIRST, LAST)).digest == plain.digest
    assert worlds.loaded(stages(FIRST.replace("5d", "6d"), LAST)).digest != plain.digest
    assert (
        worlds.loaded(stages(FIRST.replace("deadline: 5d", "deadline: 5d, class: nudge"), LAST)).digest
        == plain.digest
    )


@pytest.mark.parametrize(
    ("channel", "grade", "accepted"),
    [
        (Channel.SMS, Grade.DELIVERED, True),
        (Channel.SMS, Grade.ATTEMPTED, False),
        (Channel.SMS, Grade.AGREED_ADDRESS, False),
        (Channel.EMAIL, Grade.DELIVERED, True),
        (Channel.LETTER, Grade.AGREED_ADDRESS, True),
        (Channel.VOICE, Grade.DELIVERED, False),
    ],
)
def test_the_deadline_counts_from_a_delivery_unless_the_stage_says_otherwise(
    channel: Channel, grade: Grade, accepted: bool
) -> None:
    """The default grades of each channel; a stage's own list replaces them."""
    plain = ladder.Stage(name="a")
    own = ladder.Stage(name="a", served=frozenset({Grade.ATTEMPTED}))

    assert (grade in plain.grades(channel)) is accepted
    assert own.grades(channel) == {Grade.ATTEMPTED}
