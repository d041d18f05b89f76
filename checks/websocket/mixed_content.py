"""An https page names a ws: address of its own host: browsers block it as mixed content (W3C Mixed
Content, section 4). A page that names the wss: one as well chooses between the two."""

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
    together,
)
from diagnose.model.http import Exchange
from diagnose.parsers.http import read_url, related


@check(severity=Severity.WARNING, needs=[Exchange])
def mixed_content(evidence: Evidence) -> Iterator[Claim]:
    seen = []
    for one in evidence.good(Exchange):
        page = read_url(one.url)
        if page and page.secure and one.purpose in {"target", "redirect"} and _insecure(one):
            seen.append(one)
    if not seen:
        return
    subjects = endpoints((one.address for one in seen), seen[0].port)
    yield Claim(
        about=together(subjects),
        covers=subjects,
        because=tuple(seen),
        confidence=Confidence.LIKELY,
        facts={"url": seen[0].url, "socket": _insecure(seen[0])[0]},
        fix=Fix((Manual("wss", Where.APPLICATION),), Applicability.MANUAL),
    )


def _insecure(page: Exchange) -> list[str]:
    """The ws: addresses of the page's own host or site that it does not name as wss: too."""
    here = read_url(page.url)
    named = [(text, url) for text in page.mentions if (url := read_url(text))]
    own = [(text, url) for text, url in named if here and related(here.host, url.host)]
    safe = {url.host for _, url in own if url.secure}
    return [text for text, url in own if not url.secure and url.host not in safe]
