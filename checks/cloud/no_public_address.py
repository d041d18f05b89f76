"""The instance has no public address, and nobody answers at the address to which the name leads.

A load balancer or a NAT gateway in front may have the address instead. So it is said only where the
address does not answer another machine on any port: many balancers do not answer the servers behind
them.
"""

from collections.abc import Iterator

from checks.cloud._judged_rules import SYMPTOMS, is_on_server
from checks.tcp import ProbedPort, facts, probed_ports, subjects
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
    merge_subjects,
)
from diagnose.model.addresses import is_private
from diagnose.model.cloud import CloudInstance, CloudMachine, CloudRules
from diagnose.model.server import Interface
from diagnose.model.tcp import Connection


@check(severity=Severity.ERROR, needs=[CloudMachine, Connection, Interface], explains=SYMPTOMS)
def no_public_address(evidence: Evidence) -> Iterator[Claim]:
    identified = _identified_instance(evidence)
    ports = tuple(
        port
        for port in probed_ports(evidence, "silent")
        if not is_private(port.address) and not _answers(evidence, port)
    )
    if identified is None or not ports or len(ports) < len(probed_ports(evidence)):
        return
    if is_on_server(evidence):
        return
    observation, instance, console = identified
    own_addresses = [address for nic in evidence.good(Interface) for address in nic.addresses]
    if instance.public_addresses or not all(map(is_private, own_addresses)):
        return
    yield Claim(
        about=merge_subjects(subjects(ports)),
        covers=subjects(ports),
        because=(observation, *(attempt for port in ports for attempt in port.attempts)),
        confidence=Confidence.LIKELY if type(observation) is CloudRules else Confidence.POSSIBLE,
        facts={
            "addresses": tuple(port.address for port in ports),
            "instance": instance.id,
            "private": instance.private_address,
            "name": evidence.target.host,
            "target": evidence.target.url,
        },
        fix=Fix(
            (
                Manual("bind-address", Where.CLOUD_CONSOLE, console),
                Manual("change-record", Where.DNS_PROVIDER),
            ),
            Applicability.MANUAL,
        ),
    )


def _identified_instance(
    evidence: Evidence,
) -> tuple[Observation, CloudInstance, str] | None:
    """Return the instance as the API says it, else as the metadata service says it."""
    for rules in evidence.good(CloudRules):
        return rules, rules.instance, ""
    for machine in evidence.good(CloudMachine):
        if machine.instance is not None:
            return machine, machine.instance, machine.console
    return None


def _answers(evidence: Evidence, port: ProbedPort) -> bool:
    known_facts = facts(evidence, (port,))
    return bool(
        known_facts["open_ports"] or known_facts["refusing_ports"] or known_facts["rejected_ports"]
    )
