"""The entry kinds about a person and the cases of that person's accounts; read them through `kinds`."""

from __future__ import annotations

from duly.evidence.fields import Field, Kind, Subject, Type, field, obj, word

_PERSON = field("person", Type.TEXT, "The lender's id of the person.")
_BY = field("by", Type.TEXT, "Who did it: a person of the lender, or a named part of the system.")
_REASON = field("reason", Type.TEXT, "Why, in words.")
_CHANNELS = "sms email letter voice"
_CURRENCY = field("currency", Type.TEXT, "ISO 4217.")

# What one case link says of its account; one commitment per link, so that a bundle about one account
# need not open another account of the same notice.
ABOUT = obj(
    "about",
    "The account of the link and its figures at that instant.",
    field("account", Type.TEXT, "The lender's id of the account."),
    field("currency", Type.TEXT, "ISO 4217.", optional=True),
    field("overdue_minor", Type.INTEGER, "Overdue in all, in minor units.", optional=True),
    field("principal_minor", Type.INTEGER, "Overdue principal.", optional=True),
    field("interest_minor", Type.INTEGER, "Overdue contract interest.", optional=True),
    field("fee_minor", Type.INTEGER, "Overdue fees.", optional=True),
    field("penalty_minor", Type.INTEGER, "Overdue interest accrued to the day.", optional=True),
    field("as_of", Type.DAY, "The day of the figures.", optional=True),
    field("dpd", Type.INTEGER, "Days past due.", optional=True),
    word(
        "whose", "ours ledger", "Who reckoned the figures: duly, or the lender's own ledger.", optional=True
    ),
    field("facts", Type.HEX, "SHA-256 of the rows from which they can be reckoned again.", optional=True),
)

_RULE = Field(
    name="rules",
    type=Type.OBJECTS,
    says="The rules that spoke.",
    fields=(
        field("rule", Type.TEXT, "Its id."),
        field("version", Type.TEXT, "The date of the version."),
        field("cite", Type.TEXT, "Where the law says so.", optional=True),
        field("effect", Type.TEXT, "What it did.", optional=True),
    ),
)
_DECISION = obj(
    "decision",
    "Why it may leave: the verdict of the law at that instant.",
    word("verdict", "permit hold forbid", "The verdict."),
    _RULE,
    field("facts", Type.FACTS, "The facts the rules used."),
)
_MESSAGE = obj(
    "message",
    "Which message it is.",
    field("message", Type.HEX, "The message key (D17)."),
    field("notice", Type.HEX, "The notice key (D17).", optional=True),
    word("channel", _CHANNELS, "How it travels."),
    field("point", Type.TEXT, "The id of the contact point."),
    field("number", Type.TEXT, "The blind index of its value.", optional=True),
    field("route", Type.TEXT, "The route of channels.yaml.", optional=True),
    field("reference", Type.TEXT, "Our reference at the carrier.", optional=True),
    field("stage", Type.TEXT, "The stage.", optional=True),
    field("occurrence", Type.COUNT, "Which notice of the stage it is, from 1.", optional=True),
    word("notice_class", "required_by_law rights_preserving nudge", "Why it exists (D22).", optional=True),
)
_TEXT = obj(
    "text",
    "What exactly is said.",
    field("sha256", Type.HEX, "SHA-256 of the exact bytes handed over."),
    field("template", Type.HEX, "SHA-256 of the template.", optional=True),
    field("locale", Type.TEXT, "The language.", optional=True),
    field("parts", Type.COUNT, "Segments.", optional=True),
)
_PERMIT = field("permit", Type.ENTRY, "The permit entry it belongs to.")
_BECAUSE = field("because", Type.ENTRY, "The entry that led to it.", optional=True)

