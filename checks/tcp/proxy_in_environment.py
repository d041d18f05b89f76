"""Programs on this machine use a proxy from an environment variable, but this run connected
directly and failed. So a browser or curl may reach the site anyway."""

from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Subject,
    Where,
)
from diagnose.model.dns import Resolution
from diagnose.model.tcp import Connection, Proxy


@check(severity=Severity.NOTE, needs=[Proxy, Resolution])
def proxy_in_environment(evidence: Evidence) -> Iterator[Claim]:
    proxies = [proxy for proxy in evidence.good(Proxy) if not proxy.used and not proxy.exempt]
    attempts = [attempt for attempt in evidence.of(Connection) if attempt.is_to_target]
    observations: tuple[Observation, ...] = (*attempts,) or evidence.of(Resolution)
    if not proxies or not all(observation.failure for observation in observations):
        return
    proxy = proxies[0]
    yield Claim(
        about=Subject(text=proxy.source),
        because=(proxy, *attempts),
        facts={
            "variable": proxy.source,
            "proxy": proxy.url,
            "url": evidence.target.url,
            "host": evidence.target.host,
        },
        fix=Fix((Manual("through", Where.CLIENT),), Applicability.MANUAL),
    )
