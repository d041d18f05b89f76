"""The server chooses a cipher suite with finite-field Diffie-Hellman (DHE), and takes no other.

Chrome offers none since version 53, Firefox since 78, Safari since 2016; they show
ERR_SSL_VERSION_OR_CIPHER_MISMATCH. curl and OpenSSL offer them, so that tests succeed. The control
is a handshake without these suites, which the server refuses.
"""

from collections.abc import Iterator

from checks.tls import confidence
from checks.tls._nginx_settings import TargetSettings, target_settings
from diagnose.checking.registry import check
from diagnose.model import (
    Claim,
    Evidence,
    Fix,
    Severity,
    endpoints,
    merge_subjects,
)
from diagnose.model.tls import Handshake

#: Alerts of servers that share no suite (RFC 5246 section 7.2.2, RFC 8446 section 6.2).
_NO_SUITE = {"handshake_failure", "insufficient_security"}


@check(severity=Severity.ERROR, needs=[Handshake])
def no_browser_cipher(evidence: Evidence) -> Iterator[Claim]:
    refused = {
        control.address: control
        for control in evidence.of(Handshake)
        if control.variant == "no-dhe" and control.alert and control.alert.name in _NO_SUITE
    }
    visits = [
        handshake
        for handshake in evidence.good(Handshake)
        if handshake.variant == "normal" and handshake.takes_dhe and handshake.address in refused
    ]
    if visits:
        yield _claim(evidence, visits, [refused[visit.address] for visit in visits])


def _claim(evidence: Evidence, visits: list[Handshake], refused: list[Handshake]) -> Claim:
    first, alert = visits[0], refused[0].alert
    subjects = endpoints((visit.address for visit in visits), first.port)
    settings = target_settings(evidence, "ssl_ciphers")
    fix = _fix(settings) if settings else None
    # Imported late: only a finding needs it.
    from checks.tls._corrections import correction

    corrected = correction(evidence, settings, fix, "more-suites", "set-ciphers")
    return Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*visits, *refused),
        confidence=confidence(alert),
        facts={
            "name": evidence.target.host,
            "port": first.port,
            "addresses": tuple(dict.fromkeys(visit.address for visit in visits)),
            "cipher": first.cipher,
            "alert": alert.name if alert else "",
            "place": corrected.place,
        },
        location=corrected.location,
        fix=corrected.fix,
    )


def _fix(settings: TargetSettings) -> Fix | None:
    from checks.tls._cipher_lists import extending_fix

    written = [setting for setting in settings.settings if setting.directive and setting.args]
    return extending_fix(settings, written)
