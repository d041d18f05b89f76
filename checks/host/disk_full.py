"""A file system that the web server writes to has no room, or no inodes, left.

Both end in "No space left on device" (ENOSPC), and `df` shows only the first. Uploads, large pages,
sessions, logs and the renewal of certificates fail, while small pages work.
"""

import re
from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Subject,
    Where,
    commands,
    file_commands,
)
from diagnose.model.logs import LogLine
from diagnose.model.program_logs import ProgramLine
from diagnose.model.renewal import RenewalFailure
from diagnose.model.resources import FileSystem, LargeFile, LargeFiles
from diagnose.parsers.lazy_pattern import lazy_pattern

#: ENOSPC, in the words of programs (errno(3)).
_NO_SPACE = lazy_pattern(r"no space left on device|\bENOSPC\b|disk (?:is )?full", re.IGNORECASE)
#: An archive or a dump where no site has its files, which may be meant for visitors. And the folder
#: of such files (FHS, /var).
_COPY = lazy_pattern(
    r"/(?:var/cache|var/log|var/lib/nginx|var/tmp|tmp|root|backups?)/(?:[^/]{1,200}/){0,8}[^/]{1,200}"
    r"\.(?:tar|tgz|txz|zip|7z|bak|dump|sql|(?:tar|sql|dump)\.(?:gz|bz2|xz|zst))",
    re.IGNORECASE,
)
_BACKUPS = "/var/backups"
#: The part of a file system that has to become free, and what is left of the journal, in bytes.
_ENOUGH = 5
_JOURNAL = 200 << 20


@check(
    severity=Severity.WARNING,
    needs=[FileSystem],
    explains=[
        "nginx.temp-files-unwritable", "certificate.renewal-failed", "http.server-error",
        "upstream.application-log", "upstream.own-answer", "server.own-answer",
    ],
)  # fmt: skip
def disk_full(evidence: Evidence) -> Iterator[Claim]:
    for system in evidence.good(FileSystem):
        without_inodes = system.has_no_inodes
        if system.is_image or not (without_inodes or system.has_no_room):
            continue
        proofs = _consequences(evidence)
        has_failed = any(isinstance(proof, ProgramLine) for proof in proofs)
        large = _large_files(evidence, system) if not without_inodes else ()
        steps = _emptying(large, system.size // _ENOUGH)
        moving = () if steps else _moving(evidence, system, large)
        yield Claim(
            about=Subject(text=system.paths[0]),
            covers=(Subject(),) if proofs else (),
            because=(system, *proofs),
            severity=Severity.ERROR if has_failed else None,
            facts={
                "folder": system.paths[0],
                "folders": system.paths,
                "inodes": without_inodes,
                "free": system.free,
                "files": system.files,
                "type": system.type,
                "message": _message(proofs[0]) if proofs else "",
                "large": tuple(file.shown for file in large[:5]),
                "emptied": bool(steps),
                "moved": tuple(file.path for file in moving),
                "backups": _BACKUPS,
                "container_logs": any(file.kind == "container" for file in large),
            },
            fix=Fix(steps or _moving_steps(moving), Applicability.REVIEW)
            if steps or moving
            else Fix(
                (Manual(_step(system), Where.SERVER),),
                Applicability.MANUAL,
            ),
        )


def _step(system: FileSystem) -> str:
    if system.has_no_inodes:
        return "remove-files"
    return "larger-memory-disk" if system.type == "tmpfs" else "make-room"


def _large_files(evidence: Evidence, system: FileSystem) -> tuple[LargeFile, ...]:
    return next(
        (seen.files for seen in evidence.good(LargeFiles) if seen.folder == system.paths[0]), ()
    )


def _emptying(files: tuple[LargeFile, ...], enough: int) -> tuple[Command, ...]:
    """Return what makes so much room, in bytes, without a file that a program needs: logs alone,
    those that were put aside first. A deleted file gives its room back when the service that has it
    open starts again."""
    steps, freed = list[Command](), 0
    for kind in ("journal", "aside", "container", "log", "deleted"):
        for file in (file for file in files if file.kind == kind):
            if freed >= enough:
                break
            freed += max(0, file.size - (_JOURNAL if kind == "journal" else 0))
            if kind == "journal" and file.size > _JOURNAL:
                steps.append(file_commands.shorten_journal(_JOURNAL >> 20))
            elif kind == "aside":
                steps.append(file_commands.remove_log(file.path, file.owner))
            elif kind in {"container", "log"}:
                steps.append(file_commands.empty_log(file.path, file.owner))
            elif kind == "deleted" and file.unit:
                steps.append(commands.restart_service(file.unit.removesuffix(".service")))
    return tuple(dict.fromkeys(steps))


def _moving(
    evidence: Evidence, system: FileSystem, files: tuple[LargeFile, ...]
) -> tuple[LargeFile, ...]:
    """Return root's archives and copies that make room where they go to the folder for backups of
    another file system, which has room for twice as much; () where that is not enough."""
    target = next((each for each in evidence.good(FileSystem) if "/var" in each.paths), None)
    if target is None or target is system or target.is_image or target.type == "tmpfs":
        return ()
    chosen = list[LargeFile]()
    for file in files:
        is_copy = file.kind == "other" and file.owner == "root" and _COPY.fullmatch(file.path)
        if is_copy and sum(each.size for each in chosen) < system.size // _ENOUGH:
            chosen.append(file)
    moved = sum(file.size for file in chosen)
    names = {file.path.rpartition("/")[2] for file in chosen}
    is_enough = system.size // _ENOUGH <= moved <= target.free // 2
    return tuple(chosen) if is_enough and len(names) == len(chosen) else ()


def _moving_steps(files: tuple[LargeFile, ...]) -> tuple[Command, ...]:
    """Return what moves the files, and never over another one."""
    return (
        commands.make_folder(_BACKUPS),
        *(commands.move(file.path, f"{_BACKUPS}/{file.path.rpartition('/')[2]}") for file in files),
    )


def _consequences(evidence: Evidence) -> tuple[LogLine | RenewalFailure | ProgramLine, ...]:
    """Return what failed because of it: nginx's last lines, a program's own, and a renewal."""
    lines = [line for line in evidence.of(LogLine) if line.errno == 28]
    renewals = [
        failure
        for failure in evidence.good(RenewalFailure)
        if "no space left" in failure.message.lower()
    ]
    full_lines = [
        program_line
        for program_line in evidence.good(ProgramLine)
        if _NO_SPACE.search(program_line.message)
    ]
    return (*lines[-3:], *full_lines[:1], *renewals)


def _message(observation: Observation) -> str:
    match observation:
        case LogLine():
            return observation.text
        case RenewalFailure() | ProgramLine():
            return observation.message
    return ""
