"""On which line each key of a TOML file stands, which `tomllib` does not say.

A scanner for text that `tomllib` has already accepted: it only walks over values, it does not judge them.
Keys inside an inline table have no mark of their own; the key that holds the table has.
"""

from __future__ import annotations

import tomllib


def find(text: str) -> dict[tuple[str | int, ...], tuple[int, int]]:
    """Path of every table and key to its (line, column), both from 1. An array of tables counts from 0."""
    return _Scan(text).run()


class _Scan:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.marks: dict[tuple[str | int, ...], tuple[int, int]] = {}
        self.arrays: dict[tuple[str | int, ...], int] = {}

    def run(self) -> dict[tuple[str | int, ...], tuple[int, int]]:
        table: tuple[str | int, ...] = ()
        while self.at < len(self.text):
            char = self.text[self.at]
            if char in " \t\r\n":
                self.at += 1
            elif char == "#":
                self._skip_line()
            elif char == "[":
                table = self._header()
            else:
                start = self.at
                path = self._resolve(table, self._key("="))
                self._mark(path, start)
                self._skip_value()
        return self.marks

    def _header(self) -> tuple[str | int, ...]:
        start = self.at
        double = self.text.startswith("[[", self.at)
        self.at += 2 if double else 1
        parts = self._key("]")
        if not double:
            path = self._resolve((), parts)
        else:
            whole = (*self._resolve((), parts[:-1]), parts[-1])
            self.arrays[whole] = self.arrays.get(whole, -1) + 1
            path = (*whole, self.arrays[whole])
            self.marks.setdefault(whole, self._place(start))
        self._mark(path, start)
        self._skip_line()
        return path

    def _resolve(self, table: tuple[str | int, ...], parts: list[str]) -> tuple[str | int, ...]:
        # `[a.b]` below `[[a]]` means the last element of `a`.
        path = table
        for part in parts:
            path = (*path, part)
            if path in self.arrays:
                path = (*path, self.arrays[path])
        return path

    def _mark(self, path: tuple[str | int, ...], start: int) -> None:
        place = self._place(start)
        for end in range(1, len(path)):
            self.marks.setdefault(path[:end], place)
        self.marks[path] = place

    def _place(self, start: int) -> tuple[int, int]:
        return self.text.count("\n", 0, start) + 1, start - (self.text.rfind("\n", 0, start) + 1) + 1

    def _key(self, end: str) -> list[str]:
        """A dotted key up to the character `end`, which is consumed."""
        parts: list[str] = []
        while self.text[self.at] != end:
            char = self.text[self.at]
            if char in " \t.":
                self.at += 1
            elif char in "\"'":
                start = self.at
                self._skip_string()
                parts.append(tomllib.loads(f"k = {self.text[start : self.at]}")["k"])
            else:
                start = self.at
                while self.text[self.at] not in f" \t.{end}":
                    self.at += 1
                parts.append(self.text[start : self.at])
        self.at += 1
        return parts

    def _skip_value(self) -> None:
        """Over one value, to the end of its line; brackets may span lines."""
        depth = 0
        while self.at < len(self.text):
            char = self.text[self.at]
            if char in "\"'":
                self._skip_string()
                continue
            if char == "#":
                self._skip_line()
                if depth == 0:
                    return
                continue
            depth += (char in "[{") - (char in "]}")
            self.at += 1
            if char == "\n" and depth == 0:
                return

    def _skip_string(self) -> None:
        quote = self.text[self.at]
        triple = quote * 3
        fence = triple if self.text.startswith(triple, self.at) else quote
        self.at += len(fence)
        while not self.text.startswith(fence, self.at):
            self.at += 2 if quote == '"' and self.text[self.at] == "\\" else 1
        self.at += len(fence)
        if fence == triple:  # up to two quotes may stand directly before the closing three
            while self.text.startswith(quote, self.at):
                self.at += 1

    def _skip_line(self) -> None:
        end = self.text.find("\n", self.at)
        self.at = len(self.text) if end < 0 else end + 1
