"""The closed table of jurisdictions: the code of each, what it lies in, and its name in Chinese and English.

A code that is not in the table is refused, so that a typing mistake cannot take an act out of every law.
The codes of ISO 3166 that are left to its users (XA to XZ) are open, for packs that are nobody's law.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_OPEN = re.compile(r"X[A-Z](-[0-9A-Za-z]+)?|ZZ")


@dataclass(frozen=True)
class Jurisdiction:
    """One jurisdiction. `within` is the one it lies in, whose law binds there as well."""

    code: str
    within: str | None
    words: tuple[str, str]  # zh, en


_ALL = (
    Jurisdiction("CN", None, ("中国内地", "Mainland China")),
    Jurisdiction("CN-37-Qingdao", "CN", ("青岛", "Qingdao")),
    Jurisdiction("CN-44-Shenzhen", "CN", ("深圳", "Shenzhen")),
    Jurisdiction("US", None, ("美国", "United States")),
    Jurisdiction("US-CA", "US", ("美国加利福尼亚州", "California")),
    Jurisdiction("US-DC", "US", ("美国哥伦比亚特区", "District of Columbia")),
    Jurisdiction("US-FL", "US", ("美国佛罗里达州", "Florida")),
    Jurisdiction("US-MA", "US", ("美国马萨诸塞州", "Massachusetts")),
    Jurisdiction("US-NY", "US", ("美国纽约州", "New York")),
    Jurisdiction("US-NY-NYC", "US-NY", ("美国纽约市", "New York City")),
    Jurisdiction("US-WA", "US", ("美国华盛顿州", "Washington")),
    Jurisdiction("GB", None, ("英国", "United Kingdom")),
    Jurisdiction("IN", None, ("印度", "India")),
    Jurisdiction("EU", None, ("欧洲联盟", "European Union")),
    Jurisdiction("IE", "EU", ("爱尔兰", "Ireland")),
    Jurisdiction("HK", None, ("香港", "Hong Kong")),
    Jurisdiction("SG", None, ("新加坡", "Singapore")),
    Jurisdiction("AU", None, ("澳大利亚", "Australia")),
)
JURISDICTIONS: Mapping[str, Jurisdiction] = {one.code: one for one in _ALL}


def is_known(code: str) -> bool:
    """Whether the code is in the table, or open to users."""
    return code in JURISDICTIONS or _OPEN.fullmatch(code) is not None


def unknown(codes: Iterable[str]) -> list[str]:
    """Those of the codes that nobody knows."""
    return sorted(code for code in codes if not is_known(code))


def within(code: str) -> str | None:
    """What the jurisdiction lies in, if in any."""
    if code in JURISDICTIONS:
        return JURISDICTIONS[code].within
    return code.partition("-")[0] if "-" in code else None


def chain(code: str) -> tuple[str, ...]:
    """The jurisdiction with all it lies in, the widest first: US, US-NY, US-NY-NYC. ValueError for an unknown code."""
    if not is_known(code):
        raise ValueError(f"{code!r} is no jurisdiction: use one of {', '.join(JURISDICTIONS)}")
    wider = within(code)
    return (*(chain(wider) if wider else ()), code)
