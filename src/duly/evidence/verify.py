"""Checks evidence without duly: a bundle from `duly prove`, or a whole log directory.

`python verify.py PATH --trust FINGERPRINT`. The file of that name in a bundle is this module with those that
it leans on put in front of it (see `standalone`); it needs the standard library and either the package
`cryptography` or the command `openssl`, and nothing of duly. Without a trusted fingerprint, obtained
elsewhere, it says "integrity only": a key that came with the evidence proves nothing about its origin.

Exit codes: 0 verified with the trusted key, 1 refused, 2 wrong usage, 5 integrity only, origin not
established.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from duly.evidence.bagcheck import check_bundle
from duly.evidence.note import read_fingerprint
from duly.evidence.proof import Refused
from duly.evidence.report import Report
from duly.evidence.treecheck import check_log

VERIFIED, REFUSED, INTEGRITY_ONLY = 0, 1, 5


def check(place: Path, *, trusted: Sequence[str] = (), known: Sequence[Path] = ()) -> Report:
    """Check what is at `place`: a bundle or a log directory. Raises Refused if it is neither."""
    if (place / "bagit.txt").is_file():
        return check_bundle(place, trusted=trusted, known=known)
    if (place / "checkpoint").is_file():
        return check_log(place, trusted=trusted, known=known)
    raise Refused(f"{place} is neither a bundle (bagit.txt) nor a log directory (checkpoint)")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="verify.py", description="Checks duly's evidence without duly.")
    parser.add_argument("path", type=Path, help="a bundle from `duly prove`, or a log directory")
    parser.add_argument(
        "--trust",
        action="append",
        default=[],
        type=_fingerprint,
        metavar="FINGERPRINT",
        help="SHA-256 of the log's verifier key, from a source other than the evidence",
    )
    parser.add_argument(
        "--known",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="a checkpoint you kept from before",
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    given = parser.parse_args(arguments)
    try:
        report = check(given.path, trusted=given.trust, known=given.known)
    except (Refused, OSError) as error:
        report = Report(
            path=str(given.path), checks=[{"check": "path", "holds": False, "detail": str(error)}]
        )
    if given.json:
        whole = {"path": report.path, "result": report.result, "checks": report.checks, **report.facts}
        sys.stdout.write(json.dumps(whole, ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stdout.write("\n".join(report.lines()) + "\n")
    return {"verified": VERIFIED, "refused": REFUSED, "integrity only": INTEGRITY_ONLY}[report.result]


def _fingerprint(text: str) -> str:
    try:
        return read_fingerprint(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


if __name__ == "__main__":
    sys.exit(main())
