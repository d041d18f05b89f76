"""Apache, Caddy or HAProxy passes the path of ACME challenges on to an application, and the client
writes challenges as files (RFC 8555 section 8.3): the authority never gets them.

An application may answer challenges itself. So the client has to be known: its settings name a
folder for the site, or a message of it was pasted.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from checks.http._challenges import ANSWERS_ITSELF
from checks.server import (
    ServerView,
    indentation,
    line_edit,
    line_text,
    manual_fix,
    place_text,
    reload_steps,
)
from checks.server._port_views import view_of_port
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Severity,
    Subject,
)
from diagnose.model.http import Exchange
from diagnose.model.renewal import CHALLENGES, ChallengeFolder
from diagnose.model.site_folders import SiteFolder
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig, WebSite
from diagnose.parsers.redirects import REDIRECTS
from diagnose.parsers.urls import parse_url
from diagnose.parsers.web_sites import answering_sites, route_of


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=[
        "certificate.expired",
        "certificate.expires-soon",
        "certificate.renewal-failed",
        "http.acme-challenge-answered",
        "http.acme-challenge-blocked",
        "http.redirect-to-error",
        "http.server-error",
        "http.answer-says-why",
        "server.own-answer",
        "server.application-answers",
    ],
)
def acme_challenge_passed(evidence: Evidence) -> Iterator[Claim]:
    target = evidence.target
    folder = next(
        (
            challenge_folder
            for challenge_folder in evidence.good(ChallengeFolder)
            if challenge_folder.name == target.host
        ),
        None,
    )
    if folder is None and not _is_told(evidence):
        return
    for answer in _answers(evidence):
        view = view_of_port(evidence, answer.port)
        url = parse_url(answer.url)
        if view is None or view.config is None or url is None:
            continue
        path = url.path.partition("?")[0]
        sites = answering_sites(view.config, answer.port, target.host)
        routes = {route_of(site, path, websocket=False) for site in sites}
        route = routes.pop() if len(routes) == 1 else None
        if route is None or not (route.host or route.socket) or _is_sent_on_purpose(view, path):
            continue
        subject = Subject(port=answer.port, path=path)
        yield Claim(
            about=subject,
            covers=(
                *((Subject(),) if folder else ()),
                subject,
                Subject(port=answer.port),
                Subject(port=target.port),
            ),
            because=(answer, view.server, view.config, *([folder] if folder else [])),
            confidence=Confidence.CERTAIN if folder else Confidence.LIKELY,
            facts={
                **view.facts,
                "url": answer.url,
                "status": answer.status or "",
                "place": place_text(route.file, route.line),
                "target": route.target,
                "folder": folder.folder if folder else "",
                "root": "" if folder else _own_folder(view, sites),
                "tool": folder.tool if folder else "",
                "source": folder.source if folder else "",
                view.server.product: True,
            },
            fix=_fix(view, sites, route, folder.folder if folder else ""),
        )
        return


def _is_sent_on_purpose(view: ServerView, path: str) -> bool:
    """Return whether HAProxy has a rule for challenges on port 80: its backend is the client, which
    answers during a renewal alone."""
    if view.server.product != "haproxy":
        return False
    # Imported late: few servers have HAProxy.
    from checks.server._haproxy import haproxy_view

    plain = replace(view.evidence.target, scheme="http", port=80, path=path)
    haproxy = haproxy_view(view.evidence, target=plain)
    return haproxy is not None and haproxy.proxies.is_chosen_by_path


def _is_told(evidence: Evidence) -> bool:
    """Return whether an authority got something else than the file, by a message of a client that
    writes files."""
    symptom = evidence.target.symptom
    if symptom is None or symptom.kind != "acme-response":
        return False
    return not ANSWERS_ITSELF.search(f"{evidence.target.input} {symptom.text}")


def _answers(evidence: Evidence) -> list[Exchange]:
    """Return the answers at challenges: to one that nobody asked for, and an error at the target's
    own, also behind a redirect."""
    answers = []
    for exchange in evidence.good(Exchange):
        url = parse_url(exchange.url)
        if url is None or url.host != evidence.target.host or not url.path.startswith(CHALLENGES):
            continue
        is_error = exchange.is_of_visit and (exchange.status or 0) >= 400
        is_made_up = exchange.purpose == "acme" and exchange.status not in REDIRECTS
        if is_error or is_made_up:
            answers.append(exchange)
    return answers


def _own_folder(view: ServerView, sites: Sequence[WebSite]) -> str:
    """Return the folder of the only virtual host, which answers what it does not pass on; "" if it
    has none, or if it is not there."""
    root = sites[0].root.rstrip("/") if len(sites) == 1 else ""
    folders = view.evidence.good(SiteFolder)
    is_gone = any(folder.path.rstrip("/") == root and not folder.exists for folder in folders)
    return "" if is_gone else root


def _fix(view: ServerView, sites: Sequence[WebSite], route: SiteRoute, folder: str) -> Fix:
    """Leave the path to the server itself, and have it look in the client's folder; in its own one
    where that is not known."""
    files = folder or _own_folder(view, sites)
    line = line_text(view, route.file, route.line)
    is_plain = view.server.product == "apache" and re.match(r"(?i)\s*ProxyPass\s+/", line)
    if not is_plain or not re.fullmatch(r"/[\w./-]{1,200}", files):
        return manual_fix(view, "leave-it-out")
    indent = indentation(line)
    added = [f"{indent}ProxyPass {CHALLENGES} !"]
    challenges = f"{files.rstrip('/')}{CHALLENGES}"
    is_elsewhere = any(site.root.rstrip("/") != files.rstrip("/") for site in sites)
    if is_elsewhere:
        added.append(f"{indent}Alias {CHALLENGES} {challenges}")
    # Nobody has asked for a file of a site that passes everything on: its folder may be closed.
    if is_elsewhere or not folder:
        added += [
            f"{indent}<Directory {challenges}>",
            f"{indent}    Require all granted",
            f"{indent}</Directory>",
        ]
    edit = line_edit(view, route.file, {route.line: (*added, line)})
    if edit is None:
        return manual_fix(view, "leave-it-out")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
