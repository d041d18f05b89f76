"""A file system that the web server writes to has no room, or no inodes, left.

Both end in "No space left on device" (ENOSPC), and `df` shows only the first. Uploads, large pages,
sessions, logs and the renewal of certificates fail, while small pages work.
"""

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
)
from diagnose.model.logs import LogLine
from diagnose.model.renewal import RenewalFailure
from diagnose.model.resources import FileSystem

#: Below this nothing of a usual size can be written, in bytes; of small file systems a hundredth.
_NO_ROOM, _NO_INODES = 256 * 1024, 16
#: Images that nobody can write to have no room from the beginning.
_READ_ONLY = {"squashfs", "erofs", "isofs", "cramfs", "romfs"}


@check(
    severity=Severity.WARNING,
    needs=[FileSystem],
    explains=["nginx.temp-files-unwritable", "certificate.renewal-failed"],
)
def disk_full(evidence: Evidence) -> Iterator[Claim]:
    for system in evidence.good(FileSystem):
        without_inodes = _has_no_inodes(system)
        if system.type in _READ_ONLY or not (without_inodes or _has_no_room(system)):
            continue
        proofs = _consequences(evidence)
        yield Claim(
            about=Subject(text=system.paths[0]),
            covers=(Subject(),) if proofs else (),
            because=(system, *proofs),
            facts={
                "folder": system.paths[0],
                "folders": system.paths,
                "inodes": without_inodes,
                "free": system.free,
                "files": system.files,
                "type": system.type,
                "message": _message(proofs[0]) if proofs else "",
            },
            fix=Fix(
                (Manual("remove-files" if without_inodes else "make-room", Where.SERVER),),
                Applicability.MANUAL,
            ),
        )


def _has_no_room(system: FileSystem) -> bool:
    return system.size > 0 and system.free <= min(_NO_ROOM, system.size // 100)


def _has_no_inodes(system: FileSystem) -> bool:
    return system.files > 0 and system.free_files <= min(_NO_INODES, system.files // 100)


def _consequences(evidence: Evidence) -> tuple[LogLine | RenewalFailure, ...]:
    """Return what failed because of it: nginx's last lines, and a renewal."""
    lines = [line for line in evidence.of(LogLine) if line.errno == 28]
    renewals = [
        failure
        for failure in evidence.good(RenewalFailure)
        if "no space left" in failure.message.lower()
    ]
    return (*lines[-3:], *renewals)


def _message(observation: Observation) -> str:
    match observation:
        case LogLine():
            return observation.text
        case RenewalFailure():
            return observation.message
    return ""
