"""nginx's worker may not read a style sheet or script of the page, or not enter a folder on the way
to it, although it reads the page itself (path_resolution(7)).

Usual reason: the static files were copied or collected by root or by a deployment user with a
narrow umask, or lie in a home folder.
"""

from collections.abc import Iterator

from checks.http import _page_files as page_files
from checks.nginx._page_files import examined_files
from checks.nginx.file_forbidden import is_private, opened_to_others
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.files import PageFileAccess, PathComponent
from diagnose.model.pages import PageFileResponse


@check(
    severity=Severity.WARNING,
    needs=[PageFileResponse, PageFileAccess],
    explains=["http.page-file-missing", "http.page-file-type"],
)
def page_file_forbidden(evidence: Evidence) -> Iterator[Claim]:
    forbidden = [file for file in examined_files(evidence) if file.is_forbidden]
    if not forbidden:
        return
    first = forbidden[0]
    denied = tuple(dict.fromkeys(part for file in forbidden for part in file.access.denied_parts))
    severity = page_files.severity(first.page, [file.url for file in forbidden])
    yield Claim(
        about=page_files.page_subject(first.page),
        because=tuple(
            observation
            for file in forbidden
            for observation in (file.refused.response, file.access)
        ),
        severity=severity,
        facts={
            "page": first.page.url,
            "file": first.url,
            "status": first.refused.response.status,
            "path": first.access.path,
            "user": first.access.user,
            "closed": tuple(f"{part.path} ({part.mode_and_owner})" for part in denied),
            "private": is_private(first.access.path, denied),
            "breaks": severity is Severity.ERROR,
            "image": first.refused.response.file_kind == "image",
        },
        fix=_fix(first.access.path, denied),
    )


def _fix(path: str, denied: tuple[PathComponent, ...]) -> Fix:
    if is_private(path, denied):
        return Fix((Manual("move-it", Where.SERVER),), Applicability.MANUAL)
    return Fix(tuple(map(opened_to_others, denied)), Applicability.REVIEW)
