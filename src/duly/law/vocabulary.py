"""The words that facts may have, each in Chinese and English: a closed list, so that a typing mistake is refused.

What the words are words of, who supplies them and how an unknown one is read is in `facts`.
"""

from __future__ import annotations

from collections.abc import Mapping

Words = tuple[str, str]  # zh, en

CHANNELS: dict[str, Words] = {
    "sms": ("短信", "SMS"),
    "email": ("电子邮件", "e-mail"),
    "letter": ("信函", "letter"),
    "voice": ("电话", "telephone"),
    "push": ("应用推送", "push message"),
    "im": ("即时通讯", "instant message"),
    "app": ("应用内消息", "in-app message"),
    "social": ("社交媒体", "social media"),
    "visit": ("上门", "visit"),
    "poster": ("公开张贴", "public posting"),
}

ROLES: dict[str, Words] = {
    "borrower": ("借款人", "the borrower"),
    "debtor": ("债务人", "the debtor"),
    "co_borrower": ("共同借款人", "a co-borrower"),
    "guarantor_joint": ("连带责任保证人", "a joint guarantor"),
    "guarantor_general": ("一般保证人", "a general guarantor"),
    "guarantor": ("保证人", "a guarantor"),
    "heir": ("继承人", "an heir"),
    "guardian": ("监护人", "a guardian"),
    "attorney": ("代理律师", "the debtor's lawyer"),
    "family": ("家属", "a family member"),
    "employer": ("工作单位", "the employer"),
    "contact": ("联系人", "a contact person"),
    "third_party": ("无关第三人", "an unrelated third party"),
    "none": ("非债务相关人", "a person with no part in the debt"),
    "spouse": ("配偶", "the spouse"),
    "parent": ("未成年人的父母", "the parent of a minor"),
    "executor": ("遗产管理人", "the executor or personal representative"),
    "creditor": ("债权人", "the creditor"),
    "creditor_attorney": ("债权人律师", "the creditor's lawyer"),
    "collector_attorney": ("催收方律师", "the collector's lawyer"),
    "credit_bureau": ("征信机构", "a credit bureau"),
    "referee": ("推荐人", "a referee"),
    "friend": ("朋友", "a friend"),
    "occupier": ("“住户”", "“the occupier”"),
    "household": ("同住家庭成员", "another member of the household"),
    "debt_adviser": ("债务顾问", "a debt adviser"),
}

HOLDS: dict[str, Words] = {
    "dispute": ("有异议", "a dispute"),
    "complaint": ("有投诉", "a complaint"),
    "hardship": ("经济困难", "hardship"),
    "bankruptcy": ("破产程序", "bankruptcy proceedings"),
    "deceased": ("已故", "a recorded death"),
    "represented": ("已委托律师", "representation by a lawyer"),
    "cease": ("要求停止联系", "a request to cease contact"),
    "wrong_number": ("非本人号码", "a wrong number"),
    "payment_in_flight": ("款项在途", "a payment in flight"),
    "amount_disagrees": ("金额不符", "an amount that disagrees with the ledger"),
    "feed_stale": ("数据未更新", "a stale data feed"),
    "time_barred": ("时效已过或者可能已过", "a limitation period that is over or may be"),
    "guarantee_released": ("保证期间届满", "a guarantee that is over"),
    "manual": ("人工暂停", "a hold set by hand"),
}

CLAIMS: dict[str, Words] = {
    "impersonate_authority": ("冒用机关名义", "posing as an authority"),
    "fake_filing": ("虚称已立案", "a filing said to be done that is not"),
    "criminal_threat": ("刑事责任恐吓", "talk of criminal liability"),
    "threat": ("威胁恐吓", "a threat"),
    "insult": ("侮辱诽谤", "an insult"),
    "expose": ("向他人披露", "telling others, or threatening to"),
    "false_credit": ("虚构信用后果", "an invented credit effect"),
    "false_legal_effect": ("虚构法律后果", "a legal effect that does not exist"),
    "false_amount": ("金额不实或另收费用", "a false amount or an extra fee"),
    "false_promise": ("虚假承诺", "a false promise"),
    "new_loan": ("诱导借新还旧", "repayment by new borrowing"),
    "marketing": ("营销推广", "marketing"),
    "private_channel": ("私人账号或收款", "a private account or channel"),
    "over_disclosure": ("过度披露个人信息", "more personal data than needed"),
    "time_barred": ("隐瞒时效", "court force for a time-barred debt"),
}

