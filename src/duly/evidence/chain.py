"""A case's entries in a row: each carries its number in the case and the leaf hash of the one before.

Inclusion in the log proves that an entry is there, not that none was left out; the chain proves the latter.
Holds the heads that the caller read under the case's lock, and refuses to link to a case it was not given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from duly.evidence import entry


class Head(NamedTuple):
    """The last entry of a case: the case's 16 random bytes, how many entries it has, the last one's leaf
    hash.
    """

    case: bytes
    seq: int = 0
    leaf_hash: bytes | None = None


class Chain:
    """Builds entries one after the other and moves the heads of their cases."""

    def __init__(self, heads: Iterable[Head], *, salts: entry.Salts) -> None:
        self._heads = {head.case: head for head in heads}
        self._moved: dict[bytes, None] = {}
        self._salts = salts

    def build(
        self,
        kind: str,
        *,
        entry_id: UUID | bytes,
        at: datetime,
        open: Mapping[str, object],  # noqa: A002 - the word of the schema
        committed: Mapping[str, object],
        about: Mapping[bytes, Mapping[str, object]],
    ) -> entry.Entry:
        """`entry.build` with the links made from the heads; `about` maps each case to what is said of its
        account.

        Raises KeyError for a case whose head was not given.
        """
        links = [
            entry.CaseLink(case, head.seq + 1, head.leaf_hash, said)
            for case, said in about.items()
            for head in (self._heads[case],)
        ]
        built = entry.build(
            kind,
            entry_id=entry_id,
            at=at,
            open=open,
            committed=committed,
            cases=links,
            salts=self._salts,
        )
        for link in links:
            self._heads[link.case] = Head(link.case, link.seq, built.leaf_hash)
            self._moved[link.case] = None
        return built

    def moved(self) -> list[Head]:
        """The heads that changed, to be written back in the same transaction."""
        return [self._heads[case] for case in self._moved]
