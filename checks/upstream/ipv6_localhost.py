"""localhost is two addresses, ::1 and 127.0.0.1, and the application listens on one of them. nginx
takes them in turn: what it sends to ::1 is refused, and goes on to the other, until a moment at
which the other is marked as failed (ngx_http_upstream_module, max_fails) or may not be tried
(proxy_next_upstream off): then visitors get 502."""

from collections.abc import Iterator

from checks.nginx import Nginx
from checks.upstream import (
    BROKEN,
    Backend,
    Changes,
    backends,
    blame,
    fails,
    lines,
    mended,
    reworded,
)
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.model.server import Interface
from diagnose.parsers.nginx.upstreams import End


@check(severity=Severity.WARNING, needs=[UpstreamTry, NginxConfig], explains=BROKEN)
def ipv6_localhost(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for backend in backends(nginx):
        written = lines(nginx, backend, r"connect\(\) failed", 111)
        proof = tuple(one for one in written if "://[::1]:" in one.upstream)
        ends = [end for end in backend.lead.ends if _is_half(backend, end)]
        if not ends or not (proof or _has_ipv6(evidence)):
            continue
        answers = not any(one.failure for one in backend.asked)
        broken = bool(fails(evidence, backend.paths)) and answers
        named = [end.written for lead in backend.leads for end in lead.ends if end.written]
        changes: Changes = {}
        reworded(nginx, named, "localhost", "127.0.0.1", changes)
        yield blame(
            nginx,
            backend,
            {"broken": broken, "port": ends[0].port},
            mended(nginx, changes, "write-the-address"),
            ends=[str(end) for end in ends],
            because=(*backend.tries, *proof),
            confidence=Confidence.CERTAIN if proof else Confidence.LIKELY,
            severity=_weight(backend, broken),
            ruled_out=("upstream.refused",),
            shown=ends[0].written,
        )


def _is_half(backend: Backend, end: End) -> bool:
    """Refused at ::1, open at 127.0.0.1."""
    tries = [one for one in backend.tries if one.end == str(end)]
    six = [one.failure for one in tries if one.address == "::1"]
    refused = any(one is not None and one.kind == "refused" for one in six)
    four = any(one.address == "127.0.0.1" and not one.failure for one in tries)
    return refused and four and end.host.lower() == "localhost"


def _has_ipv6(evidence: Evidence) -> bool:
    """Whether nginx gets ::1 at all: it asks for the families of which the machine has an address
    besides loopback's (getaddrinfo(3), AI_ADDRCONFIG)."""
    found = [address for seen in evidence.of(Interface) for address in seen.addresses]
    return not found or any(":" in one and one != "::1" for one in found)


def _weight(backend: Backend, broken: bool) -> Severity:
    if not backend.paths:
        return Severity.NOTE
    return Severity.ERROR if broken else Severity.WARNING
