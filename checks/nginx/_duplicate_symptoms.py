"""What visitors suffer from in the block that nginx uses, of two with one name, and would not
in the other."""

from collections.abc import Iterable, Iterator

from checks.http import exchanges_by_purpose
from checks.nginx import Nginx
from checks.nginx._certificates import certificate_files
from diagnose.model import Observation
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.nginx import UpstreamTry
from diagnose.model.tls import Certificate, Handshake
from diagnose.parsers.hostnames import covers
from diagnose.parsers.nginx.forwarding import upgrade_forwarding
from diagnose.parsers.nginx.locations import (
    PASS_DIRECTIVES,
    LocationMatch,
    proxy_pass_of,
    select_location,
)
from diagnose.parsers.nginx.server_blocks import Server, Socket
from diagnose.parsers.nginx.variables import with_set_values
from diagnose.parsers.redirects import redirect_target
from diagnose.parsers.stray_pages import stray_page
from diagnose.parsers.urls import normalize_url


@frozen
class NameConflict:
    """The block that gets the name on a socket, and one that has the same name and is ignored."""

    socket: Socket
    winner: Server
    loser: Server


def find_symptoms(nginx: Nginx, conflict: NameConflict) -> Iterator[Observation]:
    yield from _certificate_symptoms(nginx, conflict)
    yield from _websocket_symptoms(nginx, conflict)
    yield from _upstream_symptoms(nginx, conflict)
    yield from _answer_symptoms(nginx, conflict)


def _certificate_symptoms(nginx: Nginx, conflict: NameConflict) -> Iterator[Observation]:
    """Yield the handshakes with an unsuitable certificate, if the other block has a suitable one.

    For a name whose block has no certificate, nginx sends that of the socket's default block
    (ngx_http_ssl_servername).
    """
    winner_files = certificate_files(nginx, conflict.winner)
    has_own = bool(conflict.winner.directives("ssl_certificate"))
    served = {file.sha256 for file in winner_files}
    loser_leaves = [
        file.chain[0] for file in certificate_files(nginx, conflict.loser) if file.chain
    ]
    winner_leaves = [file.chain[0] for file in winner_files if file.chain]
    if not _is_valid_for_target(nginx, loser_leaves) or _is_valid_for_target(nginx, winner_leaves):
        return
    for handshake in nginx.evidence.of(Handshake):
        if handshake.chain and (
            handshake.chain[0].sha256 in served
            or not (has_own or _is_valid_for_target(nginx, handshake.chain[:1]))
        ):
            yield handshake


def _is_valid_for_target(nginx: Nginx, leaves: Iterable[Certificate]) -> bool:
    host, started_at = nginx.evidence.target.host, nginx.evidence.started_at
    return any(
        leaf.is_current(started_at) and covers(host, leaf.dns_names, leaf.addresses)
        for leaf in leaves
    )


def _websocket_symptoms(nginx: Nginx, conflict: NameConflict) -> Iterator[Observation]:
    for upgrade in nginx.evidence.good(Upgrade):
        if upgrade.is_visit and not upgrade.accepted:
            winner_match, loser_match = (
                select_location(server, upgrade.path)
                for server in (conflict.winner, conflict.loser)
            )
            loser_passes = proxy_pass_of(loser_match) and all(upgrade_forwarding(loser_match))
            if loser_passes and not (
                proxy_pass_of(winner_match) and all(upgrade_forwarding(winner_match))
            ):
                yield upgrade


def _upstream_symptoms(nginx: Nginx, conflict: NameConflict) -> Iterator[Observation]:
    """Yield the failures if the used block forwards to an application that does not reply, and the
    other block to another one."""
    path = nginx.evidence.target.path
    matches = [select_location(server, path) for server in (conflict.winner, conflict.loser)]
    winner_pass, loser_pass = (proxy_pass_of(match) for match in matches)
    if winner_pass and loser_pass and _address(matches[0]) != _address(matches[1]):
        for upstream_try in nginx.evidence.of(UpstreamTry):
            if upstream_try.failure and upstream_try.target == winner_pass.args[0]:
                yield upstream_try


def _address(match: LocationMatch) -> str:
    """Return what a location passes requests on to, with the values of its variables: a panel
    writes `set $port 3000;` and one line of proxy_pass for all sites."""
    directive = proxy_pass_of(match)
    return with_set_values(match, directive.args[0]) if directive and directive.args else ""


#: The directives that decide who answers a request, and those that refuse one.
_ANSWERS = frozenset({*PASS_DIRECTIVES, "root", "alias", "return", "try_files"})
_REFUSALS = frozenset({"deny", "auth_basic", "auth_request"})


def _answer_symptoms(nginx: Nginx, conflict: NameConflict) -> Iterator[Observation]:
    """Yield the error pages of the used block, its redirects to themselves and the page of a
    package that was just installed, if the other block passes the request on to an application, or
    redirects it from http, as the used block does not."""
    winner_answer, loser_answer = (
        answer(server, nginx.evidence.target.path) for server in (conflict.winner, conflict.loser)
    )
    if winner_answer == loser_answer or not any(
        _leads_on(nginx, directive) for directive in loser_answer
    ):
        return
    for exchange in exchanges_by_purpose(nginx.evidence, "target"):
        if _is_bad(exchange):
            yield exchange


def _leads_on(nginx: Nginx, directive: tuple[str, ...]) -> bool:
    """Return whether a directive passes a request on, or redirects from http."""
    name, *args = directive
    is_redirect = name == "return" and args[0][:2] == "30" and not nginx.evidence.target.uses_tls
    return name in PASS_DIRECTIVES or is_redirect


def _is_bad(exchange: Exchange) -> bool:
    onward = redirect_target(exchange)
    page = stray_page(exchange.status, exchange.body)
    return (
        (exchange.status or 0) >= 400
        or (onward is not None and onward == normalize_url(exchange.url))
        or (page is not None and page.kind == "default")
    )


def answer(server: Server, path: str) -> set[tuple[str, ...]]:
    """Return the directives of a block that decide how it answers a path."""
    match = select_location(server, path)
    return {
        (directive.name, *(with_set_values(match, argument) for argument in directive.args))
        for name in (*_ANSWERS, *_REFUSALS)
        for directive in match.directives(name)
    }
