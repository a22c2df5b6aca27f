"""What each command_status does to the message."""

import pytest

from duly.wire.smpp import status
from duly.wire.smpp.status import Class


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (0x00, Class.ACCEPTED),
        (0x14, Class.THROTTLED),
        (0x58, Class.THROTTLED),
        (0x04, Class.REFUSED_RETRY),
        (0x08, Class.REFUSED_RETRY),
        (0x0D, Class.REFUSED_RETRY),
        (0x64, Class.REFUSED_RETRY),
        (0x0A, Class.REFUSED_FINAL),
        (0x0B, Class.REFUSED_FINAL),
        (0x0E, Class.REFUSED_FINAL),
        (0x45, Class.REFUSED_FINAL),
        (0x65, Class.REFUSED_FINAL),
        (0x66, Class.REFUSED_FINAL),
        (0xFF, Class.REFUSED_FINAL),
        (0x0400, Class.REFUSED_FINAL),
    ],
)
def test_a_code_means_one_of_four_things(code: int, outcome: Class) -> None:
    """Queue full and throttled slow us down, an unknown code is final and shown under its number."""
    assert status.look_up(code).outcome is outcome
    assert status.look_up(code).code == code


def test_only_zero_is_accepted() -> None:
    """No refusal can be mistaken for a hand-over."""
    assert [row.code for row in status.TABLE.values() if row.outcome is Class.ACCEPTED] == [0]


def test_every_code_stands_once() -> None:
    """The table is a mapping and loses no row."""
    assert len(status.TABLE) == len(status._ROWS)
    assert len({row.name for row in status._ROWS}) == len(status._ROWS)
