"""Alphabets, cutting and joining of short messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duly.wire import sms

GSM_TEXT = st.text(st.sampled_from(sorted(sms._GSM_CHARACTERS)), max_size=700)
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=400)


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("@", b"\x00"),
        ("Pay 5", b"Pay 5"),
        ("$_", b"\x02\x11"),
        ("é", b"\x05"),
        ("€", b"\x1b\x65"),
        ("[x]", b"\x1b\x3cx\x1b\x3e"),
        ("Ω\n", b"\x15\n"),
    ],
)
def test_gsm_characters_have_the_codes_of_the_table(text: str, data: bytes) -> None:
    """Each character stands for the septet that TS 23.038 gives it, extensions after an escape."""
    assert sms.alphabet(text) is sms.Alphabet.GSM
    assert sms.encode(text, sms.Alphabet.GSM) == data
    assert sms.decode(data, sms.Alphabet.GSM) == text


@pytest.mark.parametrize("text", ["逾期", "ç", "😀", "`", "\u200b", "【银行】"])
def test_one_character_beyond_gsm_makes_the_text_ucs2(text: str) -> None:
    """Nothing is replaced to stay in the cheaper alphabet."""
    assert sms.alphabet("abc" + text) is sms.Alphabet.UCS_2
    with pytest.raises(ValueError, match="outside the GSM alphabet"):
        sms.encode(text, sms.Alphabet.GSM)


def test_an_encoding_error_does_not_name_the_character() -> None:
    """A character may be part of a name, and errors reach logs."""
    with pytest.raises(ValueError, match="outside") as caught:
        sms.encode("堃", sms.Alphabet.GSM)
    assert "堃" not in repr(caught.value)


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("", [0]),
        ("a" * 160, [160]),
        ("a" * 161, [153, 8]),
        ("a" * 306, [153, 153]),
        ("a" * 307, [153, 153, 1]),
        ("€" * 80, [160]),
        ("€" * 81, [152, 10]),  # the 153rd septet would be an escape without its code
        ("a" + "€" * 80, [153, 8]),
        ("期" * 70, [140]),
        ("期" * 71, [134, 8]),
        ("期" * 134, [134, 134]),
        ("😀" * 35, [140]),
        ("😀" * 36, [132, 12]),  # the 67th unit would be half of a pair
        ("期" + "😀" * 35, [134, 8]),
    ],
)
def test_texts_are_cut_at_the_limits_and_never_inside_a_pair(text: str, sizes: list[int]) -> None:
    """160 or 153 septets, 70 or 67 UTF-16 units; an escape pair and a surrogate pair stay together."""
    parts = sms.split(text, reference=7)

    assert [len(part.data) for part in parts] == sizes
    assert all(bool(part.udh) is (len(parts) > 1) for part in parts)


@pytest.mark.parametrize(
    ("wide", "headers"),
    [
        (False, [bytes((5, 0, 3, 0x34, 2, 1)), bytes((5, 0, 3, 0x34, 2, 2))]),
        (True, [bytes((6, 8, 4, 0x12, 0x34, 2, 1)), bytes((6, 8, 4, 0x12, 0x34, 2, 2))]),
    ],
)
def test_segments_of_one_message_share_its_reference(wide: bool, headers: list[bytes]) -> None:
    """The header is 05 00 03 ref total number, or 06 08 04 with a reference of 16 bits."""
    parts = sms.split("a" * 200, reference=0x1234, wide=wide)

    assert [part.udh for part in parts] == headers
    assert [part.data_coding for part in parts] == [0, 0]


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("chosen", list(sms.Alphabet))
def test_no_segment_is_longer_than_its_frame(wide: bool, chosen: sms.Alphabet) -> None:
    """Header and data fit 140 octets, septets packed."""
    for part in sms.split("a" * 1000, reference=1, wide=wide, chosen=chosen):
        packed = -(-len(part.data) * 7 // 8) if chosen is sms.Alphabet.GSM else len(part.data)
        assert len(part.udh) + packed <= 140


def test_more_than_255_segments_are_refused() -> None:
    """The header has one octet for the total."""
    assert len(sms.split("a" * 153 * 255, reference=1)) == 255
    with pytest.raises(ValueError, match="at most 255"):
        sms.split("a" * (153 * 255 + 1), reference=1)


def test_a_lone_surrogate_is_refused() -> None:
    """Half a character has no bytes."""
    with pytest.raises(UnicodeEncodeError):
        sms.split("\ud83d", reference=1)


@pytest.mark.parametrize(
    ("came", "text"),
    [
        ({1: "我已经", 2: "还了"}, "我已经还了 …"),
        ({2: "还了"}, "… 还了 …"),
        ({1: "我", 3: "还了"}, "我 … 还了"),
        ({2: "经", 3: "还了"}, "… 经还了"),
        ({1: "我", 2: "经", 3: "还了"}, "我经还了"),
    ],
)
def test_what_never_came_whole_is_read_as_far_as_it_goes(came: dict[int, str], text: str) -> None:
    """With a mark for each gap, over which nothing is joined."""
    pieces = {number: piece.encode("utf-16-be") for number, piece in came.items()}

    assert sms.join_what_came(pieces, 3, sms.Alphabet.UCS_2) == text


def test_neighbours_are_joined_before_they_are_read() -> None:
    """A phone may cut a character in two."""
    whole = "期😀".encode("utf-16-be")
    pieces = {2: whole[:4], 3: whole[4:]}

    assert sms.join_what_came(pieces, 4, sms.Alphabet.UCS_2) == "… 期😀 …"


@given(text=GSM_TEXT | ANY_TEXT, reference=st.integers(0, 70_000), wide=st.booleans())
def test_what_is_split_joins_to_the_same_text(text: str, reference: int, wide: bool) -> None:
    """Split, open and join give back every text, and every segment can be read by itself."""
    parts = sms.split(text, reference=reference, wide=wide)
    if len(parts) == 1:
        assert sms.decode(parts[0].data, parts[0].alphabet) == text
        return
    opened = [sms.open_payload(part.payload) for part in parts]
    places = [place for place, _ in opened]
    assert places == [
        sms.Place(reference=reference % (65536 if wide else 256), total=len(parts), number=number)
        for number in range(1, len(parts) + 1)
    ]
    pieces = {place.number: data for place, data in opened if place}
    assert sms.join(pieces, len(parts), parts[0].alphabet) == text
    assert "".join(sms.decode(data, parts[0].alphabet) for _, data in opened) == text


def test_a_missing_piece_leaves_the_text_unjoined() -> None:
    """Two of three are no text yet."""
    assert sms.join({1: b"a", 3: b"c"}, 3, sms.Alphabet.GSM) is None
    assert sms.join({1: b"a", 2: b"b", 3: b"c"}, 3, sms.Alphabet.GSM) == "abc"


def test_a_pair_cut_by_a_handset_is_whole_again_when_joined() -> None:
    """Phones do cut surrogate pairs, so joining works on bytes."""
    data = "😀".encode("utf-16-be")
    assert sms.join({1: data[:2], 2: data[2:]}, 2, sms.Alphabet.UCS_2) == "😀"


@pytest.mark.parametrize(
    ("payload", "place", "rest"),
    [
        (b"\x05\x00\x03\x07\x02\x01abc", sms.Place(reference=7, total=2, number=1), b"abc"),
        (b"\x06\x08\x04\x01\x07\x02\x02abc", sms.Place(reference=263, total=2, number=2), b"abc"),
        (b"\x06\x05\x04\x00\x00\x00\x00x", None, b"x"),  # a port number: not one of several
        (
            b"\x0b\x05\x04\x00\x00\x00\x00\x00\x03\x09\x02\x02x",
            sms.Place(reference=9, total=2, number=2),
            b"x",
        ),
        (b"\x05\x00\x03\x07\x02\x00x", None, b"x"),  # number 0
        (b"\x05\x00\x03\x07\x02\x03x", None, b"x"),  # past the total
        (b"\x05\x00\x03\x07\x02\x01", sms.Place(reference=7, total=2, number=1), b""),
        (b"\x05\x00\x03\x07\x02", None, None),
        (b"\x00abc", None, b"abc"),
    ],
)
def test_headers_of_other_phones_are_opened(
    payload: bytes, place: sms.Place | None, rest: bytes | None
) -> None:
    """Other elements are passed over, and a place that cannot be is ignored."""
    if rest is None:
        with pytest.raises(sms.NotASegment, match="past the message"):
            sms.open_payload(payload)
    else:
        assert sms.open_payload(payload) == (place, rest)


@given(payload=st.binary(max_size=60))
def test_garbage_in_a_header_is_refused_and_never_crashes(payload: bytes) -> None:
    """Whatever arrives is either opened, or said to be no segment."""
    try:
        _, rest = sms.open_payload(payload)
    except sms.NotASegment:
        return
    assert payload.endswith(rest)


@given(data=st.binary(max_size=200), chosen=st.sampled_from(list(sms.Alphabet)))
def test_any_bytes_decode_to_some_text(data: bytes, chosen: sms.Alphabet) -> None:
    """A reply is never lost because a handset wrote nonsense."""
    assert isinstance(sms.decode(data, chosen), str)


def test_an_unknown_escape_shows_the_basic_character() -> None:
    """TS 23.038 section 6.2.1.1, and a double escape is a blank."""
    assert sms.decode(b"\x1bA\x1b\x1b\x1b", sms.Alphabet.GSM) == "A "
