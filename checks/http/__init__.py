"""Checks of the layer `http`: what the site responds, and where its redirects lead."""

from collections.abc import Iterable, Iterator

from diagnose.model import Evidence, Host, Subject, Vantage, endpoints
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.logs import LogLine
from diagnose.model.pages import Page, PageFileResponse
from diagnose.parsers.http import repetitions
from diagnose.parsers.redirects import REDIRECTS, follow_redirects, redirect_target
from diagnose.parsers.request_fields import is_own_origin
from diagnose.parsers.urls import is_related_host, parse_url

#: nginx's words for a request that met a limit: the kind, and the zone.
LIMITED = r'limiting (requests|connections)(?:, excess: [\d.]+)? by zone "([^"]*)"'


def exchanges_by_purpose(evidence: Evidence, purpose: str) -> tuple[Exchange, ...]:
    """Return the successful responses to requests of this purpose."""
    return tuple(exchange for exchange in evidence.good(Exchange) if exchange.purpose == purpose)


def shown_pages(evidence: Evidence) -> tuple[Exchange, ...]:
    """Return the pages that visitors see in the end: the target's responses, and the pages of the
    site to which they redirect."""
    ends = (
        exchange
        for exchange in exchanges_by_purpose(evidence, "redirect")
        if exchange.status not in REDIRECTS and is_own_origin(evidence.target, exchange.url)
    )
    return (*exchanges_by_purpose(evidence, "target"), *ends)


def addresses(exchanges: Iterable[Exchange]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(exchange.address for exchange in exchanges))


def repeated_well(evidence: Evidence, exchange: Exchange) -> bool:
    """Return whether the same request, repeated at the same address, was answered well each
    time."""
    repeated = repetitions(evidence, exchange)
    return bool(repeated) and all(
        repetition.failure is None and (repetition.status or 500) < 400 for repetition in repeated
    )


def is_own_limit(evidence: Evidence, exchange: Exchange) -> bool:
    """Return whether a limit of requests met only this run's own requests: nginx logged it for one
    client address, and a request alone is answered well."""
    lines = evidence.of(LogLine)
    if not lines or not repeated_well(evidence, exchange):
        return False
    from diagnose.parsers.nginx import error_log

    limited = error_log.matching_lines(lines, host=evidence.target.host, pattern=LIMITED)
    return len({line.client for line in limited}) == 1


def is_looked_into(evidence: Evidence) -> bool:
    """Return whether this run looked into the server, so that it needs no advice to do so."""
    return any(host.vantage is Vantage.SERVER for host in evidence.of(Host))


def endpoint_subjects(
    exchanges: Iterable[Exchange | Upgrade | PageFileResponse | Page],
) -> tuple[Subject, ...]:
    """Return the endpoints of these responses."""
    subjects = [endpoints([exchange.address], exchange.port)[0] for exchange in exchanges]
    return tuple(dict.fromkeys(subjects))


def works_over_https(evidence: Evidence, *, verified: bool = True) -> tuple[Exchange, ...]:
    """Return the target's responses over TLS that serve the visitor and do not redirect to http:
    those with a certificate that browsers accept, or those with another (`verified` is False)."""
    return tuple(
        exchange
        for exchange in exchanges_by_purpose(evidence, "target")
        if exchange.url.startswith("https:")
        and exchange.verified is verified
        and (exchange.status or 500) < 500
        and all(
            not (redirect_target(step) or "").startswith("http:")
            for step in follow_redirects(exchange, evidence.of(Exchange)).steps
        )
    )


def redirected_sockets(evidence: Evidence, host: str, scheme: str) -> Iterator[Subject]:
    """Yield the WebSocket paths whose handshake is redirected to this scheme and host, like the
    page."""
    for upgrade in evidence.good(Upgrade):
        url = parse_url(upgrade.header("Location") or "") if upgrade.status in REDIRECTS else None
        if url is not None and url.scheme == scheme and is_related_host(url.host, host):
            yield Subject(address=upgrade.address, port=upgrade.port, path=upgrade.path)


def target_websocket_opens(evidence: Evidence) -> bool:
    """Return whether the target is a WebSocket that opens through the front server. What its path
    answers to other requests is no fault then: nothing, for example. An address of a page is that
    of a WebSocket if the application was seen to close the connection of a plain request there."""
    target = evidence.target
    opens = any(
        upgrade.opens_path and upgrade.path == target.path for upgrade in evidence.of(Upgrade)
    )
    return opens and (target.is_websocket or _closes_plain_requests(evidence))


def _closes_plain_requests(evidence: Evidence) -> bool:
    # Imported late: few pages are the address of a WebSocket.
    from diagnose.model.nginx import UpstreamTry

    return any(
        attempt.asked
        and attempt.failure is not None
        and attempt.failure.kind in {"closed", "reset"}
        for attempt in evidence.of(UpstreamTry)
        if attempt.path == evidence.target.path
    )
