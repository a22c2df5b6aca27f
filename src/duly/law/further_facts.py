"""Facts that the texts of several jurisdictions ask about, beside those every act carries: data for `facts`."""

from __future__ import annotations

from collections.abc import Mapping

from duly.law import vocabulary
from duly.law.vocabulary import Words

# name, what it is a fact of, who supplies it, its words
FLAGS: tuple[tuple[str, str, str, Words], ...] = (
    (
        "employer_prohibits",
        "point",
        "book: what the employer allows",
        ("雇主禁止联系", "an employer who forbids contact"),
    ),
    ("lives_at_work", "person", "book: where the debtor lives", ("居于工作地", "a home at the workplace")),
    (
        "consent_direct",
        "person",
        "book: consent given directly in a lawful contact",
        ("直接同意的记录", "a recorded consent given directly"),
    ),
    ("court_permission", "account", "book: an order of a court", ("法院许可", "permission of a court")),
    (
        "separate_written_consent",
        "person",
        "book: consents on record",
        ("单独书面同意", "a separate written consent"),
    ),
    (
        "express_request",
        "person",
        "book: what the debtor asked for",
        ("债务人明确要求", "the debtor's express request"),
    ),
    (
        "required_by_law_here",
        "act",
        "counsel: a law that requires this medium",
        ("法律要求以此方式", "a law that requires this medium"),
    ),
    (
        "esign_consent",
        "person",
        "book: consents on record",
        ("电子交付同意", "consent to electronic delivery"),
    ),
    (
        "verification_lapsed",
        "point",
        "plan: CONTACT.verified_on against the lender's own number of days",
        ("核实已过期", "a verification older than the lender allows"),
    ),
    (
        "at_work",
        "point",
        "book: CONTACT.place, where it is recorded as the workplace",
        ("工作单位的联系方式", "a contact point recorded as the workplace"),
    ),
    ("contact_lost", "person", "book: loss of contact as the text defines it", ("失联", "loss of contact")),
    (
        "debt_disclosed",
        "text",
        "text.disclosure over the rendered text",
        ("披露债务", "a disclosure of the debt"),
    ),
    (
        "identity_verified",
        "act",
        "channel: identity check before anything is said",
        ("已核实身份", "a verified identity"),
    ),
    (
        "signature_registered",
        "lender",
        "project: filing of the sender",
        ("签名已实名登记", "a registered sender signature"),
    ),
    (
        "institution_channel",
        "act",
        "channel: who runs it",
        ("机构自有渠道", "a channel run by the institution"),
    ),
    (
        "true_sender",
        "act",
        "channel: the sender number is its own",
        ("真实发送号码", "the true sender number"),
    ),
    ("two_collectors", "act", "plan: how many visit", ("两人以上上门", "at least two collectors")),
    ("filed", "account", "book: a court and a case number are on record", ("已立案", "a filing on record")),
    (
        "fees_disclosed",
        "account",
        "book: charges against the disclosed list",
        ("费用已事先披露", "charges that were disclosed"),
    ),
    ("promotion", "text", "text: any offer of goods or services", ("含推销内容", "promotion")),
    (
        "procedures_begun",
        "account",
        "book: whether collection procedures have begun",
        ("催收程序已开始", "collection procedures that have begun"),
    ),
    (
        "enforcement_action",
        "act",
        "plan: whether it is a step of enforcement",
        ("强制执行步骤", "a step of enforcement"),
    ),
    (
        "forbearance_considered",
        "account",
        "book: what was considered",
        ("已考虑宽限措施", "forbearance that was considered"),
    ),
    (
        "options_explored",
        "account",
        "book: what was explored",
        ("已考虑其他方式", "options that were explored"),
    ),
    ("licensed", "lender", "project: licence in force", ("持有许可", "a licence")),
    (
        "frivolous",
        "account",
        "counsel: grievance found frivolous",
        ("无理投诉", "a grievance found frivolous"),
    ),
    (
        "preempted",
        "act",
        "counsel: a wider law displaces this one",
        ("被上位法排除", "pre-emption by a wider law"),
    ),
    (
        "attorney_yields",
        "account",
        "book: the attorney consented to direct contact, or did not answer within a reasonable time",
        ("律师同意或未答复", "an attorney who consented or did not answer"),
    ),
    (
        "call_consent_7d",
        "person",
        "book: consent to the call given directly on this or one of the six days before",
        ("七日内直接同意来电", "a consent to the call, given directly within seven days"),
    ),
    (
        "machine_call_consent",
        "person",
        "book: prior express consent to calls with an artificial or recorded voice",
        ("对人工或预录语音来电的同意", "a consent to calls with an artificial or recorded voice"),
    ),
    (
        "creditor_address",
        "point",
        "book: an address that the creditor had from the debtor and used about the account",
        ("自债权人取得的地址", "an address obtained from the creditor"),
    ),
    (
        "spoken_with",
        "account",
        "book: a conversation with the debtor about the debt",
        ("已与债务人谈及该债务", "a conversation about the debt"),
    ),
    (
        "earlier_answer_wrong",
        "person",
        "book: an answer believed to be wrong or incomplete, and now a better one",
        ("先前答复有误", "an earlier answer believed to be wrong"),
    ),
    (
        "scots_law",
        "account",
        "book: the law the debt is under",
        ("适用苏格兰法", "a debt under the law of Scotland"),
    ),
    (
        "northern_irish_law",
        "account",
        "book: the law the debt is under",
        ("适用北爱尔兰法", "a debt under the law of Northern Ireland"),
    ),
    (
        "contacted_in_period",
        "account",
        "book: whether the creditor was in regular contact with the debtor within the limitation period",
        ("时效期间内保持联系", "regular contact within the limitation period"),
    ),
    (
        "protocol_exchanged",
        "account",
        "counsel: the exchange under the pre-action protocol took place and ended without agreement",
        ("诉前程序往来已毕未达成一致", "a pre-action exchange that ended without agreement"),
    ),
    (
        "agreed_otherwise",
        "account",
        "book: the parties' agreement",
        ("双方另有约定", "an agreement of the parties"),
    ),
)

