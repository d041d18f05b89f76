"""A file that the page loads is answered with 404, or with a page, and it exists: in the folder of
another location of the site, or in that of the program behind nginx, which does not serve files
itself (Django with DEBUG off, and other frameworks in production).

Nothing else shows that the file is the same, so the cause is likely. Where the path that nginx
opens differs by a known mistake, nginx.page-file-not-found says it.
"""

import posixpath
from collections.abc import Iterator

from checks.http import _page_files
from checks.nginx import Nginx, file_line
from checks.nginx._page_files import examined_files
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
)
from diagnose.model.files import SiblingFile
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.pages import PageFileResponse
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.file_paths import served_file
from diagnose.parsers.nginx.final_requests import final_location
from diagnose.parsers.nginx.locations import location_pattern
from diagnose.parsers.nginx.upstreams import pass_directive_of


@check(
    severity=Severity.WARNING,
    needs=[NginxConfig, PageFileResponse, SiblingFile],
    explains=["http.page-file-missing", "http.page-file-type", "nginx.page-file-not-found"],
)
def file_elsewhere(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    explained = {
        file.url for file in examined_files(evidence) if file.access.mistake or file.access.exists
    }
    refused = {file.response.url: file for file in _page_files.refused_files(evidence)}
    folders: set[str] = set()
    for sibling in evidence.good(SiblingFile):
        file = refused.get(sibling.url)
        selected = next(iter(nginx.answering_servers()), None)
        if file is None or selected is None or nginx.is_refused or sibling.url in explained:
            continue
        match = final_location(selected.server, file.path)
        passing = pass_directive_of(match)
        served = None if passing else served_file(match, file.path, start=nginx.start_folder)
        folder = _folder(file.path)
        if (passing is None and served is None) or folder in folders:
            continue
        if served is not None and served.path == sibling.path:
            continue
        folders.add(folder)
        directive = passing or (served.directive if served else match.block)
        real = _real_folder(sibling.path, file.path, folder)
        owner = _owner(nginx, folder)
        yield Claim(
            about=_page_files.page_subject(file.page),
            because=(
                file.response, sibling, *((nginx.config,) if nginx.config else ()),
            ),
            severity=_page_files.severity(file.page, [sibling.url]),
            confidence=Confidence.LIKELY,
            location=nginx.location(directive),
            facts={
                "page": file.page.url,
                "file": sibling.url,
                "status": file.response.status,
                "asked": served.path if served else "",
                "application": passing.args[0] if passing else "",
                "directive": " ".join((directive.name, *directive.args)),
                "place": file_line(directive),
                "found": sibling.path,
                "program": sibling.of_program,
                "folder": folder,
                "owner": " ".join(("location", *owner.args)) if owner else "",
                "owner_place": file_line(owner) if owner else "",
                "real": real,
                "denied": tuple(part.path for part in sibling.denied_parts),
                "user": sibling.user,
            },
            fix=Fix((Manual("serve-the-folder", Where.SERVER),), Applicability.MANUAL),
        )  # fmt: skip


def _owner(nginx: Nginx, folder: str) -> Directive | None:
    """Return the location that has the folder as its prefix already: nginx refuses a second one."""
    for selected in nginx.answering_servers():
        for location in children(selected.server.block, "location"):
            pattern = location_pattern(location)
            if pattern and pattern.modifier in {"", "^~"} and pattern.text == folder:
                return location
    return None


def _folder(path: str) -> str:
    """Return the first folder of a path, with its slashes: "/media/"; the path itself at the
    root."""
    first, slash, _ = path.lstrip("/").partition("/")
    return f"/{first}/" if slash else path


def _real_folder(found: str, path: str, folder: str) -> str:
    """Return what `alias` of the folder has to be, "/srv/shop/media/", by where the file is."""
    rest = path.removeprefix(folder)
    base = found.removesuffix(rest) if folder.endswith("/") else posixpath.dirname(found)
    return base if base.endswith("/") else f"{base}/"
