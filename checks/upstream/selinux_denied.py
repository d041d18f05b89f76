"""SELinux does not allow web servers to make connections by default (httpd_selinux(8)). The
application responds to every program on this server except nginx, and visitors get 502 (error.log:
"connect() to 127.0.0.1:3000 failed (13: Permission denied) while connecting to upstream")."""

from collections.abc import Iterator

from checks.nginx import Nginx
from checks.upstream import CONSEQUENCES, Backend, backend_log_lines, backends
from checks.upstream._claims import BackendFault, upstream_claim
from checks.upstream._responses import fails_in_run, front_failures
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
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.model.upstream import Denial, Selinux

#: The boolean that allows programs of the domain httpd_t to connect to any port.
BOOLEAN = "httpd_can_network_connect"


@check(
    severity=Severity.ERROR,
    needs=[Selinux, UpstreamTry, NginxConfig],
    explains=[*CONSEQUENCES, "upstream.socket-unreachable"],
)
def selinux_denied(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    selinux_states = evidence.good(Selinux)[-1:]
    if not selinux_states or selinux_states[0].mode != "Enforcing":
        return
    for backend in backends(nginx):
        log_lines = backend_log_lines(nginx, backend, r"^connect\(\)", 13)
        denials = [
            denial
            for denial in selinux_states[0].denials
            if denial.enforced and _is_about(denial, backend)
        ]
        socket = bool(backend.proxy_target.endpoints[0].socket)
        is_off = selinux_states[0].boolean(BOOLEAN) is False and not socket
        witnessed = bool(log_lines or denials)
        is_on = selinux_states[0].boolean(BOOLEAN) is True and not socket
        if is_on and not fails_in_run(evidence, backend.paths):
            continue  # somebody has allowed it since
        if backend.is_up and front_failures(evidence, backend.paths) and (witnessed or is_off):
            yield _claim(nginx, backend, selinux_states[0], denials, log_lines, socket)


def _is_about(denial: Denial, backend: Backend) -> bool:
    endpoints = backend.proxy_target.endpoints
    by_port = denial.permission == "name_connect" and denial.port in {
        endpoint.port for endpoint in endpoints if endpoint.host
    }
    by_path = denial.permission in {"connectto", "write"} and any(
        endpoint.socket
        and (denial.path == endpoint.socket or endpoint.socket.endswith(f"/{denial.path}"))
        for endpoint in endpoints
    )
    return by_port or (by_path and bool(denial.path))


def _claim(
    nginx: Nginx,
    backend: Backend,
    selinux: Selinux,
    denials: list[Denial],
    log_lines: tuple[LogLine, ...],
    socket: bool,
) -> Claim:
    is_off = selinux.boolean(BOOLEAN) is False
    allow_command = commands.turn_on_boolean(BOOLEAN)
    by_boolean = not socket and selinux.boolean(BOOLEAN) is not True
    witnessed = bool(denials or log_lines)
    # What the logs have tells of the past; the boolean or this run's own request, of today.
    is_present = (is_off and not socket) or fails_in_run(nginx.evidence, backend.paths)
    return upstream_claim(
        nginx,
        BackendFault(
            backend,
            {
                "mode": selinux.mode,
                "boolean": BOOLEAN if is_off and not socket else "",
                "denied": bool(denials),
                "message": log_lines[0].text if log_lines else "",
                "socket": socket,
            },
            because=(selinux, *backend.connect_attempts, *log_lines),
            confidence=Confidence.CERTAIN if witnessed and is_present else Confidence.LIKELY,
            ruled_out=("upstream.refused",),
        ),
        Fix((allow_command,), Applicability.AUTOMATIC)
        if by_boolean
        else Fix((Manual("let-it", Where.SERVER),), Applicability.MANUAL),
    )
