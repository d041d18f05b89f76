"""The application lies on another host, and that cannot be reached from this server: an ICMP error
comes back, or nothing. nginx says 502 or, after proxy_connect_timeout, 504 (error.log: "connect()
failed (113: No route to host)", "upstream timed out (110: Connection timed out) while connecting to
upstream")."""

from collections.abc import Iterator

from checks.nginx import Nginx
from checks.upstream import BROKEN, backends, blame, lines
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
)
from diagnose.model.nginx import NginxConfig, UpstreamTry

#: EPERM: this server's own rules forbid it to send (send(2), nft(8)).
_KINDS = {"unreachable", "timeout", "denied"}


@check(severity=Severity.ERROR, needs=[UpstreamTry, NginxConfig], explains=BROKEN)
def unreachable(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for backend in backends(nginx):
        tries = [one for one in backend.tries if one.failure and not one.socket]
        kinds = {one.failure.kind for one in tries if one.failure}
        if not backend.down or not kinds or not kinds <= _KINDS or len(tries) < len(backend.tries):
            continue
        first = next((o.failure for o in tries if o.failure and o.failure.kind != "timeout"), None)
        failure = first or tries[0].failure
        own = failure is not None and failure.kind == "denied"
        step = "let-it-out" if own else "let-it-in"
        written = lines(nginx, backend, "while connecting to upstream")
        yield blame(
            nginx,
            backend,
            {
                "message": failure.message if failure else "",
                "code": failure.code or "" if failure else "",
                "timeout": kinds == {"timeout"},
                "own": own,
                "waited": max(one.took for one in tries),
            },
            Fix((Manual(step, Where.SERVER),), Applicability.MANUAL),
            because=(*tries, *written),
            confidence=Confidence.CERTAIN if first or written else Confidence.LIKELY,
            ruled_out=("upstream.refused",),
        )
