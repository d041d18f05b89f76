"""The proxy of this run cannot be reached or does not connect: it requires a login (407), forbids
the connection (403, 405), or cannot reach the target (RFC 9110 sections 9.3.6 and 15.6; RFC 1928
section 6). Whether the site works without the proxy was not tested."""

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
    merge_subjects,
)
from diagnose.model.tcp import Connection, Proxy

#: RFC 1928 section 6: "connection not allowed by ruleset"; then network, host and port unreachable,
#: and TTL expired.
_SOCKS_FORBIDS = {2}
_SOCKS_UNREACHED = {3, 4, 5, 6}


@check(severity=Severity.ERROR, needs=[Connection, Proxy])
def proxy_refused(evidence: Evidence) -> Iterator[Claim]:
    proxies = [proxy for proxy in evidence.good(Proxy) if proxy.used]
    attempts = [attempt for attempt in evidence.of(Connection) if attempt.purpose == "target"]
    refused_attempts = tuple(
        attempt for attempt in attempts if attempt.failure and attempt.failure.kind == "proxy"
    )
    if not proxies or not refused_attempts:
        return
    reason = _reason(refused_attempts[0])
    subjects = endpoints(
        [attempt.address for attempt in refused_attempts], refused_attempts[0].port
    )
    step = Manual(reason, Where.CLIENT)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*refused_attempts, *proxies),
        # That the target fails is what the proxy reports, and the proxy may be wrong.
        confidence=Confidence.LIKELY if reason == "target" else Confidence.CERTAIN,
        facts={
            "proxy": proxies[0].url,
            "message": refused_attempts[0].failure.message if refused_attempts[0].failure else "",
            "target": evidence.target.authority,
            "url": evidence.target.url,
            "port": evidence.target.port,
            "login": reason == "login",
            "forbidden": reason == "forbidden",
            "behind": reason == "target",
            "unreached": reason == "proxy",
        },
        fix=Fix((step,), Applicability.MANUAL),
    )


def _reason(attempt: Connection) -> str:
    """Return why the proxy does not connect, as the name of a step."""
    assert attempt.failure is not None
    code, socks = attempt.failure.code, attempt.failure.name == "SOCKS"
    if code is None:
        return "proxy"
    if socks:
        if code in _SOCKS_FORBIDS:
            return "forbidden"
        return "target" if code in _SOCKS_UNREACHED else "proxy"
    if code == 407:
        return "login"
    return "target" if code >= 500 else "forbidden"
