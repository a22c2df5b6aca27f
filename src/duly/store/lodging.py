"""Where a PostgreSQL of our own may live: whose processes, which folder, which socket.

PostgreSQL refuses to run as root, and a socket's path ends at 107 bytes (103 on macOS).
So root lends the server an unprivileged user and, where that user cannot reach the folder asked for, a folder
of ours that he can reach, with a pointer left behind. It creates no user, and never changes the mode or owner
of a folder that it did not make.
"""

from __future__ import annotations

import hashlib
import json
import os
import pwd
import re
import secrets
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from duly.errors import DatabaseAway, DatabaseRefused
from duly.store.binaries import Binaries

POINTER = "elsewhere.json"
WHOSE = "whose"
REACHABLE = Path("/var/lib/duly")  # by a user whom root lends

_LENT = ("postgres", "nobody")
_SOCKET_BYTES = 100
_PLAIN = re.compile(r"[A-Za-z0-9/._-]+")  # unix_socket_directories is itself a list with commas and quotes


@dataclass(frozen=True, kw_only=True)
class User:
    """The operating-system user the server runs as; `lent` when root hands its processes to another."""

    name: str
    uid: int
    gid: int
    lent: bool

    def spawning(self) -> dict[str, Any]:
        """Arguments for subprocess that start a program as this user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.lent else {}


@dataclass(frozen=True, kw_only=True)
class Lodging:
    """`home` holds the locks and the start log, `data` is PostgreSQL's own folder, `socket` a private one."""

    home: Path
    user: User

    @property
    def data(self) -> Path:
        """PostgreSQL's own folder."""
        return self.home / "data"


def inhabited(asked: Path) -> bool:
    """Whether there ever was a server for that folder; looking makes nothing."""
    return (asked / "data").exists() or (asked / POINTER).exists()


def find(asked: Path) -> Lodging:
    """The lodging for the folder asked for, which is made if it is missing.

    Raises:
        DatabaseAway: no user can be lent, or the folder cannot be made.
        DatabaseRefused: the folder is a copy of one that is still in use.
    """
    asked = asked.absolute()
    try:
        asked.mkdir(parents=True, exist_ok=True)
        asked = asked.resolve()
        pointer = asked / POINTER
        home = _follow(pointer, asked) if pointer.exists() else asked
        user = _user(home)
        if home == asked and user.lent and not (home / "data").exists() and not _reaches(user, home):
            home = _elsewhere(pointer, asked)
    except PermissionError as error:
        raise DatabaseAway(
            f"The database's folder cannot be used: {error.filename}: {error.strerror}.",
            remedy="Be the user who made the folder, or name another folder or a running server.",
        ) from error
    return Lodging(home=home, user=user)


def make_private(folder: Path, user: User) -> None:
    """Make a folder that the server's user alone may enter; refuse one that somebody else put there."""
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        found = folder.lstat()
        if stat.S_ISDIR(found.st_mode) and found.st_uid == user.uid and not found.st_mode & 0o077:
            return
        # As root, a folder made a moment ago and not yet handed over is also ours.
        if not (
            stat.S_ISDIR(found.st_mode) and user.lent and found.st_uid == 0 and not found.st_mode & 0o077
        ):
            raise DatabaseAway(
                f"{folder} is not a private folder of the user {user.name}.",
                remedy="Find out who made it and remove it: data and socket belong in a private folder.",
            ) from None
    if user.lent:
        os.chown(folder, user.uid, user.gid)


def socket_folder(lodging: Lodging) -> Path:
    """A private folder for the socket: in the home where its path is short enough, else in a place for
    such things.
    """
    name = hashlib.sha256(os.fsencode(lodging.home)).hexdigest()[:16]
    candidates = [lodging.home / "socket"]
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and not lodging.user.lent and _reaches(lodging.user, Path(runtime)):
        candidates.append(Path(runtime) / f"duly-{name}")
    candidates.append(Path("/tmp") / f"duly-{lodging.user.uid}-{name}")  # noqa: S108 - short, and checked to be ours
    for folder in candidates:
        if len(os.fsencode(folder / ".s.PGSQL.5432")) <= _SOCKET_BYTES and _PLAIN.fullmatch(str(folder)):
            make_private(folder, lodging.user)
            return folder
    raise DatabaseAway(  # the last candidate always fits
        "There is no folder short enough for a socket.",
        remedy="Set XDG_RUNTIME_DIR to a short private folder.",
    )


