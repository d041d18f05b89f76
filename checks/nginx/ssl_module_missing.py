"""An nginx of one's own build, made without --with-http_ssl_module: it refuses every
configuration that speaks TLS. Some builds (Tengine) have the module without saying so, so the
refusal counts, and not the missing word alone."""

import re
import shlex
from collections.abc import Iterator

from checks.nginx import Nginx, where
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.nginx import Directive, NginxBuild
from diagnose.parsers.nginx.config import walk

_REFUSED = re.compile(r'requires ngx_http_ssl_module|unknown directive "ssl')


@check(
    severity=Severity.ERROR,
    needs=[NginxBuild],
    explains=["nginx.config-invalid", "nginx.not-running", "nginx.listen-without-ssl"],
)
def ssl_module_missing(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    build, test = nginx.build, nginx.test
    if build is None or not build.version or build.has_ssl:
        return
    used = _used(nginx)
    refused = [m for m in test.messages if _REFUSED.search(m.text)] if test else []
    if (test and not refused) or (not test and (used is None or "engine" in build.version)):
        return
    arguments = shlex.join((*build.arguments, "--with-http_ssl_module"))
    yield Claim(
        about=Subject(text=build.binary),
        because=(build, *([test] if test else [])),
        facts={
            "binary": build.binary,
            "version": build.version.rpartition("/")[2].split(" ")[0],
            "message": refused[0].text if refused else "",
            "place": where(used) if used else "",
            "configure": f"./configure {arguments}",
        },
        confidence=Confidence.CERTAIN if refused else Confidence.LIKELY,
        location=nginx.location(used) if used else None,
        fix=Fix(
            (Manual("build", Where.SERVER), nginx.tested(), *nginx.started()), Applicability.MANUAL
        ),
    )


def _used(nginx: Nginx) -> Directive | None:
    """The first directive that needs the module."""
    for one in walk(nginx.config.main if nginx.config else ()):
        if one.name == "listen" and "ssl" in one.args[1:]:
            return one
        if one.name in {"ssl_certificate", "ssl_protocols", "ssl_ciphers"}:
            return one
    return None
