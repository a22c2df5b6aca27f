"""The certificates of a route: found with the project's files, and fit to be used on the day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path, PurePosixPath

import pytest

from duly import errors
from duly.channels.smpp_settings import Binding, LongTexts
from duly.project import certificates, channels, document, folder
from duly.run import routes
from duly.wire.remote_id import Habit
from tests.channels.authority import Authority, Papers
from tests.golden.test_errors import fresh

ON = date(2026, 11, 23)
TLS = """
    tls:
      ca: certificates/ca.pem
      certificate: certificates/us.pem
      key: {key}
"""
SECRETS = {"DULY_SMPP_SYSTEM_ID": "us", "DULY_SMPP_PASSWORD": "secret"}
AUTHORITY = Authority()
OURS, OTHERS = AUTHORITY.issue("us"), AUTHORITY.issue("others")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A project whose first route has TLS, with the papers in place."""
    made = fresh(tmp_path / "project")
    (made / "certificates").mkdir()
    (made / "certificates" / "ca.pem").write_bytes(AUTHORITY.pem)
    lay(made, OURS)
    return made


def lay(place: Path, papers: Papers, *, key: str = "$DULY_SMPP_TLS_KEY") -> None:
    """Put a certificate there, and say where its key is."""
    (place / "certificates" / "us.pem").write_bytes(papers.certificate)
    file = place / "channels.yaml"
    before = file.read_text("utf-8").partition("\n    tls:\n")[0]
    if "tls:" not in file.read_text("utf-8"):
        before = file.read_text("utf-8")
    file.write_text(before.replace("    window: 50\n", f"    window: 50{TLS.format(key=key)}", 1), "utf-8")


def read(place: Path) -> folder.Project:
    """The project, which has no problem."""
    project, problems = folder.load(place)
    assert problems == []
    assert project is not None
    return project


def unready(place: Path, *, on: date = ON, **environ: str) -> Iterator[str]:
    """The codes of what keeps its TLS from working."""
    project = read(place)
    ways, _ = document.read_yaml(
        (place / channels.FILE).read_text("utf-8"), kind="channels", file=channels.FILE
    )
    assert ways is not None
    carrier = project.routes[0].smpp
    assert carrier is not None
    for problem in certificates.unready(project.certificates, 0, carrier, ways, environ=environ, on=on):
        assert problem.file == channels.FILE
        assert problem.line is not None
        assert "PRIVATE" not in repr(problem)
        yield problem.code


def test_papers_that_fit_have_no_problem_wherever_the_key_is(place: Path, tmp_path: Path) -> None:
    """The variable holds the key itself or its place, or channels.yaml names a file outside the project."""
    outside = tmp_path / "us.key"
    outside.write_bytes(OURS.key)
    assert list(unready(place, DULY_SMPP_TLS_KEY=OURS.key.decode())) == []
    assert list(unready(place, DULY_SMPP_TLS_KEY=str(outside))) == []
    fields = read(place).routes[0].smpp
    assert fields is not None
    assert fields.tls is not None
    by_file = replace(fields.tls, key=PurePosixPath(outside))
    assert certificates.pems(read(place).certificates, by_file, {}).key == OURS.key


def test_another_certificates_key_is_found_before_the_carrier_finds_it(place: Path) -> None:
    """It would only show when we connect."""
    assert list(unready(place, DULY_SMPP_TLS_KEY=OTHERS.key.decode())) == ["channels.tls.unfit"]
    assert list(unready(place, DULY_SMPP_TLS_KEY="-----BEGIN nothing")) == ["channels.tls.unfit"]


@pytest.mark.parametrize(("last", "codes"), [(23, []), (22, ["channels.tls.expired"])])
def test_a_certificate_is_good_until_its_last_day_and_not_beyond(
    place: Path, last: int, codes: list[str]
) -> None:
    """On both sides of the day that is asked for."""
    short = AUTHORITY.issue("us", last=datetime(2026, 11, last, 12, tzinfo=UTC))
    (place / "certificates" / "us.pem").write_bytes(short.certificate)
    assert list(unready(place, DULY_SMPP_TLS_KEY=short.key.decode())) == codes


def test_a_certificate_of_later_is_not_good_yet(place: Path) -> None:
    """They are made to begin on a day."""
    codes = list(unready(place, on=date(2019, 12, 31), DULY_SMPP_TLS_KEY=OURS.key.decode()))
    assert codes == ["channels.tls.expired"] * 2  # the authority's own as well


def test_a_key_that_cannot_be_read_says_where_it_should_be(place: Path, tmp_path: Path) -> None:
    """By a file named in channels.yaml the problem has its line; a variable that is not set is told by its name."""
    assert list(unready(place)) == []
    gone = tmp_path / "gone.key"
    (place / "channels.yaml").write_text(
        (place / "channels.yaml").read_text("utf-8").replace("$DULY_SMPP_TLS_KEY", str(gone)), "utf-8"
    )
    assert list(unready(place)) == ["channels.tls.key"]
    project = read(place)
    carrier = project.routes[0].smpp
    assert carrier is not None
    with pytest.raises(errors.KeyMissing, match=r"gone\.key cannot be read: No such file"):
        routes.settings(project, project.routes[0], carrier, environ=SECRETS)


def test_what_is_approved_as_the_channels_covers_the_certificates(place: Path) -> None:
    """Another authority is another carrier: the digest changes, and with it the approval is gone."""
    before = read(place).digests
    (place / "certificates" / "ca.pem").write_bytes(Authority("Somebody else").pem)
    after = read(place).digests
    assert before.channels != after.channels
    assert replace(before, channels="") == replace(after, channels="")


def test_a_route_becomes_the_channels_settings_with_all_that_is_said_of_it(place: Path) -> None:
    """Nothing that channels.yaml says is lost on the way to the wire."""
    file = place / "channels.yaml"
    said = """
    bind: pair
    binds: 2
    enquire_after: 15s
    long_texts: payload
    dialect:
      zone: Asia/Singapore
      alphabet: latin_1
      ids: hex_answers
      receipt_layout: "{id}/{state}"
      receipt_words: {"0": delivered}
      codes: {"0x0401": retry}
      source_ton: 3
      source_npi: 0
      reference: false
      reference_tag: "0x1501"
"""
    file.write_text(file.read_text("utf-8").replace("    rate: 100\n", f"    rate: 100{said}", 1), "utf-8")
    project = read(place)
    route = project.routes[0]
    assert route.smpp is not None
    environ = {**SECRETS, "DULY_SMPP_TLS_KEY": OURS.key.decode()}
    made = routes.settings(project, route, route.smpp, environ=environ)
    spoken = route.smpp.dialect
    assert made.tls is not None
    assert (made.bind, made.binds, made.window, made.rate) == (Binding.PAIR, 2, 50, 100.0)
    assert (made.enquire_after, made.long_texts, made.zone) == (15.0, LongTexts.PAYLOAD, "Asia/Singapore")
    assert (made.ids, made.receipts, made.codes) == (Habit.HEX_ANSWERS, spoken.receipts, spoken.codes)
    assert (made.default_alphabet, made.source_ton, made.source_npi) == (spoken.alphabet, 3, 0)
    assert (made.reference, made.reference_tag) == (False, 0x1501)
