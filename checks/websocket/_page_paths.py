"""The WebSockets that a site's page opens, where it lies in a folder of the site."""

import re
from collections.abc import Sequence

from diagnose.model import Evidence
from diagnose.model.applications import KnownApplication
from diagnose.model.nginx import NginxConfig
from diagnose.model.pages import Page, WebSocketPath
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.nginx.config import walk
from diagnose.parsers.urls import parse_url
from diagnose.parsers.web_sites import takes

#: mod_substitute, mod_sed, and Caddy's module replace-response.
_REWRITES = re.compile(r"(?im)^\s*(?:Substitute\s|OutputSed\s|replace\s)")


def opened_paths(evidence: Evidence) -> list[WebSocketPath]:
    """Return the WebSockets of the page, without those that are known of its application alone, and
    that it opens below its own folder instead."""
    opened = evidence.good(WebSocketPath)
    return [named for named in opened if not _is_elsewhere(evidence, named, opened)]


def _is_elsewhere(
    evidence: Evidence, known_path: WebSocketPath, opened: Sequence[WebSocketPath]
) -> bool:
    applications = [
        known_application
        for known_application in evidence.good(KnownApplication)
        if known_application.name == known_path.library
    ]
    url = parse_url(known_path.source)
    if not applications or url is None:
        return False
    for other in opened:
        folder = other.path.removesuffix(known_path.path)
        if other.path != folder != "" and takes(folder, url.path):
            return True
    folders = [
        application.folder
        for application in applications
        if not takes(application.folder, known_path.path)
    ]
    return any(_has_its_files(evidence, folder) for folder in folders) and not _rewrites(evidence)


def _has_its_files(evidence: Evidence, folder: str) -> bool:
    """Return whether the page asks for its files in this folder: the application knows of it."""
    paths = [
        url.path
        for page in evidence.good(Page)
        for file in page.files
        if (url := parse_url(file.url)) and url.host == evidence.target.host
    ]
    return bool(paths) and all(takes(folder, path) for path in paths)


def _rewrites(evidence: Evidence) -> bool:
    """Return whether a server puts folders into the page: the application may know of none."""
    return any(
        directive.name == "sub_filter"
        for config in evidence.good(NginxConfig)
        for directive in walk(config.main)
    ) or any(
        _REWRITES.search(file.text)
        for config in evidence.good(WebServerConfig)
        for file in config.files
    )
