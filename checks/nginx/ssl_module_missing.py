"""A self-compiled nginx without --with-http_ssl_module refuses every configuration that uses TLS.
Some builds (Tengine) have the module and do not list it, so the error message counts, and not only
the missing word."""

import re
import shlex
from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._commands import config_test_command, start_commands
from checks.nginx._stale_config import refused_config_severity
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

_SSL_ERROR = re.compile(r'requires ngx_http_ssl_module|unknown directive "ssl')


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
    directive = _ssl_directive(nginx)
    errors = (
        [message for message in test.messages if _SSL_ERROR.search(message.text)] if test else []
    )
    if (test and not errors) or (not test and (directive is None or "engine" in build.version)):
        return
    arguments = shlex.join((*build.arguments, "--with-http_ssl_module"))
    yield Claim(
        about=Subject(text=build.binary),
        because=(build, *([test] if test else [])),
        facts={
            "binary": build.binary,
            "version": build.version.rpartition("/")[2].split(" ")[0],
            "message": errors[0].text if errors else "",
            "place": file_line(directive) if directive else "",
            "configure": f"./configure {arguments}",
        },
        confidence=Confidence.CERTAIN if errors else Confidence.LIKELY,
        severity=refused_config_severity(nginx),
        location=nginx.location(directive) if directive else None,
        fix=Fix(
            (Manual("build", Where.SERVER), config_test_command(nginx), *start_commands(nginx)),
            Applicability.MANUAL,
        ),
    )


def _ssl_directive(nginx: Nginx) -> Directive | None:
    """Return the first directive that needs the module."""
    for directive in walk(nginx.config.main if nginx.config else ()):
        if directive.name == "listen" and "ssl" in directive.args[1:]:
            return directive
        if directive.name in {"ssl_certificate", "ssl_protocols", "ssl_ciphers"}:
            return directive
    return None
