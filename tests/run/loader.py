"""A load that kills itself: the process is gone the moment that it tells of a step.

python -m tests.run.loader FOLDER DAY STEP DONE
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import date
from pathlib import Path

from duly.app import premises
from duly.model.said import Said
from duly.run import load


def main() -> None:
    """Load the folder as of the day, and die when so much of the step is done."""
    folder, day, fatal, least = sys.argv[1:]

    def die(step: Said, done: int, of: int) -> None:
        if step == fatal and done >= min(int(least), of):
            os.kill(os.getpid(), signal.SIGKILL)

    with premises.opened(Path(folder), os.environ) as opened, opened.connect() as connection:
        load.load(opened, connection, as_of=date.fromisoformat(day), by="core", tell=die)


if __name__ == "__main__":
    main()
