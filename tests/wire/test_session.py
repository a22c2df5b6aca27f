"""Sessions: two of ours on a fake wire, the tables row by row, and time as an argument."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duly.wire.smpp import codec, event, fault, pdu, session, state, status
from duly.wire.smpp.pdu import Address, Command
from duly.wire.smpp.state import Role, State
from tests.wire.cases import ALERT, CASES, DATA, DELIVER, NAMES, SUBMIT

TIMERS = session.Timers(answer_within=30, link_within=10, enquire_after=60)
BINDS = {
    State.BOUND_TX: (Command.BIND_TRANSMITTER, Command.BIND_TRANSMITTER_RESP),
    State.BOUND_RX: (Command.BIND_RECEIVER, Command.BIND_RECEIVER_RESP),
    State.BOUND_TRX: (Command.BIND_TRANSCEIVER, Command.BIND_TRANSCEIVER_RESP),
}


@dataclass
class Pair:
    """A client and a carrier, and what each heard of the other."""

    window: int = 16
    now: float = 100.0
    esme: session.Session = field(init=False)
    smsc: session.Session = field(init=False)

    def __post_init__(self) -> None:
        self.esme = session.Session(Role.ESME, now=self.now, window=self.window, timers=TIMERS)
        self.smsc = session.Session(Role.SMSC, now=self.now, window=self.window, timers=TIMERS)

    def bind(self, to: State = State.BOUND_TRX) -> "Pair":
        ask, respond = BINDS[to]
        heard = self.to_smsc(self.esme.send(pdu.Bind(command=ask, system_id="a", password="b"), self.now))
        assert isinstance(heard, event.Requested)
        answer = self.to_esme(self.smsc.answer(heard, pdu.BindResp(command=respond, system_id="smsc")))
        assert isinstance(answer, event.Answered)
        assert self.esme.state is self.smsc.state is to
        return self

    def states(self) -> tuple[State, State]:
        return self.esme.state, self.smsc.state

    def to_smsc(self, data: bytes) -> event.Event | None:
        return one(self.smsc, data, self.now)

    def to_esme(self, data: bytes) -> event.Event | None:
        return one(self.esme, data, self.now)


def one(peer: session.Session, data: bytes, now: float) -> event.Event | None:
    """Give the bytes one at a time: nothing may be heard before the last."""
    for at in range(len(data)):
        assert peer.next_event() is None
        peer.receive_data(data[at : at + 1], now)
    return peer.next_event()


def test_a_message_goes_there_and_its_answer_comes_back_by_its_token() -> None:
    """The token is the caller's own, and the id is the carrier's."""
    pair = Pair().bind()

    asked = pair.to_smsc(pair.esme.send(SUBMIT, pair.now, token="m1"))
    assert isinstance(asked, event.Requested)
    assert asked.body == SUBMIT
    assert codec.decode(asked.raw).body == SUBMIT
    assert pair.esme.in_flight == 1

    answered = pair.to_esme(pair.smsc.answer(asked, pdu.SubmitSmResp(message_id="77")))
    assert isinstance(answered, event.Answered)
    assert (answered.token, answered.status, answered.body) == ("m1", 0, pdu.SubmitSmResp(message_id="77"))
    assert not answered.late
    assert pair.esme.in_flight == 0


def test_bytes_encoded_before_are_written_as_they_are() -> None:
    """A permit binds the body; only the header is added."""
    pair = Pair().bind()
    body = codec.encode_body(SUBMIT)
    written = pair.esme.send_encoded(Command.SUBMIT_SM, body, pair.now)
    assert written[16:] == body


def test_a_reply_is_asked_for_and_answered_the_other_way_round() -> None:
    """deliver_sm is the carrier's request."""
    pair = Pair().bind()
    asked = pair.to_esme(pair.smsc.send(DELIVER, pair.now, token="r1"))
    assert isinstance(asked, event.Requested)
    answered = pair.to_smsc(pair.esme.answer(asked, pdu.DeliverSmResp(), status.TEMPORARY_RECEIVER_ERROR))
    assert isinstance(answered, event.Answered)
    assert (answered.token, answered.status) == ("r1", 0x64)


