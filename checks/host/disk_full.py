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
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Subject,
    Where,
    commands,
)
from diagnose.model.logs import LogLine
from diagnose.model.program_logs import ProgramLine
from diagnose.model.renewal import RenewalFailure
from diagnose.model.resources import FileSystem, LargestLog
from diagnose.parsers.lazy_pattern import lazy_pattern

#: ENOSPC, in the words of programs (errno(3)).
_NO_SPACE = lazy_pattern(r"no space left on device|\bENOSPC\b|disk (?:is )?full", re.IGNORECASE)
#: Images that nobody can write to have no room from the beginning.
_READ_ONLY = {"squashfs", "erofs", "isofs", "cramfs", "romfs"}


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
        if system.type in _READ_ONLY or not (without_inodes or system.has_no_room):
            continue
        proofs = _consequences(evidence)
        has_failed = any(isinstance(proof, ProgramLine) for proof in proofs)
        log = None if without_inodes else _largest_log(evidence, system)
        yield Claim(
            about=Subject(text=system.paths[0]),
            covers=(Subject(),) if proofs else (),
            because=(system, *proofs, *([log] if log else [])),
            severity=Severity.ERROR if has_failed else None,
            facts={
                "folder": system.paths[0],
                "folders": system.paths,
                "inodes": without_inodes,
                "free": system.free,
                "files": system.files,
                "type": system.type,
                "message": _message(proofs[0]) if proofs else "",
                "log": log.path if log else "",
                "log_size": log.size // 2**20 if log else 0,
                "log_container": log.container if log else "",
                "json_file": log is not None and log.path.endswith("-json.log"),
            },
            fix=_emptied(log)
            if log
            else Fix(
                (Manual("remove-files" if without_inodes else "make-room", Where.SERVER),),
                Applicability.MANUAL,
            ),
        )


def _largest_log(evidence: Evidence, system: FileSystem) -> LargestLog | None:
    logs = evidence.good(LargestLog)
    return next((log for log in logs if log.folder == system.paths[0]), None)


def _emptied(log: LargestLog) -> Fix:
    """Empty the log, which programs have open: what is in it is lost, so a person decides."""
    keep = Manual("bound-the-log", Where.SERVER)
    return Fix((commands.empty_file(log.path), keep), Applicability.REVIEW)


def _consequences(evidence: Evidence) -> tuple[LogLine | RenewalFailure | ProgramLine, ...]:
    """Return what failed because of it: nginx's last lines, a program's own, and a renewal."""
    lines = [line for line in evidence.of(LogLine) if line.errno == 28]
    renewals = [
        failure
        for failure in evidence.good(RenewalFailure)
        if "no space left" in failure.message.lower()
    ]
    told = [each for each in evidence.good(ProgramLine) if _NO_SPACE.search(each.message)]
    return (*lines[-3:], *told[:1], *renewals)


def _message(observation: Observation) -> str:
    match observation:
        case LogLine():
            return observation.text
        case RenewalFailure() | ProgramLine():
            return observation.message
    return ""
