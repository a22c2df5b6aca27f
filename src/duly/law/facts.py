"""The closed table of facts: everything a rule may ask about, who supplies it, and its words in zh and en.

A rule that names a fact or a word outside this table is refused when its pack is read, so that a typing
mistake can never become a rule that matches nothing. Where one fact has a default by another (a borrower
is liable unless the book says otherwise) the default is data here, and each reading applies it by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from duly.law import further_facts, vocabulary
from duly.law.vocabulary import Words
from duly.model import account, notice, party


class FactKind(Enum):
    """The shape of a fact's value."""

    WORD = "word"  # one word
    WORDS = "words"  # a set of words; a test on it holds when any of its words is in the set
    FLAG = "flag"  # true or false
    NUMBER = "number"  # a whole number
    BARE = "bare"  # carried by the act, but no predicate may test it


class Grain(Enum):
    """What a fact is a fact of."""

    ACT = "act"
    TEXT = "text"
    PERSON = "person"
    ACCOUNT = "account"
    POINT = "point"
    LENDER = "lender"


@dataclass(frozen=True, kw_only=True)
class Otherwise:
    """The value a fact has, when nobody supplied it, by the value of another fact."""

    by: str
    values: Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One row of the table. `values` empty means that any word is legal (the lender's own words)."""

    name: str
    kind: FactKind
    grain: Grain
    supplier: str
    words: Words
    values: Mapping[str, Words] = field(default_factory=dict)
    otherwise: Otherwise | None = None


# Who is liable by the role alone. A general guarantor answers only after enforcement against the debtor
# has failed (Civil Code art. 687), an heir within the estate, a guardian for his ward: for them somebody
# must have recorded it, else the fact is unknown and holds.
_LIABLE_BY_ROLE: Mapping[str, object] = (
    {role.value: True for role in party.LIABLE_BY_ROLE}
    | {
        "debtor": True,
        "attorney": False,
        "family": False,
        "employer": False,
        "contact": False,
        "third_party": False,
        "none": False,
    }
    | dict.fromkeys(
        (
            *("creditor", "creditor_attorney", "collector_attorney", "credit_bureau", "referee", "friend"),
            *("occupier", "household", "debt_adviser"),
        ),
        False,
    )
)


def _word(name: str, grain: Grain, supplier: str, words: Words, values: Mapping[str, Words]) -> Fact:
    by, default = further_facts.OTHERWISE.get(name, ("", {}))
    return Fact(
        name=name,
        kind=FactKind.WORD,
        grain=grain,
        supplier=supplier,
        words=words,
        values=values,
        otherwise=Otherwise(by=by, values=default) if by else None,
    )


def _words(name: str, grain: Grain, supplier: str, words: Words, values: Mapping[str, Words]) -> Fact:
    return Fact(name=name, kind=FactKind.WORDS, grain=grain, supplier=supplier, words=words, values=values)


def _flag(name: str, grain: Grain, supplier: str, words: Words, otherwise: Otherwise | None = None) -> Fact:
    return Fact(
        name=name, kind=FactKind.FLAG, grain=grain, supplier=supplier, words=words, otherwise=otherwise
    )


def _bare(name: str, grain: Grain, supplier: str, words: Words) -> Fact:
    return Fact(name=name, kind=FactKind.BARE, grain=grain, supplier=supplier, words=words)


_TABLE: tuple[Fact, ...] = (
    _word(
        "actor",
        Grain.LENDER,
        "project: licence class and relation to the debt",
        ("催收主体", "who acts"),
        {
            "first_party": ("债权人本人", "the creditor itself"),
            "third_party": ("第三方机构", "a third-party collector"),
            "debt_buyer": ("债权受让人", "a debt buyer"),
            "creditor_other_name": ("以他名行事的债权人", "the creditor under another name"),
        },
    ),
    _word(
        "debt_class",
        Grain.ACCOUNT,
        "book: ACCOUNT.debt_class",
        ("债务类别", "class of debt"),
        {
            "consumer": ("个人消费", "consumer"),
            "business": ("经营", "business"),
            "covered_commercial": ("受保护的小额经营债务", "covered commercial"),
        },
    ),
    _word("product", Grain.ACCOUNT, "book: ACCOUNT.product", ("产品", "product"), {}),
    _word("channel", Grain.ACT, "plan: the step's channel", ("渠道", "channel"), vocabulary.CHANNELS),
    _word(
        "action",
        Grain.ACT,
        "plan: the stage's action",
        ("行为", "action"),
        vocabulary.ACTIONS,
    ),
    _word("stage", Grain.ACT, "plan: the strategy's stage", ("阶段", "stage"), {}),
    _word(
        "notice_class",
        Grain.ACT,
        "strategy: the stage's class",
        ("通知类别", "class of notice"),
        {
            notice.NoticeClass.REQUIRED_BY_LAW.value: ("法定通知", "required by law"),
            notice.NoticeClass.RIGHTS_PRESERVING.value: ("保权通知", "rights-preserving"),
            notice.NoticeClass.NUDGE.value: ("一般提醒", "nudge"),
        },
    ),
    _word(
        "technology",
        Grain.ACT,
        "channel: how it is placed",
        ("拨打方式", "technology"),
        {
            "manual": ("人工", "manual"),
            "autodialled": ("自动拨号", "autodialled"),
            "prerecorded": ("预录语音", "prerecorded"),
            "synthetic": ("合成语音", "synthetic voice"),
        },
    ),
    _word(
        "recipient_role",
        Grain.PERSON,
        "book: ACCOUNT.role",
        ("收件人身份", "the recipient"),
        vocabulary.ROLES,
    ),
    _flag(
        "liable",
        Grain.PERSON,
        "book: ACCOUNT.liable; by the role where the role alone decides",
        ("对债务负有责任", "liability for the debt"),
        Otherwise(by="recipient_role", values=_LIABLE_BY_ROLE),
    ),
    _words("holds", Grain.ACCOUNT, "book: HOLD.kind in force", ("停催状态", "holds"), vocabulary.HOLDS),
    _words(
        "written_holds",
        Grain.ACCOUNT,
        "book: HOLD.kind in force that was evidenced in writing",
        ("书面停催状态", "holds evidenced in writing"),
        vocabulary.HOLDS,
    ),
    _word(
        "consent",
        Grain.POINT,
        "book: CONTACT.consent",
        ("对该渠道的意愿", "consent to the channel"),
        {
            party.Consent.GIVEN.value: ("同意", "given"),
            party.Consent.UNKNOWN.value: ("未表态", "not stated"),
            party.Consent.WITHDRAWN.value: ("已拒绝", "withdrawn"),
        },
    ),
    _word(
        "point_state",
        Grain.POINT,
        "book: CONTACT.state",
        ("联系方式状态", "state of the contact point"),
        {
            party.PointState.OK.value: ("正常", "in order"),
            party.PointState.UNVERIFIED.value: ("未核实", "unverified"),
            party.PointState.WRONG_NUMBER.value: ("非本人", "wrong number"),
            party.PointState.UNREACHABLE.value: ("无法接通", "unreachable"),
            party.PointState.SUSPENDED.value: ("暂停使用", "suspended"),
            party.PointState.RECYCLED.value: ("已转给他人的号码", "a number given to somebody else"),
        },
    ),
    _flag(
        "shared",
        Grain.POINT,
        "book: CONTACT.shared",
        ("与他人共用的联系方式", "a point shared with another person"),
    ),
    _word(
        "place",
        Grain.POINT,
        "book: where the point is",
        ("地点", "place"),
        {"home": ("住所", "home"), "workplace": ("工作单位", "workplace"), "public": ("公共场所", "public")},
    ),
    Fact(
        name="visibility",
        kind=FactKind.WORD,
        grain=Grain.ACT,
        supplier="channel: who can read it; private for person-to-person channels",
        words=("可见范围", "who can see it"),
        values={
            "private": ("仅收件人", "the recipient only"),
            "contacts": ("联系人可见", "the recipient's contacts"),
            "public": ("公开", "the public"),
        },
        otherwise=Otherwise(
            by="channel",
            values=dict.fromkeys(("sms", "email", "letter", "voice", "push", "im", "app"), "private")
            | {"poster": "public"},
        ),
    ),
    _words(
        "claims",
        Grain.TEXT,
        "text.wording over the rendered text",
        ("文字内容类别", "wording"),
        vocabulary.CLAIMS,
    ),
    _words(
        "elements",
        Grain.TEXT,
        "text.wording over the rendered text",
        ("必备内容", "required content"),
        vocabulary.ELEMENTS,
    ),
    _flag(
        "night_consent",
        Grain.PERSON,
        "book: a recorded agreement or consent to be contacted at night",
        ("同意夜间联系的记录", "a recorded consent to be contacted at night"),
    ),
    _flag(
        "agency_announced",
        Grain.ACCOUNT,
        "lender: the debtor was told that an outside agency starts",
        ("已事先告知委外催收", "prior notice of the outside agency"),
    ),
    _flag(
        "first_notice",
        Grain.ACT,
        "plan: whether anything was ever sent in this case",
        ("首次通知", "a first notice"),
    ),
    Fact(
        name="transit_seconds",
        kind=FactKind.NUMBER,
        grain=Grain.ACT,
        supplier="channel: the longest usual time from hand-over to arrival",
        words=("传送所需秒数", "seconds from start to arrival"),
    ),
    *(
        _words(name, Grain(of), supplier, words, known)
        for name, of, supplier, words, known in further_facts.SETS
    ),
    *(
        _word(name, Grain(of), supplier, words, known)
        for name, of, supplier, words, known in further_facts.CHOICES
    ),
    *(_flag(name, Grain(of), supplier, words) for name, of, supplier, words in further_facts.FLAGS),
    _bare("at", Grain.ACT, "plan: the planned instant", ("时间", "the instant")),
    _bare("jurisdictions", Grain.PERSON, "book: ACCOUNT.jurisdiction", ("法域", "jurisdiction")),
    _bare("person", Grain.PERSON, "book: ACCOUNT.person", ("债务人", "person")),
    _bare("accounts", Grain.ACCOUNT, "plan: the covered cases", ("账户", "accounts")),
    _bare("number", Grain.POINT, "book: CONTACT.value_key", ("号码", "number")),
    _bare("zones", Grain.PERSON, "book: ACCOUNT.zones", ("所在时区", "the debtor's time zone")),
    _bare(
        "number_zones",
        Grain.POINT,
        "book: the zones of the number's area code",
        ("号码归属时区", "the number's time zone"),
    ),
    _bare(
        "preferred",
        Grain.PERSON,
        "book: the hours the debtor stated",
        ("债务人指定的时段", "the debtor's preferred hours"),
    ),
    _bare("history", Grain.PERSON, "book and outbox: contacts so far", ("联系记录", "contacts so far")),
    _bare("consents", Grain.PERSON, "book: consents on record", ("同意记录", "consents on record")),
    _bare(
        "document_date",
        Grain.ACT,
        "outbox: the date on the document",
        ("文书日期", "the date on the document"),
    ),
    _bare(
        "policy", Grain.LENDER, "project: values the lender sets", ("机构自定数值", "the lender's own number")
    ),
    _bare(
        "permission", Grain.ACT, "pack: a rule that speaks to the act", ("允许依据", "a rule that allows it")
    ),
)

FACTS: Mapping[str, Fact] = {fact.name: fact for fact in _TABLE}
PREDICATES = frozenset(name for name, fact in FACTS.items() if fact.kind is not FactKind.BARE)

# The fields of an act that hold a word, and those that hold a set of words.
WORD_FIELDS = (
    "actor",
    "debt_class",
    "product",
    "channel",
    "action",
    "stage",
    "notice_class",
    "technology",
    "recipient_role",
    "consent",
    "point_state",
    "place",
)
SET_FIELDS = ("holds", "written_holds", "states", "claims", "conduct", "elements", "memberships")
FLAG_FIELDS = ("liable", "shared")
# Every other fact a predicate may ask about travels beside the fields, by its name.
FURTHER = tuple(
    name for name in FACTS if name in PREDICATES and name not in {*WORD_FIELDS, *SET_FIELDS, *FLAG_FIELDS}
)

# A hold that the book knows and the law does not would silently bar nothing.
if frozenset(vocabulary.HOLDS) != {kind.value for kind in account.HoldKind}:
    raise AssertionError("law.facts and model.account.HoldKind name different holds")


def policy_fact(rule: str) -> str:
    """The name of the number that the lender must set for a rule that gives none: `policy.cn-freq-04`."""
    return f"policy.{rule}"


def refuse_strange(what: str, word: str, known: Mapping[str, Words]) -> None:
    """Raise ValueError unless the word is a known one, or "" for unknown."""
    if word and word not in known:
        raise ValueError(f"{word!r} is no {what}")


def refuse_unfit(name: str, value: object, *, field_names: frozenset[str]) -> None:
    """Raise ValueError unless `value` may stand for the fact `name`; None and "" are unknown, and fit.

    `field_names` are fields of an act, which are not to be given a second time as a further fact.
    """
    fact = FACTS.get(name)
    if fact is None or fact.kind is FactKind.BARE or name in field_names:
        raise ValueError(f"{name!r} is not a further fact of law.facts")
    if value is None or value == "":
        return
    fits = {
        FactKind.WORD: isinstance(value, str) and (not fact.values or value in fact.values),
        FactKind.WORDS: isinstance(value, frozenset) and value <= fact.values.keys(),
        FactKind.FLAG: isinstance(value, bool),
        FactKind.NUMBER: isinstance(value, int) and not isinstance(value, bool),
    }[fact.kind]
    if not fits:
        raise ValueError(f"{value!r} is not a value of the fact {name}")