def test_many_pdus_in_one_read_are_heard_one_by_one() -> None:
    """And half of one waits for its other half."""
    pair = Pair().bind()
    data = b"".join(pair.esme.send(SUBMIT, pair.now) for _ in range(3))
    pair.smsc.receive_data(data[:-5], pair.now)
    heard = [pair.smsc.next_event() for _ in range(3)]
    assert [type(one_heard) for one_heard in heard] == [event.Requested, event.Requested, type(None)]
    pair.smsc.receive_data(data[-5:], pair.now)
    assert isinstance(pair.smsc.next_event(), event.Requested)


# Table 2-1 again, spelled out by hand: who may ask what in which state.
MAY = {
    ("esme", "open"): {"BIND_RECEIVER", "BIND_TRANSMITTER", "BIND_TRANSCEIVER"},
    ("smsc", "open"): {"OUTBIND"},
    ("esme", "bound_tx"): {"SUBMIT_SM", "DATA_SM", "ENQUIRE_LINK", "UNBIND"},
    ("esme", "bound_rx"): {"ENQUIRE_LINK", "UNBIND"},
    ("esme", "bound_trx"): {"SUBMIT_SM", "DATA_SM", "ENQUIRE_LINK", "UNBIND"},
    ("smsc", "bound_tx"): {"ENQUIRE_LINK", "UNBIND"},
    ("smsc", "bound_rx"): {"DELIVER_SM", "DATA_SM", "ALERT_NOTIFICATION", "ENQUIRE_LINK", "UNBIND"},
    ("smsc", "bound_trx"): {"DELIVER_SM", "DATA_SM", "ALERT_NOTIFICATION", "ENQUIRE_LINK", "UNBIND"},
}
REQUESTS: dict[Command, pdu.Request] = {
    Command.BIND_RECEIVER: pdu.Bind(command=Command.BIND_RECEIVER, system_id="a", password=""),
    Command.BIND_TRANSMITTER: pdu.Bind(command=Command.BIND_TRANSMITTER, system_id="a", password=""),
    Command.BIND_TRANSCEIVER: pdu.Bind(command=Command.BIND_TRANSCEIVER, system_id="a", password=""),
    Command.SUBMIT_SM: SUBMIT,
    Command.DELIVER_SM: DELIVER,
    Command.DATA_SM: DATA,
    Command.OUTBIND: pdu.Outbind(system_id="a", password=""),
    Command.ALERT_NOTIFICATION: ALERT,
    Command.ENQUIRE_LINK: pdu.EnquireLink(),
    Command.UNBIND: pdu.Unbind(),
}


@pytest.mark.parametrize("command", list(REQUESTS))
@pytest.mark.parametrize("before", list(State))
@pytest.mark.parametrize("role", list(Role))
def test_each_request_is_sent_and_heard_exactly_where_the_table_says(
    role: Role, before: State, command: Command
) -> None:
    """Both sides read the same row: what one may not send, the other refuses to hear."""
    allowed = command.name in MAY.get((role.value, before.value), set())
    speaker = session.Session(role, now=0)
    listener = session.Session(state.other(role), now=0)
    speaker.state = listener.state = before
    body = REQUESTS[command]

    if allowed:
        assert codec.decode(speaker.send(body, 0)).body == body
    else:
        with pytest.raises(
            fault.LocalProtocolError, match=f"{command.name} is not ours to send while {before.value}"
        ):
            speaker.send(body, 0)

    listener.receive_data(codec.encode(pdu.Pdu(sequence=9, body=body)), 0)
    heard = listener.next_event()
    if before is State.CLOSED:
        assert heard is None
    elif allowed or before is State.UNBINDING:
        assert heard == event.Requested(
            sequence=9, body=body, raw=codec.encode(pdu.Pdu(sequence=9, body=body))
        )
    else:
        assert isinstance(heard, event.Wrong)
        already = before in state.BOUND and command in pdu.BINDS
        assert heard.status == (status.ALREADY_BOUND if already else status.WRONG_BIND_STATE)
        refusal = codec.decode(listener.refuse(heard))
        assert (refusal.sequence, refusal.status) == (9, heard.status)
        answers = Command.GENERIC_NACK if command in state.UNANSWERED else command | pdu.RESPONSE
        assert codec.command_of(refusal.body) == answers