def within_reach(binaries: Binaries, lodging: Lodging) -> Binaries:
    """The same programs, copied once where the server's user cannot reach them (an environment inside
    /root).
    """
    if _runs(lodging.user, binaries.program("postgres")):
        return binaries
    if binaries.origin != "wheel" or not lodging.user.lent:
        raise DatabaseAway(
            f"The user {lodging.user.name} cannot run {binaries.program('postgres')}.",
            remedy="Make the programs executable for everybody, or name a running server.",
        )
    # The wheel's programs find their libraries relative to themselves, so two folders move together.
    package = binaries.folder.parent.parent
    home = _reachable_root() / f"{package.name}-{binaries.version}"
    folder = home / package.name / "pginstall" / "bin"
    if not home.exists():
        fresh = Path(tempfile.mkdtemp(prefix=f".{home.name}-", dir=home.parent))
        try:
            libraries = package.with_name(package.name + ".libs")
            if libraries.is_dir():
                shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
            for part in ("bin", "lib", "share"):
                shutil.copytree(
                    package / "pginstall" / part, fresh / package.name / "pginstall" / part, symlinks=True
                )
            _open_to_all(fresh)
            fresh.rename(home)
        except FileExistsError:
            pass  # another command was quicker: rename refuses a folder that has something in it
        except OSError as error:
            if not home.exists():
                raise DatabaseAway(
                    f"PostgreSQL's programs cannot be copied to {home}: {error.strerror}.",
                    remedy="Make room there, or install PostgreSQL by the system's package manager.",
                ) from error
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    copied = Binaries(folder=folder, major=binaries.major, version=binaries.version, origin="copy")
    if not _runs(lodging.user, copied.program("postgres")):
        raise DatabaseAway(
            f"The user {lodging.user.name} cannot run {copied.program('postgres')}.",
            remedy=f"Remove {home} and repeat, or install PostgreSQL by the system's package manager.",
        )
    return copied


def _user(home: Path) -> User:
    if os.geteuid() != 0:
        me = os.geteuid()
        return User(name=str(me), uid=me, gid=os.getegid(), lent=False)
    data = home / "data"
    if data.exists() and data.stat().st_uid != 0:
        # Whoever the data belong to already keeps them, whatever users were added since.
        kept = pwd.getpwuid(data.stat().st_uid)
        return User(name=kept.pw_name, uid=kept.pw_uid, gid=kept.pw_gid, lent=True)
    for name in _LENT:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return User(name=name, uid=entry.pw_uid, gid=entry.pw_gid, lent=True)
    raise DatabaseAway(
        f"PostgreSQL does not run as root, and there is no user {' or '.join(_LENT)} to lend it to.",
        remedy="Run the command as an ordinary user, or name a running server.",
    )


def _elsewhere(pointer: Path, asked: Path) -> Path:
    # Not named after the path: a folder that was removed and made anew must not meet its old database.
    home = _reachable_root() / secrets.token_hex(8)
    home.mkdir(mode=0o755)
    _point(pointer, asked, home)
    return home


def _follow(pointer: Path, asked: Path) -> Path:
    said = json.loads(pointer.read_text("utf-8"))
    home, owner = Path(said["home"]), Path(said["for"])
    if owner != asked and (owner / POINTER).exists():
        raise DatabaseRefused(
            f"{asked} is a copy of {owner}, and the database of both would be the one in {home}.",
            remedy=f"Remove {pointer} to begin with an empty database here, or work in {owner}.",
        )
    if not home.is_dir():
        raise DatabaseRefused(
            f"The database of {asked} was kept in {home}, which is gone.",
            remedy=f"Bring {home} back, or remove {pointer} to begin with an empty database.",
        )
    if owner != asked:
        _point(pointer, asked, home)  # the folder was moved
    return home


def _point(pointer: Path, asked: Path, home: Path) -> None:
    fresh = pointer.with_suffix(".new")
    fresh.write_text(json.dumps({"for": str(asked), "home": str(home)}, ensure_ascii=False) + "\n", "utf-8")
    fresh.replace(pointer)
    # For whoever finds this folder one day and wonders what it is.
    (home / WHOSE).write_text(f"{asked}\n", "utf-8")


def _reachable_root() -> Path:
    REACHABLE.mkdir(mode=0o755, parents=True, exist_ok=True)
    return REACHABLE.resolve()


def _reaches(user: User, folder: Path) -> bool:
    """Asked of the system by trying, as that user: modes, access lists and mounts have all their say."""
    return _runs(user, "/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder))


def _runs(user: User, *words: str) -> bool:
    if len(words) == 1:
        words = (*words, "--version")
    try:
        done = subprocess.run(
            words,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
            **user.spawning(),
        )
    except PermissionError as error:
        if error.filename != words[0]:  # not the program was refused, but the change of user before it
            raise DatabaseAway(
                f"Root may not start programs as the user {user.name} here.",
                remedy="Run the command as an ordinary user, or name a running server.",
            ) from error
        return False
    return done.returncode == 0


def _open_to_all(folder: Path) -> None:
    for here, _, files in os.walk(folder):
        Path(here).chmod(0o755)
        for name in files:
            file = Path(here, name)
            if not file.is_symlink():
                file.chmod(0o755 if file.stat().st_mode & 0o100 else 0o644)
