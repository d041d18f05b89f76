"""Programs on this machine go through a proxy, by an environment variable, and this run went
directly and got no connection. So a browser or curl may reach the site all the same."""

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
    named = [seen for seen in evidence.good(Proxy) if not seen.used and not seen.exempt]
    tries = [seen for seen in evidence.of(Connection) if seen.purpose in {"target", "again"}]
    looked: tuple[Observation, ...] = (*tries,) or evidence.of(Resolution)
    if not named or not all(seen.failure for seen in looked):
        return
    proxy = named[0]
    yield Claim(
        about=Subject(text=proxy.source),
        because=(proxy, *tries),
        facts={
            "variable": proxy.source,
            "proxy": proxy.url,
            "url": evidence.target.url,
            "host": evidence.target.host,
        },
        fix=Fix((Manual("through", Where.CLIENT),), Applicability.MANUAL),
    )
