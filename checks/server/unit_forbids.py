"""A setting of a unit forbids what has failed: the packets of visitors, or those between the web
server and its application (IPAddressDeny=, systemd.resource-control(5)), or any socket of IP, so
that nginx does not start (RestrictAddressFamilies=, systemd.exec(5)).

Such packets are dropped for the programs of the unit alone, and no rule of a packet filter shows
it. A kernel without the support for it applies nothing (journal: "does not support BPF/cgroup
firewalling"), so what is silent is likely and not certain.
"""

from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Subject,
    Where,
)
from diagnose.model.http import page_exchanges
from diagnose.model.services import UnitDenial
from diagnose.model.tcp import Connection
from diagnose.parsers.http import GATEWAY_FAILURES


@check(
    severity=Severity.ERROR,
    needs=[UnitDenial],
    explains=[
        "tcp.timeout", "tcp.refused", "tls.stalled", "listener.missing", "http.port-closed",
        "dns.dead-address", "dns.dead-ipv6", "nginx.not-running", "http.server-error",
        "upstream.unreachable", "upstream.timeout", "upstream.application-log",
        "server.application-down", "server.backend-not-reached", "server.application-silent",
        "websocket.not-upgraded", "websocket.upstream-failed",
    ],
    on_loopback=True,
)  # fmt: skip
def unit_forbids(evidence: Evidence) -> Iterator[Claim]:
    for denial in evidence.good(UnitDenial):
        proofs = _proofs(evidence, denial)
        if proofs:
            yield _claim(evidence, denial, proofs)
            return


#: What it forbids while nginx starts.
_AT_START = {"start", "calls"}


def _proofs(evidence: Evidence, denial: UnitDenial) -> tuple[Observation, ...]:
    """Return what failed as the setting lets it fail."""
    connections = [item for item in evidence.of(Connection) if item.purpose == "target"]
    if denial.denied in _AT_START:
        return tuple(item for item in connections if item.failure)
    if denial.denied == "visitors":
        silent = [item for item in connections if item.failure and item.failure.kind == "timeout"]
        return tuple(silent) if len(silent) == len(connections) else ()
    return tuple(
        page
        for page in page_exchanges(evidence)
        if (page.failure is not None and page.failure.kind == "timeout")
        or page.status in GATEWAY_FAILURES
    )


def _claim(evidence: Evidence, denial: UnitDenial, proofs: tuple[Observation, ...]) -> Claim:
    target = evidence.target
    paths = dict.fromkeys(path.partition("?")[0] for path in (target.path, *target.websockets))
    is_inside = denial.denied in {"backend", "front"}
    on_paths = tuple(Subject(port=target.port, path=path) for path in paths)
    return Claim(
        about=Subject(port=target.port, path=target.path)
        if is_inside
        else Subject(text=denial.unit),
        covers=(*on_paths, Subject(port=target.port), Subject(port=80))
        if is_inside
        else (Subject(),),
        because=(denial, *proofs),
        confidence=Confidence.CERTAIN if denial.denied in _AT_START else Confidence.LIKELY,
        facts={
            "unit": denial.unit,
            "setting": denial.setting,
            "peer": str(Subject(address=denial.address, port=denial.port)) if is_inside else "",
            "address": denial.address,
            "visitors": denial.denied == "visitors",
            "backend": denial.denied == "backend",
            "front": denial.denied == "front",
            "start": denial.denied in _AT_START,
            "calls": denial.denied == "calls",
            "message": denial.message,
            "command": denial.equivalent,
        },
        fix=Fix((Manual("allow-it", Where.SERVER),), Applicability.MANUAL),
    )
