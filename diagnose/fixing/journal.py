"""What a fix did, on the server's disk, line by line, each before it is done.

    /var/lib/diagnose/current/    the fix under way: its journal, what the files held before
                                  (0.before, 1.before, …) and what edits make of them (0.after)
    /var/lib/diagnose/20261124T182003Z-firewall.port-closed/    one that ended

A fix that was killed leaves `current` behind; making it is also what keeps two fixes apart.
"""

import json
from typing import Any, Literal

from diagnose.fixing.remote_files import Hands, Stuck
from diagnose.machine import Machine
from diagnose.model import Command, Edit
from diagnose.model.frozen import frozen

PLACE = "/var/lib/diagnose"
CURRENT = f"{PLACE}/current"

#: What can be said of a fix: its plan comes first, then each step's beginning and end; and of an
#: undo that a step's own command has been run.
Event = Literal["plan", "begin", "end", "healed", "undoing", "back", "undone"]


@frozen
class Kept:
    """A file or folder that a fix may change, and the name of its copy. `mode` where only its
    owner and mode are kept: "644 0:0"."""

    name: str
    path: str
    mode: str = ""


@frozen
class Written:
    """A fix as its journal tells it."""

    folder: str
    check: str
    target: str
    at: str
    steps: tuple[Command | Edit, ...]
    kept: tuple[Kept, ...]
    websockets: tuple[str, ...] = ()
    begun: tuple[int, ...] = ()
    ended: tuple[int, ...] = ()
    back: tuple[int, ...] = ()
    state: Literal["open", "healed", "undoing", "undone"] = "open"


class Busy(Exception):
    """Another fix is under way, or was cut off: what its journal tells."""

    def __init__(self, written: Written | None) -> None:
        super().__init__("a fix is under way")
        self.written = written


class Journal:
    def __init__(self, hands: Hands) -> None:
        self.hands = hands

    async def note(self, event: Event, **more: Any) -> None:
        line = json.dumps({"event": event, **more}, ensure_ascii=True)
        await self.hands.append("journal", line)


async def begin(machine: Machine) -> Journal:
    """A new fix. Busy where one is open. Stuck where nothing can be written, or where the folder of
    the journals is not ours alone: what stands in a journal is run as root."""
    hands = Hands(machine, CURRENT)
    made = await hands.script(
        'private_folder "$2" && mkdir -m 700 "$1" 2>/dev/null || echo open', CURRENT, PLACE
    )
    if made.strip() == "open":
        if not (await hands.script('[ -d "$1" ] && echo there; :', CURRENT)).strip():
            raise Stuck(f"{CURRENT} could not be made")
        cut_off = await written(machine, CURRENT)
        if cut_off is None or cut_off.state != "healed":
            raise Busy(cut_off)
        # It was killed when all was done.
        await end(machine, cut_off.check)
        return await begin(machine)
    return Journal(hands)


async def end(machine: Machine, name: str) -> str:
    """Put the open fix among those that ended; its folder."""
    hands = Hands(machine, CURRENT)
    moved = await hands.script(
        # Their names are their order: in one second the later has more of what sorts last.
        'at=$(date -u +%Y%m%dT%H%M%SZ); while ls "$2" | grep -q "^$at-"; do at=$at~; done; '
        'to=$2/$at-$3; rename "$1" "$to" && echo "$to"',
        CURRENT,
        PLACE,
        name,
    )
    return moved.rstrip("\n")


async def drop(machine: Machine) -> None:
    """Forget the open fix: it changed nothing."""
    await Hands(machine, CURRENT).script('rm -rf -- "$1"', CURRENT)


async def latest(machine: Machine) -> Written | None:
    """The open fix; else the last one that was not undone. Stuck where the folder of the journals,
    or one of them, belongs to somebody else."""
    listed = await Hands(machine, CURRENT).script(
        'exists "$1" || exit 0; private_folder "$1"; cd "./$name" || exit 1; '
        'for folder in *; do [ ! -d "./$folder" ] || is_private_folder "./$folder" "$1/$folder"; '
        "done; ls -1d current 2>/dev/null; ls -1r",
        PLACE,
    )
    for name in dict.fromkeys(listed.split()):
        found = await written(machine, f"{PLACE}/{name}")
        if found is not None and found.state != "undone":
            return found
    return None


async def unreported(machine: Machine) -> tuple[Written, ...]:
    """The fixes that were taken back by themselves, each told once."""
    listed = await Hands(machine, CURRENT).script(
        '[ -d "$1" ] && cd "$1" 2>/dev/null || exit 0; for mark in */unreported; do '
        '[ -e "$mark" ] && rm -f -- "$mark" && echo "${mark%/*}"; done; :',
        PLACE,
    )
    told = [await written(machine, f"{PLACE}/{name}") for name in listed.split()]
    return tuple(fix for fix in told if fix is not None)


async def written(machine: Machine, folder: str) -> Written | None:
    """Read a journal; None where it is not even begun, so that nothing was changed."""
    text = await machine.read(f"{folder}/journal")
    found: Written | None = None
    for line in text.text.splitlines():
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            continue  # cut off in the middle: it was not acted upon
        found = _told(folder, found, said)
    return found


def _told(folder: str, found: Written | None, said: dict[str, Any]) -> Written | None:
    from dataclasses import replace

    match said["event"]:
        case "plan":
            return Written(
                folder,
                said["check"],
                said["target"],
                said["at"],
                tuple(_step(one) for one in said["steps"]),
                tuple(Kept(*one) for one in said["kept"]),
                tuple(said["websockets"]),
            )
        case _ if found is None:
            return None
        case "begin":
            return replace(found, begun=(*found.begun, said["step"]))
        case "end":
            return replace(found, ended=(*found.ended, said["step"]))
        case "back":
            return replace(found, back=(*found.back, said["step"]))
        case "healed":
            return replace(found, state="healed")
        case "undoing":
            return replace(found, state="undoing")
        case "undone":
            return replace(found, state="undone")
    return found


def as_json(step: Command | Edit) -> dict[str, Any]:
    if isinstance(step, Edit):
        return {"path": step.path, "diff": step.diff}
    return {"argv": step.argv, "undo": step.undo}


def _step(said: dict[str, Any]) -> Command | Edit:
    if "path" in said:
        return Edit(said["path"], said["diff"])
    return Command(tuple(said["argv"]), undo=tuple(said["undo"]))
