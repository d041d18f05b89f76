"""The handshake is answered 401, 403 or 407. The application's own words prove that the way to it
is fine, and credentials are its business; a proxy's own page shuts everybody out."""

from collections.abc import Iterator

from checks.websocket import claim, refused_attempts
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Where
from diagnose.model.http import Upgrade
from diagnose.parsers.http import proxy_page


@check(severity=Severity.WARNING, needs=[Upgrade])
def unauthorized(evidence: Evidence) -> Iterator[Claim]:
    for attempt in refused_attempts(evidence, "unauthorized"):
        proxy = proxy_page(attempt.first.body)
        everywhere = attempt.first.status in attempt.site
        by_proxy = bool(proxy) and not everywhere
        yield claim(
            attempt,
            "exempt" if by_proxy else "credentials",
            Where.SERVER if by_proxy else Where.APPLICATION,
            {
                "proxy": proxy,
                "everywhere": everywhere,
                "authenticated": attempt.first.authenticated,
            },
            Confidence.LIKELY,
            None if by_proxy else Severity.NOTE,
        )
