"""The site gives a hidden file of its program to everybody: `.env` with its passwords, or
`.git/config` with the way to its source.

A page in the place of the file is none (`try_files … /index.html`): only an answer that is no HTML
counts, where the site does not answer a name that nobody has in the same way. Such files are asked
for only where a message or the address names one.
"""

from collections.abc import Iterator

from checks.http._hidden_file_edits import refusing_steps
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.site_folders import HiddenFile
from diagnose.parsers.urls import path_of


@check(severity=Severity.ERROR, needs=[HiddenFile])
def hidden_file_offered(evidence: Evidence) -> Iterator[Claim]:
    for file in evidence.good(HiddenFile):
        is_alike = _is_file(file.control_status, file.control_type)
        if is_alike or not _is_file(file.status, file.media_type):
            continue
        port, path, steps = evidence.target.port, path_of(file.url), refusing_steps(evidence)
        change = Manual("change-the-secrets", Where.APPLICATION)
        subject = Subject(port=port, path=path)
        yield Claim(
            about=subject,
            covers=(subject, Subject(port=port)),
            because=(file,),
            facts={"url": file.url, "path": path, "environment": "/.env" in path},
            fix=Fix((*steps, change), Applicability.REVIEW)
            if steps
            else Fix((Manual("refuse-it", Where.SERVER), change), Applicability.MANUAL),
        )
        return


def _is_file(status: int, media_type: str) -> bool:
    """Return whether an answer is a file, and no page for all that is not there."""
    return status == 200 and "html" not in media_type
