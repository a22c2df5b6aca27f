"""What happened before to the people, accounts and numbers of a chunk, found by whom an act concerns.

The law counts contacts of a person, of an account, of a number. An act is given those rows and no others, in the order
in which they came, so that judging one message does not mean reading the history of the whole chunk.
"""

from __future__ import annotations

from collections.abc import Iterable

from duly.law import values


class Past:
    """The history of a chunk, which grows with what the chunk releases."""

    def __init__(self, rows: Iterable[values.Contact]) -> None:
        self._rows: list[values.Contact] = []
        self._of_person: dict[str, list[int]] = {}
        self._of_account: dict[str, list[int]] = {}
        self._of_number: dict[str, list[int]] = {}
        self.add(rows)

    def add(self, rows: Iterable[values.Contact]) -> None:
        """What happened since."""
        for row in rows:
            place = len(self._rows)
            self._rows.append(row)
            self._of_person.setdefault(row.person, []).append(place)
            self._of_account.setdefault(row.account, []).append(place)
            self._of_number.setdefault(row.number, []).append(place)

    def of(self, *, person: str, accounts: Iterable[str], number: str) -> tuple[values.Contact, ...]:
        """What concerns the person, one of the accounts or the number."""
        places = {
            *self._of_person.get(person, ()),
            *self._of_number.get(number, ()),
            *(place for account in accounts for place in self._of_account.get(account, ())),
        }
        return tuple(self._rows[place] for place in sorted(places))
