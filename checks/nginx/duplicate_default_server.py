"""Two blocks have default_server for one address and port: often a distribution's default site and
the administrator's own."""

from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edit
from checks.nginx._errors import ConfigFault, config_error_claim, directive_at, find_config_error
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.nginx import Directive, NginxConfig, NginxTest
from diagnose.parsers.nginx import edits

_DEFAULT_PARAMETERS = {"default_server", "default"}


@check(
    severity=Severity.ERROR,
    needs=[NginxTest, NginxConfig],
    explains=["nginx.config-invalid"],
)
def duplicate_default_server(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    config_error = find_config_error(nginx, r"a duplicate default server for (\S+)")
    if config_error is None:
        return
    message, match = config_error
    second = directive_at(nginx, message.file, message.line, "listen")
    first = _other_default(nginx, second) if second else None
    loser = first if first and _is_shipped(first) else second
    yield config_error_claim(
        nginx,
        ConfigFault(
            message,
            match[1],
            {
                "socket": match[1],
                "first": file_line(first) if first else "",
                "gives_way": file_line(loser) if loser else "",
            },
            directive=second,
        ),
        _fix(nginx, loser),
    )


def _other_default(nginx: Nginx, second: Directive) -> Directive | None:
    """Return the other one, which nginx does not report."""
    sockets = {
        (listen.address, listen.port)
        for server in nginx.servers
        for listen in server.listens
        if listen.directive == second
    }
    for server in nginx.servers:
        for listen in server.listens:
            is_duplicate = listen.default and (listen.address, listen.port) in sockets
            if is_duplicate and listen.directive and listen.directive != second:
                return listen.directive
    return None


def _is_shipped(directive: Directive) -> bool:
    """Return whether the directive is in a site that a package installs."""
    return directive.file.endswith(("/sites-enabled/default", "/conf.d/default.conf"))


def _fix(nginx: Nginx, loser: Directive | None) -> Fix:
    """Remove default_server from the second block, because nginx uses the first for unknown names.

    But a package's own site gives way to a site that somebody wrote. Every site keeps its names.
    """
    if loser:
        arguments = " ".join(
            (
                "listen",
                *(argument for argument in loser.args if argument not in _DEFAULT_PARAMETERS),
            )
        )
        if edit := config_edit(nginx, loser.file, edits.replace_directive(loser, f"{arguments};")):
            return Fix((edit, *reload_steps(nginx)))
    return Fix((Manual("one-of-them", Where.SERVER), *reload_steps(nginx)), Applicability.MANUAL)
