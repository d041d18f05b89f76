"""What the site needs lies in a folder at which /etc/fstab mounts a disk, and nothing is mounted
there (fstab(5)): the files of the disk are not there. After a boot without the disk ("nofail",
another UUID, a share that is not reached) the folder is empty, and nothing else says why.
"""

from collections.abc import Iterator

from checks.nginx import Nginx
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Subject,
    Where,
)
from diagnose.model.http import page_exchanges
from diagnose.model.nginx import NginxTest
from diagnose.model.program_logs import FailedUnit, ProgramLine
from diagnose.model.resources import UnmountedFolder
from diagnose.model.site_folders import SiteFolder
from diagnose.model.tcp import Connection
from diagnose.parsers.nginx.file_paths import served_file


@check(
    severity=Severity.ERROR,
    needs=[UnmountedFolder],
    explains=[
        "http.page-refused", "http.page-file-missing", "http.server-error", "listener.missing",
        "nginx.certificate-file-missing", "nginx.config-invalid", "nginx.file-forbidden",
        "nginx.folder-missing", "nginx.index-missing", "nginx.not-running", "nginx.own-answer",
        "nginx.target-not-found", "server.page-missing", "server.site-missing", "tcp.refused",
        "upstream.application-log", "upstream.refused", "upstream.script-not-found",
        "upstream.service-failed",
    ],
)  # fmt: skip
def disk_not_mounted(evidence: Evidence) -> Iterator[Claim]:
    port = evidence.target.port
    for folder in evidence.good(UnmountedFolder):
        path, proofs, is_sure = _needed(evidence, folder)
        if not path:
            continue
        subjects = (
            Subject(port=port, path=evidence.target.path_without_query),
            Subject(port=port),
            Subject(port=80),
        )
        yield Claim(
            about=Subject(text=folder.path),
            covers=(*subjects, Subject()),
            because=(folder, *proofs),
            confidence=Confidence.CERTAIN if is_sure else Confidence.LIKELY,
            facts={
                "folder": folder.path,
                "device": folder.device,
                "type": folder.type,
                "path": path,
            },
            fix=Fix((Manual("mount-it", Where.SERVER),), Applicability.MANUAL),
        )
        return


def _needed(
    evidence: Evidence, folder: UnmountedFolder
) -> tuple[str, tuple[Observation, ...], bool]:
    """Return the path in the folder that the failed site needs, what shows it, and whether it is
    certain; "" if it needs none."""
    pages = [page for page in page_exchanges(evidence) if page.status in {403, 404, 500}]
    if pages and (path := _served_path(evidence)) and folder.holds(path):
        return path, tuple(pages), True
    for site_folder in evidence.good(SiteFolder) if pages else ():
        if folder.holds(site_folder.path):
            return site_folder.path, (*pages, site_folder), True
    is_down = any(connection.failure for connection in evidence.of(Connection))
    for test in evidence.of(NginxTest) if is_down or not pages else ():
        if test.fatal is not None and f"{folder.path}/" in test.fatal.text:
            return folder.path, (test,), True
    failed = [page for page in page_exchanges(evidence) if (page.status or 999) >= 500]
    lines: list[FailedUnit | ProgramLine] = [*evidence.good(FailedUnit)]
    lines += evidence.good(ProgramLine)
    for line in lines if failed else ():
        if f"{folder.path}/" in line.message:
            return folder.path, (*failed, line), False
    return "", (), False


def _served_path(evidence: Evidence) -> str:
    """Return the path that nginx opens for the target; "" if it passes it on."""
    path = evidence.target.path_without_query
    match = next(iter(Nginx.of(evidence).location_matches(path)), None)
    served = served_file(match, path, with_scripts=True) if match else None
    return served.path if served else ""