ELEMENTS: dict[str, Words] = {
    "sender_name_first": ("开头写明机构名称", "the sender's name at the beginning"),
    "creditor_name": ("债权人名称", "the creditor's name"),
    "amount": ("欠款余额", "the balance owed"),
    "as_of": ("金额计算日", "the day the amount is computed to"),
    "official_contact": ("机构官方联系方式", "the institution's official contact"),
    "objection_route": ("异议渠道", "how to object"),
    "pay_route": ("还款渠道", "how to pay"),
    "verify_code": ("核验码", "a code to verify the notice"),
    "deadline": ("期限", "a deadline"),
    "optout": ("退订方式", "how to opt out"),
    "holder_name": ("持卡人姓名", "the card holder's name"),
    "reason": ("催收事由", "the reason for the demand"),
    "rules": ("相关规定", "the rules it rests on"),
    "rights_duties": ("持卡人权利和义务", "the holder's rights and duties"),
    "query_route": ("账户查询渠道", "how to check the account"),
    "evidence_route": ("提交证据渠道", "how to give evidence"),
    "seal": ("机构印章", "the institution's seal"),
    "caller_identity": ("来电人身份", "the caller's identity"),
    "caller_name_or_id": ("来电人姓名或固定代号", "the caller's name or fixed identifier"),
    "business_name": ("机构营业名称", "the business name"),
    "collector_disclosure_first": ("首次催收披露", "the disclosure of a debt collector, in full"),
    "collector_disclosure_later": ("后续催收披露", "that it is from a debt collector"),
    "validation_information": ("债务核实信息", "the validation information"),
    "time_barred_notice": ("时效届满提示", "the notice that the debt is time-barred"),
    "information_sheet": ("监管信息单", "the regulator's information sheet"),
    "recording_notice": ("录音告知", "that the call is recorded"),
    "grievance_officer": ("投诉负责人", "the grievance officer"),
    "contact_purpose": ("联系目的", "the purpose of the contact"),
    "itemization": ("金额构成", "the itemization of the amount"),
    "suit_mentioned": ("提及诉讼", "a mention of suit or of a court"),
    "court_and_case_number": ("法院及案号", "the court and the case number"),
}

# States of a person or a debt that bar acts by law, beside the holds of the house.
STATES: dict[str, Words] = {
    "attorney_represented": ("已委托律师", "representation by a lawyer"),
    "cease_requested": ("要求停止联系", "a request to cease contact"),
    "medium_opt_out": ("拒绝该联系方式", "a refusal of this medium"),
    "no_work_contact": ("要求不在工作单位联系", "a request not to be contacted at work"),
    "no_work_contact_written": (
        "书面要求不在工作单位联系",
        "a written request not to be contacted at work",
    ),
    "disputed": ("债务有异议未答复", "a dispute not yet answered"),
    "validation_period": ("债务核实期间", "the validation period"),
    "time_barred": ("诉讼时效届满", "a time-barred debt"),
    "refused_as_barred": ("以时效届满为由拒付", "a refusal to pay because the debt is time-barred"),
    "paid": ("已清偿", "a debt that was paid"),
    "settled": ("已和解", "a debt that was settled"),
    "bankrupt": ("破产程序", "bankruptcy"),
    "discharged": ("破产免责", "a discharge in bankruptcy"),
    "breathing_space": ("债务喘息期", "a breathing space"),
    "mental_health_moratorium": ("精神健康危机延期", "a mental-health crisis moratorium"),
    "mental_capacity": ("行为能力受限", "a limited mental capacity"),
    "vulnerable": ("特别弱势", "a particular vulnerability"),
    "plan_in_progress": ("还款计划制定中", "a repayment plan in the making"),
    "grievance_open": ("投诉未处理完毕", "a grievance that is open"),
    "sensitive_occasion": (
        "丧事、急病、灾害、婚礼等",
        "a bereavement, emergency, calamity, wedding or the like",
    ),
    "arrears_notice_missed": ("欠款通知逾期未发", "a notice of arrears that was missed"),
    "hardship_pending": ("困难申请待决", "a hardship request not yet decided"),
    "military_service": ("现役", "military service"),
    "deceased": ("已故", "a death"),
    "unreachable": ("无法联系", "a debtor who cannot be reached"),
    "contact_refused": ("联系人已拒绝", "a contact person who has refused"),
}

# What a person has noted of a text or of how it is meant to be used, where no machine can find it.
CONDUCT: dict[str, Words] = {
    "harassment": ("骚扰", "harassment"),
    "pressure": ("不当施压", "undue pressure to pay"),
    "overshadowing": ("掩盖异议权利", "a text that overshadows the right to dispute"),
    "unintended_action": ("声称不打算采取的行动", "talk of an action not intended or not lawful"),
    "suit_threat": ("以起诉相威胁", "a threat of suit"),
    "legal_look_alike": ("仿冒法律文书", "the look of legal process"),
    "misleading_contact": ("诱使联系的误导", "a misleading reason to make contact"),
    "debt_stated": ("向他人提及债务", "a debt stated to another"),
    "unauthorised_amount": ("超出约定或法定的金额", "an amount neither agreed nor lawful"),
    "undisputed_report": ("未注明异议的报送", "a report that leaves out the dispute"),
    "humiliation": ("公开羞辱", "public humiliation"),
    "anonymous": ("匿名", "anonymity"),
    "false_name": ("使用假名", "a false name"),
    "visit_threat": ("以上门相威胁", "a threat of a visit"),
    "violence": ("暴力", "violence"),
}

MEMBERSHIPS: dict[str, Words] = {
    "cba": ("中国银行业协会", "the China Banking Association"),
    "nifa": ("中国互联网金融协会", "the National Internet Finance Association"),
    "hkab": ("香港银行公会", "the Hong Kong Association of Banks"),
}

