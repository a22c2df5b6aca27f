"""The checker as one file, for a stranger: `verify.py` with the modules that it leans on put in front of it.

Adds and changes no line of code: it only leaves out the imports among these modules, which the joining makes
needless.
"""

from __future__ import annotations

import re
from importlib import resources

PARTS = ("proof", "note", "report", "bagcheck", "treecheck", "verify")

_FUTURE = "from __future__ import annotations\n"
_OWN_IMPORT = re.compile(r"^from duly\.evidence\.\w+ import (?:\([^)]*\)|[^\n(]*)\n", re.MULTILINE)


def source() -> bytes:
    """The one file: same modules, same bytes."""
    texts = {name: _read(name) for name in PARTS}
    words, _, _ = texts[PARTS[-1]].partition(_FUTURE)
    joined = [words.rstrip() + "\n\n" + _FUTURE]
    for name in PARTS:
        told, _, code = texts[name].partition(_FUTURE)
        comment = "".join(
            f"# {line}".rstrip() + "\n" for line in told.strip().strip('"').strip().splitlines()
        )
        title = f"# ---- duly/evidence/{name}.py\n"
        joined.append(
            title + (comment if name != PARTS[-1] else "") + _OWN_IMPORT.sub("", code).rstrip() + "\n"
        )
    return "\n\n".join(joined).encode()


def _read(name: str) -> str:
    return (resources.files("duly.evidence") / f"{name}.py").read_text("utf-8")
