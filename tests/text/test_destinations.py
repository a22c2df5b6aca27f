"""Where a message may lead is a short list, and what is not on it is found however it is written."""

from __future__ import annotations

import pytest

from duly.text import destinations, figures, leads
from duly.text.leads import LeadKind
from tests.text import material

WHOLE = """\
phones:
  - {value: 400-000-0000, what: 官方客服}
  - {value: "+86 21 5555 0000", what: 总机}
urls:
  - {value: https://chenxi.example, what: 官网}
  - {value: https://chenxi.example/pay, what: 还款页}
emails:
  - {value: service@chenxi.example, what: 邮箱}
accounts:
  - {value: 6200 0000 0000 0000, what: 对公还款账户, holder: 晨曦消费金融有限公司, bank: 虚构银行}
"""


def load(source: str = WHOLE) -> destinations.Destinations:
    """The list without a problem."""
    found, problems = destinations.load(source, "destinations.yaml")
    assert found is not None, problems
    return found


# (what is changed, into what, code, line, words)
BROKEN = [
    ("400-000-0000", "call us", "phone", 2, "not a telephone number"),
    ("400-000-0000", '"12"', "phone", 2, "not a telephone number"),
    ("https://chenxi.example,", "http://chenxi.example,", "url", 5, "not a link that may be sent"),
    ("https://chenxi.example,", "https://chеnxi.example,", "url", 5, "not a link that may be sent"),
    ("https://chenxi.example,", "https://t.cn/A6x,", "url.short", 5, "short link"),
    ("https://chenxi.example,", "https://www.bit.ly/x,", "url.short", 5, "short link"),
    ("service@chenxi.example", "service", "email", 8, "not an e-mail address"),
    ("6200 0000 0000 0000", "6200", "account", 10, "not an account number"),
    ("holder: 晨曦消费金融有限公司, ", "", "text", 10, "text is expected"),
    ("what: 官方客服", "waht: 官方客服", "key.unknown", 2, "Did you mean `what`"),
    ("phones:", "phone:", "key.unknown", 1, "Did you mean `phones`"),
    ('"+86 21 5555 0000"', '"4000000000"', "twice", 3, "stands here twice"),
    ("https://chenxi.example/pay", "https://chenxi.example/", "twice", 6, "stands here twice"),
    ("phones:", "phones: x\nother:", "list", 1, "a list is expected"),
]


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: f"{case[2]}-{case[1][:16]}")
def test_a_wrong_entry_is_shown_at_its_line(case: tuple[str, str, str, int, str]) -> None:
    """The whole list is refused, at the line, with what is wrong."""
    old, new, code, line, words = case
    found, problems = destinations.load(WHOLE.replace(old, new, 1), "destinations.yaml")
    problem = next(problem for problem in problems if problem.code == f"destinations.{code}")

    assert found is None
    assert problem.line == line
    assert words in problem.what + problem.remedy


def test_an_empty_list_is_refused() -> None:
    """It would hold every message that says where to call."""
    for source in ("", "phones: []\n"):
        found, problems = destinations.load(source, "destinations.yaml")
        assert found is None
        assert problems


def test_the_digest_is_of_what_is_approved() -> None:
    """Order and comments change nothing; a value, a purpose or a holder does."""
    swapped = WHOLE.replace("  - {value: 400-000-0000, what: 官方客服}\n", "") + "# later\n"
    swapped = swapped.replace("urls:", "  - {value: 400-000-0000, what: 官方客服}\nurls:")

    assert load().digest == load(swapped).digest
    assert load().digest != load(WHOLE.replace("400-000-0000", "400-000-0001")).digest
    assert load().digest != load(WHOLE.replace("虚构银行", "别的银行")).digest


