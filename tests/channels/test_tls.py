"""SMPP over TLS: the carrier is believed by its authority and its name, and it knows us by our certificate."""

import asyncio
import ssl
import tempfile
from pathlib import Path

import pytest

from duly import errors
from duly.carrier import mix, server
from duly.channels import answer, base, smpp, tls
from tests.channels.authority import Authority, Papers, listening
from tests.channels.bench import NOW, Gate, Inbox, message, run, settings, until

OURS, THEIRS = Authority(), Authority("Another authority")
CARRIER, CLIENT, STRANGER = OURS.issue("127.0.0.1"), OURS.issue("client"), THEIRS.issue("client")


async def bound(listens: ssl.SSLContext | None, shows: ssl.SSLContext | None, **other: object) -> int:
    """A message sent to a carrier that listens so, and its receipt heard; how many receipts came."""
    carrier = await server.serve(
        server.Settings(port=0, mix=mix.Mix(latency=0, receipt_after=0.01), tls=listens), clock=lambda: NOW
    )
    gate, inbox = Gate(), Inbox()
    channel = smpp.Smpp(
        settings(carrier.port, tls=shows, peer=server.NAME, **other),
        turnstile=gate.turnstile,
        on_inbound=inbox,
    )
    try:
        await channel.start()
        (given,) = await channel.send([gate.release(channel, message())])
        assert isinstance(given, answer.Accepted)
        await until(lambda: inbox.things)
        return len(inbox.things)
    finally:
        await channel.stop()
        await carrier.stop()


def shown(ca: Authority | None, papers: Papers | None = None) -> ssl.SSLContext:
    """Our side: whom we believe, and what we show."""
    return tls.client(
        tls.Pems(
            ca=None if ca is None else ca.pem,
            certificate=None if papers is None else papers.certificate,
            key=None if papers is None else papers.key,
        )
    )


def test_messages_and_receipts_go_over_tls_with_certificates_on_both_sides() -> None:
    """The carrier's own authority signs both."""
    assert run(bound(listening(CARRIER, clients=OURS), shown(OURS, CLIENT))) == 1


@pytest.mark.parametrize(
    ("ca", "name", "says"),
    [
        (THEIRS, "", "self-signed certificate in|unable to get local issuer"),
        (None, "", "self-signed certificate in|unable to get local issuer"),
        (OURS, "smpp.carrier.example", "Hostname mismatch"),
    ],
)
def test_who_is_not_who_he_should_be_is_refused_with_the_reason(
    ca: Authority | None, name: str, says: str
) -> None:
    """Another authority, another name: a refusal of ours and no mere absence, which trying again might mend."""
    with pytest.raises(base.BindRefused, match=says) as caught:
        run(bound(listening(CARRIER, clients=OURS), shown(ca, CLIENT), server_name=name))
    assert "tls in channels.yaml" in str(caught.value.remedy)


def test_a_carrier_under_another_name_is_believed_where_the_name_is_said() -> None:
    """Carriers are reached by addresses that are not in their certificates."""
    elsewhere = listening(OURS.issue("smpp.carrier.example"))
    assert run(bound(elsewhere, shown(OURS), server_name="smpp.carrier.example")) == 1
    with pytest.raises(base.BindRefused, match="IP address mismatch"):
        run(bound(elsewhere, shown(OURS)))


@pytest.mark.parametrize("papers", [None, STRANGER])
def test_a_carrier_that_wants_another_certificate_lets_nobody_in(papers: Papers | None) -> None:
    """It goes without a word, and what is said names the likely cause."""
    with pytest.raises(errors.CarrierAway, match="may mean that it does not take our certificate"):
        run(bound(listening(CARRIER, clients=OURS), shown(OURS, papers)))


