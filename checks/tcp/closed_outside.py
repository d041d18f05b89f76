"""Another place (`--vantage`) cannot connect to the port, although it works where this machine or
the server itself tries: what is closed lies between, or the server lets not everybody in.

A port of the same address that does answer that place is the control: its line and the server's
are up then, and only this port is closed to it.
"""

from collections.abc import Iterator

from checks.tcp._vantages import (
    RemoteVisits,
    answering_ports,
    arrival,
    control_visits,
    is_server_here,
    remote_visits,
    witnesses,
)
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
    Where,
    endpoints,
    merge_subjects,
)
from diagnose.model.vantages import VantageVisit


@check(severity=Severity.ERROR, needs=[VantageVisit])
def closed_outside(evidence: Evidence) -> Iterator[Claim]:
    groups = remote_visits(evidence)
    for silence in ("silent", "refused", "unreachable"):
        closed = tuple(
            group
            for group in groups
            if group.silence == silence and _is_open_elsewhere(evidence, groups, group)
        )
        if closed:
            yield _claim(evidence, groups, closed)


def _is_open_elsewhere(
    evidence: Evidence, groups: tuple[RemoteVisits, ...], closed: RemoteVisits
) -> bool:
    return bool(witnesses(evidence, closed.address)) or bool(_connected(groups, closed.address))


def _connected(groups: tuple[RemoteVisits, ...], address: str) -> tuple[RemoteVisits, ...]:
    return tuple(group for group in groups if group.address == address and group.is_connected)


def _claim(
    evidence: Evidence, groups: tuple[RemoteVisits, ...], closed: tuple[RemoteVisits, ...]
) -> Claim:
    addresses = tuple(dict.fromkeys(group.address for group in closed))
    connected = tuple(
        connected_group for address in addresses for connected_group in _connected(groups, address)
    )
    controls = tuple(
        visit for group in closed for visit in control_visits(evidence, group.place, group.address)
    )
    answering = answering_ports(controls)
    arrives, captures = arrival(evidence, closed)
    shown_observations: tuple[Observation, ...] = tuple(
        observation for address in addresses for observation in witnesses(evidence, address)
    )
    subjects = endpoints(addresses, evidence.target.port)
    silence = closed[0].silence
    # Another visitor gets in: those who do not are some, and not all.
    is_partial = bool(connected) or (bool(shown_observations) and not is_server_here(evidence))
    is_proven = bool(answering) or silence == "refused" or bool(arrives) or len(closed) > 1
    return Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(
            *(visit for group in closed for visit in group.visits),
            *shown_observations,
            *captures,
            *(visit for group in connected for visit in group.visits[:1]),
            *controls,
        ),
        severity=Severity.WARNING if is_partial else Severity.ERROR,
        confidence=Confidence.CERTAIN if is_proven else Confidence.LIKELY,
        facts={
            "addresses": addresses,
            "port": evidence.target.port,
            "places": tuple(dict.fromkeys(group.place for group in closed)),
            "silent": silence == "silent",
            "refused": silence == "refused",
            "unreachable": silence == "unreachable",
            "others": tuple(dict.fromkeys(group.place for group in connected)),
            "server_here": is_server_here(evidence),
            "here": bool(shown_observations) and not is_server_here(evidence),
            "answering_ports": answering,
            "arrives": arrives == "arrives",
            "never": arrives == "never",
            "target": evidence.target.authority,
        },
        fix=Fix(_steps(bool(is_partial), arrives == "arrives"), Applicability.MANUAL),
    )


def _steps(is_partial: bool, arrives: bool) -> tuple[Manual, ...]:
    if arrives:
        return (Manual("on-the-server", Where.SERVER),)
    first = "one-source" if is_partial else "security-group"
    return (Manual(first, Where.CLOUD_CONSOLE), Manual("on-the-server", Where.SERVER))
