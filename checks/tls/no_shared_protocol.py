"""The server speaks no TLS version that current clients accept: alert 70, or only TLS 1.1 and older
succeed (RFC 8996). With OpenSSL 3, a server that is set to TLS 1.0 alone speaks no version.

The fix adds the current versions to the list, so that current clients still connect.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from checks.tls import confidence, failure_groups
from checks.tls._nginx_settings import (
    TargetSettings,
    has_version_command,
    joined_args,
    target_settings,
)
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Severity
from diagnose.model.tls import Handshake

_CURRENT = ("TLSv1.2", "TLSv1.3")


@check(severity=Severity.ERROR, needs=[Handshake], needs_fault=[Handshake])
def no_shared_protocol(evidence: Evidence) -> Iterator[Claim]:
    for group in failure_groups(evidence, "no-shared-protocol"):
        old = group.control("old")
        alert = group.visits[0].alert
        settings = target_settings(evidence, "ssl_protocols", early=True)
        fix = _fix(settings) if settings else None
        # Imported late: only a finding needs it.
        from checks.tls._corrections import correction

        corrected = correction(evidence, settings, fix, "current-versions", "set-protocols")
        claim = Claim(
            about=group.subject,
            covers=group.subjects,
            because=group.handshakes,
            confidence=confidence(old or (alert and alert.code == 70)),
            facts={
                **group.facts,
                "old": old.protocol if old else "",
                "place": corrected.place,
                "written": _directive_text(settings) if settings and fix else "",
            },
            location=corrected.location,
            fix=corrected.fix,
        )
        yield claim if corrected.place else _with_own_setting(evidence, claim)


def _with_own_setting(evidence: Evidence, claim: Claim) -> Claim:
    """Return the claim with the edit of the setting of a program that ends TLS itself."""
    # Imported late: few programs do.
    from checks.upstream._own_remedy import source_remedy

    own = source_remedy(evidence, "tls_versions")
    if own is None:
        return claim
    read, remedy = own
    facts = {**claim.facts, **remedy.facts, "place": read.place or read.key}
    return replace(claim, because=(*claim.because, read), facts=facts, fix=remedy.fix)


def _directive_text(settings: TargetSettings) -> str:
    """Return the first directive that names old versions only, as it is written."""
    directive = next(
        setting.directive
        for setting in settings.settings
        if setting.directive and _is_old(setting.args)
    )
    return directive.text


def _fix(settings: TargetSettings) -> Fix | None:
    """Return the fix, or None if the configuration does not exclude the current versions."""
    old_settings = [
        setting for setting in settings.settings if setting.directive and _is_old(setting.args)
    ]
    if not old_settings or has_version_command(settings):
        return None
    current = _CURRENT if _knows_1_3(settings) else _CURRENT[:1]
    lines = [
        (setting, f"ssl_protocols {joined_args(setting.args, lambda arg: True, current)};")
        for setting in old_settings
    ]
    steps = settings.steps(lines)
    is_confined = settings.is_confined(old_settings)
    applicability = Applicability.AUTOMATIC if is_confined else Applicability.REVIEW
    return Fix(steps, applicability) if steps else None


def _is_old(args: tuple[str, ...]) -> bool:
    return bool(args) and not set(_CURRENT).intersection(args)


def _knows_1_3(settings: TargetSettings) -> bool:
    """Return whether nginx knows "TLSv1.3" (since 1.13.0); an older one does not start with it."""
    build = settings.nginx.build
    version = re.search(r"(\d+)\.(\d+)\.\d+", build.version) if build else None
    return version is None or (int(version[1]), int(version[2])) >= (1, 13)
