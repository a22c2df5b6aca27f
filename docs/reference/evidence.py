"""Make the marked parts of docs/reference/evidence.md, and evidence-schema/, from the code.

`python docs/reference/evidence.py`
"""

from __future__ import annotations

import json
import re
from hashlib import sha256
from pathlib import Path

from duly.evidence import schema, standalone, verify

PAGE = Path(__file__).with_suffix(".md")
SCHEMAS = PAGE.with_name("evidence-schema")
MADE = re.compile(r"(?<=<!-- made: )(\w+)( -->\n).*?(?=\n<!-- end -->)", re.DOTALL)

CODES = {
    verify.VERIFIED: "verified with the trusted key",
    verify.REFUSED: "refused; every reason is told",
    2: "wrong usage",
    verify.INTEGRITY_ONLY: "integrity only: it holds together, but no trusted fingerprint was given",
}

LEAF = {
    "at": "2026-11-20T04:00:00.000000Z",
    "cases": [
        {
            "about": "3rhyO53Qs1CRdSFy6iKT0kTv0LncGMduhEGU8vOnCQA=",
            "case": "89deb71cc93565882cf018769ec76750",
            "prev": "+lroWEFxTIhBFCnQh18roBHenERgSWSV+M8oyKu6VqA=",
            "seq": 2,
        }
    ],
    "committed": {
        "carrier": "fpC3gGDefGLZ3uw8Iw98NZNrF+BgQ1fAfZQ0Bs7zKFc=",
        "outcome": "oyljhT6IHkvVl2eGWkgLiDt/QXlQB+lphNHN7sqorGI=",
        "person": "hFYunJbhtYqt173euup2RtPAj3if/6ltOqKMWPi5U1c=",
    },
    "entry": "5e9ef5bb044c0760110b4fe3d0438560",
    "kind": "answer",
    "open": {"permit": "085516378c91decfd3cb7cae85bdcfef"},
    "version": 1,
}


PARTS = {
    "leaf": lambda: f"```json\n{json.dumps(LEAF, indent=2)}\n```",
    "codes": lambda: "\n".join(
        ["| exit code | means |", "| --- | --- |", *(f"| {code} | {says} |" for code, says in CODES.items())]
    ),
    "digest": lambda: f"```\n{sha256(standalone.source()).hexdigest()}\n```",
    "kinds": lambda: schema.table().strip(),
}


def page(text: str) -> str:
    """The page with its marked parts made anew."""
    return MADE.sub(lambda found: f"{found[1]}{found[2]}{PARTS[found[1]]()}", text)


def schemas() -> dict[str, str]:
    """The published schemas by the name of their file."""
    return {
        name: json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        for name, content in schema.files().items()
    }


def write() -> None:
    """Write the page and the schemas; remove those of kinds that never were."""
    PAGE.write_text(page(PAGE.read_text("utf-8")), encoding="utf-8")
    SCHEMAS.mkdir(exist_ok=True)
    wanted = schemas()
    for path in SCHEMAS.glob("*.json"):
        if path.name not in wanted:
            path.unlink()
    for name, content in wanted.items():
        (SCHEMAS / name).write_text(content, encoding="utf-8")


if __name__ == "__main__":
    write()
