"""nginx's worker may not read a file of the site, or not enter a folder on the way to it (EACCES).

The master reads the configuration and the certificates as root; the pages are read by a worker, as
the user of the directive `user`. It needs the read permission on the file and the search permission
on every folder above it (path_resolution(7)), and SELinux's permission where that is enforced.
"""

from collections.abc import Iterator

from checks.nginx._page_errors import failed_sockets, page_error
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    commands,
)
from diagnose.model.files import PageAccess, PathComponent
from diagnose.model.http import Exchange
from diagnose.model.logs import LogLine
from diagnose.parsers.nginx import error_log

#: nginx responds 403, 404 if try_files has other files, and 500 if those lead back.
_STATUSES = frozenset({403, 404, 500})

#: Folders whose files are private. They are not opened; the site is moved.
_PRIVATE = ("/root/", "/tmp/", "/var/tmp/")


@check(
    severity=Severity.ERROR,
    needs=[LogLine, Exchange],
    explains=[
        "http.server-error",
        "http.redirect-to-error",
        "nginx.redirect-cycle",
        "nginx.index-missing",
        "nginx.target-not-found",
        "upstream.script-not-found",
    ],
)
def file_forbidden(evidence: Evidence) -> Iterator[Claim]:
    error = page_error(evidence, error_log.FILE_DENIED, _STATUSES)
    if error is None:
        return
    path = error.match[1]
    access = next((access for access in evidence.good(PageAccess) if access.path == path), None)
    closed = access.denied_parts if access else ()
    label = access.parts[-1] if access and access.enforcing and access.parts else None
    yield Claim(
        about=error.subjects[0],
        covers=(*error.subjects, *failed_sockets(evidence, _STATUSES)),
        because=(*error.because, *([access] if access else [])),
        facts={
            **error.facts,
            "file": path,
            "user": access.user if access else "",
            "closed": tuple(f"{part.path} ({part.mode_and_owner})" for part in closed),
            "selinux": bool(label) and not closed,
            "label": label.label if label and not closed else "",
            "private": path.startswith(_PRIVATE),
            "unknown": not closed and not label,
        },
        confidence=error.confidence,
        fix=_fix(path, access, closed),
    )


def _fix(path: str, access: PageAccess | None, closed: tuple[PathComponent, ...]) -> Fix:
    if closed and not path.startswith(_PRIVATE):
        return Fix(tuple(map(opened_to_others, closed)), Applicability.REVIEW)
    file = access.mislabelled_file if access and access.default and not closed else None
    if file:
        return Fix((commands.restore_label(file.path, before=file.label),))
    return Fix((Manual("let-nginx-read", Where.SERVER),), Applicability.MANUAL)


def opened_to_others(part: PathComponent) -> Command:
    """Let all users enter the folder or read the file, as web servers need it."""
    permission = "x" if part.folder else "r"
    return commands.chmod(f"o+{permission}", part.path, before=part.mode)
