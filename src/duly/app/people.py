"""Who asks: a name becomes an `Actor` with the duties that the project's duly.toml gives it.

A name proves nothing; what needs proof (approvals, resuming) is signed with the person's own key.
"""

from __future__ import annotations

from pathlib import Path

from duly.errors import NotAllowed
from duly.model.party import Actor, Duty
from duly.model.said import say
from duly.project import contents, settings

# Whoever tries an invented project may work in it; approving still takes the people that duly.toml names.
_VISITOR = frozenset({Duty.ENGINEER, Duty.OPERATIONS, Duty.COUNSEL, Duty.AUDITOR})


def recognise(folder: Path, name: str) -> Actor:
    """The actor `name` of the project around `folder`; without duties if a real project does not name him."""
    root = contents.find(folder)
    found, _ = settings.read((root / settings.FILE).read_text(encoding="utf-8", errors="replace"))
    if found is None:
        return Actor(name=name, duties=frozenset())
    if found.invented and name not in found.people:
        return Actor(name=name, duties=_VISITOR)
    return found.actor(name)


def require(actor: Actor, *duties: Duty) -> None:
    """Raise NotAllowed unless the actor holds one of these duties."""
    if not actor.has(*duties):
        names = ", ".join(sorted(duty.value for duty in duties))
        raise NotAllowed(
            say("{name} holds none of the duties this takes: {duties}", name=actor.name, duties=names),
            remedy=say("Ask one who does, or have duly.toml name the duty under [people] and approve it."),
        )