PERSON_KINDS = (
    Kind(
        name="hold",
        version=1,
        says="A hold was set or lifted.",
        subject=Subject.PERSON,
        open=(_BECAUSE,),
        committed=(
            _PERSON,
            word("change", "set lifted", "What happened to the hold."),
            field("hold", Type.TEXT, "The kind of hold."),
            field("point", Type.TEXT, "The contact point, if only that.", optional=True),
            field("since", Type.DAY, "First day.", optional=True),
            field("until", Type.DAY, "First day without it.", optional=True),
            field("reason", Type.TEXT, "Why, in words.", optional=True),
            _BY,
        ),
    ),
    Kind(
        name="permit",
        version=1,
        says="The gate let exactly these bytes leave; they are about to be handed over.",
        subject=Subject.PERSON,
        open=(
            field("strategy", Type.DIGEST, "The strategy."),
            field("packs", Type.DIGEST, "The pinned rule packs."),
            field("decisions", Type.ENTRY, "The day's decisions it comes from.", optional=True),
            field("release", Type.DIGEST, "The list by which two people released it.", optional=True),
        ),
        committed=(
            _PERSON,
            _MESSAGE,
            _TEXT,
            _DECISION,
            obj(
                "window",
                "When it may be handed over.",
                field("not_before", Type.INSTANT, "Not before."),
                field("not_after", Type.INSTANT, "Not after."),
            ),
        ),
    ),
    Kind(
        name="answer",
        version=1,
        says="What the carrier said to the hand-over, or that it said nothing.",
        subject=Subject.PERSON,
        open=(_PERMIT,),
        committed=(
            _PERSON,
            word("outcome", "accepted refused unsure never_written", "What became of the hand-over."),
            obj(
                "carrier",
                "The carrier's words.",
                field("name", Type.TEXT, "The carrier."),
                field("remote_ids", Type.TEXTS, "Its ids, one a segment, as it wrote them.", optional=True),
                field("code", Type.TEXT, "Its code.", optional=True),
                field("words", Type.TEXT, "Its explanation.", optional=True),
            ),
            field("handed_over", Type.INSTANT, "When the first byte left.", optional=True),
        ),
    ),
    Kind(
        name="receipt",
        version=1,
        says="The carrier's word on delivery.",
        subject=Subject.PERSON,
        open=(field("permit", Type.ENTRY, "The permit entry; absent while unmatched.", optional=True),),
        committed=(
            field(
                "person", Type.TEXT, "The lender's id of the person; absent while unmatched.", optional=True
            ),
            word("arrival", "delivered failed unknown", "What it says."),
            field("remote_id", Type.TEXT, "The carrier's id as it wrote it."),
            field("status", Type.TEXT, "Its status word or code.", optional=True),
            field("done_at", Type.TEXT, "The time it gives, as it wrote it.", optional=True),
            word("provenance", "signed session address file query", "How we know it is the carrier's."),
            field("raw", Type.HEX, "SHA-256 of the receipt as received."),
        ),
    ),
    Kind(
        name="reply",
        version=1,
        says="The debtor answered.",
        subject=Subject.PERSON,
        open=(field("permit", Type.ENTRY, "The permit entry it answers.", optional=True),),
        committed=(
            field(
                "person", Type.TEXT, "The lender's id of the person; absent while unmatched.", optional=True
            ),
            word("channel", _CHANNELS, "How it came."),
            field("number", Type.TEXT, "The blind index of the sender's number or address."),
            field("meaning", Type.TEXT, "What it was read as."),
            field("phrase", Type.TEXT, "The phrase that decided.", optional=True),
            field("raw", Type.HEX, "SHA-256 of the reply as received."),
            word("provenance", "signed session address file query", "How we know who brought it."),
        ),
    ),
    Kind(
        name="stop",
        version=1,
        says="A person or a number is not to be contacted any more.",
        subject=Subject.PERSON,
        open=(_BECAUSE,),
        committed=(
            _PERSON,
            word("scope", "number channel person", "How far it reaches."),
            word("channel", _CHANNELS, "The channel, if only that.", optional=True),
            field("number", Type.TEXT, "The blind index of the number, if only that.", optional=True),
            word("change", "stop start", "Stopped, or allowed again by the person."),
            _BY,
        ),
    ),
    Kind(
        name="promise",
        version=1,
        says="A promise to pay and what became of it.",
        subject=Subject.PERSON,
        open=(_BECAUSE,),
        committed=(
            _PERSON,
            word("state", "made kept partly_kept broken withdrawn", "Its state."),
            field("amount_minor", Type.INTEGER, "The amount.", optional=True),
            field("currency", Type.TEXT, "ISO 4217.", optional=True),
            field("pay_by", Type.DAY, "The day promised.", optional=True),
            _BY,
        ),
    ),
    Kind(
        name="dispute",
        version=1,
        says="A dispute or complaint and what became of it.",
        subject=Subject.PERSON,
        open=(_BECAUSE,),
        committed=(
            _PERSON,
            word("state", "opened answered upheld rejected withdrawn", "Its state."),
            field("category", Type.TEXT, "What it is about."),
            field("statement", Type.TEXT, "What the person said.", optional=True),
            _BY,
        ),
    ),
    Kind(
        name="payment",
        version=1,
        says="A payment, reversal or waiver became known.",
        subject=Subject.PERSON,
        committed=(
            field("person", Type.TEXT, "Who paid, if known.", optional=True),
            field("payment", Type.TEXT, "The lender's id of it."),
            word("sort", "payment reversal waiver", "What it is."),
            field("reason", Type.TEXT, "Why it was undone, as the bank says.", optional=True),
            field("paid_on", Type.DAY, "Its day."),
            field("amount_minor", Type.INTEGER, "The amount."),
            _CURRENCY,
            _BY,
        ),
    ),
    Kind(
        name="service",
        version=1,
        says="A notice counts as served, or no longer does.",
        subject=Subject.PERSON,
        open=(
            _PERMIT,
            field("receipt", Type.ENTRY, "The receipt that shows it.", optional=True),
        ),
        committed=(
            _PERSON,
            word("change", "served retracted", "What happened."),
            word("grade", "attempted delivered agreed_address deemed_by_rule acknowledged", "The grade."),
            field("stage", Type.TEXT, "The stage whose clock it starts."),
            field("served_at", Type.INSTANT, "From when."),
            field("basis", Type.TEXT, "What it rests on.", optional=True),
        ),
    ),
    Kind(
        name="wake",
        version=1,
        says="A timer was set: the same plan runs again for this person.",
        subject=Subject.PERSON,
        open=(_BECAUSE,),
        committed=(
            _PERSON,
            field("due", Type.INSTANT, "When."),
            field("why", Type.TEXT, "Why."),
        ),
    ),
    Kind(
        name="doubt_resolved",
        version=1,
        says="A hand-over of unknown outcome was cleared up.",
        subject=Subject.PERSON,
        open=(_PERMIT,),
        committed=(
            _PERSON,
            word("outcome", "accepted refused unknown", "What it is now taken to be."),
            field("basis", Type.TEXT, "What that rests on."),
            _BY,
        ),
    ),
    Kind(
        name="access",
        version=1,
        says="Somebody had what is kept of a person opened, and said why.",
        subject=Subject.PERSON,
        committed=(
            _PERSON,
            field("opened", Type.TEXTS, "What was opened: the name, or the ids of contact points."),
            _REASON,
            _BY,
        ),
    ),
    Kind(
        name="expiry",
        version=1,
        says="A message will never leave: its time passed or the debt changed.",
        subject=Subject.PERSON,
        open=(_BECAUSE,),
        committed=(_PERSON, _MESSAGE, _REASON),
    ),
)
