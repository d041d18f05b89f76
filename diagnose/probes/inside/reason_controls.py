"""Whether what an application's log says still holds: a setting that is not set, a path that the
program's user may not use."""

from dataclasses import replace

from diagnose.machine import Machine
from diagnose.model.applications import ReadSetting
from diagnose.model.files import Access, PathComponent
from diagnose.model.program_logs import ToldReason
from diagnose.parsers.log_reasons import denied_access
from diagnose.parsers.program_place import ProgramPlace
from diagnose.parsers.read_settings import FileText, in_compose
from diagnose.parsers.unit_variables import with_unit_variable
from diagnose.probes.inside.file_access import read_access
from diagnose.probes.inside.own_setting_files import MAX_FILE


async def setting(machine: Machine, place: ProgramPlace, told: ToldReason) -> ToldReason | None:
    """Return it with the edit of the compose file or of the unit that sets the variable; None if
    the program has the value already."""
    old = place.variables.get(told.name, "")
    if told.value.lower() in old.lower() or (
        told.reason == "option" and told.value.lower() in place.command.lower()
    ):
        return None
    if told.reason == "list" and told.name not in place.variables:
        return told
    if told.reason == "option":
        return told
    told = replace(told, reason="variable", value=f"{old},{told.value}" if old else told.value)
    read = ReadSetting(
        application="", topic="", key=told.name, source="variable" if old else "nowhere",
        wanted=told.value, unit=place.unit, container=place.container, engine=place.engine,
        compose=place.compose.partition(",")[0], service=place.service,
    )  # fmt: skip
    if place.container:
        is_one = place.compose.startswith("/") and "," not in place.compose
        text = (await machine.read(place.compose, MAX_FILE)).text if is_one else ""
        read = in_compose(read, place, (FileText(place.compose, place.compose, text),))
        return _with_edit(told, read) if text else told
    own = [path for path in place.unit_files if path.startswith("/etc/systemd/system/")]
    for path in own[-4:] if place.unit else ():
        text = (await machine.read(path, MAX_FILE)).text
        edit = with_unit_variable(text, told.name, told.value, is_new=not old)
        if edit is not None:
            read = replace(
                read, file=path, number=edit.number, line=edit.line, new=edit.new, added=edit.added
            )
            return _with_edit(told, read)
    return told


def _with_edit(reason: ToldReason, read: ReadSetting) -> ToldReason:
    return replace(
        reason, file=read.file, number=read.number, line=read.line, new=read.new, added=read.added,
        load=read.load,
    )  # fmt: skip


async def path(machine: Machine, place: ProgramPlace, reason: ToldReason) -> ToldReason | None:
    """Return it with the part of the path that the program's user may not use; None if the user
    may, or if it is not known."""
    real = place.host_path(reason.path)
    if not real or not place.pid:
        return None
    for access in await read_access(machine, "", await worker(machine, place.pid), [real]):
        exists = bool(access.parts) and any(part.path == real for part in access.parts)
        if reason.reason == "absent":
            return None if exists else replace(reason, path=real)
        return _denied(replace(reason, path=real), access, place)
    return None


async def worker(machine: Machine, pid: int) -> str:
    """Return the first child of a program that runs as another user (PHP-FPM's workers), or the
    program itself."""
    words = ("ps", "-o", "pid=,uid=", "--ppid", str(pid), "--pid", str(pid))
    result = await machine.run(*words)
    rows = [row.split() for row in result.out.split("\n")[:64]]
    others = [row[0] for row in rows if len(row) == 2 and row[0].isdigit() and row[1] != "0"]
    return others[0] if others else str(pid)


def _denied(reason: ToldReason, access: Access, place: ProgramPlace) -> ToldReason | None:
    # A module of the kernel (SELinux) may refuse what the bits allow, which is another matter.
    if access.uid in {None, 0} or any(part.listed for part in access.parts):
        return None
    # What nobody looks through is the path as it is written: links double the parts.
    parts = [part for part in access.parts if f"{reason.path}/".startswith(f"{part.path}/")]
    parts = [part for part in access.parts if part.path == "/"] + [
        part for part in parts if part.path != "/"
    ]
    uid = access.uid or 0
    closed = [part for part in parts if part.folder and not part.admits(uid, access.gids)]
    last = max(parts, key=lambda part: len(part.path), default=None)
    if last is None:
        return None
    user = f"{access.uid}:{access.gids[0]}" if place.container and access.gids else access.user
    blocked = next((part for part in closed if part is not last), None)
    if blocked is not None:
        return replace(
            reason, blocked=blocked.path, enters=True, owner=blocked.mode_and_owner, user=user
        )
    wanted = denied_access(reason.message)
    may_read, may_write = (_may(part_bits, last, uid, access.gids) for part_bits in (0o4, 0o2))
    if may_write if wanted == "write" else may_read and (wanted == "read" or may_write):
        return None
    # Where the user may read it, an attempt to open it was one to write.
    used = "write" if may_read or (last.folder and wanted == "open") else wanted
    group = str(access.gids[0]) if access.gids else ""
    return replace(
        reason, blocked=last.path, owner=last.mode_and_owner, user=user, group=group, access=used
    )


def _may(own: int, part: PathComponent, uid: int, gids: tuple[int, ...]) -> bool:
    """Return whether a user may read (4) or write (2) a path; a folder is entered for that."""
    bits = own | 0o1 if part.folder else own
    shift = 6 if uid == part.uid else 3 if part.gid in gids else 0
    return part.mode >> shift & bits == bits
