"""`try_files` leads every path that is no file to a script, and the script is not there. nginx
looks for it before PHP gets the request (`try_files … =404`) and answers 404 to every such path.

An application in a folder of the site (WordPress in /blog) has its script there, and needs a
location of its own whose `try_files` leads to it.
"""

import posixpath
from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.files import PageFileAccess
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import Directive, NginxConfig


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, PageFileAccess, Exchange],
    explains=["nginx.own-answer", "nginx.target-not-found", "nginx.front-controller-missing"],
)
def fallback_file_missing(evidence: Evidence) -> Iterator[Claim]:
    pages = [page for page in page_exchanges(evidence) if page.status == 404]
    accesses = {
        access.url: access
        for access in evidence.good(PageFileAccess)
        if access.mistake == "no-fallback"
    }
    access = accesses.get(pages[0].url) if pages else None
    nginx = Nginx.of(evidence)
    match = next(iter(nginx.location_matches(evidence.target.path.partition("?")[0])), None)
    fallback = match.directive("try_files") if match else None
    if access is None or fallback is None:
        return
    subjects = endpoint_subjects(pages)
    root = posixpath.dirname(access.path)
    below = posixpath.dirname(access.elsewhere).removeprefix(root.rstrip("/"))
    folder = f"{below}/" if access.elsewhere else ""
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, access, *([nginx.config] if nginx.config else [])),
        confidence=Confidence.LIKELY,
        location=nginx.location(fallback),
        facts={
            "url": pages[0].url,
            "path": access.path,
            "elsewhere": access.elsewhere,
            "folder": folder,
            "own": _own_location(folder, fallback) if folder else "",
            "place": file_line(fallback),
            "directive": " ".join((fallback.name, *fallback.args)),
        },
        fix=Fix(
            (Manual("its-own-location" if folder else "put-it-back", Where.SERVER),),
            Applicability.MANUAL,
        ),
    )


def _own_location(folder: str, fallback: Directive) -> str:
    """Return the location that an application in this folder needs."""
    words = [*fallback.args[:-1], f"{folder}{fallback.args[-1].removeprefix('/')}"]
    return f"location {folder} {{ try_files {' '.join(words)}; }}"
