"""The digest of a part of the project, which approvals are bound to and the gate compares.

Anyone can compute it without duly: `sha256sum FILE… | sha256sum`, run in the project folder, files sorted by
the bytes of their names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping


def of_files(files: Mapping[str, bytes]) -> str:
    """SHA-256 (hex) over the `sha256sum` listing of `files`, path in the folder (with /) to content."""
    listing = "".join(
        f"{hashlib.sha256(content).hexdigest()}  {path}\n"
        for path, content in sorted(files.items(), key=lambda item: item[0].encode())
    )
    return hashlib.sha256(listing.encode()).hexdigest()
