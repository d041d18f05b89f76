"""The handshake is redirected. RFC 6455 section 4.1 lets clients follow; browsers do not."""

from collections.abc import Iterator

from checks.websocket import claim, refused
from diagnose.catalogue import check
from diagnose.model import Claim, Evidence, Severity, Where
from diagnose.model.http import Upgrade
from diagnose.wire.http import read_url


@check(severity=Severity.ERROR, needs=[Upgrade])
def redirected(evidence: Evidence) -> Iterator[Claim]:
    for attempt in refused(evidence, "redirected"):
        location = attempt.first.header("Location") or ""
        target = read_url(location)
        path = target.path if target else location
        asked = attempt.path.partition("?")[0]
        secure = evidence.target.scheme in {"ws", "http"} and bool(target and target.secure)
        yield claim(
            attempt,
            "exact-url",
            Where.SERVER,
            {
                "location": location,
                "slash": not secure and path.rstrip("/") == asked.rstrip("/") and path != asked,
                "secure": secure,
            },
        )
