"""The handshake succeeds without an Origin and is refused with the site's own (RFC 6455 section
10.2). A site that serves pages has its own WebSocket opened from them; a host for programs may
mean to admit another site's pages only."""

from collections.abc import Iterator

from checks.websocket import claim, refused
from diagnose.catalogue import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Where
from diagnose.model.http import Exchange, Upgrade


@check(severity=Severity.ERROR, needs=[Upgrade])
def origin_refused(evidence: Evidence) -> Iterator[Claim]:
    pages = any(
        one.purpose in {"target", "redirect"}
        and (one.status or 500) < 400
        and "html" in (one.header("Content-Type") or "")
        for one in evidence.good(Exchange)
    )
    for attempt in refused(evidence, "origin"):
        scheme = "https" if evidence.target.scheme in {"https", "wss"} else "http"
        yield claim(
            attempt,
            "allow",
            Where.SERVER,
            {"origin": f"{scheme}://{evidence.target.authority}", "pages": pages},
            Confidence.LIKELY if pages else Confidence.POSSIBLE,
            None if pages else Severity.WARNING,
        )
