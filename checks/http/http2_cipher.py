"""The server chooses HTTP/2 together with a cipher suite that HTTP/2 forbids (RFC 9113 section
9.2.2, appendix A): with TLS 1.2 every suite without an ephemeral key exchange or without an AEAD.
Chromium and Firefox close such a connection; curl and most programs do not look.

The suite is that of the handshake, which offers all that browsers offer, and more.
"""

from collections.abc import Iterator

from checks.tls._nginx_settings import TargetSettings, target_settings
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
from diagnose.model.http import BrowserVisit
from diagnose.model.tls import Handshake
from diagnose.parsers.lazy_pattern import lazy_pattern

#: The suites of TLS 1.2 that appendix A does not list, by OpenSSL's names and by IANA's.
_ALLOWED = lazy_pattern(r"(?:TLS_)?(?:EC)?DHE[-_].*(?:GCM|CHACHA20|CCM).*")
#: Suites of TLS 1.2 that HTTP/2 allows and all browsers know.
_FIRST = (
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
)


@check(severity=Severity.ERROR, needs=[BrowserVisit, Handshake])
def http2_cipher(evidence: Evidence) -> Iterator[Claim]:
    chosen = {visit.address for visit in evidence.of(BrowserVisit) if visit.alpn == "h2"}
    handshakes = [
        handshake
        for handshake in evidence.good(Handshake)
        if handshake.is_browser_like
        and handshake.address in chosen
        and handshake.protocol == "TLSv1.2"
        and handshake.cipher
        and not _ALLOWED.fullmatch(handshake.cipher)
    ]
    if not handshakes:
        return
    port = handshakes[0].port
    subjects = endpoints((handshake.address for handshake in handshakes), port)
    settings = target_settings(evidence, "ssl_ciphers", early=True)
    visits = (visit for visit in evidence.of(BrowserVisit) if visit.alpn == "h2")
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*handshakes, *visits),
        confidence=Confidence.LIKELY,
        facts={
            "name": evidence.target.host,
            "port": port,
            "cipher": handshakes[0].cipher,
            "place": settings.file_line if settings else "",
        },
        location=settings.location if settings else None,
        fix=_fix(settings),
    )


def _fix(settings: TargetSettings | None) -> Fix:
    """Put suites that HTTP/2 allows before those that are there, which stay for old devices."""
    lines = [
        (setting, f"ssl_ciphers {_FIRST}:{setting.args[0]};")
        for setting in (settings.settings if settings else ())
        if setting.directive and len(setting.args) == 1
    ]
    steps = settings.steps(lines) if settings else ()
    if not steps:
        return Fix((Manual("choose-suites", Where.SERVER),), Applicability.MANUAL)
    return Fix(steps, Applicability.REVIEW)
