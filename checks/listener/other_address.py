"""The bare name of a site stands for https on port 443, and the server has nothing for that: no
listener, no certificate, no redirect to https. The run judges the address at which the server has
the site. That may be meant."""

from collections.abc import Iterator

from checks.listener import listeners_on
from checks.listener._other_addresses import has_no_web_server, site_programs
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.server import Listeners, UnservedAddress

#: Most programs that are named.
_MAX_PROGRAMS = 3
#: The port of https.
_HTTPS = 443


@check(severity=Severity.NOTE, needs=[UnservedAddress, Listeners])
def other_address(evidence: Evidence) -> Iterator[Claim]:
    (unserved, *_) = evidence.of(UnservedAddress)
    if listeners_on(evidence, _HTTPS) or not evidence.good(Listeners):
        return
    target = evidence.target
    yield Claim(
        about=Subject(port=_HTTPS),
        because=(unserved, *evidence.good(Listeners)),
        facts={
            "name": target.host,
            "there": target.url,
            "asked": unserved.url,
            "port": _HTTPS,
            "tls": target.uses_tls,
            "unnamed": not unserved.is_named,
            "inner": _inner_programs(evidence),
        },
        confidence=Confidence.CERTAIN if unserved.is_named else Confidence.LIKELY,
        fix=Fix((Manual("https", Where.SERVER),), Applicability.MANUAL),
    )


def _inner_programs(evidence: Evidence) -> tuple[str, ...]:
    """Return the programs that listen for this machine alone, each with its address, on a server
    without a web server that would pass requests on to them."""
    if not has_no_web_server(evidence):
        return ()
    names = [
        f"{name} 127.0.0.1:{port}"
        for (name, port), is_inner in site_programs(evidence).items()
        if is_inner
    ]
    return tuple(names[:_MAX_PROGRAMS])
