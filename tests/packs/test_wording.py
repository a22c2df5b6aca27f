"""The word lists of the packs: complete, shared, covered by the digest, and resting on rows that exist."""

from __future__ import annotations

import functools
import shutil
from pathlib import Path

import pytest
import yaml

from duly.law import jurisdictions, pack, terms
from duly.law.predicates import All, AnyOf, Not, Predicate, Test
from duly.text import wordfile, wording
from duly.text.wording import Lists

PACKS = pack.shipped("cn").parent
NAMES = sorted(path.parent.name for path in PACKS.glob("*/wording.yaml"))
HOUSE = "duly.word.lists"


@functools.cache
def lists(name: str) -> Lists:
    """The lists of a pack."""
    path = PACKS / name / "wording.yaml"
    found, problems = wordfile.load(path.read_text("utf-8"), f"{name}/wording.yaml", pack.words())
    assert found is not None, problems
    return found


def rows(name: str) -> set[str]:
    """The ids of all rows of a pack, those that became no rule as well; small letters."""
    listed = yaml.safe_load((PACKS / "rows" / f"{name}.yaml").read_text("utf-8"))
    return {str(row).lower() for part in listed.values() for row in part or ()}


def test_every_country_with_a_pack_has_lists() -> None:
    """A state or a city has those of the country it lies in."""
    countries = {path.parent.name for path in PACKS.glob("*/pack.yaml")} - {"house"}

    assert {name for name in countries if "-" not in name} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_basis_is_a_row_that_exists(name: str) -> None:
    """A row of the pack, of what the jurisdiction lies in, or the house's own rule where no row speaks."""
    found = lists(name)
    around = [code.lower() for code in jurisdictions.chain(found.jurisdiction)]
    known = set().union(*(rows(one) for one in around)) | {HOUSE}
    house, _ = pack.load(pack.shipped("house"))
    basis = {row.lower() for entry in found.entries for row in entry.basis}

    assert house is not None
    assert HOUSE in {rule.id for rule in house.rules}
    assert basis <= known
    assert {entry.category for entry in found.entries} == set(wording.CATEGORIES)


def claims(predicate: Predicate) -> frozenset[str]:
    """The categories that a predicate tests."""
    match predicate:
        case Test():
            return predicate.values if predicate.fact == "claims" else frozenset()  # type: ignore[return-value]
        case Not():
            return claims(predicate.part)
        case All() | AnyOf():
            return frozenset().union(*(claims(part) for part in predicate.parts))


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_that_forbids_a_category_is_among_its_basis(name: str) -> None:
    """Who reads a finding is told of each row of the pack that speaks to it; the house's own stands only alone."""
    found, _ = pack.load(pack.shipped(name))
    assert found is not None
    forbidding: dict[str, set[str]] = {category: set() for category in wording.CATEGORIES}
    for rule in found.rules:
        for version in rule.versions:
            if isinstance(version.term, terms.Forbid):
                for category in claims(version.term.when):
                    forbidding[category].add(rule.id)
    basis = {entry.category: {row.lower() for row in entry.basis} for entry in lists(name).entries}

    assert {
        category: ids - basis[category] for category, ids in forbidding.items() if ids - basis[category]
    } == {}
    assert [category for category, ids in basis.items() if HOUSE in ids and len(ids) > 1] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_pack_finds_both_languages_and_names_its_own_law(name: str) -> None:
    """Phrases are shared, the basis is not; a disguise helps nowhere."""
    found = [
        *wording.find("Pay or we will tell your bo\u200bss and you go to ja1l", lists(name)),
        *wording.find("你这个老赖，已 立 案", lists(name)),
    ]

    assert wording.claims(found) >= {"expose", "criminal_threat", "insult", "fake_filing"}
    assert all(one.basis for one in found)
    assert all(row.startswith("CN-") for one in found for row in one.basis) is (name == "cn")


@pytest.mark.parametrize(
    ("name", "shared"),
    [("cn", "words/en.yaml"), ("gb", "cn/intents.yaml")],
)
def test_the_digest_of_a_pack_covers_what_it_shares(
    name: str, shared: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who changes a phrase or a reply that packs share changes every pack that builds upon it, and no other."""
    copy = tmp_path / "packs"
    shutil.copytree(PACKS, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(pack, "_PACKS", copy)

    def digests() -> dict[str, str]:
        found = {each: pack.load(copy / each)[0] for each in (name, "house")}
        return {each: one.digest for each, one in found.items() if one is not None}

    before = digests()
    file = copy / shared
    file.write_text(file.read_text("utf-8") + "# read again\n", "utf-8")
    after = digests()

    assert before[name] != after[name]
    assert before["house"] == after["house"]


# The examples that mainland China's categories were put together from, each with what it asks for.
BLOCK = {
    "impersonate_authority": "公安机关已介入 法院专线 检察院通知 经侦 网警 司法局 银保监会委托 调解中心 法务部",
    "fake_filing": "已立案 已起诉 传票已发出 强制执行程序已启动 冻结您名下账户",
    "criminal_threat": "涉嫌诈骗 刑事责任 坐牢 拘留 网上追逃 移交公安",
    "threat": "后果自负 上门找你 让你单位知道 别怪我们不客气 走着瞧",
    "insult": "老赖 无赖 骗子 不要脸 失信人员",
    "expose": "通知您的家人 通知您的单位 联系您通讯录 曝光 公示名单 村委会",
    "false_credit": "终身污点 永久黑名单 影响子女上学 行业黑名单 大数据失信库",
    "false_legal_effect": "限制出境 停用微信支付 冻结社保 禁止高铁飞机",
    "false_amount": "催收费 上门费 律师费",
    "false_promise": "还一半就结清 包消征信 内部减免今日截止",
    "new_loan": "借新还旧 其他平台周转 套信用卡 提额后还款",
    "marketing": "新客额度 优惠利率贷款 点击领取",
    "private_channel": "加我微信 转到个人账户 扫码付给客服",
    "over_disclosure": "身份证号 银行卡号 病情 工作单位 家庭成员",
    "time_barred": "法院必判你还",
}
REVIEW = {
    "impersonate_authority": "法院 仲裁委",
    "fake_filing": "起诉 诉讼 保全",
    "criminal_threat": "信用卡诈骗",
    "threat": "上门",
    "insult": "恶意拖欠 恶意逃废债",
    "expose": "紧急联系人",
    "false_credit": "征信",
    "false_legal_effect": "限制消费",
    "false_amount": "违约金 服务费",
    "false_promise": "减免 优惠",
    "new_loan": "分期 展期",
    "marketing": "会员 权益",
    "private_channel": "个人手机号",
    "over_disclosure": "住址",
    "time_barred": "诉讼时效",
}


@pytest.mark.parametrize("category", wording.CATEGORIES)
def test_the_examples_of_each_category_are_found(category: str) -> None:
    """Those that block do, those that ask a person do, under the category they stand for."""
    for text in BLOCK[category].split():
        assert category in wording.claims(wording.find(text, lists("cn"))), text
    for text in REVIEW[category].split():
        assert category in wording.reviews(wording.find(text, lists("cn"))), text
