"""The server agrees to no group for the key exchange that Chrome, Edge and other browsers built on
Chromium offer: X25519, P-256 and P-384 (RFC 8446 section 4.2.7). OpenSSL and curl offer P-521 and
others as well, and Firefox P-521, so that tests succeed.

`ssl_ecdh_curve secp521r1` is the usual reason. nginx takes the groups of the default server of the
socket, because they are needed before the name is known.
"""

from collections.abc import Iterator

from checks.tls import confidence
from checks.tls._nginx_settings import TargetSettings, target_settings
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Severity,
    endpoints,
    merge_subjects,
)
from diagnose.model.tls import Handshake

#: Alerts of servers that share no group (RFC 8446 section 4.2.7: handshake_failure).
_NO_GROUP = {"handshake_failure", "insufficient_security", "illegal_parameter"}

#: The names by which nginx's documentation and administrators know them.
_NAMES = {"secp521r1": "P-521", "x448": "X448"}


@check(severity=Severity.ERROR, needs=[Handshake])
def no_browser_group(evidence: Evidence) -> Iterator[Claim]:
    normal = [
        handshake
        for handshake in evidence.good(Handshake)
        if handshake.variant == "normal" and not handshake.has_browser_group
    ]
    refused = [
        control
        for control in evidence.of(Handshake)
        if control.variant == "browser-key" and control.alert and control.alert.name in _NO_GROUP
    ]
    addresses = {handshake.address for handshake in normal} & {
        refused_handshake.address for refused_handshake in refused
    }
    if not addresses or not _has_browser_keys(normal):
        return
    visits = [handshake for handshake in normal if handshake.address in addresses]
    yield _claim(evidence, visits, refused)


def _has_browser_keys(visits: list[Handshake]) -> bool:
    """Otherwise the key alone explains the alert (certificate.key-unsupported)."""
    return all(handshake.chain and handshake.chain[0].has_browser_key for handshake in visits)


def _claim(evidence: Evidence, visits: list[Handshake], refused: list[Handshake]) -> Claim:
    first = visits[0]
    subjects = endpoints((visit.address for visit in visits), first.port)
    settings = target_settings(evidence, "ssl_ecdh_curve", early=True)
    fix = _fix(settings) if settings else None
    # Imported late: only a finding needs it.
    from checks.tls._corrections import correction

    corrected = correction(evidence, settings, fix, "usual-groups", "offer-groups")
    alert = refused[0].alert
    return Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*visits, *refused),
        confidence=confidence(alert),
        facts={
            "name": evidence.target.host,
            "port": first.port,
            "addresses": tuple(dict.fromkeys(visit.address for visit in visits)),
            "group": _NAMES.get(first.group, first.group),
            "firefox": first.group == "secp521r1",
            "alert": alert.name if alert else "",
            "place": corrected.place,
        },
        location=corrected.location,
        fix=corrected.fix,
    )


def _fix(settings: TargetSettings) -> Fix | None:
    """Take the groups that OpenSSL offers, which is nginx's default."""
    written = [setting for setting in settings.settings if setting.args not in {(), ("auto",)}]
    steps = settings.steps([(setting, "ssl_ecdh_curve auto;") for setting in written])
    confined = settings.is_confined(written)
    applicability = Applicability.AUTOMATIC if confined else Applicability.REVIEW
    return Fix(steps, applicability) if steps else None
