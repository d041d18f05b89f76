"""The site does not speak TLS 1.3, and somebody misses it.

OpenSSL settles the version before the name counts, so that nginx takes `ssl_protocols` of the
default server of the socket ("Virtual server selection", nginx.org; since nginx 1.29.2 of the
site's own block). Apache before 2.4.42 does the same with `SSLProtocol`, and the versions of
HAProxy belong to the `bind` line. The visitor's handshake offers TLS 1.2 and 1.3: if it ends with
1.2, the server has 1.3 off. That alone is no fault.
"""

import re
from collections.abc import Iterator

from checks.tls._nginx_settings import (
    Setting,
    TargetSettings,
    has_version_command,
    target_settings,
)
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Severity,
    endpoints,
    merge_subjects,
)
from diagnose.model.tls import Handshake

_NEWEST = "TLSv1.3"
#: nginx knows the word since 1.13.0, and allows TLS 1.3 without a line since 1.23.4.
_KNOWN_SINCE, _DEFAULT_SINCE = (1, 13, 0), (1, 23, 4)


@check(severity=Severity.NOTE, needs=[Handshake], needs_message=True)
def newest_version_off(evidence: Evidence) -> Iterator[Claim]:
    # Imported late: only a message needs it.
    from checks.tls._version_words import missed_version

    visits = [visit for visit in evidence.good(Handshake) if visit.variant == "normal"]
    missed = missed_version(evidence.target.symptom)
    if not missed or not visits or any(visit.protocol != "TLSv1.2" for visit in visits):
        return
    settings = target_settings(evidence, "ssl_protocols", early=True)
    own = _own_line(settings) if settings else None
    # Imported late: only a finding needs it.
    from checks.tls._corrections import correction

    deciding = _deciding(settings) if settings else ()
    decided = TargetSettings(settings.nginx, deciding, True) if settings and deciding else None
    fix = _fix(decided) if decided else None
    corrected = correction(evidence, decided, fix, "newest-version", "allow-it")
    subjects = endpoints((visit.address for visit in visits), visits[0].port)
    config = settings.nginx.configs if settings else ()
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*visits, *config),
        confidence=_confidence(missed, own is not None),
        facts={
            "name": evidence.target.host,
            "port": visits[0].port,
            "place": corrected.place,
            "own": own.file_line if own else "",
            "other": _name(deciding[0]) if own and deciding else "",
        },
        location=corrected.location,
        fix=corrected.fix,
    )


def _confidence(missed: str, is_overruled: bool) -> Confidence:
    """That a version is refused may be about an older client, too."""
    if missed == "newest":
        return Confidence.CERTAIN
    return Confidence.LIKELY if is_overruled else Confidence.POSSIBLE


def _own_line(settings: TargetSettings) -> TargetSettings | None:
    """Return the line that allows TLS 1.3 for the site, if a default server's does not; else None.
    A line of ssl_conf_command may decide, too."""
    blocks = [selected.server.block for selected in settings.nginx.selected_servers()]
    is_own = [setting.server.block in blocks for setting in settings.settings]
    own = tuple(setting for setting, own in zip(settings.settings, is_own, strict=True) if own)
    if len(own) == len(settings.settings) or has_version_command(settings):
        return None
    if not all(_NEWEST in setting.args for setting in own) or not _deciding(settings):
        return None
    return TargetSettings(settings.nginx, own)


def _deciding(settings: TargetSettings) -> tuple[Setting, ...]:
    """Return the settings that leave TLS 1.3 out: nginx's default does so in older versions."""
    return tuple(
        setting
        for setting in settings.settings
        if _NEWEST not in setting.args
        and (setting.directive is not None or not _is_since(settings, _DEFAULT_SINCE))
    )


def _fix(settings: TargetSettings) -> Fix | None:
    if has_version_command(settings) or not _is_since(settings, _KNOWN_SINCE):
        return None
    lines = [
        (setting, f"ssl_protocols {' '.join((*(setting.args or ('TLSv1.2',)), _NEWEST))};")
        for setting in settings.settings
    ]
    steps = settings.steps(lines)
    return Fix(steps, Applicability.REVIEW) if steps else None


def _is_since(settings: TargetSettings, first: tuple[int, int, int]) -> bool:
    """Return whether nginx has this version or a later one; an unknown version is a later one."""
    build = settings.nginx.build
    version = re.search(r"(\d{1,4})\.(\d{1,4})\.(\d{1,4})", build.version) if build else None
    return version is None or tuple(map(int, version.groups())) >= first


def _name(setting: Setting) -> str:
    return next((name for name in setting.server.names if name not in {"", "_"}), "_")
