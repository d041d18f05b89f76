"""Not the server but the TLS library of the probing machine ends the handshake: what the server
sends violates the library's limits (a small Diffie-Hellman key, a certificate message above 100 kB,
a weak signature) or the protocol (RFC 8446, RFC 5246). Or the server ends it because it supports
only what is below those limits. The cause is neither its list of suites nor its versions.

Whether other clients connect is known only from comparisons: with lower limits, and without
Diffie-Hellman, like browsers.
"""

from collections.abc import Iterator

from checks.tls import confidence, failure_groups
from checks.tls._nginx_settings import target_settings, without_lines
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.tls import Handshake

#: OpenSSL's reason codes (openssl/sslerr.h), grouped by subject.
_SMALL_DH = {"DH_KEY_TOO_SMALL", "BAD_DH_VALUE"}
_TOO_LONG = {"EXCESSIVE_MESSAGE_SIZE"}
_RENEGOTIATION = {"UNSAFE_LEGACY_RENEGOTIATION_DISABLED"}


@check(severity=Severity.ERROR, needs=[Handshake], needs_fault=[Handshake])
def refused_here(evidence: Evidence) -> Iterator[Claim]:
    for group in failure_groups(evidence, "refused-here"):
        failure, alert = group.visits[0].failure, group.visits[0].alert
        reason = (failure.name if failure and not alert else "") or ""
        lenient, modern = group.control("lenient"), group.control("no-dhe")
        dh, long = reason in _SMALL_DH, reason in _TOO_LONG
        renegotiation = reason in _RENEGOTIATION
        is_known_reason = dh or long or renegotiation
        step = next(
            (
                step
                for step, applies in (
                    ("dh", dh),
                    ("shorten", long),
                    ("renegotiation", renegotiation),
                    ("strengthen", lenient),
                )
                if applies
            ),
            "compare",
        )
        yield Claim(
            about=group.subject,
            covers=group.subjects,
            because=group.handshakes,
            confidence=confidence(is_known_reason or lenient),
            # Browsers connect: they do not use Diffie-Hellman, or do not require RFC 5746.
            severity=Severity.WARNING if modern or (renegotiation and lenient) else None,
            ruled_out=("tls.no-shared-cipher", "tls.no-shared-protocol"),
            facts={
                **group.facts,
                "dh": dh,
                "long": long,
                "renegotiation": renegotiation,
                "weak": bool(lenient) and not is_known_reason,
                "other": not is_known_reason and not lenient,
                "lenient": f"{lenient.protocol}, {lenient.cipher}" if lenient else "",
                "browsers": modern is not None,
            },
            fix=(_without_dh(evidence) if dh and modern else None)
            or Fix((Manual(step, Where.SERVER),), Applicability.MANUAL),
        )


def _without_dh(evidence: Evidence) -> Fix | None:
    """Take nginx's small parameters out, where a client without Diffie-Hellman connected: without
    any, nginx offers no such suite (ngx_http_ssl_module, ssl_dhparam)."""
    settings = target_settings(evidence, "ssl_dhparam")
    steps = without_lines(settings) if settings else ()
    return Fix(steps, Applicability.REVIEW) if steps else None
