"""The server answers 200 for the page's manifest or its service worker, and browsers refuse it: an
HTML page comes in its place, or the service worker has no JavaScript type (W3C Service Workers,
"Update"; W3C Web Application Manifest).

Browsers do not follow a redirect to the script of a service worker ("Update", redirect mode
"error"): that of a language or of a sign-in, which takes all paths.

The page itself works. It cannot be installed as an app, and has no push messages and nothing
offline. Usual reason: the file was not deployed, and `try_files … /index.html` answers for it.
"""

import re
from collections.abc import Iterator

from checks.http import _page_files
from checks.http._page_files import RefusedFile
from checks.nginx import Nginx
from checks.nginx._edits import config_edits
from checks.nginx._location_edits import location_fix
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.pages import Page, PageFileResponse
from diagnose.parsers.nginx.edits import insert_location
from diagnose.parsers.nginx.upstreams import pass_directive_of
from diagnose.parsers.urls import path_of

_PLAIN = re.compile(r"(?:/[\w.~-]{1,80}){1,8}", re.ASCII)


@check(severity=Severity.NOTE, needs=[Page, PageFileResponse])
def app_file_refused(evidence: Evidence) -> Iterator[Claim]:
    refused = [*_page_files.refused_app_files(evidence), *_moved_workers(evidence)]
    if not refused:
        return
    page = refused[0].page
    workers = [file for file in refused if file.response.file_kind == "worker"]
    first, nginx = (workers or refused)[0], Nginx.of(evidence)
    moved = bool(workers) and bool(first.response.redirects)
    others = (file.response.url for file in refused if file.response.url != first.response.url)
    fix = _own_location(nginx, path_of(first.response.url)) if moved else None
    step = "answer-itself" if moved else "send-the-file"
    yield Claim(
        about=_page_files.page_subject(page),
        because=(page, *(file.response for file in refused)),
        severity=Severity.WARNING if workers or _is_told(evidence) else None,
        facts={
            "page": page.url,
            "file": first.response.url,
            "path": path_of(first.response.url),
            "others": tuple(dict.fromkeys(others)),
            "worker": bool(workers),
            "moved": first.response.redirects[0] if moved else "",
            "html": first.response.is_html and not moved,
            "type": first.content_type,
            "place": _place(nginx, first, moved),
        },
        fix=fix or Fix((Manual(step, Where.SERVER),), Applicability.MANUAL),
    )


def _is_told(evidence: Evidence) -> bool:
    """Return whether a message is about the manifest, as Chromium's "Manifest: Line: 1"."""
    symptom = evidence.target.symptom
    return symptom is not None and re.search(r"(?i)manifest", symptom.text[:4000]) is not None


def _moved_workers(evidence: Evidence) -> list[RefusedFile]:
    """Return the service workers of the page that come by a redirect alone."""
    page = _page_files.page_of(evidence)
    return [
        RefusedFile(page, response, "status")
        for response in evidence.good(PageFileResponse)
        if page is not None
        and response.page == page.url
        and response.file_kind == "worker"
        and response.redirects
        and not response.is_html
        and (response.status or 0) == 200
    ]


def _place(nginx: Nginx, file: RefusedFile, moved: bool) -> str:
    path = path_of(file.response.url) if moved else file.path
    return str(_page_files.location_facts(nginx, path)["place"])


def _own_location(nginx: Nginx, path: str) -> Fix | None:
    """Return the edit that gives the script a location of its own, beside the one of nginx that
    redirects it. None where the application redirects, or nginx has no folder of files for it."""
    matches = list(nginx.location_matches(path))
    if len({match.block for match in matches}) != 1 or not _PLAIN.fullmatch(path):
        return None
    match = matches[0]
    is_passed = pass_directive_of(match) is not None
    if match.block.name != "location" or is_passed or match.directive("alias"):
        return None
    server = match.blocks[1]
    file, root = nginx.file(server), match.directive("root")
    is_redirect = match.redirects or match.directive("return") is not None
    if file is None or root is None or not is_redirect:
        return None
    lines = ["try_files $uri =404;"]
    if root in (match.block.block or ()):
        lines.insert(0, f"root {' '.join(root.args)};")
    change = insert_location(file.text, server, f"location = {path}", lines)
    file_edits = config_edits(nginx, {file.path: [change]})
    return location_fix(nginx, match, file_edits, sure=False) if file_edits else None
