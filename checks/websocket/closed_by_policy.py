"""The WebSocket opens, and the server closes it on purpose: 1008 (policy), 1012 or 1013 (restart,
try again later), or a code of the application (3000 to 4999; 4401 and 4403 are common for
credentials).

That alone is no fault: whether clients with credentials stay connected is not known. It is one
where a line of the proxy takes the cookie or Authorization of every visitor away.
"""

from collections.abc import Iterator

from checks.nginx import Nginx
from checks.websocket import claim, ended_attempts
from checks.websocket._dropped_credentials import dropped_credentials
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Where
from diagnose.model.http import Upgrade
from diagnose.parsers.websocket_ending import asks_for_subprotocol


@check(severity=Severity.NOTE, needs=[Upgrade], needs_fault=[Upgrade])
def closed_by_policy(evidence: Evidence) -> Iterator[Claim]:
    for attempt, _ in ended_attempts(evidence, "refused"):
        first = attempt.first
        later = first.close_code in {1012, 1013}
        protocol = asks_for_subprotocol(first)
        step = "later" if later else "subprotocol" if protocol else "credentials"
        nginx = Nginx.of(evidence)
        dropped = dropped_credentials(nginx, attempt.path) if step == "credentials" else None
        base_claim = claim(
            attempt,
            "pass-it-on" if dropped else step,
            Where.SERVER if later or dropped else Where.CLIENT,
            {
                "code": first.close_code or "",
                "close_reason": first.close_reason,
                "later": later,
                "subprotocol": protocol,
                "credentials": not later and not protocol,
                "authenticated": first.authenticated,
                "field": dropped.field if dropped else "",
                "dropped": dropped.text if dropped else "",
                "place": dropped.place if dropped else "",
            },
            Confidence.LIKELY,
            Severity.ERROR if dropped else None,
        )
        yield dropped.located(nginx, base_claim) if dropped else base_claim
