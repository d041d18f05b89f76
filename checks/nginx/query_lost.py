"""The query of an address (`?page=2`) does not reach the program that answers it: nginx leads the
request on to an address without it (ngx_http_core_module: try_files, error_page;
ngx_http_proxy_module: proxy_pass with variables; ngx_http_rewrite_module: return, rewrite).

The page answers, always in the same way: every list shows its first page, and a search finds all.
Where the query is written to the path without its "?", nginx looks for another path, and falls back
once more, without a query.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

from checks.http import endpoint_subjects
from checks.nginx import NO_PORT, Nginx, file_line
from checks.nginx._edits import config_edits
from checks.nginx._location_edits import location_fix
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import NginxConfig
from diagnose.model.pages import Page
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.queries import LostQuery, lost_query
from diagnose.parsers.nginx.server_blocks import Server, select_server

_HTTP, _HTTPS = 80, 443


@check(
    severity=Severity.WARNING,
    needs=[NginxConfig, Exchange],
    explains=[
        "http.server-error", "nginx.front-controller-missing", "nginx.own-answer",
        "nginx.redirect-cycle", "nginx.target-not-found", "upstream.own-answer",
    ],
)  # fmt: skip
def query_lost(evidence: Evidence) -> Iterator[Claim]:
    nginx, pages = Nginx.of(evidence), page_exchanges(evidence)
    if not pages or nginx.is_refused:
        return
    for address in _addresses(evidence):
        path, _, query = address.partition("?")
        losses = [
            (lost, port)
            for server, port in _servers(nginx)
            if (lost := lost_query(server, path)) and (query or lost.glued)
            # On port 80 an https site has only its redirect.
            if port == evidence.target.port or lost.redirect
        ]
        if losses:
            yield _claim(nginx, *losses[0], address, pages)
            return


def _servers(nginx: Nginx) -> Iterator[tuple[Server, int]]:
    """Yield the server blocks that answer the target, then those of its name on port 80, each with
    its port."""
    target = nginx.evidence.target
    for selected in nginx.answering_servers():
        yield selected.server, target.port
    if target.port == _HTTPS:
        for socket in nginx.reachable_sockets(_HTTP):
            yield select_server(socket, target.host)[0], _HTTP


def _addresses(evidence: Evidence) -> tuple[str, ...]:
    """Return the addresses of which the query matters: the target's, and those to which its page
    leads. The query is not named: it may hold a secret."""
    target = evidence.target.path
    links = [link for page in evidence.good(Page) for link in page.queries]
    paths = (f"{urlsplit(link).path or '/'}?…" for link in links)
    own = f"{target.partition('?')[0]}?…" if "?" in target else target
    # The root has its index. A path of any other page shows what a fallback does with a query.
    return tuple(dict.fromkeys((own, *paths, *(["/page"] if own == "/" else []))))


def _claim(
    nginx: Nginx, lost: LostQuery, port: int, address: str, pages: tuple[Exchange, ...]
) -> Claim:
    evidence = nginx.evidence
    path = evidence.target.path
    is_own = "?" in path and path.partition("?")[0] == address.partition("?")[0]
    failed = tuple(page for page in pages if (page.status or 0) >= 400)
    breaks = lost.glued and is_own and bool(failed)
    return Claim(
        about=Subject(port=evidence.target.port, text=file_line(lost.directive)),
        covers=endpoint_subjects(failed) if breaks else (NO_PORT,),
        because=(*(failed if breaks else pages[:1]), *nginx.configs),
        severity=Severity.ERROR if breaks else None,
        confidence=Confidence.POSSIBLE if lost.may_be_folder else Confidence.LIKELY,
        location=nginx.location(lost.directive),
        facts={
            "path": address.partition("?")[0],
            "own": is_own,
            "linked": not is_own and "?" in address,
            "directive": lost.directive.text,
            "place": file_line(lost.directive),
            "corrected": lost.corrected,
            "glued": lost.glued,
            "redirect": lost.redirect,
            "plain": port == _HTTP,
            "rewrite": lost.directive.name == "rewrite",
            "proxied": lost.directive.name == "proxy_pass",
        },
        fix=_fix(nginx, lost),
    )


def _fix(nginx: Nginx, lost: LostQuery) -> Fix:
    change = edits.replace_directive(lost.directive, lost.corrected)
    file_edits = config_edits(nginx, {lost.directive.file: [change]})
    if not file_edits:
        return Fix((Manual("pass-the-query", Where.SERVER),), Applicability.MANUAL)
    return location_fix(nginx, lost.location, file_edits, sure=False)
