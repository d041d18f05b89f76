"""The handshake succeeds without an Origin and is refused with the site's own (RFC 6455 section
10.2), or the refusal itself names the Origin.

A site that serves pages opens its WebSocket from them. A host for programs may accept another
site's pages only, on purpose.
"""

from collections.abc import Iterator
from dataclasses import replace

from checks.nginx import Nginx, WebSocketHandshakes, _location_edits, file_line
from checks.websocket import claim, ended_attempts, refused_attempts
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Where
from diagnose.model.http import Exchange, Upgrade
from diagnose.parsers.nginx import proxy_headers, server_blocks, upstreams
from diagnose.parsers.nginx.server_blocks import LocationMatch


@check(severity=Severity.ERROR, needs=[Upgrade])
def origin_refused(evidence: Evidence) -> Iterator[Claim]:
    pages = any(
        exchange.purpose in {"target", "redirect"}
        and (exchange.status or 500) < 400
        and "html" in (exchange.header("Content-Type") or "")
        for exchange in evidence.good(Exchange)
    )
    nginx = Nginx.of(evidence)
    closed = [attempt for attempt, _ in ended_attempts(evidence, "origin")]
    for attempt in (*refused_attempts(evidence, "origin"), *closed):
        scheme = "https" if evidence.target.uses_tls else "http"
        own_origin = f"{scheme}://{evidence.target.authority}"
        origin = attempt.first.origin or own_origin
        accepts_no_origin = any(
            retry.variant == "no-origin" and retry.accepted for retry in attempt.retries
        )
        host_result = _accepted_by_host(nginx, attempt.path)
        match = host_result[0] if host_result else None
        facts = {
            "origin": origin,
            "other": origin != own_origin,
            "without": accepts_no_origin,
            "code": attempt.first.close_code or "",
            "close_reason": attempt.first.close_reason,
            "pages": pages,
            **_facts(nginx, match),
        }
        base_claim = claim(
            attempt,
            "allow",
            Where.SERVER,
            facts,
            Confidence.CERTAIN
            if host_result
            else Confidence.LIKELY
            if pages
            else Confidence.POSSIBLE,
            None if host_result or (pages and origin == own_origin) else Severity.WARNING,
        )
        yield _with_fix(nginx, base_claim, *host_result) if host_result else base_claim


def _accepted_by_host(nginx: Nginx, path: str) -> tuple[LocationMatch, tuple[Upgrade, ...]] | None:
    """Return the location and handshakes which show that the application accepts this Origin if
    only Host is the visitor's; otherwise None."""
    named_upgrades = tuple(
        upgrade
        for upgrade in WebSocketHandshakes.at_path(nginx.evidence, path).visitor_host
        if upgrade.accepted
    )
    match = next(
        (
            candidate
            for candidate in nginx.location_matches(path)
            if server_blocks.proxy_pass_of(candidate)
        ),
        None,
    )
    return (match, named_upgrades) if named_upgrades and match else None


def _facts(nginx: Nginx, match: LocationMatch | None) -> dict[str, object]:
    pass_directive = server_blocks.proxy_pass_of(match) if match else None
    if match is None or pass_directive is None:
        return {"place": "", "sent": ""}
    proxy_target = upstreams.proxy_target_of(
        match, upstreams.request_variables(nginx.evidence.target)
    )
    reported_directive = server_blocks.proxy_set_header_of(match, "Host") or pass_directive
    sent_host = (
        proxy_headers.forwarded_host(match, proxy_target, nginx.evidence.target)
        if proxy_target
        else ""
    )
    return {"place": file_line(reported_directive), "sent": sent_host or ""}


def _with_fix(
    nginx: Nginx, base_claim: Claim, match: LocationMatch, named_upgrades: tuple[Upgrade, ...]
) -> Claim:
    reported_directive = (
        server_blocks.proxy_set_header_of(match, "Host")
        or server_blocks.proxy_pass_of(match)
        or match.block
    )
    return replace(
        base_claim,
        because=(*base_claim.because, *named_upgrades, *([nginx.config] if nginx.config else [])),
        location=nginx.location(reported_directive),
        fix=_location_edits.location_fix(
            nginx, match, _location_edits.websocket_edits(nginx, match, set_host=True)
        ),
    )
