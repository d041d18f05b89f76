"""Checks of layer http: what the site answers, and where its redirects lead."""

from collections.abc import Iterable, Iterator

from diagnose.model import Evidence, Subject, endpoints
from diagnose.model.http import Exchange, Upgrade
from diagnose.parsers.http import REDIRECTS, chain, leads_to, read_url, related


def pages(evidence: Evidence, purpose: str) -> tuple[Exchange, ...]:
    """The answers of a purpose, failed ones left out."""
    return tuple(one for one in evidence.good(Exchange) if one.purpose == purpose)


def addresses(seen: Iterable[Exchange]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.address for one in seen))


def places(seen: Iterable[Exchange]) -> tuple[Subject, ...]:
    """Where these answers came from, port by port."""
    found = [endpoints([one.address], one.port)[0] for one in seen]
    return tuple(dict.fromkeys(found))


def works_over_https(evidence: Evidence) -> tuple[Exchange, ...]:
    """The target's answers over TLS with which a visitor is served, and not sent to http."""
    return tuple(
        one
        for one in pages(evidence, "target")
        if one.url.startswith("https:")
        and one.verified
        and (one.status or 500) < 500
        and all(
            not (leads_to(step) or "").startswith("http:")
            for step in chain(one, evidence.of(Exchange)).steps
        )
    )


def sockets_sent_to(evidence: Evidence, host: str, scheme: str) -> Iterator[Subject]:
    """The WebSockets' paths whose handshake is redirected to that scheme and host: the same
    redirect as the page's."""
    for one in evidence.good(Upgrade):
        given = read_url(one.header("Location") or "") if one.status in REDIRECTS else None
        if given is not None and given.scheme == scheme and related(given.host, host):
            yield Subject(address=one.address, port=one.port, path=one.path)
