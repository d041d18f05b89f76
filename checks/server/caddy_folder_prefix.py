"""Caddy looks for a file below the beginning of the path by which it chose the folder: `handle
/docs/*` with `root * /srv/docs` asks for /srv/docs/docs/…. `handle_path` takes the beginning off.

The evidence is the file, which is there without that beginning.
"""

from collections.abc import Iterator

from checks.http import _page_files
from checks.server import (
    ServerView,
    manual_fix,
    pages_with_status,
    reload_steps,
    server_on_port,
)
from checks.server._caddy_edits import handle_path_edit
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Severity, Subject
from diagnose.model.site_folders import SiteFolder
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.urls import parse_url


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, SiteFolder],
    explains=[
        "server.own-answer", "server.page-missing", "http.page-file-missing",
        "http.page-file-type", "http.base-path-missing", "http.blank-page",
    ],
)  # fmt: skip
def caddy_folder_prefix(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or view.server.product != "caddy":
        return
    for folder in evidence.good(SiteFolder):
        pages = pages_with_status(evidence, 404)
        files = [
            file.response
            for file in _page_files.refused_files(evidence)
            if _path(file.response.url) == folder.requested
        ]
        if not folder.shortened or not (pages or files):
            continue
        own = Subject(port=target.port, path=target.path.partition("?")[0])
        yield Claim(
            about=own,
            covers=(
                own,
                Subject(port=target.port),
                Subject(port=target.port, path=folder.requested),
            ),
            because=(folder, view.server, *(pages or files)),
            facts={
                **view.facts,
                "path": folder.requested,
                "wanted": f"{folder.path}{folder.requested}",
                "there": folder.shortened,
                "prefix": folder.prefix,
                "folder": folder.path,
            },
            fix=_fix(view, folder.prefix),
        )
        return


def _path(url: str) -> str:
    parsed = parse_url(url)
    return parsed.path.partition("?")[0] if parsed else ""


def _fix(view: ServerView, prefix: str) -> Fix:
    edit = handle_path_edit(view, prefix)
    if edit is None:
        return manual_fix(view, "take-it-off")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
