"""What the carrier took and who paid, appended to files as it happens.

A line is with the kernel before the submission is answered, so a drill that kills our worker, and not the
machine, can compare what left with what is known. One line of JSON is one segment.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Mapping
from pathlib import Path

from duly.carrier import debtors

PAYMENT_COLUMNS = ("number", "amount_minor", "paid_at", "remote_id")


class Journal:
    """An append-only file; lines of earlier runs are counted, so that ids go on."""

    def __init__(self, path: Path) -> None:
        self.lines = _count(path)
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(self, fields: Mapping[str, object]) -> None:
        """Append one line, whole or not at all."""
        _append(self._handle, json.dumps(fields, ensure_ascii=False).encode() + b"\n")
        self.lines += 1

    def close(self) -> None:
        """Give the file back."""
        os.close(self._handle)


class Payments:
    """A CSV file with the columns of PAYMENT_COLUMNS; usable as an `OnPayment`."""

    def __init__(self, path: Path) -> None:
        fresh = not path.exists() or path.stat().st_size == 0
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        if fresh:
            self._row(PAYMENT_COLUMNS)

    def __call__(self, payment: debtors.Payment) -> None:
        """Append a payment."""
        minor = "" if payment.minor is None else str(payment.minor)
        self._row((payment.number, minor, payment.at.isoformat(), payment.remote_id))

    def close(self) -> None:
        """Give the file back."""
        os.close(self._handle)

    def _row(self, values: tuple[str, ...]) -> None:
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(values)
        _append(self._handle, line.getvalue().encode())


def read(path: Path) -> list[dict[str, object]]:
    """Every line of a journal; a last one cut short by a kill is left out."""
    lines = path.read_bytes().split(b"\n") if path.exists() else [b""]
    return [json.loads(line) for line in lines[:-1]]


def _count(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def _append(handle: int, line: bytes) -> None:
    # One write of a short line to a file opened for appending is never torn by another writer.
    written = os.write(handle, line)
    if written != len(line):
        raise OSError("a line was cut short: the disk is full")
