"""A value that stands in the environment, not in the folder: `$DULY_SMPP_PASSWORD`.

The folder is kept in git; a secret written into it has been published to everyone who can clone it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from duly.errors import KeyMissing
from duly.model.said import say

NAME = re.compile(r"\$([A-Z][A-Z0-9_]{0,63})")


@dataclass(frozen=True, kw_only=True)
class Reference:
    """The name of an environment variable, without the dollar sign."""

    variable: str

    def resolve(self, environ: Mapping[str, str]) -> str:
        """The variable's value. Raises KeyMissing when it is unset or empty."""
        value = environ.get(self.variable, "")
        if not value:
            raise KeyMissing(
                say("the environment variable {name} is not set", name=self.variable),
                remedy=say(
                    "Set {name} in the environment of this process and repeat the command.",
                    name=self.variable,
                ),
            )
        return value

    def __str__(self) -> str:
        return f"${self.variable}"


def parse(text: str) -> Reference | None:
    """The reference that `text` is, or None if it is anything else."""
    match = NAME.fullmatch(text)
    return None if match is None else Reference(variable=match[1])