# A text, and the links that are found in it.
LINKS = [
    ("见 https://chenxi.example 。", []),
    ("见https://chenxi.example/，谢谢", []),
    ("见https://chenxi.example/pay。", []),
    ("Pay at https://chenxi.example/pay.", []),
    ("写信至service@chenxi.example", []),
    ("见https://chenxi.example/pay2", ["https://chenxi.example/pay2"]),
    ("见https://chenxi.example.evil.cn/x", ["https://chenxi.example.evil.cn/x"]),
    ("见https://chenxi.example:8080", ["https://chenxi.example:8080"]),
    ("见https://chenxi.example@evil.cn", ["https://chenxi.example@evil.cn"]),
    ("见https://evil.cn/?https://chenxi.example", ["https://evil.cn/?https://chenxi.example"]),
    ("见http://chenxi.example", ["http://chenxi.example"]),
    ("见www.evil.cn", ["www.evil.cn"]),
    ("见evil.cn/a", ["evil.cn/a"]),
    ("见EVIL.CN", ["EVIL.CN"]),
    ("见ｅｖｉｌ．ｃｎ", ["evil.cn"]),
    ("见chеnxi.example", ["nxi.example"]),  # a Cyrillic е parts it
    ("见例子.中国", [".中国"]),
    ("weixin://dl/business", ["weixin://dl/business"]),
    ("写信至evil@chenxi.example", ["evil@chenxi.example"]),
    ("写信至service@chenxi.example.cn", ["service@chenxi.example.cn"]),
    ("请还款。App查询，e.g. 3.5", []),
]


@pytest.mark.parametrize(("text", "found"), LINKS)
def test_links_are_found(text: str, found: list[str]) -> None:
    """Whatever a telephone might make a link of, unless it is approved and whole."""
    assert [lead.found for lead in leads.strike_links(figures.fold(text), load())[1]] == found


def test_a_short_link_is_called_one() -> None:
    """With or without a scheme."""
    for text in ("点t.cn/A6x", "点https://T.CN/A6x", "点 www.bit.ly/x"):
        (lead,) = leads.strike_links(text, load())[1]
        assert lead.kind is LeadKind.SHORT_LINK


NUMBERS = [
    ("致电400-000-0000。", []),
    ("致电4000000000", []),
    ("致电400 000 0000", []),
    ("致电021-5555 0000", [("021-5555 0000", LeadKind.PHONE)]),
    ("致电+86 21 5555 0000", []),
    ("致电21 5555 0000", []),
    ("汇至6200 0000 0000 0000", []),
    ("汇至6200000000000000", []),
    ("致电400-000-0001", [("400-000-0001", LeadKind.PHONE)]),
    ("致电1400-000-0000", [("1400-000-0000", LeadKind.PHONE)]),
    ("致电400-000-00001", [("400-000-00001", LeadKind.PHONE)]),
    ("致电400-000-0000-2", [("400-000-0000-2", LeadKind.PHONE)]),
    ("致电13800138000", [("13800138000", LeadKind.PHONE)]),
    ("致电138 0013 8000", [("138 0013 8000", LeadKind.PHONE)]),
    ("致电138·0013·8000", [("138·0013·8000", LeadKind.PHONE)]),
    ("致电１３８００１３８０００", [("13800138000", LeadKind.PHONE)]),
    ("致电一三八零零一三八零零零", [("一三八零零一三八零零零", LeadKind.PHONE)]),
    ("致电95599", [("95599", LeadKind.PHONE)]),
    ("卡号6222020200112233445", [("6222020200112233445", LeadKind.ACCOUNT)]),
    ("卡号6222 0202 0011 2233", [("6222 0202 0011 2233", LeadKind.ACCOUNT)]),
    ("身份证11010519491231002X", [("11010519491231002X", LeadKind.IDENTITY)]),
    ("身份证110105194912310021", [("110105194912310021", LeadKind.IDENTITY)]),
    ("尾号5678，逾期33天，11月20日，2026年，138****0000", []),
]


@pytest.mark.parametrize(("text", "found"), NUMBERS)
def test_numbers_are_found(text: str, found: list[tuple[str, LeadKind]]) -> None:
    """Five digits or more, however parted or written, unless approved and whole."""
    assert [(lead.found, lead.kind) for lead in leads.numbers(figures.fold(text), load())] == found


def test_the_invented_lender_leads_nowhere_real() -> None:
    """Reserved names only (RFC 2606), and a number of zeros."""
    found = material.approved()

    assert all(destinations.host(url).endswith(".example") for url in found.urls)
    assert all(email.endswith(".example") for email in found.emails)
    assert found.phones == ("400-000-0000",)
    assert found.accounts == ()
