"""A jurisdiction's law as a folder of YAML: found, read strictly, and given a digest.

    <pack>/pack.yaml       name, title, zone of the law's calendar, jurisdictions, reviewed_until
    <pack>/rules/*.yaml    lists of rules, grouped by subject
    <pack>/tests/*.yaml    cases a lawyer can read; tests/base.yaml is the act they start from
    <pack>/*.md            README, SOURCES, CHANGELOG
    <pack>/wording.yaml, intents.yaml    word lists, read by `text`, covered by the digest
    <pack>/limitation.yaml               how the clocks of limitation and guarantee run
    words/*.yaml           lists that the wording of several packs builds upon, covered by the digest of each

This is the only module of `law` that reads files. It refuses a pack with any problem, and shows them all.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path

from duly.errors import Problem
from duly.law import (
    calendars,
    cases,
    hours,
    jurisdictions,
    limitation,
    needs,
    row_limitation,
    row_terms,
    rows,
    source,
    terms,
)
from duly.law.rules import ENFORCED, Rule
from duly.law.terms import Parameter

_PACKS = Path(__file__).resolve().parent.parent / "packs"
_EVERYWHERE = "*"  # where house rules hold
_ADOPTED = "adopted.yaml"  # who of a lender read which rows; it says nothing of what they are
_WORDING, _WORDS = "wording.yaml", "words"
_LIMITATION, _INTENTS = "limitation.yaml", "intents.yaml"
_OTHER_FILES = frozenset({"pack.yaml", _WORDING, _LIMITATION, _INTENTS, _ADOPTED})
# The line of a wording.yaml that says which shared lists it builds upon.
_BUILDS_UPON = re.compile(r"^words:", re.MULTILINE)
# The line of an intents.yaml that says whose lists it takes over.
_IS_LIKE = re.compile(r"^like: *(\S+)", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Pack:
    """The law of some jurisdictions as it was read, or several packs joined.

    `zone` is the zone of the law's calendar: in it versions begin and end at midnight.
    `tested_with` names shipped packs that its own tests are run together with.
    """

    name: str
    title: Mapping[str, str]
    as_of: date
    reviewed_until: date
    zone: str
    jurisdictions: frozenset[str]
    rules: tuple[Rule, ...]
    cases: tuple[cases.Case, ...]
    digest: str
    tested_with: tuple[str, ...] = ()
    limitations: Mapping[str, limitation.Limitation] = field(default_factory=dict)  # by jurisdiction

    def __repr__(self) -> str:
        return f"Pack({self.name}, {len(self.rules)} rules, {self.digest[:12]})"

    def rule(self, name: str) -> Rule:
        """The rule of that id; KeyError if the pack has none."""
        for rule in self.rules:
            if rule.id == name:
                return rule
        raise KeyError(f"pack {self.name} has no rule {name}")

    def parameter(self, name: str, day: date) -> Parameter:
        """The parameter of that id as it stands on the day; KeyError if there is none, never a default."""
        version = self.rule(name).binding(day)
        if version is None or not isinstance(version.term, Parameter):
            raise KeyError(f"pack {self.name} has no value of {name} on {day.isoformat()}")
        return version.term

    def calendars(self, own: Mapping[str, object]) -> calendars.Calendars:
        """The calendars of the pack by their rules' ids, filled up with the lender's `own` where they end."""
        found: dict[str, calendars.Calendar] = {}
        for rule in self._calendars:
            enforced = [version.term for version in rule.versions if version.status in ENFORCED]
            values = [term.value for term in enforced if isinstance(term, Parameter)]
            parts = [part for part in (*values, own.get(rule.id)) if isinstance(part, calendars.Days)]
            found[rule.id] = calendars.Calendar(tuple(parts))
        return found

    @cached_property
    def _calendars(self) -> tuple[Rule, ...]:
        """The rules that are calendars."""
        return tuple(rule for rule in self.rules if any(_is_calendar(text.term) for text in rule.versions))

    @cached_property
    def asked(self) -> tuple[Rule, ...]:
        """The rules some text of which speaks to acts; the others are asked by those who need their values."""
        return tuple(
            rule for rule in self.rules if any(isinstance(text.term, terms.Asked) for text in rule.versions)
        )

    def settled(self, own: Mapping[str, object]) -> Pack:
        """The pack with the lender's `own` hours in the windows whose text gives none; the others stay open."""
        found = {name: said for name in self._open if (said := hours.of_lender(own.get(name)))}
        if not found:
            return self
        return replace(
            self,
            rules=tuple(rule.with_hours(found[rule.id]) if rule.id in found else rule for rule in self.rules),
        )

    @cached_property
    def _open(self) -> tuple[str, ...]:
        """The rules some text of which leaves its hours to the lender."""
        return tuple(rule.id for rule in self.rules if rule.is_open)

    def needs(self) -> frozenset[str]:
        """Every fact some rule asks about; `policy.<rule>` stands for a number the lender must set."""
        return frozenset().union(*(rule.needs() for rule in self.rules))


def shipped(name: str) -> Path:
    """The folder of a pack that comes with duly."""
    return _PACKS / name