@pytest.mark.parametrize("bound", list(BINDS))
def test_a_bind_and_an_unbind_lead_through_the_states(bound: State) -> None:
    """OPEN, bound, UNBINDING while the unbind waits, UNBOUND."""
    pair = Pair().bind(bound)
    asked = pair.to_smsc(pair.esme.send(pdu.Unbind(), pair.now))
    assert isinstance(asked, event.Requested)
    assert pair.states() == (State.UNBINDING, State.UNBINDING)
    pair.to_esme(pair.smsc.answer(asked, pdu.UnbindResp()))
    assert pair.states() == (State.UNBOUND, State.UNBOUND)


def test_a_refused_bind_leaves_the_session_open() -> None:
    """A status other than 0 moves nothing."""
    pair = Pair()
    asked = pair.to_smsc(pair.esme.send(REQUESTS[Command.BIND_TRANSCEIVER], pair.now))
    assert isinstance(asked, event.Requested)
    refusal = pdu.BindResp(command=Command.BIND_TRANSCEIVER_RESP)
    answered = pair.to_esme(pair.smsc.answer(asked, refusal, status.INVALID_PASSWORD))
    assert isinstance(answered, event.Answered)
    assert answered.status == 0x0E
    assert pair.esme.state is pair.smsc.state is State.OPEN


def test_messages_in_flight_are_still_answered_while_unbinding() -> None:
    """An unbind overtakes nothing that was already sent."""
    pair = Pair().bind()
    submitted = pair.to_smsc(pair.esme.send(SUBMIT, pair.now, token="m"))
    assert isinstance(submitted, event.Requested)
    pair.esme.send(pdu.Unbind(), pair.now)
    late = pair.to_esme(pair.smsc.answer(submitted, pdu.SubmitSmResp(message_id="1")))
    assert isinstance(late, event.Answered)
    assert late.token == "m"


def test_the_window_holds_messages_and_nothing_else() -> None:
    """Link requests take no place; one message past the window is our own mistake."""
    pair = Pair(window=2).bind()
    assert pair.esme.free == 2
    pair.esme.send(SUBMIT, pair.now)
    pair.esme.send(pdu.EnquireLink(), pair.now)
    assert pair.esme.free == 1
    pair.esme.send(SUBMIT, pair.now)
    assert pair.esme.free == 0
    with pytest.raises(fault.LocalProtocolError, match="window of 2 is full"):
        pair.esme.send(SUBMIT, pair.now)


def test_nobody_has_a_window_where_he_may_send_no_message() -> None:
    """Before the bind, after the unbind, and in the direction that was not bound."""
    assert Pair().esme.free == 0
    assert Pair().bind(State.BOUND_RX).esme.free == 0
    assert Pair().bind(State.BOUND_TX).smsc.free == 0
    assert Pair().bind(State.BOUND_TX).esme.free == 16


def test_a_message_is_unanswered_from_its_deadline_on_and_not_before() -> None:
    """The window's place is free again, and the token comes back once."""
    pair = Pair().bind()
    pair.esme.send(SUBMIT, 100.0, token="m")
    assert pair.esme.next_deadline() == 130.0
    assert pair.esme.on_time(129.999) == b""
    assert pair.esme.next_event() is None
    pair.esme.on_time(130.0)
    assert pair.esme.next_event() == event.Unanswered(token="m")
    assert pair.esme.next_event() is None
    assert pair.esme.free == 16
    assert pair.esme.close() == []


def test_an_answer_after_the_deadline_is_late_and_still_heard() -> None:
    """It settles a doubt; a second one is a stray."""
    pair = Pair().bind()
    asked = pair.to_smsc(pair.esme.send(SUBMIT, 100.0, token="m"))
    assert isinstance(asked, event.Requested)
    pair.esme.on_time(130.0)
    pair.esme.next_event()
    answer = pair.smsc.answer(asked, pdu.SubmitSmResp(message_id="9"))
    late = pair.to_esme(answer)
    assert isinstance(late, event.Answered)
    assert (late.token, late.late) == ("m", True)
    assert pair.to_esme(answer) == event.Stray(command=Command.SUBMIT_SM_RESP, status=0)


def test_closing_returns_what_was_sent_and_never_answered() -> None:
    """In the order of sending; afterwards the session says and hears nothing."""
    pair = Pair().bind()
    for token in ("a", "b", "c"):
        pair.esme.send(SUBMIT, pair.now, token=token)
    assert pair.esme.close() == ["a", "b", "c"]
    assert pair.esme.state is State.CLOSED
    assert pair.esme.next_deadline() is None
    with pytest.raises(fault.LocalProtocolError, match="closed"):
        pair.esme.send(pdu.EnquireLink(), pair.now)