LENDERS: dict[str, Words] = {
    "bank": ("银行", "a bank"),
    "card_issuer": ("信用卡发卡机构", "a card issuer"),
    "consumer_finance": ("消费金融公司", "a consumer-finance company"),
    "microloan": ("小额贷款公司", "a microloan company"),
    "nbfc": ("非银行金融公司", "a non-bank financial company"),
    "moneylender": ("放债人", "a moneylender"),
    "private": ("民间出借人", "a private lender"),
    "credit_purchaser": ("不良贷款受让人", "a purchaser or servicer of bank loans"),
}

PRODUCTS: dict[str, Words] = {
    "card": ("信用卡", "a card"),
    "personal_loan": ("个人贷款", "a personal loan"),
    "mortgage": ("住房贷款", "a mortgage"),
    "microfinance": ("小额信贷", "a microfinance loan"),
    "student_loan": ("助学贷款", "a student loan"),
    "digital_loan": ("数字贷款", "a digital loan"),
    "fixed_sum": ("定额信贷", "fixed-sum credit"),
    "running_account": ("循环信贷", "running-account credit"),
}

PURPOSES: dict[str, Words] = {
    "collection": ("催收", "collection"),
    "service": ("服务通知", "a message about the account"),
    "location": ("查找联系方式", "to learn how the debtor can be reached"),
    "solicitation": ("推销", "solicitation"),
    "consent_request": ("征求同意", "to ask for consent"),
    "stop_confirmation": ("确认退订", "to confirm an opt-out"),
    "legal_service": ("法律文书送达", "service of process"),
    "reply": ("答复对方来信", "to answer what the debtor wrote"),
    "validation_notice": ("债务核实通知", "the validation notice"),
    "verification": ("提供债务证明", "to send verification of the debt"),
    "efforts_end": ("告知不再催收", "to say that collection ends"),
    "remedy_possible": ("告知可能采取的救济", "to say that a usual remedy may be invoked"),
    "remedy_intended": ("告知拟采取的救济", "to say that a certain remedy will be invoked"),
}

ACTIONS: dict[str, Words] = {
    "contact": ("联系", "contact"),
    "sue": ("起诉", "suit"),
    "threaten_suit": ("称将起诉", "a threat of suit"),
    "report_credit": ("报送征信", "credit reporting"),
    "assign": ("转让债权", "assignment of the debt"),
    "refer_agency": ("委托机构催收", "placing the debt with an agency"),
    "accelerate": ("宣布提前到期", "acceleration"),
    "terminate": ("解除合同", "termination of the agreement"),
    "repossess": ("取回担保物", "repossession"),
    "enforce_security": ("实现担保", "enforcement of security"),
    "default_judgment": ("申请缺席判决", "default judgment"),
    "order_for_sale": ("申请变卖", "an order for sale"),
    "bankruptcy_petition": ("申请破产", "a bankruptcy petition"),
    "charge_interest": ("计收利息费用", "charging interest or fees"),
    "deposit_cheque": ("兑付远期支票", "deposit of a postdated cheque"),
}

# What may be noted of a contact, for caps that do not count such ones.
MARKS: Mapping[str, Words] = {
    "answered": ("已接通", "answered ones"),
    "unanswered": ("未联系到任何人的尝试", "attempts that reached nobody"),
    "not_connected": ("未接至所拨号码", "calls that did not connect to the dialled number"),
    "consent_within_7d": ("同意后七日内的联系", "calls within seven days of a consent given directly"),
    "professional_recipient": ("对律师等专业人士的联系", "calls to a lawyer or another professional"),
    "inbound": ("对方主动联系", "contacts the debtor began"),
    "requested": ("应对方请求的联系", "contacts the debtor asked for"),
    "required_by_law": ("法律要求的联系", "contacts a law requires"),
    "undeliverable": ("无法投递", "undeliverable ones"),
    "personal_point": ("住所或个人号码的联系", "contacts at the residence or on a personal number"),
    "other_point": ("其他地点的联系", "contacts at other places"),
    "live": ("人工接通的通话", "calls without an artificial or recorded voice"),
}

# What a consent on record rests on, and the form it was given in.
BASES: Mapping[str, Words] = {
    "agreement": ("合同约定", "the parties' agreement"),
    "direct": ("直接向催收方作出的同意", "consent given directly to the collector"),
    "prior_express": ("事先明示同意", "prior express consent"),
    "separate": ("单独同意", "separate consent"),
    "request": ("债务人的请求", "the debtor's own request"),
    "used_with_collector": ("债务人曾以此方式与催收方联系", "the debtor's own use of it with the collector"),
    "used_with_creditor": ("债务人曾以此方式与债权人联系", "the debtor's own use of it with the creditor"),
    "not_reassigned": ("经核验未转让的号码", "a check that the number was not reassigned"),
    "court_permission": ("法院许可", "permission of a court"),
}
FORMS: Mapping[str, Words] = {
    "written": ("书面", "in writing"),
    "electronic": ("电子", "electronically"),
    "oral": ("口头", "orally"),
}
