"""The response to the handshake is 401, 403 or 407. If it is the application's own, the path to it
works and credentials are its business; a proxy's own page refuses everybody.

A known application that wants a login first refuses everybody who has not logged in: that is no
finding at a path which the user did not name."""

from collections.abc import Iterator

from checks.nginx._websockets import named_websocket
from checks.websocket import claim, refused_attempts
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Where
from diagnose.model.http import Upgrade
from diagnose.model.websocket_attempts import Attempt
from diagnose.parsers.http import proxy_page


@check(severity=Severity.WARNING, needs=[Upgrade], needs_fault=[Upgrade])
def unauthorized(evidence: Evidence) -> Iterator[Claim]:
    for attempt in refused_attempts(evidence, "unauthorized"):
        proxy = proxy_page(attempt.first.body)
        if not proxy and _is_behind_a_login(evidence, attempt):
            continue
        everywhere = attempt.first.status in attempt.site
        by_proxy = bool(proxy) and not everywhere
        yield claim(
            attempt,
            "exempt" if by_proxy else "credentials",
            Where.SERVER if by_proxy else Where.APPLICATION,
            {
                "proxy": proxy,
                "everywhere": everywhere,
                "password": bool(proxy) and everywhere and attempt.first.status == 401,
                "authenticated": attempt.first.authenticated,
            },
            Confidence.LIKELY,
            None if by_proxy else Severity.NOTE,
        )


def _is_behind_a_login(evidence: Evidence, attempt: Attempt) -> bool:
    """Return whether a known application opens this WebSocket for who has logged in."""
    named = named_websocket(evidence, attempt.path)
    is_asked = attempt.path in evidence.target.websockets or attempt.first.authenticated
    return named is not None and bool(named.need) and not is_asked
