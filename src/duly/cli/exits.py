"""What each exit code means, once for all commands; docs/reference/commands.md prints this table.

Refuses to be a second truth: a test compares it with every code that the program can return.
"""

from __future__ import annotations

from collections.abc import Mapping

MEANS: Mapping[int, str] = {
    0: "done",
    1: "an answer that is a no: the project's files or a question to the law have problems, a case of `duly test` or a "
    "test of `duly law test` fails, evidence is refused, or no notice has that code; what is wrong was shown",
    2: "the command's words do not fit together",
    3: "the world failed: the database is away, a carrier hangs, a disk is full, or `duly doctor` found something "
    "unsound",
    4: "something was held or refused that may not be: the actor may not do it, it takes a second person, or "
    "`--strict` forbids what was held",
    5: "`duly verify`: the evidence is unbroken, but no fingerprint was given with `--trust`, so who made it is not "
    "established",
    70: "a defect of duly's own, with a traceback",
    130: "stopped by the person at the keyboard (Ctrl-C)",
}
