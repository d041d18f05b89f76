"""nginx's error log leaves out why a request failed: its level is `crit` or above.

nginx writes an error of a request, like a refused connection to the application, with the level
"error" (https://nginx.org/en/docs/ngx_core_module.html#error_log). Control panels set `crit`. It is
a note, and only beside an error page of nginx itself or a handshake that it ended: the log would
say more.
"""

from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edit
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    endpoints,
    merge_subjects,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.tls import Handshake
from diagnose.parsers.http import proxy_page
from diagnose.parsers.nginx.edits import replace_directive
from diagnose.parsers.nginx.error_log import keeps_request_errors, written_level

#: How a handshake ends that nginx could not go on with: a certificate that it cannot read.
_ENDINGS = frozenset({"alert", "closed", "reset"})


@check(severity=Severity.NOTE, needs=[NginxConfig], needs_fault=[Exchange, Handshake])
def errors_not_logged(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    failed = tuple(_failures(evidence))
    directives = _error_logs(nginx, evidence.target.path)
    if not failed or not directives or nginx.config is None:
        return
    if any(keeps_request_errors(written_level(directive)) for directive in directives):
        return
    directive = directives[0]
    subjects = endpoints((failure.address for failure in failed), evidence.target.port)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*failed, nginx.config),
        location=nginx.location(directive),
        facts={
            "status": failed[0].status if isinstance(failed[0], Exchange) else "",
            "log": directive.args[0],
            "level": written_level(directive),
            "place": file_line(directive),
            "target": evidence.target.url,
        },
        fix=_fix(nginx, directive),
    )


def _failures(evidence: Evidence) -> Iterator[Exchange | Handshake]:
    """Yield what visitors get and nginx logs a reason for."""
    for exchange in page_exchanges(evidence):
        if _is_refusal(exchange.status or 0) and proxy_page(exchange.body) == "nginx":
            yield exchange
    for handshake in evidence.of(Handshake):
        is_visit = handshake.is_browser_like and handshake.port == evidence.target.port
        if is_visit and handshake.failure and handshake.failure.kind in _ENDINGS:
            yield handshake


def _is_refusal(status: int) -> bool:
    """Return whether nginx logs a reason: an error, or a file that it may not read."""
    return status == 403 or status >= 500


def _error_logs(nginx: Nginx, path: str) -> tuple[Directive, ...]:
    """Return the `error_log` directives in force for the path."""
    match = next(iter(nginx.location_matches(path)), None)
    inner = match.directives("error_log") if match else ()
    main = nginx.config.main if nginx.config else ()
    outer = tuple(directive for directive in main if directive.name == "error_log")
    return tuple(directive for directive in inner or outer if directive.args)


def _fix(nginx: Nginx, directive: Directive) -> Fix:
    other_arguments = [
        argument for argument in directive.args[1:] if argument != written_level(directive)
    ]
    line = f"error_log {' '.join((directive.args[0], *other_arguments, 'error'))};"
    edit = config_edit(nginx, directive.file, replace_directive(directive, line))
    if edit is None:
        return Fix((Manual("set-the-level", Where.SERVER),), Applicability.MANUAL)
    return Fix((edit, *reload_steps(nginx)), Applicability.AUTOMATIC)
