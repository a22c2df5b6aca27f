"""A template: text, fields and `if`, checked before anybody can be written to with it.

The language is a small part of Jinja, so that an author knows it and `minijinja` can execute it:
`{{ field }}`, `{% if field %} … {% elif field %} … {% else %} … {% endif %}` and `{# a comment #}`.
A field is true when it is not empty. Line breaks after a tag and blanks before one that stands first on its
line are not part of the text, nor is one line break at the end of the file.
Refuses everything else by name (loops, filters, calls, attributes, includes), every field that the notice
does not have, a field that may be missing and is not asked for, and personal data in a subject line.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from duly.errors import Problem
from duly.model.said import say
from duly.text import escape, fields, tags
from duly.text.escape import Sink
from duly.text.fields import Presence
from duly.text.tags import Tag, TagKind

MAX_LENGTH = 20_000
MAX_DEPTH = 8

SINK_OF_FILE: Mapping[str, Sink] = {
    "sms.txt": Sink.SMS,
    "email.subject.txt": Sink.EMAIL_SUBJECT,
    "email.txt": Sink.EMAIL_TEXT,
    "email.html": Sink.HTML,
}


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A field's place in the text."""

    field: str


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The first branch whose field is not empty, else `otherwise`."""

    branches: tuple[tuple[str, Body], ...]
    otherwise: Body


Body = tuple["str | Slot | Choice", ...]


@dataclass(frozen=True, kw_only=True)
class Template:
    """A template without a problem: its `source`, what it was parsed to, and the fields it uses."""

    source: str
    sink: Sink
    body: Body = field(repr=False)
    fields: tuple[str, ...]

    @property
    def digest(self) -> str:
        """SHA-256 of sink and source in hex; what is approved, and what the plan keeps."""
        return hashlib.sha256(f"{self.sink.value}\n{self.source}".encode()).hexdigest()


def check(source: str, *, notice: str, sink: Sink, file: str = "template") -> tuple[Problem, ...]:
    """Every problem of a template for `notice` and `sink`, by place."""
    return parse(source, notice=notice, sink=sink, file=file)[1]


def parse(
    source: str, *, notice: str, sink: Sink, file: str = "template"
) -> tuple[Template | None, tuple[Problem, ...]]:
    """The template, or None and every problem by place."""
    reading = _Reading(source, notice=notice, sink=sink, file=file)
    body = reading.read()
    if reading.problems:
        return None, tuple(
            sorted(reading.problems, key=lambda problem: (problem.line or 0, problem.column or 0))
        )
    return Template(source=source, sink=sink, body=body, fields=tuple(sorted(reading.used))), ()


@dataclass(kw_only=True)
class _Open:
    """An `if` that has not been closed: the branches so far and the one being written."""

    tag: Tag
    branches: list[tuple[str, Body]]
    condition: str | None  # None once in `else`
    body: list[str | Slot | Choice]

    def close_branch(self) -> None:
        if self.condition is not None:
            self.branches.append((self.condition, tuple(self.body)))
        self.body = []


class _Reading:
    """One walk over the tags of a template."""

    def __init__(self, source: str, *, notice: str, sink: Sink, file: str) -> None:
        self.source, self.notice, self.sink, self.file = source, notice, sink, file
        self.fields = fields.for_notice(notice)
        self.problems: list[Problem] = []
        self.used: set[str] = set()
        self.open: list[_Open] = []
        self.top: list[str | Slot | Choice] = []

    def read(self) -> Body:
        self._check_characters()
        for tag in tags.scan(self.source):
            self._take(tag)
        for left in self.open:
            self._refuse(
                left.tag.start,
                "unclosed",
                say("this `if` is never closed"),
                say("Write `{{% endif %}}` where it ends."),
            )
        if not self.problems and not any(
            part.strip() if isinstance(part, str) else True for part in self.top
        ):
            self._refuse(
                0, "empty", say("the template says nothing"), say("Write the text, or remove the file.")
            )
        return tuple(self.top)

    def _take(self, tag: Tag) -> None:
        match tag.kind:
            case TagKind.TEXT:
                self._body().append(tag.text)
            case TagKind.FIELD:
                if self._knows(tag):
                    self._check_use(tag)
                    self._body().append(Slot(field=tag.text))
            case TagKind.IF:
                self._begin(tag)
            case TagKind.ELIF | TagKind.ELSE:
                self._turn(tag)
            case TagKind.ENDIF:
                self._end(tag)
            case TagKind.COMMENT:
                pass
            case TagKind.WRONG:
                self._refuse(tag.start, tag.code, tag.text, tag.remedy)

    def _body(self) -> list[str | Slot | Choice]:
        return self.open[-1].body if self.open else self.top

    def _begin(self, tag: Tag) -> None:
        self._knows(tag)
        if len(self.open) == MAX_DEPTH:
            self._refuse(
                tag.start,
                "depth",
                say("`if` stands {depth} deep here", depth=MAX_DEPTH + 1),
                say("Write the cases one after the other."),
            )
        self.open.append(_Open(tag=tag, branches=[], condition=tag.text, body=[]))

    def _turn(self, tag: Tag) -> None:
        word = tag.kind.value
        if tag.kind is TagKind.ELIF:
            self._knows(tag)
        if not self.open:
            self._refuse(
                tag.start,
                "stray",
                say("`{word}` without an `if`", word=word),
                say("Remove it, or open an `if`."),
            )
            return
        if self.open[-1].condition is None:
            self._refuse(
                tag.start,
                "stray",
                say("`{word}` after `else`", word=word),
                say("Put `else` last, and only once."),
            )
            return
        self.open[-1].close_branch()
        self.open[-1].condition = tag.text if tag.kind is TagKind.ELIF else None

    def _end(self, tag: Tag) -> None:
        if not self.open:
            self._refuse(
                tag.start,
                "stray",
                say("`endif` without an `if`"),
                say("Remove it, or open an `if` before it."),
            )
            return
        done = self.open.pop()
        otherwise = tuple(done.body) if done.condition is None else ()
        done.close_branch()
        self._body().append(Choice(branches=tuple(done.branches), otherwise=otherwise))

    def _knows(self, tag: Tag) -> bool:
        if tag.text in self.fields:
            self.used.add(tag.text)
            return True
        near = difflib.get_close_matches(tag.text, self.fields, n=1, cutoff=0.6)
        self._refuse(
            tag.start,
            "field.unknown",
            say("`{name}` is not a field of the notice {notice}", name=tag.text, notice=self.notice),
            say("Did you mean `{near}`?", near=near[0])
            if near
            else say("Use one of {known}.", known=", ".join(sorted(self.fields))),
        )
        return False

    def _check_use(self, tag: Tag) -> None:
        found = self.fields[tag.text]
        if self.sink is Sink.EMAIL_SUBJECT and found.personal:
            self._refuse(
                tag.start,
                "subject.personal",
                say(
                    "`{name}` tells of the person or the debt, and a subject is read by others", name=tag.text
                ),
                say("Say it in the text; a subject names the sender and no more."),
            )
        guarded = any(choice.condition == tag.text for choice in self.open)
        if found.presence(self.notice) is Presence.SOMETIMES and not guarded:
            self._refuse(
                tag.start,
                "field.unguarded",
                say("`{name}` may be empty in the notice {notice}", name=tag.text, notice=self.notice),
                say("Write {{% if {name} %}} … {{% endif %}} around what is said with it.", name=tag.text),
            )

    def _check_characters(self) -> None:
        if len(self.source) > MAX_LENGTH:
            self._refuse(
                0,
                "length",
                say("the template has more than {limit} characters", limit=MAX_LENGTH),
                say("Shorten it."),
            )
        last = len(self.source) - 1
        for index, char in enumerate(self.source):
            one_line = self.sink is Sink.EMAIL_SUBJECT and char == "\n" and index != last
            if one_line or (char != "\n" and escape.is_hidden(char)):
                self._refuse(
                    index,
                    "control",
                    say("a subject has one line")
                    if one_line
                    else say("the character U+{code} cannot be seen", code=f"{ord(char):04X}"),
                    say("Remove it; save the file as UTF-8 with plain line feeds."),
                )

    def _refuse(self, start: int, code: str, what: str, remedy: str) -> None:
        line = self.source.count("\n", 0, start) + 1
        head = self.source.rfind("\n", 0, start) + 1
        excerpt = self.source[head:].split("\n", 1)[0]
        self.problems.append(
            Problem(
                code=f"template.{code}",
                file=self.file,
                line=line,
                column=start - head + 1,
                excerpt=excerpt,
                what=what,
                remedy=remedy,
            )
        )
