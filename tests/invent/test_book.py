"""The invented book: the same from the same seed, plausible, and nobody's."""

from __future__ import annotations

import hashlib
import hmac
import time
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

import duly.invent
from duly.book import agree, arrears, mapping, read
from duly.invent import book, people

ON = date(2026, 11, 23)
SHIPPED = Path(duly.invent.__file__).parent / "folder" / "cn" / "book.yaml"


def index(value: str) -> str:
    """A blind index for tests."""
    return hmac.digest(b"key", value.encode(), "sha256").hex()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a book of 2,000 accounts and the mapping that is shipped."""
    root = tmp_path_factory.mktemp("lender")
    book.make(root / "data", accounts=2_000, seed=7, on=ON)
    (root / "book.yaml").write_text(SHIPPED.read_text("utf-8"), "utf-8")
    return root


@pytest.fixture(scope="module")
def terms(made: Path) -> mapping.Mapping:
    """The mapping."""
    found, problems = mapping.load((made / "book.yaml").read_text("utf-8"), "book.yaml")
    assert problems == []
    assert found is not None
    return found


@pytest.fixture(scope="module")
def loaded(made: Path, terms: mapping.Mapping) -> read.Loaded:
    """What `read` makes of it."""
    found, problems = read.load(made, terms, as_of=ON, blind=index)
    assert problems == []
    assert found is not None
    return found


@pytest.fixture(scope="module")
def standing(loaded: read.Loaded, terms: mapping.Mapping) -> pl.DataFrame:
    """How it stands on the day."""
    return arrears.standing(
        loaded.book,
        ON,
        cure_minor=terms.cures.general.minor,
        cure_days=terms.cures.general.days,
        tolerance_minor=terms.tolerance_minor,
    )


def digests(folder: Path) -> dict[str, str]:
    """The hash of each file."""
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    """And another seed, size or day others."""
    kinds = [(200, 1, ON), (200, 1, ON), (200, 2, ON), (201, 1, ON), (200, 1, ON + timedelta(days=1))]
    found = []
    for number, (accounts, seed, on) in enumerate(kinds):
        book.make(tmp_path / str(number), accounts=accounts, seed=seed, on=on)
        found.append(digests(tmp_path / str(number)))

    assert found[0] == found[1]
    assert all(other != found[0] for other in found[2:])


def test_a_large_book_begins_with_the_small_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces do not show: two of 100 are one of 200, and the first 100 accounts are the same in both."""
    book.make(tmp_path / "whole", accounts=200, seed=1, on=ON)
    monkeypatch.setattr(book, "PIECE", 100)
    book.make(tmp_path / "pieces", accounts=200, seed=1, on=ON)

    for name in ("accounts", "instalments", "payments"):
        whole = (tmp_path / "whole" / f"{name}.csv").read_text("utf-8")
        assert (tmp_path / "pieces" / f"{name}.csv").read_text("utf-8") == whole


def test_two_thousand_accounts_take_less_than_three_seconds(tmp_path: Path) -> None:
    """Measured in CPU time, so that a busy machine does not matter."""
    before = time.process_time()

    book.make(tmp_path, accounts=2_000, seed=1, on=ON)

    assert time.process_time() - before < 3


def test_it_loads_without_a_single_bad_row(loaded: read.Loaded) -> None:
    """The shipped mapping reads every row, and the control file agrees."""
    assert loaded.quarantine.is_empty()
    assert {feed.watermark for feed in loaded.feeds} == {ON - timedelta(days=1)}
    assert loaded.book.accounts["account"].n_unique() == 2_000


def test_a_fifth_is_overdue_over_all_buckets(standing: pl.DataFrame) -> None:
    """Every bucket has somebody, some are first seen at 200 days, and some fall due within three days."""
    accounts = standing.unique("account")
    overdue = accounts.filter(pl.col("dpd") > 0)

    assert 0.15 < overdue.height / accounts.height < 0.25
    assert set(overdue["dpd_bucket"]) == {"M1", "M2", "M3", "M4", "M5", "M6", "M7+"}
    assert overdue.filter(pl.col("dpd") == 200).height >= 5
    assert accounts.filter(pl.col("dpd").is_between(-3, 0)).height >= 50
    assert accounts.filter(pl.col("dpd").is_null()).height >= 5


def test_the_ledger_agrees_except_for_the_planted_breaks(standing: pl.DataFrame, loaded: read.Loaded) -> None:
    """Both read the same files; where they differ it is by five to fifty yuan, on some of the accounts."""
    broken = agree.breaks(standing, loaded.book.accounts)

    assert 3 <= broken.height <= 25
    assert broken["difference_minor"].is_between(-5_000, -500).all()
    assert standing.filter(pl.col("agrees"))["ledger_difference_minor"].eq(0).all()


def test_everything_that_may_come_up_does(loaded: read.Loaded) -> None:
    """Each role, product, language, zone, kind of hold and payment, state and consent occurs."""
    made = loaded.book
    accounts, contacts = made.accounts, made.contacts

    assert set(accounts["role"]) == {"borrower", "co_borrower", "guarantor_joint", "guarantor_general"}
    assert set(accounts.filter(~pl.col("liable"))["role"]) == {"guarantor_general"}
    assert set(accounts["product"]) == {"cash_loan", "card"}
    assert accounts["creditor"].n_unique() == accounts["brand"].n_unique() == 2
    assert set(accounts["servicer"]) == {"chenxi"}
    assert set(accounts["locale"]) == {"zh-CN", "en"}
    assert {tuple(zones) for zones in accounts["zones"].to_list()} == {
        (), ("Asia/Shanghai",), ("Asia/Urumqi",), ("Asia/Shanghai", "Asia/Urumqi")
    }  # fmt: skip
    assert set(accounts["status"]) == {"current", "overdue", "settled"}
    assert accounts["suit_list"].any()
    assert set(made.payments["kind"]) == {"payment", "reversal", "waiver"}
    assert {"dispute", "hardship", "complaint", "payment_in_flight"} <= set(made.holds["kind"])
    assert set(contacts["channel"]) == {"sms", "voice", "email", "letter"}
    assert set(contacts["state"]) == {"ok", "unverified", "wrong_number", "unreachable"}
    assert set(contacts["consent"]) == {"given", "unknown", "withdrawn"}
    assert contacts["shared"].any()
    assert contacts["agreed_for_service"].any()
    per_person = accounts.filter(pl.col("role") == "borrower").group_by("person").len()
    assert set(per_person["len"]) == {1, 2, 3}


def test_names_have_characters_that_small_fonts_lack(loaded: read.Loaded) -> None:
    """So whoever prints or sends them finds out early."""
    names = "".join(loaded.personal.people["name"])

    assert len(set(names) & set(people.RARE)) >= 10
    with pytest.raises(UnicodeEncodeError):
        names.encode("gb2312")


def test_every_number_and_address_is_nobodys(loaded: read.Loaded) -> None:
    """All lie in ranges that are given to nobody, as `people` explains."""
    values = loaded.personal.values["value"].to_list()

    assert all(people.is_invented(value) for value in values)
    assert not people.is_invented("+8613800138000")
    assert not people.is_invented("ann@post.cn")
    assert loaded.personal.people["id_number"].str.starts_with("000000").all()


def test_different_people_have_different_numbers(loaded: read.Loaded) -> None:
    """Except for those who share one."""
    phones = loaded.book.contacts.filter(pl.col("channel") == "sms")
    owners = phones.group_by("value_key").agg(pl.col("person").n_unique())

    assert 0 < owners.filter(pl.col("person") > 1).height < 0.05 * owners.height
