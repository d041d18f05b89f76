"""Caddy's `try_files` takes an application's requests: without a matcher it turns every path that
is no file into its last word, before `reverse_proxy` is asked (Caddyfile, "Directive order"). The
application's route then sees another path. Or `file_server` answers every path before the
application's route is reached: it stands first in a `route`, or in a `handle` without a matcher
while `reverse_proxy` is in none.
"""

from collections.abc import Iterator

from checks.server import manual_fix, place_text, server_on_port
from checks.server._backend_answers import refused_websockets
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Subject
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.server_rules import ServedFolder
from diagnose.model.web_servers import WebServer, WebServerConfig


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig],
    explains=[
        "server.own-answer", "server.page-missing", "server.path-not-handled",
        "http.page-for-api", "websocket.not-upgraded", "websocket.no-location",
    ],
)  # fmt: skip
def caddy_files_first(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or view.config is None:
        return
    for folder in view.config.folders:
        answers = _answers(evidence, folder)
        if not folder.bypassed or not answers:
            continue
        subject = Subject(port=target.port, path=folder.requested)
        site = view.answering_sites[0] if view.answering_sites else None
        yield Claim(
            about=subject,
            covers=(subject,),
            because=(view.config, view.server, *answers),
            # Whether a file of this name is meant, nobody asked.
            confidence=Confidence.LIKELY,
            severity=Severity.ERROR if folder.websocket else Severity.WARNING,
            facts={
                **view.facts,
                "path": folder.requested,
                "fallback": folder.fallback,
                "application": folder.bypassed,
                "matcher": folder.matcher,
                "place": place_text(site.file, site.line) if site else "",
                "socket": folder.websocket,
                "order": not folder.fallback,
            },
            fix=manual_fix(view, "separate" if folder.fallback else "application-first"),
        )


def _answers(evidence: Evidence, folder: ServedFolder) -> list[Exchange | Upgrade]:
    """Return the answers to the path that are a page of files, or none."""
    target = evidence.target
    if folder.websocket:
        return list(refused_websockets(evidence, folder.requested))
    return [
        page
        for page in evidence.good(Exchange)
        if page.is_page_of(target)
        if page.status in {404, 405} or (folder.fallback and _is_html(page))
    ]


def _is_html(page: Exchange) -> bool:
    return page.status == 200 and (page.header("Content-Type") or "").startswith("text/html")
