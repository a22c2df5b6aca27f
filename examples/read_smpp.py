"""The SMPP codec without a socket: a client binds and submits, a carrier answers, all in one process."""

from __future__ import annotations

from duly.wire.smpp import event, pdu, session, state
from duly.wire.smpp.pdu import Command

NOW = 0.0  # seconds of any steady clock: time is an argument


def main() -> None:
    """Pass bytes from one end to the other and print what each side heard."""
    client = session.Session(state.Role.ESME, now=NOW)
    carrier = session.Session(state.Role.SMSC, now=NOW)
    bind = pdu.Bind(command=Command.BIND_TRANSCEIVER, system_id="duly", password="loopback")
    carrier.receive_data(client.send(bind, NOW), NOW)
    asked = carrier.next_event()
    print("carrier heard", type(asked.body).__name__ if isinstance(asked, event.Requested) else asked)
    if isinstance(asked, event.Requested):
        welcome = pdu.BindResp(command=Command.BIND_TRANSCEIVER_RESP, system_id="carrier")
        client.receive_data(carrier.answer(asked, welcome), NOW)
    client.next_event()
    message = pdu.SubmitSm(
        source=pdu.Address("1069000000000001", ton=0),
        destination=pdu.Address("8610000000001"),
        short_message="您好".encode("utf-16-be"),
        data_coding=8,
    )
    carrier.receive_data(client.send(message, NOW, token="first"), NOW)
    asked = carrier.next_event()
    if isinstance(asked, event.Requested) and isinstance(asked.body, pdu.SubmitSm):
        print("carrier heard", asked.body.short_message.decode("utf-16-be"))
        client.receive_data(carrier.answer(asked, pdu.SubmitSmResp(message_id="17")), NOW)
    answered = client.next_event()
    if isinstance(answered, event.Answered) and isinstance(answered.body, pdu.SubmitSmResp):
        print("client heard", answered.token, "is", answered.body.message_id)


if __name__ == "__main__":
    main()
