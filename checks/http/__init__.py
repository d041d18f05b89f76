"""Checks of layer http: what the site answers, and where its redirects lead."""

from collections.abc import Iterable, Iterator

from diagnose.model import Evidence, Subject, endpoints
from diagnose.model.http import Exchange, Upgrade
from diagnose.parsers.http import (
    REDIRECTS,
    follow_redirects,
    is_related_host,
    parse_url,
    redirect_target,
)


def exchanges_by_purpose(evidence: Evidence, purpose: str) -> tuple[Exchange, ...]:
    """The answers of a purpose, failed ones left out."""
    return tuple(exchange for exchange in evidence.good(Exchange) if exchange.purpose == purpose)


def addresses(exchanges: Iterable[Exchange]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(exchange.address for exchange in exchanges))


def endpoint_subjects(exchanges: Iterable[Exchange]) -> tuple[Subject, ...]:
    """Where these answers came from, port by port."""
    subjects = [endpoints([exchange.address], exchange.port)[0] for exchange in exchanges]
    return tuple(dict.fromkeys(subjects))


def works_over_https(evidence: Evidence) -> tuple[Exchange, ...]:
    """The target's answers over TLS with which a visitor is served, and not sent to http."""
    return tuple(
        exchange
        for exchange in exchanges_by_purpose(evidence, "target")
        if exchange.url.startswith("https:")
        and exchange.verified
        and (exchange.status or 500) < 500
        and all(
            not (redirect_target(step) or "").startswith("http:")
            for step in follow_redirects(exchange, evidence.of(Exchange)).steps
        )
    )


def redirected_sockets(evidence: Evidence, host: str, scheme: str) -> Iterator[Subject]:
    """The WebSockets' paths whose handshake is redirected to that scheme and host: the same
    redirect as the page's."""
    for upgrade in evidence.good(Upgrade):
        url = parse_url(upgrade.header("Location") or "") if upgrade.status in REDIRECTS else None
        if url is not None and url.scheme == scheme and is_related_host(url.host, host):
            yield Subject(address=upgrade.address, port=upgrade.port, path=upgrade.path)
