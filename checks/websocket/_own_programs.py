"""Which program of the server opens a WebSocket that nginx passes to none, and whether files of the
page have names that begin with its path."""

import re

from diagnose.model import Evidence
from diagnose.model.backends import BackendVisit
from diagnose.model.http import Exchange
from diagnose.model.pages import PageFileResponse
from diagnose.parsers.urls import parse_url


def opening_program(evidence: Evidence, paths: list[str]) -> BackendVisit | None:
    """Return the answer of the only program that opens the WebSocket at every path; None if there
    are several or none. Of several, one that opens none at a path that nobody has is meant."""
    visits = [visit for visit in evidence.good(BackendVisit) if visit.websocket]
    own = [path.partition("?")[0] for path in paths]
    opened = {
        visit.target: visit
        for visit in visits
        if visit.accepted and visit.requested in own and visit.path.partition("?")[0] in own
    }
    opens_all = {
        visit.target
        for visit in visits
        if visit.accepted and visit.path.partition("?")[0] not in own
    }
    exact = [visit for target, visit in opened.items() if target not in opens_all]
    programs = exact or [*opened.values()]
    return programs[0] if len(programs) == 1 else None


def begins_files(evidence: Evidence, path: str) -> bool:
    """Return whether files of the page have names that begin with the path: /chat.js and /chat. A
    location for the path as a prefix would take them away."""
    if path.endswith("/"):
        return False
    urls = [parse_url(response.url) for response in evidence.of(PageFileResponse)]
    loaded = [url.path.partition("?")[0] for url in urls if url is not None]
    if any(name.startswith(path) and re.match(r"[\w.-]", name[len(path) :]) for name in loaded):
        return True
    name = re.escape(path.lstrip("/"))
    written = re.compile(rf"[\"'=(]\s?(?:\.?/)?{name}(?:[\w-]{{0,40}}\.\w|[\w-]{{1,40}}/\w)")
    pages = [page for page in evidence.good(Exchange) if page.is_page_of(evidence.target)]
    return any(written.search(page.body) is not None for page in pages)
