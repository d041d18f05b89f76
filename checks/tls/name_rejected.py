"""The server ends the handshake because of the name: with alert 112 (RFC 6066 section 3), as nginx
does with `ssl_reject_handshake on`, or with another alert that does not occur with a different
name."""

from collections.abc import Iterator

from checks.tls import confidence, failure_groups
from checks.tls._nginx_settings import TargetSettings, target_settings
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.tls import Handshake
from diagnose.parsers.hostnames import is_address, is_host

#: Names that are shown.
_MOST_NAMES = 3


@check(severity=Severity.ERROR, needs=[Handshake], needs_fault=[Handshake])
def name_rejected(evidence: Evidence) -> Iterator[Claim]:
    for group in failure_groups(evidence, "name-rejected"):
        alert = group.visits[0].alert
        settings = target_settings(evidence, "ssl_reject_handshake")
        fix = _fix(settings) if settings else None
        unnamed = is_address(evidence.target.host)
        yield Claim(
            about=group.subject,
            covers=group.subjects,
            because=group.handshakes,
            confidence=confidence(alert and alert.code == 112),
            facts={
                **group.facts,
                "unnamed": unnamed,
                "sites": _sites(settings) if settings and unnamed else (),
                "place": settings.file_line if settings and fix else "",
            },
            location=settings.location if settings and fix else None,
            fix=fix
            or Fix(
                (Manual("ask-by-name" if unnamed else "add-the-name", Where.SERVER),),
                Applicability.MANUAL,
            ),
        )


def _sites(settings: TargetSettings) -> tuple[str, ...]:
    """Return the first names that nginx has on this port and that can be asked for."""
    names = dict.fromkeys(
        name
        for server in settings.nginx.servers
        if any(listen.port == settings.nginx.evidence.target.port for listen in server.listens)
        for name in server.names
        if is_host(name) and "." in name and not is_address(name)
    )
    return tuple(names)[:_MOST_NAMES]


def _fix(settings: TargetSettings) -> Fix | None:
    """Let the site's own block answer, if it is the one that rejects. A person decides, because the
    site may be off on purpose."""
    host = settings.nginx.evidence.target.host
    rejecting = [
        setting
        for setting in settings.settings
        if setting.args == ("on",) and host in {name.lower() for name in setting.server.names}
    ]
    steps = settings.steps([(setting, "ssl_reject_handshake off;") for setting in rejecting])
    return Fix(steps, Applicability.REVIEW) if steps else None
