"""An https page names a ws: address of its own host. Browsers block it as mixed content (W3C Mixed
Content, section 4). A page that also names the wss: address chooses between the two."""

from collections.abc import Iterator

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
    endpoints,
    merge_subjects,
)
from diagnose.model.http import Exchange
from diagnose.parsers.urls import is_related_host, parse_url


@check(severity=Severity.WARNING, needs=[Exchange])
def mixed_content(evidence: Evidence) -> Iterator[Claim]:
    insecure_pages = []
    for exchange in evidence.good(Exchange):
        page = parse_url(exchange.url)
        if (
            page
            and page.secure
            and exchange.purpose in {"target", "redirect"}
            and _insecure_sockets(exchange)
        ):
            insecure_pages.append(exchange)
    if not insecure_pages:
        return
    subjects = endpoints((exchange.address for exchange in insecure_pages), insecure_pages[0].port)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=tuple(insecure_pages),
        confidence=Confidence.LIKELY,
        facts={"url": insecure_pages[0].url, "socket": _insecure_sockets(insecure_pages[0])[0]},
        fix=Fix((Manual("wss", Where.APPLICATION),), Applicability.MANUAL),
    )


def _insecure_sockets(page: Exchange) -> list[str]:
    """Return the ws: addresses of the page's own host or site that it does not also name as
    wss:."""
    page_url = parse_url(page.url)
    named = [(text, url) for text in page.mentions if (url := parse_url(text))]
    own = [
        (text, url) for text, url in named if page_url and is_related_host(page_url.host, url.host)
    ]
    safe = {url.host for _, url in own if url.secure}
    return [text for text, url in own if not url.secure and url.host not in safe]
