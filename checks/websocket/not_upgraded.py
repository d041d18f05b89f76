"""The response to the handshake is not 101 Switching Protocols (RFC 6455 section 4.1), and nothing
shows why. Applications respond differently to a request that lost its Upgrade (426, 400, 404, 505,
200), and 404 may also be a wrong path. One that answers so to a complete handshake of this run too
has another reason, or is a proxy itself."""

from collections.abc import Iterator
from dataclasses import replace

from checks.http import is_looked_into
from checks.nginx import Nginx, file_line
from checks.websocket import claim, refused_attempts
from checks.websocket._dropped_fields import dropping_directive, with_removal
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity, Where
from diagnose.model.http import Upgrade
from diagnose.model.websocket_attempts import Attempt
from diagnose.parsers.http import proxy_page
from diagnose.parsers.websocket_refusal import is_incomplete, opens_at_times, upgrade_lost


@check(severity=Severity.ERROR, needs=[Upgrade], needs_fault=[Upgrade])
def not_upgraded(evidence: Evidence) -> Iterator[Claim]:
    for attempt in refused_attempts(evidence, "other"):
        first = attempt.first
        failure = first.failure
        page = first.status == 200 and "html" in (first.header("Content-Type") or "")
        says_lost = failure is None and upgrade_lost(first.status, first.body)
        direct = _direct_refusal(evidence, attempt)
        lost = says_lost and direct is None
        sometimes = opens_at_times(attempt)
        is_explained = (
            failure or says_lost or direct or page or sometimes or first.fault != "status"
        )
        own_claim = claim(
            attempt,
            "look-inside",
            Where.SERVER,
            {
                "message": failure.message if failure else "",
                "status": "" if failure or first.status is None else first.status,
                "lost": lost,
                "direct": direct.address if direct else "",
                "page": page,
                "sometimes": sometimes,
                "header": first.fault if first.fault in {"upgrade", "connection"} else "",
                "proxy": "" if is_explained or failure else proxy_page(first.body),
                "open": not is_explained,
                "hidden": "",
                "inside": is_looked_into(evidence),
                **_passing_line(evidence, "" if lost else attempt.path),
            },
            ruled_out=("websocket.origin-refused",) if attempt.retries else (),
        )
        yield _located(Nginx.of(evidence), own_claim, first)


def _passing_line(evidence: Evidence, path: str) -> dict[str, object]:
    """Return the line by which a server other than nginx passes the upgrade of a path on already,
    and its target; "" for each without one, or without a path."""
    # Imported late: few handshakes are refused.
    from checks.server import place_text, server_on_port
    from checks.server._backend_answers import route_to_application

    view = server_on_port(evidence) if path else None
    route = route_to_application(view, path, websocket=True) if view else None
    if route is None or route.websocket is not True:
        return {"passing": "", "passing_to": ""}
    return {"passing": place_text(route.file, route.line), "passing_to": route.target}


def _direct_refusal(evidence: Evidence, attempt: Attempt) -> Upgrade | None:
    """Return the handshake that this run sent to the application itself, and that it refuses in the
    same words, or as one that lacks something: no proxy in front of it has lost the Upgrade."""
    first = attempt.first
    if first.failure is not None or first.fault != "status":
        return None
    is_lost = upgrade_lost(first.status, first.body)
    for upgrade in evidence.good(Upgrade):
        is_direct = (upgrade.through, upgrade.variant) == ("application", "normal")
        is_refused = upgrade.path == attempt.path and not upgrade.accepted
        is_same = (
            upgrade_lost(upgrade.status, upgrade.body)
            if is_lost
            else is_incomplete(upgrade)
            and (upgrade.status, upgrade.body) == (first.status, first.body)
        )
        if is_direct and is_refused and is_same:
            return upgrade
    return None


def _located(nginx: Nginx, base_claim: Claim, first: Upgrade) -> Claim:
    """Return the claim at the line by which nginx hides the field that the browser misses."""
    if first.fault not in {"upgrade", "connection"}:
        return base_claim
    directive = dropping_directive(nginx, first.path, first.fault)
    if directive is None or directive.name != "proxy_hide_header":
        return base_claim
    located = with_removal(nginx, base_claim, directive)
    return replace(located, facts={**located.facts, "hidden": file_line(directive)})
