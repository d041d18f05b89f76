"""proxy_pass names a port of this machine on which nothing listens, and which a NAT rule forwards.
The rule acts on packets that arrive from other machines (nat PREROUTING: firewalld's forward ports,
`-A PREROUTING … -j DNAT`, REDIRECT). nginx's own connections do not pass it, and are refused, while
the same address works from outside (iptables-extensions(8), DNAT; firewalld.zone(5), forward-port).
"""

from collections.abc import Iterator

from checks.firewall._nat import DnatTarget, dnat_rule, dnat_targets
from checks.firewall._netfilter import netfilter_view
from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import Changes, config_edits
from checks.upstream import CONSEQUENCES, Backend, backend_log_lines, backends
from checks.upstream._claims import BackendFault, upstream_claim
from checks.upstream._containers import is_server_host
from checks.upstream._edits import replace_in_directives
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Manual, Severity, Where
from diagnose.model.addresses import bracketed, is_loopback
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.model.server import Interface, Listeners, interface_addresses
from diagnose.parsers.netfilter import owners


@check(
    severity=Severity.ERROR,
    needs=[UpstreamTry, NginxConfig, Listeners],
    explains=(*CONSEQUENCES, "upstream.refused"),
)
def forwarded_port(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for backend in backends(nginx):
        attempt = _refused_here(evidence, backend)
        forward = _forward(evidence, attempt.port) if attempt else None
        if attempt is None or forward is None:
            continue
        yield _claim(nginx, backend, attempt, forward)


def _refused_here(evidence: Evidence, backend: Backend) -> UpstreamTry | None:
    """Return a refused connection to this machine, where nothing listens on the port."""
    if not backend.is_down:
        return None
    attempt = backend.connect_attempts[0]
    is_refused = attempt.failure is not None and attempt.failure.kind == "refused"
    host = attempt.address or attempt.host
    if not is_refused or attempt.socket or not is_server_host(evidence, host):
        return None
    listeners = evidence.good(Listeners)
    is_used = any(snapshot.on(attempt.port) for snapshot in listeners)
    return None if is_used or not listeners else attempt


def _forward(evidence: Evidence, port: int) -> DnatTarget | None:
    """Return where the port goes for packets from other machines, if that is somewhere else."""
    return next(
        (
            target
            for target in dnat_targets(evidence, port)
            if target.destination != (target.packet.destination, port)
        ),
        None,
    )


def _claim(nginx: Nginx, backend: Backend, attempt: UpstreamTry, forward: DnatTarget) -> Claim:
    evidence, view = nginx.evidence, netfilter_view(nginx.evidence)
    place = dnat_rule(view, forward)
    host, port = forward.destination
    program = _program(evidence, host, port)
    return upstream_claim(
        nginx,
        BackendFault(
            backend,
            {
                "endpoint": attempt.endpoint,
                "port": attempt.port,
                "to": f"{bracketed(host)}:{port}",
                "rule": place.text if place else "",
                "firewalld": place is not None and owners.owner(place) == "firewalld",
                "program": program or "",
            },
            because=(
                *backend.connect_attempts,
                *view.because,
                *evidence.good(Listeners),
                *backend_log_lines(nginx, backend, r"connect\(\) failed", 111),
            ),
            # Whether a program on another machine takes connections was not tried.
            confidence=Confidence.LIKELY if program is None else Confidence.CERTAIN,
        ),
        _fix(nginx, backend, attempt, f"{bracketed(host)}:{port}"),
    )


def _program(evidence: Evidence, host: str, port: int) -> str | None:
    """Return the program of this machine that gets the forwarded packets ("" if its name is not
    known), or None if none does."""
    own = interface_addresses(evidence.good(Interface))
    if host not in own and not is_loopback(host):
        return None
    for listeners in evidence.good(Listeners):
        for listener in listeners.on(port):
            if listener.address in {host, "0.0.0.0", "::", "*"}:
                return listener.process or ""
    return None


def _fix(nginx: Nginx, backend: Backend, attempt: UpstreamTry, to: str) -> Fix:
    """Name the destination in proxy_pass. Whether the application wants the same requests from
    nginx as from outside is for a person to say."""
    changes: Changes = {}
    directives = [proxy_target.directive for proxy_target in backend.proxy_targets]
    replace_in_directives(nginx, directives, attempt.endpoint, to, changes)
    file_edits = config_edits(nginx, changes)
    if not file_edits or len(backend.connect_attempts) != 1:
        return Fix((Manual("name-the-destination", Where.SERVER),), Applicability.MANUAL)
    return Fix((*file_edits, *reload_steps(nginx)), Applicability.REVIEW)