@pytest.mark.stranger("openssl")
def test_a_carrier_that_says_why_is_a_refusal(tmp_path: Path) -> None:
    """OpenSSL's own server sends an alert: then it is known that trying again is of no use."""
    for name, pem in (("cert", CARRIER.certificate), ("key", CARRIER.key), ("ca", OURS.pem)):
        (tmp_path / name).write_bytes(pem)
    words = "s_server -accept 127.0.0.1:0 -cert cert -key key -CAfile ca -Verify 1 -verify_return_error"

    async def story(papers: Papers | None) -> None:
        listens = await asyncio.create_subprocess_exec(
            "openssl",
            *words.split(),
            cwd=tmp_path,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        assert listens.stdout is not None
        while not (line := (await listens.stdout.readline()).decode()).startswith("ACCEPT"):
            pass
        try:
            port = int(line.rpartition(":")[2])
            channel = smpp.Smpp(
                settings(port, tls=shown(OURS, papers), link_within=2.0),
                turnstile=Gate().turnstile,
                on_inbound=Inbox(),
            )
            await channel.start()
        finally:
            listens.kill()
            await listens.wait()

    with pytest.raises(base.BindRefused, match=r"no TLS with the carrier.*CERTIFICATE_REQUIRED"):
        run(story(None))
    with pytest.raises(base.BindRefused, match=r"no TLS with the carrier.*UNKNOWN_CA"):
        run(story(STRANGER))
    # The right papers get through to where nobody speaks SMPP.
    with pytest.raises(errors.CarrierAway, match="hung up before the bind was answered"):
        run(story(CLIENT))


def test_plain_smpp_and_tls_do_not_meet() -> None:
    """Neither side takes the other for its own: nothing is ever sent in the clear by mistake."""
    with pytest.raises(errors.CarrierAway, match=r"cannot be reached|no TLS with the carrier"):
        run(bound(None, shown(OURS), link_within=0.5))
    with pytest.raises(errors.CarrierAway, match=r"hung up before the bind"):
        run(bound(listening(CARRIER), None, link_within=0.5))


def test_an_old_version_of_tls_is_refused() -> None:
    """1.2 is the least."""
    old = listening(CARRIER)
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    assert run(bound(old, shown(OURS))) == 1
    assert shown(OURS).minimum_version is ssl.TLSVersion.TLSv1_2
    assert shown(None).minimum_version is ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize(
    ("pems", "part", "says"),
    [
        (tls.Pems(ca=b"nothing"), "ca", "no certificates"),
        (tls.Pems(ca=b""), "ca", "no certificates"),
        (tls.Pems(certificate=CLIENT.certificate), "key", "has no key"),
        (tls.Pems(certificate=CLIENT.certificate, key=STRANGER.key), "key", "not the certificate's"),
        (tls.Pems(certificate=CLIENT.certificate, key=b"nothing"), "key", "no usable key"),
        (tls.Pems(certificate=b"nothing", key=CLIENT.key), "certificate", "no usable certificate"),
    ],
)
def test_papers_that_cannot_be_used_say_which(pems: tls.Pems, part: str, says: str) -> None:
    """And no byte of the key is left behind."""
    before = set(Path(tempfile.gettempdir()).glob("duly-tls-*"))
    with pytest.raises(tls.Unfit, match=says) as caught:
        tls.client(pems)
    assert caught.value.part == part
    assert set(Path(tempfile.gettempdir()).glob("duly-tls-*")) == before


def test_a_route_over_tls_mends_itself() -> None:
    """A cut connection comes back over TLS too."""

    async def story() -> None:
        carrier = await server.serve(
            server.Settings(port=0, tls=listening(CARRIER, clients=OURS)), clock=lambda: NOW
        )
        channel = smpp.Smpp(
            settings(carrier.port, tls=shown(OURS, CLIENT)), turnstile=Gate().turnstile, on_inbound=Inbox()
        )
        await channel.start()
        try:
            await carrier.cut()
            async with asyncio.timeout(5):
                assert await channel.room() > 0
        finally:
            await channel.stop()
            await carrier.stop()

    run(story())