# The same, with the words the fact may have.
CHOICES: tuple[tuple[str, str, str, Words, Mapping[str, Words]], ...] = (
    (
        "lender",
        "lender",
        "project: class of the licence",
        ("机构类别", "class of lender"),
        vocabulary.LENDERS,
    ),
    (
        "product_class",
        "account",
        "book: class of the product",
        ("产品类别", "class of product"),
        vocabulary.PRODUCTS,
    ),
    ("purpose", "act", "plan: what the contact is for", ("联系目的", "purpose"), vocabulary.PURPOSES),
    (
        "line",
        "point",
        "book: kind of line",
        ("线路类型", "kind of line"),
        {
            "wireless": ("手机", "wireless"),
            "residential": ("住宅固话", "residential"),
            "business": ("办公电话", "business"),
        },
    ),
    (
        "address_class",
        "point",
        "book: whose address it is",
        ("地址类别", "class of address"),
        {"personal": ("个人", "personal"), "employer": ("雇主提供", "provided by the employer")},
    ),
    (
        "format",
        "act",
        "template: how it is sent",
        ("寄送形式", "format"),
        {
            "sealed": ("密封信件", "a sealed letter"),
            "postcard": ("明信片", "a postcard"),
            "marked_envelope": ("信封有催收字样", "an envelope that reveals the debt"),
        },
    ),
    (
        "message_class",
        "text",
        "template: class of the message",
        ("信息类别", "class of message"),
        {
            "full": ("完整信息", "full"),
            "limited_content": ("有限内容留言", "limited content"),
            "pleading": ("诉讼文书", "a formal pleading"),
        },
    ),
)

# Facts that are sets of words.
SETS: tuple[tuple[str, str, str, Words, Mapping[str, Words]], ...] = (
    (
        "states",
        "account",
        "book: states of the person and the debt",
        ("债务人及债务状态", "states"),
        vocabulary.STATES,
    ),
    ("conduct", "text", "review: what a person noted", ("人工审核所见", "conduct"), vocabulary.CONDUCT),
    (
        "memberships",
        "lender",
        "project: associations it belongs to",
        ("所属协会", "memberships"),
        vocabulary.MEMBERSHIPS,
    ),
)

# The value each has when nobody supplied it, by the value of another fact.
OTHERWISE: Mapping[str, tuple[str, Mapping[str, object]]] = {
    # What is done is done to collect unless whoever plans it says what else it is for.
    "purpose": ("action", dict.fromkeys(vocabulary.ACTIONS, "collection")),
    # A message is a full one unless it was written as less.
    "message_class": ("channel", dict.fromkeys(vocabulary.CHANNELS, "full")),
    "line": ("channel", {"sms": "wireless"}),
    "format": ("channel", {"letter": "sealed"}),
}
