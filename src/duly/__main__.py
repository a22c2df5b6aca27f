"""`duly`: choose the language, run the command, and turn what the world did into an exit code."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import MutableMapping, Sequence

from duly import errors
from duly.model.said import say

STOPPED = 130  # 128 and the number of SIGINT, as every shell has it
ALLOCATION = "_RJEM_MALLOC_CONF"  # read by the allocator inside Polars when that is loaded
DEFECT = 70  # EX_SOFTWARE of sysexits.h: our own defect, which none of our other exit codes may hide


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command. Ends the process with its exit code."""
    sys.exit(run(list(sys.argv[1:] if argv is None else argv)))


def run(argv: list[str]) -> int:
    """Run one command and return its exit code."""
    allocate(os.environ)
    from duly.cli import language

    language.speak(language.choose(argv, os.environ))
    from duly.cli import commands, show

    as_json = "--json" in argv
    try:
        commands.app(argv, prog_name="duly")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 2
    except errors.DulyError as error:
        show.failure(error, as_json=as_json)
        return error.exit_code
    except OSError as error:
        refused = say(
            "the machine refused: {why}", why=f"{error.strerror or error} {error.filename or ''}".strip()
        )
        remedy = say(
            "Mend what it names (room on the disk, the permissions of the file) and repeat the command."
        )
        show.failure(errors.DulyError(refused, remedy=remedy), as_json=as_json)
        return errors.DulyError.exit_code
    except KeyboardInterrupt:
        return STOPPED
    except BaseException:  # noqa: BLE001 - a panic of polars is no Exception; the traceback is the report
        traceback.print_exc()
        said = language.tr("This is a defect of duly; please report it with the lines above.")
        sys.stderr.write(f"{said}\n")
        return DEFECT
    return 0


def allocate(environ: MutableMapping[str, str]) -> None:
    """Where Polars is told to use one thread, let it keep what one query gives back for the next, in one place.

    Otherwise a tenth of a plan's CPU time goes to the kernel, which takes pages and gives them again.
    """
    if environ.get("POLARS_MAX_THREADS") == "1":
        environ.setdefault(ALLOCATION, "narenas:1,dirty_decay_ms:5000,muzzy_decay_ms:0")


if __name__ == "__main__":
    main()
