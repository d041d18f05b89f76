"""nginx may not bind the port (EACCES, bind(2)). Ports below 1024 need root or CAP_NET_BIND_SERVICE
(ip(7), ip_unprivileged_port_start). SELinux allows web servers only the ports of http_port_t."""

import re
from collections.abc import Iterator
from dataclasses import replace

from checks.nginx import Nginx
from checks.nginx._commands import config_test_command, reload_steps, start_commands
from checks.nginx._errors import (
    ConfigFault,
    config_error_claim,
    find_config_error,
    find_startup_error,
)
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    commands,
)
from diagnose.model.files import NginxStart
from diagnose.model.nginx import NginxConfig, NginxState
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.parsers.whole_numbers import whole_number

_DENIED = r"bind\(\) to (\S+):(\d+) failed \(13: "


@check(
    severity=Severity.ERROR,
    needs=[NginxState, NginxConfig],
    explains=[
        "nginx.config-invalid",
        "nginx.not-running",
        "nginx.reload-failed",
        "nginx.reload-needed",
        "listener.missing",
        "tcp.refused",
    ],
)
def port_permission(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    startup_error = find_startup_error(nginx, _DENIED)
    if startup_error is None:
        return
    message, match, observations = startup_error
    port = int(match[2])
    start = next(iter(evidence.good(NginxStart)), None)
    forbidden = _is_forbidden_by_selinux(start, port)
    facts = {
        "address": match[1],
        "port": port,
        "user": _nginx_user(nginx, start),
        "selinux": forbidden,
        "allowed": start.ports if start and forbidden else "",
        "low": port < 1024,
        "again": not _manual_step(nginx, start),
    }
    directive = next(
        (
            directive
            for directive in nginx_parser.walk(nginx.config.main if nginx.config else ())
            if directive.name == "listen"
            and directive.args
            and re.search(rf"(^|:){port}$", directive.args[0])
        ),
        None,
    )
    all_observations = (*observations, *([start] if start else []))
    fix = _fix(nginx, start, port, forbidden)
    claim = config_error_claim(
        nginx,
        ConfigFault(
            message, f"{match[1]}:{port}", facts, directive=directive, observations=all_observations
        ),
        fix,
    )
    sure = find_config_error(nginx, _DENIED) or forbidden or facts["user"]
    yield replace(claim, confidence=Confidence.CERTAIN if sure else Confidence.LIKELY)


def _is_forbidden_by_selinux(start: NginxStart | None, port: int) -> bool:
    """Return whether SELinux does not allow nginx to use the port."""
    if start is None or start.selinux != "enforcing" or start.user or not start.ports:
        return False
    bounds = (port_range.strip().partition("-") for port_range in start.ports.split(","))
    allowed_ranges = (
        (whole_number(low), whole_number(high) if dash else whole_number(low))
        for low, dash, high in bounds
    )
    return not any(
        low is not None and high is not None and low <= port <= high for low, high in allowed_ranges
    )


def _nginx_user(nginx: Nginx, start: NginxStart | None) -> str:
    """Return the user who runs or starts nginx; "" for root."""
    if master := nginx.master:
        return str(master.user) if master.user else ""
    return start.user if start else ""


def _manual_step(nginx: Nginx, start: NginxStart | None) -> str:
    """Return the name of the manual step if another start would fail again, by its unit or as
    root."""
    if start and start.messages:
        unknown = start.selinux == "enforcing" and not start.ports and not start.user
        return "selinux" if unknown else "unit"
    return "selinux" if nginx.master and not nginx.master.user else ""


def _fix(nginx: Nginx, start: NginxStart | None, port: int, forbidden: bool) -> Fix:
    if forbidden:
        allow = commands.label_port("http_port_t", port)
        return Fix((allow, *reload_steps(nginx)), Applicability.REVIEW)
    if step := _manual_step(nginx, start):
        return Fix((Manual(step, Where.SERVER), *reload_steps(nginx)), Applicability.MANUAL)
    test, change = config_test_command(nginx), start_commands(nginx)
    if nginx.master is None:
        # Start nginx by its service, which has the right to bind the port.
        return Fix((test, *change))
    stop = commands.stop_nginx(test.argv[:-1])
    return Fix((test, stop, *change), Applicability.REVIEW)