def test_silence_is_answered_by_a_question_and_more_silence_by_hanging_up() -> None:
    """enquire_link after the quiet time, Silent when that stays unanswered."""
    pair = Pair().bind()
    assert pair.esme.next_deadline() == 160.0
    assert pair.esme.on_time(159.9) == b""
    question = pair.esme.on_time(160.0)
    assert codec.decode(question).body == pdu.EnquireLink()
    assert pair.esme.next_deadline() == 170.0
    pair.esme.on_time(170.0)
    assert pair.esme.next_event() == event.Silent(command=Command.ENQUIRE_LINK)


def test_anything_heard_postpones_the_question() -> None:
    """A busy link is not asked whether it is there."""
    pair = Pair().bind()
    pair.now = 150.0
    pair.to_esme(pair.smsc.send(DELIVER, 150.0))
    assert pair.esme.next_deadline() == 210.0


def test_who_does_not_bind_in_time_is_hung_up_on() -> None:
    """On either side."""
    pair = Pair()
    assert pair.smsc.next_deadline() == 110.0
    pair.smsc.on_time(110.0)
    assert pair.smsc.next_event() == event.Silent(command=None)
    assert pair.smsc.next_deadline() == float("inf")


def test_a_generic_nack_answers_the_message_it_names() -> None:
    """And one that names nothing is a stray."""
    pair = Pair().bind()
    sequence = codec.decode(pair.esme.send(SUBMIT, pair.now, token="m")).sequence
    nack = codec.encode(pdu.Pdu(sequence=sequence, status=0x02, body=pdu.GenericNack()))
    answered = pair.to_esme(nack)
    assert isinstance(answered, event.Answered)
    assert (answered.token, answered.status, answered.body) == ("m", 2, pdu.GenericNack())
    stray = codec.encode(pdu.Pdu(sequence=0, status=0x03, body=pdu.GenericNack()))
    assert pair.to_esme(stray) == event.Stray(command=Command.GENERIC_NACK, status=3)


def test_an_answer_of_another_kind_answers_nothing() -> None:
    """enquire_link_resp with a message's sequence leaves the message waiting."""
    pair = Pair().bind()
    sequence = codec.decode(pair.esme.send(SUBMIT, pair.now)).sequence
    wrong = codec.encode(pdu.Pdu(sequence=sequence, body=pdu.EnquireLinkResp()))
    assert isinstance(pair.to_esme(wrong), event.Stray)
    assert pair.esme.in_flight == 1


def test_an_answer_with_an_unreadable_id_is_an_answer_without_one() -> None:
    """The carrier said that it took the message; that must not become a doubt."""
    pair = Pair().bind()
    sequence = codec.decode(pair.esme.send(SUBMIT, pair.now, token="m")).sequence
    answered = pair.to_esme(codec.frame(Command.SUBMIT_SM_RESP, sequence, b"x" * 90))
    assert isinstance(answered, event.Answered)
    assert (answered.status, answered.body) == (0, pdu.SubmitSmResp())


def test_an_alert_is_heard_and_nobody_waits_for_its_answer() -> None:
    """Section 4.12.1: there is none, so none runs out of time either."""
    pair = Pair().bind()
    heard = pair.to_esme(pair.smsc.send(ALERT, pair.now))
    assert isinstance(heard, event.Requested)
    assert heard.body == ALERT
    assert pair.smsc.free == pair.window
    before = pair.smsc.next_deadline()
    assert before == pair.now + TIMERS.enquire_after


def test_an_outbind_can_be_refused_with_a_status_and_the_bind_goes_on() -> None:
    """There is no outbind_resp: a generic_nack says no, and our own bind is answered as ever."""
    pair = Pair()
    bind = pair.esme.send(pdu.Bind(command=Command.BIND_TRANSCEIVER, system_id="a", password="b"), pair.now)
    heard = pair.to_esme(pair.smsc.send(pdu.Outbind(system_id="smsc", password="p"), pair.now))
    assert isinstance(heard, event.Requested)
    no = pair.to_smsc(pair.esme.answer(heard, pdu.GenericNack(), status.WRONG_BIND_STATE))
    assert no == event.Stray(command=Command.GENERIC_NACK, status=status.WRONG_BIND_STATE)
    asked = pair.to_smsc(bind)
    assert isinstance(asked, event.Requested)
    pair.to_esme(pair.smsc.answer(asked, pdu.BindResp(command=Command.BIND_TRANSCEIVER_RESP)))
    assert pair.states() == (State.BOUND_TRX, State.BOUND_TRX)


