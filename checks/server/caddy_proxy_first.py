"""Caddy never serves a file of the page: `reverse_proxy` takes every path, and `file_server`, in
whose folder the file is, comes after it, wherever the lines stand (Caddyfile, "Directive order").
The application answers 404.
"""

import posixpath
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from checks.http import _page_files
from checks.server import ServerView, manual_fix, place_text, reload_steps, server_on_port
from checks.server._caddy_edits import served_first_edit
from checks.server._public_folders import public_folder
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity
from diagnose.model.http import Exchange
from diagnose.model.pages import PageFileResponse
from diagnose.model.server_rules import HandledPath
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.likely_browsers import PARTS
from diagnose.parsers.urls import path_of


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig, PageFileResponse, HandledPath],
    explains=["http.page-file-missing", "server.base-path-missing", "http.base-path-missing"],
)
def caddy_proxy_first(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None or view.server.product != "caddy" or len(view.answering_sites) != 1:
        return
    unserved = {path.path: path for path in evidence.good(HandledPath) if path.unserved_file}
    refused = [
        file
        for file in _page_files.refused_files(evidence)
        if file.response.status == 404 and file.path in unserved
    ]
    if not refused:
        return
    first = unserved[refused[0].path]
    files = [file for file in refused if unserved[file.path].unserved_root == first.unserved_root]
    # What the application answers must still come from it.
    came = [response.url for response in evidence.good(PageFileResponse) if response.status == 200]
    came += [exchange.url for exchange in evidence.good(Exchange) if (exchange.status or 500) < 400]
    answered = [evidence.target.path, *map(path_of, came)]
    paths = _matchers([file.path for file in files], answered)
    site = view.answering_sites[0]
    yield Claim(
        about=_page_files.page_subject(refused[0].page),
        because=(
            view.server, *((view.config,) if view.config else ()),
            *(file.response for file in files), *(unserved[file.path] for file in files),
        ),
        severity=_page_files.severity(
            refused[0].page, [file.response.url for file in files]
        ),
        # Whether the application should have had the file instead, nobody asked.
        confidence=Confidence.LIKELY,
        facts={
            **view.facts,
            "page": refused[0].page.url,
            "path": first.path,
            "others": len(files) - 1,
            "file": first.unserved_file,
            "root": first.unserved_root,
            "application": first.application,
            "matcher": " ".join(paths),
            "several": len(paths) > 1,
            "place": place_text(site.file, site.line),
        },
        fix=_fix(view, first.unserved_root, paths),
    )  # fmt: skip


def _matchers(files: Sequence[str], answered: Sequence[str]) -> list[str]:
    """Return the paths to serve ("/static/*"): the first folder of a file if its name says that it
    is for visitors, and the application answers nothing in it. Of any other folder the files of the
    same kind alone ("/shop/css/*.css"), and the file itself where it is in none or another kind."""
    matchers: dict[str, None] = {}
    for file in files:
        first, folder = public_folder(file), posixpath.dirname(file)
        extension = posixpath.splitext(file)[1]
        if first and not any(path.startswith(first) for path in answered):
            matcher = f"{first}*"
        elif folder != "/" and extension in PARTS:
            matcher = f"{folder}/*{extension}"
        else:
            matcher = file
        is_taken = any(fnmatchcase(path, matcher) for path in answered)
        matchers[file if is_taken else matcher] = None
    return list(matchers)


def _fix(view: ServerView, root: str, paths: Sequence[str]) -> Fix:
    edit = served_first_edit(view, view.answering_sites[0], root, paths)
    if edit is None:
        return manual_fix(view, "files-apart")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
