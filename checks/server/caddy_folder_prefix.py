"""Caddy looks for a file below the beginning of the path by which it chose the folder: `handle
/docs/*` with `root * /srv/docs` asks for /srv/docs/docs/…. `handle_path` takes the beginning off.
Or that takes it off, and the file lies in a folder of that name: `handle_path /docs/*` with `root *
/srv` asks for /srv/….

The evidence is the file, which is there without that beginning, or with it.
"""

import re
from collections.abc import Iterator

from checks.http import _page_files
from checks.server import (
    ServerView,
    file_rows,
    line_edit,
    manual_fix,
    pages_with_status,
    reload_steps,
    server_on_port,
)
from checks.server._caddy_edits import block_edit, handle_path_edit
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Edit, Evidence, Fix, Severity, Subject
from diagnose.model.site_folders import SiteFolder
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.urls import path_of


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
            if path_of(file.response.url) == _visited(folder)
        ]
        if not (folder.shortened or folder.kept) or not (pages or files):
            continue
        own = Subject(port=target.port, path=target.path_without_query)
        yield Claim(
            about=own,
            covers=(
                own,
                Subject(port=target.port),
                Subject(port=target.port, path=_visited(folder)),
            ),
            because=(folder, view.server, *(pages or files)),
            facts={
                **view.facts,
                "path": _visited(folder),
                "wanted": f"{folder.path}{folder.requested}",
                "there": folder.shortened or folder.kept,
                "kept": bool(folder.kept),
                "prefix": folder.prefix,
                "folder": folder.path,
            },
            fix=_fix(view, folder),
        )
        return


def _visited(folder: SiteFolder) -> str:
    """Return the path that visitors ask for."""
    return f"{folder.prefix}{folder.requested}" if folder.kept else folder.requested


def _fix(view: ServerView, folder: SiteFolder) -> Fix:
    if folder.kept:
        edit = _keeping_edit(view, folder.prefix)
    else:
        edit = handle_path_edit(view, folder.prefix)
    if edit is None:
        return manual_fix(view, "keep-it" if folder.kept else "take-it-off")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)


def _keeping_edit(view: ServerView, prefix: str) -> Edit | None:
    """Return the edit after which the beginning stays: `handle` in the place of the `handle_path`,
    or without the one line that takes it off; None if there is not one alone."""
    if edit := block_edit(view, "handle_path", rf"{re.escape(prefix)}/?\*", "handle"):
        return edit
    own = re.escape(prefix)
    strips = re.compile(rf"\s*uri\s+(?:{own}/?\*\s+)?strip_prefix\s+{own}/?\s*")
    places = [
        (file.path, number)
        for file in (view.config.files if view.config else ())
        for number, line in enumerate(file_rows(view, file), 1)
        if strips.fullmatch(line)
    ]
    return line_edit(view, places[0][0], {places[0][1]: ()}) if len(places) == 1 else None