def test_a_nack_without_a_status_answers_nothing() -> None:
    """It would say that all is well, and mean no."""
    pair = Pair().bind()
    asked = pair.to_esme(pair.smsc.send(DELIVER, pair.now))
    assert isinstance(asked, event.Requested)
    with pytest.raises(fault.LocalProtocolError, match="GENERIC_NACK does not answer DeliverSm"):
        pair.esme.answer(asked, pdu.GenericNack())


def test_data_sm_takes_a_place_in_the_window_and_is_answered_by_its_own_response() -> None:
    """It carries a message, whichever way it goes."""
    pair = Pair().bind()
    asked = pair.to_esme(pair.smsc.send(DATA, pair.now, token="d"))
    assert isinstance(asked, event.Requested)
    assert pair.smsc.free == pair.window - 1
    answered = pair.to_smsc(pair.esme.answer(asked, pdu.DataSmResp(message_id="7")))
    assert isinstance(answered, event.Answered)
    assert (answered.token, answered.body) == ("d", pdu.DataSmResp(message_id="7"))


def test_what_version_5_puts_after_an_id_is_tolerated() -> None:
    """A carrier of 5.0 says in a response how congested it is (section 4.8.4.18 there)."""
    pair = Pair().bind()
    sequence = codec.decode(pair.esme.send(SUBMIT, pair.now, token="m")).sequence
    answered = pair.to_esme(codec.frame(Command.SUBMIT_SM_RESP, sequence, b"77\0\x04\x28\x00\x01\x5a"))
    assert isinstance(answered, event.Answered)
    assert answered.body == pdu.SubmitSmResp(message_id="77")


def test_a_question_about_a_message_takes_no_place_in_the_window_and_no_answer_ends_nothing() -> None:
    """Its token comes back once: answered, refused by a nack, out of time, or when the connection is gone."""
    pair = Pair(window=1).bind()
    question = pdu.QuerySm(message_id="A", source=Address("10690000", 0, 1))
    pair.esme.send(SUBMIT, pair.now, "message")

    asked = pair.to_smsc(pair.esme.send(question, pair.now, "first"))
    assert isinstance(asked, event.Requested)
    told = pair.to_esme(pair.smsc.answer(asked, pdu.QuerySmResp(message_id="A", message_state=2)))
    assert isinstance(told, event.Answered)
    assert (told.token, told.body) == ("first", pdu.QuerySmResp(message_id="A", message_state=2))

    asked = pair.to_smsc(pair.esme.send(question, pair.now, "second"))
    assert isinstance(asked, event.Requested)
    told = pair.to_esme(pair.smsc.answer(asked, pdu.GenericNack(), status.INVALID_COMMAND))
    assert isinstance(told, event.Answered)
    assert (told.token, told.status) == ("second", status.INVALID_COMMAND)

    pair.esme.send(question, pair.now, "third")
    pair.esme.on_time(pair.now + TIMERS.link_within)
    assert pair.esme.next_event() == event.Unanswered(token="third")
    pair.esme.send(question, pair.now, "fourth")
    assert set(pair.esme.close()) == {"message", "fourth"}


def test_an_unknown_command_is_answered_by_generic_nack() -> None:
    """Section 4.3.1."""
    pair = Pair().bind()
    heard = pair.to_smsc(codec.frame(0x00000111, 8, b""))
    assert isinstance(heard, event.Wrong)
    refusal = codec.decode(pair.smsc.refuse(heard))
    assert refusal == pdu.Pdu(sequence=8, status=status.INVALID_COMMAND, body=pdu.GenericNack())


@pytest.mark.parametrize("length", [0, 15, codec.MAX_SIZE + 1, 0xFFFFFFFF])
def test_a_length_that_cannot_be_ends_the_session(length: int) -> None:
    """Nothing after it can be trusted to begin where it seems to; nothing is buffered for it either."""
    pair = Pair().bind()
    pair.smsc.receive_data(length.to_bytes(4, "big"), pair.now)
    with pytest.raises(fault.RemoteProtocolError, match="command_length cannot be"):
        pair.smsc.next_event()
    assert pair.smsc.state is State.CLOSED
    assert pair.smsc.next_event() is None


