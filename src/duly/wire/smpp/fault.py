"""Whose fault a broken conversation is."""

from __future__ import annotations


class ProtocolError(Exception):
    """Something was said that the protocol does not allow. Only its two children are ever raised."""


class LocalProtocolError(ProtocolError):
    """We tried to say it: a defect of ours. Nothing was written."""


class RemoteProtocolError(ProtocolError):
    """The peer said it. `status` is the command_status that tells it so."""

    def __init__(self, what: str, *, status: int) -> None:
        super().__init__(what)
        self.status = status
