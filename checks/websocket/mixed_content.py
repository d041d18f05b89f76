"""An https page, or a script that it loads, names a ws: address of its own host, or of the address
at which it was answered. Browsers block it as mixed content (W3C Mixed Content, section 4). A page
that also names the wss: address chooses between the two, and the field upgrade-insecure-requests
makes browsers use wss:.
"""

from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Where,
    endpoints,
    merge_subjects,
)
from diagnose.model.addresses import is_loopback
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.pages import Page, PageFileResponse
from diagnose.parsers.urls import is_related_host, parse_url


@frozen
class _Source:
    """A page and the ws: and wss: addresses in it, or in the scripts that it loads."""

    page: str
    address: str
    port: int
    mentions: tuple[str, ...]
    observations: tuple[Observation, ...]
    script: str = ""


@check(severity=Severity.WARNING, needs=[Exchange])
def mixed_content(evidence: Evidence) -> Iterator[Claim]:
    upgraded = {page.url for page in evidence.good(Page) if page.upgrades}
    insecure = [
        (source, sockets)
        for source in (*_pages(evidence), *_scripts(evidence))
        if source.page not in upgraded and (sockets := _insecure_sockets(source))
    ]
    if not insecure:
        return
    first, sockets = insecure[0]
    subjects = endpoints((source.address for source, _ in insecure), first.port)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=tuple(observation for source, _ in insecure for observation in source.observations),
        confidence=Confidence.LIKELY,
        facts={"url": first.page, "script": first.script, "socket": sockets[0]},
        fix=Fix((Manual("wss", Where.APPLICATION),), Applicability.MANUAL),
    )


def _pages(evidence: Evidence) -> Iterator[_Source]:
    put_together = {page.url: page for page in evidence.good(Page) if page.plain_sockets}
    for exchange in evidence.good(Exchange):
        if exchange.is_of_visit and exchange.url.startswith("https:"):
            page = put_together.get(exchange.url)
            yield _Source(
                exchange.url,
                exchange.address,
                exchange.port,
                (*exchange.mentions, *(page.plain_sockets if page else ())),
                (exchange, *([page] if page else [])),
            )


def _scripts(evidence: Evidence) -> Iterator[_Source]:
    """Yield the scripts of the page. What a script and the page name belongs together: one of them
    may choose."""
    exchanges = evidence.good(Exchange)
    responses = [
        response
        for response in evidence.good(PageFileResponse)
        if response.page.startswith("https:")
    ]
    all_mentions = [mention for response in responses for mention in response.mentions]
    for response in responses:
        page = [exchange for exchange in exchanges if exchange.url == response.page]
        other_mentions = (mention for exchange in page for mention in exchange.mentions)
        secure = [url for url in (*other_mentions, *all_mentions) if url.startswith("wss:")]
        mentions = (*response.mentions, *secure)
        yield _Source(
            response.page, response.address, response.port, mentions, (response,), response.url
        )


def _insecure_sockets(source: _Source) -> list[str]:
    """Return the ws: addresses of the page's own host or site, or of its server's address, that are
    not also named as wss:. Browsers do not block those of this machine itself."""
    page_url = parse_url(source.page)
    named = [(text, url) for text in source.mentions if (url := parse_url(text))]
    own = [
        (text, url)
        for text, url in named
        if page_url and (is_related_host(page_url.host, url.host) or _is_server(source, url.host))
    ]
    safe = {url.host for _, url in own if url.secure}
    if page_url and page_url.host in safe:
        safe.add(source.address)
    return [text for text, url in own if not url.secure and url.host not in safe]


def _is_server(source: _Source, host: str) -> bool:
    return host == source.address and not is_loopback(host)
