"""The server admits only clients with a certificate of their own (mutual TLS).

nginx completes the handshake and answers 400 in HTTP; other servers send alert 116 (RFC 8446
section 4.4.2.4), which with TLS 1.3 comes after the handshake, or with TLS 1.2 alert 40.
A server that only asks for one, and goes on without, is healthy. To ask no more lets everybody
in: a person has to say that this is meant.
"""

from collections.abc import Iterator

from checks.tls import Settings, failed, settings
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Where,
    endpoints,
    together,
)
from diagnose.model.http import Exchange
from diagnose.model.tls import Handshake

#: nginx, ngx_http_special_response.c, for 496 and 495, both sent as 400.
_REFUSALS = ("No required SSL certificate was sent", "The SSL certificate error")

_CERTIFICATE_REQUIRED = 116


@check(
    severity=Severity.ERROR,
    needs=[Handshake],
    explains=["http.server-error", "websocket.not-upgraded", "websocket.unauthorized"],
)
def client_certificate_required(evidence: Evidence) -> Iterator[Claim]:
    because: list[Observation] = []
    for one in failed(evidence, "client-certificate-required"):
        because += one.visits
    because += (seen for seen in evidence.of(Exchange) if _refused(seen, evidence.target.port))
    if not because:
        return
    port = evidence.target.port
    addresses = dict.fromkeys(
        seen.address for seen in because if isinstance(seen, (Handshake, Exchange))
    )
    subjects = endpoints(addresses, port)
    given = settings(evidence, "ssl_verify_client")
    fix = _fix(given) if given else None
    yield Claim(
        about=together(subjects),
        covers=subjects,
        because=tuple(because),
        facts={
            "addresses": tuple(addresses),
            "port": port,
            "name": evidence.target.host,
            "place": given.place if given and fix else "",
        },
        location=given.location if given and fix else None,
        fix=fix or Fix((Manual("decide", Where.SERVER),), Applicability.MANUAL),
    )


def _fix(given: Settings) -> Fix | None:
    """For the site's own block alone, wherever the line that asks stands."""
    asking = [one for one in given.found if one.args[:1] == ("on",)]
    steps = given.steps([(one, "ssl_verify_client off;") for one in asking])
    return Fix(steps, Applicability.REVIEW) if steps else None


def _refused(seen: Exchange, port: int) -> bool:
    if seen.port != port or seen.purpose not in {"target", "redirect"}:
        return False
    if seen.failure is not None:
        return seen.failure.kind == "alert" and seen.failure.code == _CERTIFICATE_REQUIRED
    return seen.status in {400, 495, 496} and any(text in seen.body for text in _REFUSALS)
