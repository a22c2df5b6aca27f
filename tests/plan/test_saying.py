"""What a message says can be made again from what was kept beside it, to the byte."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest

from duly.model.party import Channel
from duly.plan import saying
from tests.plan import plans, strategies, worlds
from tests.plan.plans import ON, account, instalment, late, point

ROUTES = (plans.MAIN, plans.MAILBOX)


def kept(row: dict[str, object]) -> pl.DataFrame:
    """What the worker has of a message: the columns of its row, the figures kept as JSON, and the name."""
    figures = saying.restore([json.loads(str(row["fields"]))])
    address = {name: row["brand" if name == "brand_id" else name] for name in saying.ADDRESS}
    return pl.concat([pl.DataFrame([address]), figures, pl.DataFrame({"name": ["张三"]})], how="horizontal")


def test_the_worker_says_from_the_kept_figures_what_the_plan_examined() -> None:
    """The figures go through JSON and back, and the text names the same amounts, days and code."""
    row = plans.decide(late(1)).messages.row(0, named=True)

    said = saying.compose(kept(row), plans.words(), ROUTES).row(0, named=True)

    assert said["text"].startswith(
        f"【{plans.BRAND}】张三，您在晨曦消费金融尾号1234账户有款项已于11月19日到期。"
    )
    assert (
        "截至11月20日应还1,230.80元，本金1,200.00元，利息30.00元，罚息0.80元。请于11月25日前还款。"
        in said["text"]
    )
    assert row["verify_code"] in said["text"]
    assert (said["subject"], said["html"]) == (None, None)


def test_an_email_has_a_subject_and_a_text() -> None:
    """Its digest is over both templates, so that changing either asks for approval again."""
    row = plans.decide(late(1, contacts=[point("email")])).messages.row(0, named=True)

    said = saying.compose(kept(row), plans.words(), ROUTES).row(0, named=True)
    found = saying.templates(plans.words(), "overdue_first", "zh-CN", Channel.EMAIL)

    assert said["subject"] == f"【{plans.BRAND}】账户通知"
    assert row["verify_code"] in said["text"]
    assert found is not None
    assert row["template_digest"] == saying.digest(found)
    assert saying.digest(found) != saying.digest({"text": found["text"]})


def test_a_brand_is_read_in_the_language_of_the_message() -> None:
    """An English message names the brand as its English signature does, in front and once."""
    named = replace(plans.MAIN, signatures={plans.BRAND: {"zh-CN": f"【{plans.BRAND}】", "en": "[Chenxi] "}})
    given = late(1, accounts=[account(locale="en")])

    row = plans.decide(given, routes=(named, plans.MAILBOX)).messages.row(0, named=True)
    said = saying.compose(kept(row), plans.words(), (named, plans.MAILBOX))["text"].item()

    assert said.startswith("[Chenxi] 张三, a payment on your")
    assert said.count("Chenxi]") == 1
    assert "CNY 1,230.80" in said


def test_a_signature_that_the_template_leaves_out_is_put_in_front() -> None:
    """No SMS leaves without the registered name."""
    frame = kept(plans.decide(late(1)).messages.row(0, named=True))
    other = replace(plans.MAIN, signatures={plans.BRAND: {"zh-CN": "【晨曦】"}})

    text = saying.compose(frame, plans.words(), (other,))["text"].item()

    assert text.startswith("【晨曦】【晨曦消金】")


@pytest.mark.parametrize("stage", ["due_soon", "first", "firm", "last"])
@pytest.mark.parametrize("locale", ["zh-CN", "en"])
@pytest.mark.parametrize("channel", ["sms", "email"])
def test_every_shipped_notice_passes_the_lint_and_the_law(stage: str, locale: str, channel: str) -> None:
    """All four notices, both languages, both channels: rendered, examined, and permitted."""
    dpd = {"due_soon": -2, "first": 1, "firm": 8, "last": 31}[stage]
    text = strategies.PLAIN
    for name in {"first", "firm", "last"} - {stage}:
        text = "\n".join(line for line in text.splitlines() if f"name: {name}," not in line)
    given = late(
        dpd,
        accounts=[account(locale=locale)],
        instalments=[instalment(ON - timedelta(days=dpd))],
        contacts=[point(channel)],
    )

    found = plans.decide(given, strategy=worlds.loaded(text))

    assert found.messages["stage"].to_list() == [stage], plans.decision(found)
    assert found.messages["locale"].to_list() == [locale]
