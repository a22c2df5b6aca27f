"""What a message's answer is, from the fates of its segments: every combination of up to three."""

import itertools

import pytest

from duly.channels import answer
from duly.channels.answer import Fate, Segment
from duly.model import notice


@pytest.mark.parametrize("fates", [c for n in (1, 2, 3) for c in itertools.product(Fate, repeat=n)])
def test_every_combination_of_fates_has_the_careful_answer(fates: tuple[Fate, ...]) -> None:
    """Accepted when all were, Unsure when any may have arrived and not all did, else Refused."""
    given = answer.settle([Segment(fate=fate, code=fate.value, reason=fate.value) for fate in fates])

    if set(fates) == {Fate.ACCEPTED}:
        assert isinstance(given, answer.Accepted)
        assert given.outcome in notice.COUNTED
    elif {Fate.UNANSWERED, Fate.ACCEPTED} & set(fates):
        assert isinstance(given, answer.Unsure)
        assert given.outcome in notice.COUNTED
    else:
        assert isinstance(given, answer.Refused)
        assert given.outcome not in notice.COUNTED
        assert given.retry is (Fate.REFUSED_FINAL not in fates)
        assert given.written is (set(fates) != {Fate.UNWRITTEN})
    assert [segment.fate for segment in given.segments] == list(fates)


def test_a_message_without_segments_has_no_answer() -> None:
    """There is nothing to say."""
    with pytest.raises(ValueError, match="at least one segment"):
        answer.settle([])
