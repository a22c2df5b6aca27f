"""Moulds kept as they are made, so that each is read once however many texts come out of it.

A shelf only remembers: it is given to whoever plans or sends, and an empty one changes no answer.
Everything that a mould is made of is in its key, so a template, list or address that changed has another mould.
"""

from __future__ import annotations

import functools
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import date

from duly.text import elements, filling, sensitive, trial
from duly.text.fields import FIELDS
from duly.text.mould import DAYS, SUMS, VARYING, Mould
from duly.text.sensitive import Sensitive
from duly.text.trial import Case, Setting
from duly.text.wording import Lists

_SPELLED = frozenset({"en"})  # the languages in which a month has a name


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Texts of one template under one measure; `key` tells all of `settings` and `lists`."""

    settings: Mapping[str, Setting]
    lists: Lists
    key: tuple[Hashable, ...]
    locale: str
    currency: str

    @functools.cached_property
    def asked(self) -> frozenset[str]:
        """The fields on which the text depends, and those by which it is known whether a sum is told in parts."""
        used = {name for one in self.settings.values() for name in one.template.fields}
        return frozenset(used | elements.PARTS)

    @property
    def spells_months(self) -> bool:
        """Whether a day is written with letters."""
        return self.locale in _SPELLED


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """The moulds made so far, and what is sensitive by each list."""

    _moulds: dict[tuple[Hashable, ...], Mould] = field(default_factory=dict, repr=False)
    _sensitive: dict[str, Sensitive] = field(default_factory=dict, repr=False)

    def sensitive(self, lists: Lists) -> Sensitive:
        """What is sensitive by the lists."""
        if lists.digest not in self._sensitive:
            self._sensitive[lists.digest] = sensitive.of(lists)
        return self._sensitive[lists.digest]

    def mould(
        self, kind: Kind, constants: Mapping[str, str], filled: frozenset[str], months: Mapping[str, int]
    ) -> Mould:
        """The mould of texts of that kind in which those fields are filled; `months` of their days, by field."""
        asked = filled & kind.asked
        spelled = (
            {name: month for name, month in months.items() if name in asked} if kind.spells_months else {}
        )
        key = (*kind.key, tuple(sorted(constants.items())), asked, tuple(sorted(spelled.items())))
        if key not in self._moulds:
            case = Case(
                locale=kind.locale,
                constants={**constants, "currency": kind.currency},
                filled=asked,
                months=spelled,
            )
            self._moulds[key] = trial.make(kind.settings, case, self.sensitive(kind.lists))
        return self._moulds[key]

    def vouched(self, kind: Kind, values: Mapping[str, str], typed: Mapping[str, object]) -> Mould | None:
        """The mould of one text, if it vouches for it: `values` as rendered, from the `typed` figures."""
        constants = {name: value for name, value in values.items() if name not in VARYING}
        filled = frozenset(name for name in VARYING if values.get(name))
        days = {
            name: day.month
            for name in DAYS
            if name in filled and isinstance(day := typed[FIELDS[name].source], date)
        }
        sums = {name: int(str(typed[FIELDS[name].source])) for name in SUMS if name in filled}
        found = self.mould(kind, constants, filled, days)
        return found if filling.fits(found, values, sums, self.sensitive(kind.lists)) else None