def test_sequence_numbers_wrap_and_skip_what_is_in_flight() -> None:
    """1 to 0x7FFFFFFF, section 5.1.4."""
    pair = Pair().bind()
    pair.esme._sequence = 0x7FFFFFFE
    numbers = [codec.decode(pair.esme.send(SUBMIT, pair.now)).sequence for _ in range(3)]
    assert numbers == [0x7FFFFFFF, 1, 2]
    pair.esme._sequence = 0x7FFFFFFE
    assert codec.decode(pair.esme.send(SUBMIT, pair.now)).sequence == 3


def test_an_answer_must_be_the_answer_to_its_request() -> None:
    """Our own mistake stops before the wire."""
    pair = Pair().bind()
    asked = pair.to_smsc(pair.esme.send(SUBMIT, pair.now))
    assert isinstance(asked, event.Requested)
    with pytest.raises(fault.LocalProtocolError, match="does not answer SubmitSm"):
        pair.smsc.answer(asked, pdu.EnquireLinkResp())


@pytest.mark.parametrize(("name", "said", "raw"), CASES, ids=NAMES)
def test_every_pdu_of_the_table_is_heard_byte_by_byte_with_another_after_it(
    name: str, said: pdu.Pdu, raw: bytes
) -> None:
    """Whatever it is, it ends where its length says, and the next is heard too."""
    pair = Pair().bind()
    trailing = codec.encode(pdu.Pdu(sequence=99, body=pdu.EnquireLink()))
    assert one(pair.smsc, raw, 100.0) is not None
    last = one(pair.smsc, trailing, 100.0)
    assert last == event.Requested(sequence=99, body=pdu.EnquireLink(), raw=trailing)


@given(data=st.binary(max_size=300), chunk=st.integers(1, 50))
def test_garbage_on_the_wire_is_heard_as_wrong_or_ends_the_session(data: bytes, chunk: int) -> None:
    """Nothing that a peer sends raises anything but RemoteProtocolError."""
    peer = Pair().bind().smsc
    try:
        for at in range(0, len(data), chunk):
            peer.receive_data(data[at : at + chunk], 100.0)
            while (heard := peer.next_event()) is not None:
                if isinstance(heard, event.Wrong):
                    codec.decode(peer.refuse(heard))
    except fault.RemoteProtocolError:
        assert peer.state is State.CLOSED


@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["send", "answer", "wait", "late"]), st.integers(0, 40)), max_size=60
    )
)
def test_every_token_comes_back_exactly_once(steps: list[tuple[str, int]]) -> None:
    """Answered, unanswered or returned by close: no message is counted twice and none is forgotten."""
    pair = Pair(window=4).bind()
    asked: list[event.Requested] = []
    sent: list[object] = []
    back: list[object] = []

    def hear() -> None:
        while (heard := pair.esme.next_event()) is not None:
            if isinstance(heard, event.Unanswered) or (isinstance(heard, event.Answered) and not heard.late):
                back.append(heard.token)

    for what, number in steps:
        if what == "send" and pair.esme.free:
            sent.append(len(sent))
            heard = pair.to_smsc(pair.esme.send(SUBMIT, pair.now, token=sent[-1]))
            assert isinstance(heard, event.Requested)
            asked.append(heard)
        elif what in {"answer", "late"} and asked:
            request = asked.pop(number % len(asked))
            pair.esme.receive_data(pair.smsc.answer(request, pdu.SubmitSmResp(message_id="x")), pair.now)
            hear()
        elif what == "wait":
            pair.now += number
            pair.esme.on_time(pair.now)
            hear()
    back += pair.esme.close()
    assert sorted(map(str, back)) == sorted(map(str, sent))


def test_the_picture_is_drawn_from_the_tables() -> None:
    """Every transition is an arrow."""
    drawn = state.picture()
    assert drawn.count("-->") == len(state.TRANSITIONS) + 2
    assert "bound_trx --> unbinding: unbind" in drawn


def test_an_address_can_be_alphanumeric() -> None:
    """A sender may be a name."""
    body = pdu.SubmitSm(source=Address("DULY", 5, 0), destination=Address("2"))
    assert codec.decode(codec.encode(pdu.Pdu(sequence=1, body=body))).body == body
