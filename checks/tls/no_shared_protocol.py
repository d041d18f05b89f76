"""The server speaks none of the TLS versions that clients accept today: alert 70, or only TLS
1.1 and older goes well (RFC 8996). On OpenSSL 3 a server set to TLS 1.0 alone speaks none.

The remedy adds the current versions to the list: whoever gets in today still does.
"""

import re
from collections.abc import Iterator

from checks.tls import Settings, confidence, failed, settings, value
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.tls import Handshake

_CURRENT = ("TLSv1.2", "TLSv1.3")


@check(severity=Severity.ERROR, needs=[Handshake])
def no_shared_protocol(evidence: Evidence) -> Iterator[Claim]:
    for one in failed(evidence, "no-shared-protocol"):
        old = one.control("old")
        alert = one.visits[0].alert
        given = settings(evidence, "ssl_protocols", early=True)
        fix = _fix(given) if given else None
        yield Claim(
            about=one.about,
            covers=one.subjects,
            because=one.because,
            confidence=confidence(old or (alert and alert.code == 70)),
            facts={
                **one.facts,
                "old": old.protocol if old else "",
                "place": given.place if given and fix else "",
                "written": _written(given) if given and fix else "",
            },
            location=given.location if given and fix else None,
            fix=fix or Fix((Manual("set-protocols", Where.SERVER),), Applicability.MANUAL),
        )


def _written(given: Settings) -> str:
    """The first line that names old versions only, as it stands."""
    line = next(one.line for one in given.found if one.line and _is_old(one.args))
    return " ".join((line.name, *line.args))


def _fix(given: Settings) -> Fix | None:
    """None where the configuration is not what keeps the current versions out."""
    old = [one for one in given.found if one.line and _is_old(one.args)]
    if not old or _is_commanded(given):
        return None
    current = _CURRENT if _knows_1_3(given) else _CURRENT[:1]
    lines = [(one, f"ssl_protocols {value(one.args, lambda arg: True, current)};") for one in old]
    steps = given.steps(lines)
    alone = given.alone(old)
    applicability = Applicability.AUTOMATIC if alone else Applicability.REVIEW
    return Fix(steps, applicability) if steps else None


def _is_old(args: tuple[str, ...]) -> bool:
    return bool(args) and not set(_CURRENT).intersection(args)


def _is_commanded(given: Settings) -> bool:
    """Whether the version is set past ssl_protocols (SSL_CONF_cmd(3))."""
    from diagnose.parsers.nginx.server_blocks import Place

    return any(
        command.args[:1] and "Protocol" in command.args[0]
        for one in given.found
        for command in Place((one.server.http, one.server.block)).all("ssl_conf_command")
    )


def _knows_1_3(given: Settings) -> bool:
    """nginx knows the word since 1.13.0; an older one does not start with it."""
    build = given.nginx.build
    said = re.search(r"(\d+)\.(\d+)\.\d+", build.version) if build else None
    return said is None or (int(said[1]), int(said[2])) >= (1, 13)
