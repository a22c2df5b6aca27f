"""`make strangers`: install the peers and tools that tests compare with, then say which are here.

As root, where there is apt-get, Debian packages are installed; otherwise it names them and installs nothing.
What is here already is left as it is, wherever it came from.
Refuses to call the roll complete while one is absent: it then ends with 1.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from strangers import roll
from strangers.roll import Stranger


def main() -> int:
    """0 when everyone on the list is present."""
    strangers = roll.read()
    install_npm(roll.absent(strangers))
    install_pypi(roll.absent(strangers))
    missing = roll.absent(strangers)
    install_debian(missing)
    install_npm(missing)  # npm itself may only have come now
    missing = roll.absent(strangers)
    for stranger in strangers:
        print(f"{'absent ' if stranger in missing else 'present'}  {stranger.name:<12} {stranger.why}")
    for stranger in missing:
        print(f"{stranger.name} does not answer to: {' '.join(stranger.probe)}", file=sys.stderr)
    return 1 if missing else 0


def install_debian(missing: tuple[Stranger, ...]) -> None:
    """Install what each needs, one stranger at a time so that one failure is one absence; or say what to
    install.
    """
    if not missing:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        packages = sorted({package for stranger in missing for package in stranger.debian})
        print(f"To be installed by root (their Debian names): {' '.join(packages)}", file=sys.stderr)
        return
    _apt("update")
    for stranger in missing:
        _apt("install", "--yes", "--no-install-recommends", *stranger.debian)


def install_npm(missing: tuple[Stranger, ...]) -> None:
    """Put exactly the locked packages into .strangers, without running any script of theirs."""
    if not any(stranger.npm for stranger in missing) or shutil.which("npm") is None:
        return
    roll.INSTALLED.mkdir(exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(roll.FOLDER / name, roll.INSTALLED / name)
    done = subprocess.run(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=roll.INSTALLED,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode != 0:
        print(f"npm ci ended with {done.returncode}.", file=sys.stderr)


def install_pypi(missing: tuple[Stranger, ...]) -> None:
    """Put exactly the pinned wheels into .strangers/python, without building anything."""
    if not any(stranger.pypi for stranger in missing):
        return
    roll.INSTALLED.mkdir(exist_ok=True)
    words = ["--quiet", "--disable-pip-version-check", "--require-hashes", "--only-binary=:all:", "--no-deps"]
    words += ["--upgrade", "--target", str(roll.INSTALLED / "python")]
    words += ["--requirement", str(roll.FOLDER / "requirements.txt")]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", *words],
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode != 0:
        print(f"pip ended with {done.returncode}.", file=sys.stderr)


def _apt(*words: str) -> None:
    done = subprocess.run(
        ["apt-get", "--quiet", *words],
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        print(done.stdout[-2000:], file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
