"""Visitors come through a tunnel, and the service of this machine that should hold it is stopped,
or the other end of the tunnel refuses it by the service's own log.

It is certain where the tunnel's own page tells visitors that nobody is connected, and this service
is for the name by its configuration. A service that runs and has no refusal at the end of its log
is connected. An error of the application's own comes through a tunnel that works: the service is a
standby then, or what was refused is another part of it.
"""

from collections.abc import Iterator

from checks.server._tunnel_pages import (
    TUNNEL_SYMPTOMS,
    failed_visits,
    is_for_name,
    tunnel_programs,
    visit_subjects,
)
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    commands,
)
from diagnose.model.http import Exchange
from diagnose.model.processes import TunnelClient, TunnelService
from diagnose.model.tls import Handshake
from diagnose.parsers.http import GATEWAY_FAILURES

_STOPPED = {"inactive", "failed"}
#: Cloudflare's own (its documentation, "Cloudflare 5XX errors").
_CDN_ERRORS = frozenset(range(520, 531))


@check(severity=Severity.ERROR, needs=[TunnelService], explains=TUNNEL_SYMPTOMS)
def tunnel_client_down(evidence: Evidence) -> Iterator[Claim]:
    visits = failed_visits(evidence)
    told = tunnel_programs(visits)
    for service in evidence.good(TunnelService) if visits else ():
        is_named = bool(service.names) and is_for_name(service.names, evidence)
        if not (is_named or (service.program in told and not service.names)):
            continue
        is_stopped = service.state in _STOPPED
        is_held = any(
            client.program == service.program and client.unit != service.unit
            for client in evidence.good(TunnelClient)
        )
        if is_held or not (is_stopped or service.refusal):
            continue
        if service.program not in told and not any(map(_is_of_tunnel, visits)):
            continue
        is_certain = service.program in told and is_named
        yield Claim(
            about=visit_subjects(evidence)[0],
            covers=visit_subjects(evidence),
            because=(service, *visits),
            confidence=Confidence.CERTAIN if is_certain else Confidence.LIKELY,
            facts={
                "program": service.program,
                "unit": service.unit.removesuffix(".service"),
                "state": service.state,
                "stopped": is_stopped,
                "file": service.file,
                "line": service.line,
                "status": next((v.status or "" for v in visits if isinstance(v, Exchange)), ""),
                **{kind: service.refusal == kind for kind in ("login", "taken", "kind", "other")},
            },
            fix=_fix(service),
        )
        return


def _is_of_tunnel(visit: Exchange | Handshake) -> bool:
    """Return whether a visit may have failed at the other end of the tunnel."""
    return isinstance(visit, Handshake) or visit.status in GATEWAY_FAILURES | _CDN_ERRORS


def _fix(service: TunnelService) -> Fix:
    """Return the start of a service that nothing refused; else a person corrects the settings."""
    if service.refusal:
        return Fix((Manual("correct-and-restart", Where.SERVER),), Applicability.MANUAL)
    unit, steps = service.unit, list[Command]()
    if service.unit_state.startswith("masked"):
        steps.append(commands.unmask_service(unit, runtime=service.unit_state.endswith("runtime")))
    if service.state == "failed":
        steps.append(commands.reset_failed(unit))
    is_enabled = service.unit_state in {"enabled", "static", "indirect", "generated"}
    start = commands.start_service(unit) if is_enabled else commands.enable_service(unit, now=True)
    return Fix((*steps, start), Applicability.REVIEW)
