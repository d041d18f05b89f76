"""TLS 1.0 or 1.1 is offered besides newer versions (RFC 8996).

It counts only if the server completed its whole first flight in that version: OpenSSL 3 at its
default security level offers neither, whatever nginx's configuration says. A person decides whether
old devices that still connect may be refused.
"""

from collections.abc import Iterator

from checks.tls._nginx_settings import TargetSettings, joined_args, target_settings
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

_OLD = {"SSLv2", "SSLv3", "TLSv1", "TLSv1.1"}
_CURRENT = ("TLSv1.2", "TLSv1.3")
#: The option that makes openssl-s_client(1) offer this version only.
_OPTIONS = {"SSLv3": "-ssl3", "TLSv1": "-tls1", "TLSv1.1": "-tls1_1"}


@check(severity=Severity.WARNING, needs=[Handshake])
def obsolete_protocol(evidence: Evidence) -> Iterator[Claim]:
    reached_addresses = {
        handshake.address
        for handshake in evidence.of(Handshake)
        if handshake.is_browser_like and handshake.protocol
    }
    old_handshakes = [
        handshake
        for handshake in evidence.good(Handshake)
        if handshake.variant == "old" and handshake.address in reached_addresses
    ]
    if not old_handshakes:
        return
    subjects = endpoints(
        (handshake.address for handshake in old_handshakes), old_handshakes[0].port
    )
    settings = target_settings(evidence, "ssl_protocols", early=True)
    fix = _fix(settings) if settings else None
    # Imported late: only a finding needs it.
    from checks.tls._corrections import correction

    corrected = correction(evidence, settings, fix, "no-old-versions", "set-protocols")
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=tuple(old_handshakes),
        facts={
            "name": evidence.target.host,
            "addresses": tuple(handshake.address for handshake in old_handshakes),
            "port": old_handshakes[0].port,
            "protocol": old_handshakes[0].protocol,
            "option": _OPTIONS.get(old_handshakes[0].protocol, "-tls1_1"),
            "cipher": old_handshakes[0].cipher,
            "place": corrected.place,
        },
        location=corrected.location,
        fix=corrected.fix,
    )


def _fix(settings: TargetSettings) -> Fix | None:
    """Remove the old versions from the lines that apply.

    Without such a line nginx's default applies, which included the old versions until 1.27.3.
    """
    lines = []
    for setting in settings.settings:
        protocols = joined_args(
            setting.args, lambda arg: arg not in _OLD, _CURRENT if not setting.directive else ()
        )
        if setting.directive is None or _OLD.intersection(setting.args):
            lines.append((setting, f"ssl_protocols {protocols or ' '.join(_CURRENT)};"))
    steps = settings.steps(lines)
    return Fix(steps, Applicability.REVIEW) if steps else None
