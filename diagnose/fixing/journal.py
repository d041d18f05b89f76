"""The journal of a fix on the server's disk. Each line is written before the action it describes.

    /var/lib/diagnose/current/    the open fix: its journal, the files as they were before
                                  (0.before, 1.before, …) and as the edits leave them (0.after)
    /var/lib/diagnose/20261124T182003Z-firewall.port-closed/    a closed fix

A killed fix leaves `current` behind. Creating this folder is also the lock against a second fix.
"""

import json
from typing import Any, Literal

from diagnose.fixing.journal_steps import step_from_json
from diagnose.fixing.remote_files import FixError, RemoteFiles
from diagnose.machine import Machine
from diagnose.model import Command, Edit
from diagnose.model.frozen import frozen

STATE_FOLDER = "/var/lib/diagnose"
OPEN_FOLDER = f"{STATE_FOLDER}/current"

#: The events in a journal: first the plan, then begin and end of each step. "back": an undo has run
#: the undo command of a step.
JournalEvent = Literal["plan", "begin", "end", "healed", "undoing", "back", "undone"]


@frozen
class Backup:
    """A file or folder that a fix may change, and the name of its copy. `mode` is set if only owner
    and mode are saved: "644 0:0"."""

    name: str
    path: str
    mode: str = ""


@frozen
class JournalEntry:
    """A fix, as read from its journal."""

    folder: str
    check: str
    target: str
    at: str
    steps: tuple[Command | Edit, ...]
    backups: tuple[Backup, ...]
    websockets: tuple[str, ...] = ()
    begun: tuple[int, ...] = ()
    ended: tuple[int, ...] = ()
    back: tuple[int, ...] = ()
    state: Literal["open", "healed", "undoing", "undone"] = "open"


class FixInProgress(Exception):
    """Another fix is open or was interrupted; `entry` is what its journal says."""

    def __init__(self, entry: JournalEntry | None) -> None:
        super().__init__("a fix is under way")
        self.entry = entry


class Journal:
    def __init__(self, files: RemoteFiles) -> None:
        self.files = files

    async def note(self, event: JournalEvent, **fields: Any) -> None:
        line = json.dumps({"event": event, **fields}, ensure_ascii=True)
        await self.files.append("journal", line)


async def open_journal(machine: Machine) -> Journal:
    """Start a journal for a new fix.

    Raise `FixInProgress` if a fix is open. Raise `FixError` if nothing can be written, or if others
    may write to the folder of the journals: the commands in a journal are run as root.
    """
    files = RemoteFiles(machine, OPEN_FOLDER)
    output = await files.script(
        'private_folder "$2" && mkdir -m 700 "$1" 2>/dev/null || echo open',
        OPEN_FOLDER,
        STATE_FOLDER,
    )
    if output.strip() == "open":
        if not (await files.script('[ -d "$1" ] && echo there; :', OPEN_FOLDER)).strip():
            raise FixError(f"{OPEN_FOLDER} could not be made")
        interrupted = await read_entry(machine, OPEN_FOLDER)
        if interrupted is None or interrupted.state != "healed":
            raise FixInProgress(interrupted)
        # That fix was killed after it had succeeded; only archiving was left.
        await archive(machine, interrupted.check)
        return await open_journal(machine)
    return Journal(files)


async def archive(machine: Machine, name: str) -> str:
    """Move the open fix to the closed ones and return its folder."""
    files = RemoteFiles(machine, OPEN_FOLDER)
    output = await files.script(
        # Append ~ so that folders of the same second sort by age.
        'at=$(date -u +%Y%m%dT%H%M%SZ); while ls "$2" | grep -q "^$at-"; do at=$at~; done; '
        'to=$2/$at-$3; rename "$1" "$to" && echo "$to"',
        OPEN_FOLDER,
        STATE_FOLDER,
        name,
    )
    return output.rstrip("\n")


async def discard(machine: Machine) -> None:
    """Remove the open fix, which has changed nothing."""
    await RemoteFiles(machine, OPEN_FOLDER).script('rm -rf -- "$1"', OPEN_FOLDER)


async def latest_entry(machine: Machine) -> JournalEntry | None:
    """Return the open fix, or else the last one that was not undone. Raise `FixError` if the folder
    of the journals, or one of them, belongs to another user."""
    listing = await RemoteFiles(machine, OPEN_FOLDER).script(
        'exists "$1" || exit 0; private_folder "$1"; cd "./$name" || exit 1; '
        'for folder in *; do [ ! -d "./$folder" ] || is_private_folder "./$folder" "$1/$folder"; '
        "done; ls -1d current 2>/dev/null; ls -1r",
        STATE_FOLDER,
    )
    for name in dict.fromkeys(listing.split()):
        entry = await read_entry(machine, f"{STATE_FOLDER}/{name}")
        if entry is not None and entry.state != "undone":
            return entry
    return None


async def unreported_entries(machine: Machine) -> tuple[JournalEntry, ...]:
    """Return the fixes that were rolled back automatically. Each is reported only once."""
    listing = await RemoteFiles(machine, OPEN_FOLDER).script(
        '[ -d "$1" ] && cd "$1" 2>/dev/null || exit 0; for mark in */unreported; do '
        '[ -e "$mark" ] && rm -f -- "$mark" && echo "${mark%/*}"; done; :',
        STATE_FOLDER,
    )
    entries = [await read_entry(machine, f"{STATE_FOLDER}/{name}") for name in listing.split()]
    return tuple(entry for entry in entries if entry is not None)


async def read_entry(machine: Machine, folder: str) -> JournalEntry | None:
    """Read a journal. Return None if it has no plan, which means that nothing was changed."""
    content = await machine.read(f"{folder}/journal")
    entry: JournalEntry | None = None
    for line in content.text.splitlines():
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            continue  # incomplete last line: its action was not started
        entry = _apply_record(folder, entry, record)
    return entry


def _apply_record(
    folder: str, entry: JournalEntry | None, record: dict[str, Any]
) -> JournalEntry | None:
    from dataclasses import replace

    match record["event"]:
        case "plan":
            return JournalEntry(
                folder,
                record["check"],
                record["target"],
                record["at"],
                tuple(step_from_json(step) for step in record["steps"]),
                tuple(Backup(*backup) for backup in record["kept"]),
                tuple(record["websockets"]),
            )
        case _ if entry is None:
            return None
        case "begin":
            return replace(entry, begun=(*entry.begun, record["step"]))
        case "end":
            return replace(entry, ended=(*entry.ended, record["step"]))
        case "back":
            return replace(entry, back=(*entry.back, record["step"]))
        case "healed":
            return replace(entry, state="healed")
        case "undoing":
            return replace(entry, state="undoing")
        case "undone":
            return replace(entry, state="undone")
    return entry
