"""The handshake succeeds without an Origin and is refused with the site's own (RFC 6455 section
10.2), or the refusal itself names the Origin as its reason. A site that serves pages has its own
WebSocket opened from them; a host for programs may mean to admit another site's pages only."""

from collections.abc import Iterator
from dataclasses import replace

from checks.nginx import Handshakes, Nginx, _location_edits, where
from checks.websocket import claim, ended, refused
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Where
from diagnose.model.http import Exchange, Upgrade
from diagnose.parsers.nginx import proxy_headers, server_blocks, upstreams
from diagnose.parsers.nginx.server_blocks import Place


@check(severity=Severity.ERROR, needs=[Upgrade])
def origin_refused(evidence: Evidence) -> Iterator[Claim]:
    pages = any(
        one.purpose in {"target", "redirect"}
        and (one.status or 500) < 400
        and "html" in (one.header("Content-Type") or "")
        for one in evidence.good(Exchange)
    )
    nginx = Nginx.of(evidence)
    closed = [attempt for attempt, _ in ended(evidence, "origin")]
    for attempt in (*refused(evidence, "origin"), *closed):
        scheme = "https" if evidence.target.scheme in {"https", "wss"} else "http"
        own = f"{scheme}://{evidence.target.authority}"
        origin = attempt.first.origin or own
        without = any(one.variant == "no-origin" and one.accepted for one in attempt.retries)
        found = _by_host(nginx, attempt.path)
        place = found[0] if found else None
        facts = {
            "origin": origin,
            "other": origin != own,
            "without": without,
            "code": attempt.first.close_code or "",
            "close_reason": attempt.first.close_reason,
            "pages": pages,
            **_facts(nginx, place),
        }
        made = claim(
            attempt,
            "allow",
            Where.SERVER,
            facts,
            Confidence.CERTAIN if found else Confidence.LIKELY if pages else Confidence.POSSIBLE,
            None if found or (pages and origin == own) else Severity.WARNING,
        )
        yield _mended(nginx, made, *found) if found else made


def _by_host(nginx: Nginx, path: str) -> tuple[Place, tuple[Upgrade, ...]] | None:
    """Whether the application takes this very Origin if only the Host is the visitor's."""
    named = tuple(one for one in Handshakes.at(nginx.evidence, path).named if one.accepted)
    place = next((one for one in nginx.places(path) if server_blocks.passed(one)), None)
    return (place, named) if named and place else None


def _facts(nginx: Nginx, place: Place | None) -> dict[str, object]:
    passed = server_blocks.passed(place) if place else None
    if place is None or passed is None:
        return {"place": "", "sent": ""}
    found = upstreams.lead(place, upstreams.request(nginx.evidence.target))
    shown = server_blocks.header(place, "Host") or passed
    sent = proxy_headers.host_passed(place, found, nginx.evidence.target) if found else ""
    return {"place": where(shown), "sent": sent or ""}


def _mended(nginx: Nginx, made: Claim, place: Place, named: tuple[Upgrade, ...]) -> Claim:
    shown = server_blocks.header(place, "Host") or server_blocks.passed(place) or place.location
    return replace(
        made,
        because=(*made.because, *named, *([nginx.config] if nginx.config else [])),
        location=nginx.location(shown),
        fix=_location_edits.fix(nginx, place, _location_edits.websocket(nginx, place, host=True)),
    )
