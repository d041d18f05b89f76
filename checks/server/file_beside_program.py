"""A file that the page loads is 404 behind Apache, Caddy or HAProxy, and it is on the server: in
the folder of the program that answers. It serves no files itself (Django with DEBUG off, and other
frameworks in production), and no line of the web server names that folder.

Nothing else shows that the file is the same, so the cause is likely. Where a line names its folder
and never gets the path: server.caddy-proxy-first, server.apache-proxy-shadowed.
"""

import posixpath
import re
from collections.abc import Iterator

from checks.http import _page_files
from checks.server import (
    ServerView,
    indentation,
    line_edit,
    line_text,
    manual_fix,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._backend_answers import route_to_application
from checks.server._caddy_proxy_lines import files_edit
from checks.server._public_folders import public_folder
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
)
from diagnose.model.files import SiblingFile
from diagnose.model.pages import PageFileResponse
from diagnose.model.server_rules import HandledPath
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig
from diagnose.parsers.urls import path_of
from diagnose.parsers.web_sites import is_within

_PLAIN = re.compile(r"(?:/(?!\.)[\w.-]{1,200}){1,20}/", re.ASCII)
_PASS = re.compile(r"(?i)\s*ProxyPass\s+[\"'/]")


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig, PageFileResponse, SiblingFile],
    explains=[
        "http.page-file-missing", "server.base-path-missing", "http.base-path-missing",
        "server.own-answer", "server.other-requests-failed",
    ],
)  # fmt: skip
def file_beside_program(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None or view.config is None:
        return
    refused = {file.response.url: file for file in _page_files.refused_files(evidence)}
    named = {path.path for path in evidence.good(HandledPath) if path.unserved_file}
    folders: set[str] = set()
    for sibling in evidence.good(SiblingFile):
        file, path = refused.get(sibling.url), path_of(sibling.url)
        route = route_to_application(view, path) if path else None
        folder = _folder(path)
        real = sibling.path.removesuffix(path.removeprefix(folder)) if folder else ""
        is_known = not sibling.of_program or path in named or folder in folders
        if file is None or route is None or not route.host or is_known:
            continue
        if not folder or not real.endswith("/"):
            continue
        folders.add(folder)
        edit = _edit(view, route, folder, real) if _is_free(evidence, folder) else None
        yield Claim(
            about=_page_files.page_subject(file.page),
            because=(file.response, sibling, view.server, view.config),
            severity=_page_files.severity(
                file.page, [url for url in refused if path_of(url).startswith(folder)]
            ),
            confidence=Confidence.LIKELY,
            facts={
                **view.facts,
                "page": file.page.url,
                "file": sibling.url,
                "found": sibling.path,
                "application": route.authority,
                "place": place_text(route.file, route.line),
                "folder": folder,
                "real": real,
                "denied": tuple(part.path for part in sibling.denied_parts),
                "user": sibling.user,
                "written": edit is not None,
                view.server.product: True,
            },
            fix=_fix(view, edit, bool(public_folder(path)) and not sibling.denied_parts),
        )


def _fix(view: ServerView, edit: Edit | None, is_public: bool) -> Fix:
    """All of the folder becomes public. Where its name does not say that it is for visitors, or the
    server may not read it yet, a person looks first: the edit stands beside the words."""
    if edit is None:
        return manual_fix(view, "serve-the-folder")
    steps: tuple[Edit | Command, ...] = (edit, *reload_steps(view.server))
    if is_public:
        return Fix(steps, Applicability.REVIEW)
    step = Manual("serve-the-folder", Where.SERVER, commands=steps)
    return Fix((step,), Applicability.MANUAL)


def _folder(path: str) -> str:
    """Return "/media/" of "/media/a/tea.png"; "" of a file in no folder."""
    first, slash, _ = path.lstrip("/").partition("/")
    return f"/{first}/" if slash and first else ""


def _is_free(evidence: Evidence, folder: str) -> bool:
    """Return whether nothing below a folder came from the application."""
    came = [file.url for file in evidence.good(PageFileResponse) if file.status == 200]
    paths = [evidence.target.path, *map(path_of, came)]
    return not any(path.startswith(folder) for path in paths)


def _edit(view: ServerView, route: SiteRoute, folder: str, real: str) -> Edit | None:
    if not _PLAIN.fullmatch(folder) or not _PLAIN.fullmatch(real):
        return None
    if view.server.product == "caddy":
        return files_edit(view, route, folder.rstrip("/"), real.rstrip("/"))
    return _apache_edit(view, route, folder, real) if view.server.product == "apache" else None


def _apache_edit(view: ServerView, route: SiteRoute, folder: str, real: str) -> Edit | None:
    """Exclude the folder before the line that passes it on, and name it."""
    text = line_text(view, route.file, route.line)
    if view.config is None or "alias" not in view.config.modules:
        return None
    if not _PASS.match(text) or not any(is_within(site, route) for site in view.answering_sites):
        return None
    margin = indentation(text)
    added = (
        f"{margin}ProxyPass {folder} !",
        f"{margin}Alias {folder} {real}",
        f"{margin}<Directory {posixpath.normpath(real)}>",
        f"{margin}    Require all granted",
        f"{margin}</Directory>",
    )
    return line_edit(view, route.file, {route.line: (*added, text)})