def words() -> Mapping[str, str]:
    """The lists that the wording of several packs may build upon, by name; read by `text`."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted((_PACKS / _WORDS).glob("*.yaml"))}


def replies() -> Mapping[str, str]:
    """The lists of what replies mean that a pack has of its own, by pack; others may be like them. Read by `text`."""
    texts = {path.parent.name: path.read_text(encoding="utf-8") for path in _PACKS.glob(f"*/{_INTENTS}")}
    return {name: text for name, text in texts.items() if _IS_LIKE.search(text) is None}


def join(first: Pack, *others: Pack) -> Pack:
    """One pack of several: all rules bind. The calendar is the first one's that is not only the whole of another.

    So where a part is joined to its whole, days turn at the midnight of the part: in California at that of California.
    """
    packs = (first, *others)
    codes = {code for pack in packs for code in pack.jurisdictions if jurisdictions.is_known(code)}
    wholes = {whole for code in codes for whole in jurisdictions.chain(code)[:-1]}
    whose = next((pack for pack in packs if not pack.jurisdictions <= wholes), first)
    names = [rule.id for pack in packs for rule in pack.rules]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"two packs hold the same rule: {', '.join(twice)}")
    together = hashlib.sha256("\n".join(f"{pack.name} {pack.digest}" for pack in packs).encode())
    return Pack(
        name="+".join(pack.name for pack in packs),
        title=first.title,
        as_of=min(pack.as_of for pack in packs),
        reviewed_until=min(pack.reviewed_until for pack in packs),
        zone=whose.zone,
        jurisdictions=frozenset().union(*(pack.jurisdictions for pack in packs)),
        rules=tuple(rule for pack in packs for rule in pack.rules),
        cases=(),
        digest=together.hexdigest(),
        limitations={code: one for pack in packs for code, one in pack.limitations.items()},
    )


def load(folder: Path) -> tuple[Pack | None, list[Problem]]:
    """The pack in the folder, or every problem in it."""
    if not (folder / "pack.yaml").is_file():
        missing = Problem(
            code="law.pack.missing",
            file=str(folder),
            what="there is no pack.yaml here",
            remedy="Name the folder of a pack; those shipped are: " + ", ".join(_shipped_names()) + ".",
        )
        return None, [missing]
    problems: list[Problem] = []
    head = _head(folder, problems)
    found = _rules(folder, problems)
    tried = _cases(folder, head, problems) if head else ()
    problems.extend(_strays(folder))
    problems.extend(_lost_calendars(found, head))
    problems.extend(rows.foreign(found, head.jurisdictions) if head else ())
    limitations = _limitations(folder, found, problems)
    problems.extend(cases.uncovered(found, tried))
    if head is None or problems:
        return None, problems
    return (
        Pack(
            name=head.name,
            title=head.title,
            as_of=head.as_of,
            reviewed_until=head.reviewed_until,
            zone=head.zone,
            jurisdictions=head.jurisdictions,
            rules=found,
            cases=tried,
            digest=_digest(folder),
            tested_with=head.tested_with,
            limitations=limitations,
        ),
        [],
    )


@dataclass(frozen=True, kw_only=True)
class _Head:
    name: str
    title: Mapping[str, str]
    as_of: date
    reviewed_until: date
    zone: str
    jurisdictions: frozenset[str]
    tested_with: tuple[str, ...]


def _head(folder: Path, problems: list[Problem]) -> _Head | None:
    opened, node = source.read(folder / "pack.yaml", _shown(folder, folder / "pack.yaml"))
    row = opened.mapping(node, 1, "pack.yaml") if node else None
    keys = ("pack", "title", "as_of", "reviewed_until", "zone", "jurisdictions")
    if row is None or not opened.keys(row, required=keys, optional=("tested_with",)):
        problems.extend(opened.problems)
        return None
    name, zone = opened.text(row, "pack"), opened.text(row, "zone")
    title = rows.title(opened, row)
    as_of, reviewed = opened.day(row, "as_of"), opened.day(row, "reviewed_until")
    named = opened.words(row, "jurisdictions")
    beside = (
        (opened.words(row, "tested_with", _shipped_names()) or ()) if "tested_with" in row.entries else ()
    )
    if zone is not None:
        row_terms.zones(opened, row, [zone])
    strange = jurisdictions.unknown(set(named or ()) - {_EVERYWHERE})
    if strange:
        opened.refuse(
            row.line_of("jurisdictions"),
            "law.jurisdiction.unknown",
            f"{strange[0]!r} is no jurisdiction",
            f"Use: {', '.join(jurisdictions.JURISDICTIONS)}.",
        )
    for key, value in (("as_of", as_of), ("reviewed_until", reviewed)):
        if value is None and not opened.problems:
            opened.refuse(row.line_of(key), "law.date", f"{key!r} is empty", "Write it as 2026-01-30.")
    problems.extend(opened.problems)
    if opened.problems or not (name and zone and title and as_of and reviewed and named):
        return None
    return _Head(
        name=name,
        title=title,
        as_of=as_of,
        reviewed_until=reviewed,
        zone=zone,
        jurisdictions=frozenset(named),
        tested_with=beside,
    )


def _rules(folder: Path, problems: list[Problem]) -> tuple[Rule, ...]:
    found: dict[str, Rule] = {}
    for path in sorted((folder / "rules").glob("*.yaml")):
        opened, node = source.read(path, _shown(folder, path))
        for item in (opened.listing(node, 1, "a file of rules") or ()) if node else ():
            rule = rows.rule(opened, item)
            if rule is None:
                continue
            if rule.id in found:
                first = found[rule.id]
                opened.refuse(
                    rule.line,
                    "law.rule.duplicate",
                    f"{rule.id} stands here a second time",
                    f"Keep one; the first is {first.file}:{first.line}.",
                )
                continue
            found[rule.id] = rule
        problems.extend(opened.problems)
    if not found and not problems:
        problems.append(
            Problem(
                code="law.pack.empty",
                file=_shown(folder, folder / "rules"),
                what="the pack has no rules",
                remedy="Write them in rules/*.yaml.",
            )
        )
    return tuple(found.values())


def _cases(folder: Path, head: _Head, problems: list[Problem]) -> tuple[cases.Case, ...]:
    base = folder / "tests" / "base.yaml"
    given: Mapping[str, source.Node] = {}
    if base.is_file():
        opened, node = source.read(base, _shown(folder, base))
        row = opened.mapping(node, 1, "tests/base.yaml") if node else None
        given = row.entries if row else {}
        problems.extend(opened.problems)
    found: list[cases.Case] = []
    for path in sorted((folder / "tests").glob("*.yaml")):
        if path == base:
            continue
        opened, node = source.read(path, _shown(folder, path))
        for item in (opened.listing(node, 1, "a file of tests") or ()) if node else ():
            case = cases.case(opened, item, base=given, zone=head.zone)
            if case is not None:
                found.append(case)
        problems.extend(opened.problems)
    return tuple(found)


def _limitations(
    folder: Path, found: tuple[Rule, ...], problems: list[Problem]
) -> dict[str, limitation.Limitation]:
    path = folder / _LIMITATION
    if not path.is_file():
        return {}
    opened, node = source.read(path, _shown(folder, path))
    clocks = row_limitation.read(opened, node, found) if node else None
    problems.extend(opened.problems)
    return {} if clocks is None else {clocks.jurisdiction: clocks}


def _lost_calendars(found: tuple[Rule, ...], head: _Head | None) -> Iterable[Problem]:
    """Business days of a calendar that no rule holds would be known to nobody, ever."""
    known = {rule.id for rule in found if any(_is_calendar(version.term) for version in rule.versions)}
    named = {one for rule in found for version in rule.versions for one in needs.calendars_of(version.term)}
    # The packs it stands on are read for this alone, so only where something is sought in them.
    for name in head.tested_with if head and not named <= known else ():
        beside, _ = load(shipped(name))
        known |= {rule.id for rule in beside.rules} if beside else set()
    for rule in found:
        for version in rule.versions:
            for calendar in sorted(needs.calendars_of(version.term) - known):
                yield Problem(
                    code="law.calendar.unknown",
                    file=rule.file,
                    line=rule.line,
                    excerpt=f"id: {rule.id}",
                    what=f"{calendar!r} is no calendar of this pack",
                    remedy="Write it as a `parameter` with the unit `calendar`, null where no text was seen.",
                )


def _is_calendar(term: terms.Term) -> bool:
    return isinstance(term, terms.Parameter) and term.unit == terms.CALENDAR


def _strays(folder: Path) -> Iterable[Problem]:
    """A file of rules outside `rules/` would silently bind nobody."""
    for path in sorted(folder.glob("*.y*ml")):
        if path.name not in _OTHER_FILES:
            yield Problem(
                code="law.file.stray",
                file=_shown(folder, path),
                what="no part of a pack has this name",
                remedy="Move rules to rules/ and tests to tests/.",
            )


def _digest(folder: Path) -> str:
    """SHA-256 over the names and SHA-256 of all files of the folder, in order of their names.

    Where the wording builds upon shared lists, these are covered too: a change in them changes what may be said.
    """
    lines = [
        f"{path.relative_to(folder).as_posix()} {hashlib.sha256(path.read_bytes()).hexdigest()}"
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts and path != folder / _ADOPTED
    ]
    wording = folder / _WORDING
    if wording.is_file() and _BUILDS_UPON.search(wording.read_text(encoding="utf-8")):
        lines += [
            f"{_WORDS}/{name} {hashlib.sha256(text.encode()).hexdigest()}" for name, text in words().items()
        ]
    intents = folder / _INTENTS
    like = _IS_LIKE.search(intents.read_text(encoding="utf-8")) if intents.is_file() else None
    if like is not None:
        lines.append(f"{_INTENTS} {hashlib.sha256(replies().get(like[1], '').encode()).hexdigest()}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _shown(folder: Path, path: Path) -> str:
    return (Path(folder.name) / path.relative_to(folder)).as_posix()


def _shipped_names() -> list[str]:
    return sorted(path.parent.name for path in _PACKS.glob("*/pack.yaml"))
