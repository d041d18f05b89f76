"""nginx has a redirect to https for the site on port 80 and does not use it: another block answers.

Two ways lead to it. Another block listens on the address itself (`listen 203.0.113.10:80`) and so
takes it away from all blocks with `listen 80`; or an earlier block has the same name, and nginx
ignores the later one (https://nginx.org/en/docs/http/request_processing.html).
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects, exchanges_by_purpose
from checks.http._redirects import redirects_of, selected_servers
from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import listen_edit, without_name, written_listen
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
    merge_subjects,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.server_blocks import (
    Listen,
    Server,
    Socket,
    select_server,
    shadowed_servers,
    sockets,
)
from diagnose.parsers.urls import parse_url


@frozen
class UnusedRedirect:
    """A block that would redirect a request, its `listen`, and the block that answers instead."""

    block: Server
    listen: Listen
    socket: Socket
    used: Server
    by_address: bool


@check(
    severity=Severity.WARNING,
    needs=[NginxConfig, Exchange],
    explains=["http.no-redirect", "nginx.duplicate-server-name"],
)
def redirect_unused(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    groups: dict[int, tuple[UnusedRedirect, list[Exchange]]] = {}
    for exchange in exchanges_by_purpose(evidence, "plain"):
        is_redirect = 300 <= (exchange.status or 0) < 400
        unused = None if exchange.failure or is_redirect else _unused_redirect(nginx, exchange)
        if unused is not None:
            groups.setdefault(id(unused.block.block), (unused, []))[1].append(exchange)
    for unused, exchanges in groups.values():
        yield _claim(nginx, unused, exchanges)


def _unused_redirect(nginx: Nginx, exchange: Exchange) -> UnusedRedirect | None:
    """Return the block of the name that redirects and does not answer this request."""
    url = parse_url(exchange.url)
    if url is None:
        return None
    for socket, used, kind in selected_servers(nginx, exchange):
        if children(used.block, "ssl_certificate") and not children(used.block, "listen"):
            continue  # the block is that of https, and has port 80 because its `listen` is missing
        ignored = [server.block for server in shadowed_servers(socket, url.host)]
        for server in nginx.servers:
            if server.block is used.block or not _redirects(server, url.path):
                continue
            listen = next(
                (listen for listen in server.listens if listen.port == exchange.port), None
            )
            if listen is None or not _has_name(server, exchange.port, url.host):
                continue
            is_elsewhere = all(
                socket.address != own_listen.address for own_listen in server.listens
            )
            # A block for one name beside a redirect for all names (`*.example.com`) is intended.
            if server.block in ignored or (is_elsewhere and kind == "default"):
                return UnusedRedirect(server, listen, socket, used, is_elsewhere)
    return None


def _redirects(server: Server, path: str) -> bool:
    return any(redirect.target.startswith("https:") for redirect in redirects_of(server, path))


def _has_name(server: Server, port: int, host: str) -> bool:
    return any(select_server(socket, host)[1] != "default" for socket in sockets([server], port))


def _claim(nginx: Nginx, unused: UnusedRedirect, exchanges: list[Exchange]) -> Claim:
    subjects = endpoint_subjects(exchanges)
    first = exchanges[0]
    return Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*exchanges, *nginx.configs),
        confidence=Confidence.LIKELY,
        facts={
            "name": nginx.evidence.target.host,
            "url": first.url,
            "status": first.status,
            "block": file_line(unused.block.block),
            "used": file_line(unused.used.block),
            "listen": written_listen(unused.socket.address, unused.socket.port),
            "by_address": unused.by_address,
            "taken_out": not unused.by_address
            and without_name(nginx, unused.used.block, nginx.evidence.target.host) is not None,
        },
        location=nginx.location(unused.block.block),
        fix=_fix(nginx, unused),
    )


def _fix(nginx: Nginx, unused: UnusedRedirect) -> Fix:
    edit = listen_edit(nginx, unused.listen, unused.socket) if unused.by_address else None
    if edit is not None:
        return Fix((edit, *reload_steps(nginx)), Applicability.AUTOMATIC)
    # The block stays for its other names.
    host = nginx.evidence.target.host
    taken_out = None if unused.by_address else without_name(nginx, unused.used.block, host)
    if taken_out is not None:
        return Fix((taken_out, *reload_steps(nginx)), Applicability.REVIEW)
    step = "listen-there" if unused.by_address else "remove-one"
    return Fix((Manual(step, Where.SERVER), *reload_steps(nginx)), Applicability.MANUAL)
