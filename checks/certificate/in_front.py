"""Browsers refuse the certificate at the name's address, which belongs to another machine in front
of this server; its own web server has a good one. Renewing it here changes nothing for visitors.

The machine in front shows this server's page or says that it is a proxy. Otherwise the name may
simply lead to another server (`dns.wrong-address`).
"""

from collections.abc import Iterator

from checks.http import _fronts
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
from diagnose.model.http import LocalAnswer
from diagnose.model.server import Interface
from diagnose.model.tls import Handshake, served_certificates
from diagnose.parsers.hostnames import covers


@check(
    severity=Severity.ERROR,
    needs=[Handshake, Interface, LocalAnswer],
    explains=["certificate.*", "http.hsts-traps-visitors"],
)
def in_front(evidence: Evidence) -> Iterator[Claim]:
    page = _fronts.local_answer(evidence, "page")
    if page is None or not page.trusted or not page.chain:
        return
    for served in served_certificates(evidence, lambda shake: _is_refused(evidence, shake)):
        machines = _fronts.fronts(evidence, served.addresses)
        passed_on = all(_fronts.is_passed_on(evidence, item) for item in served.addresses)
        if not machines or not passed_on or served.leaf.sha256 == page.chain[0].sha256:
            continue
        subjects = endpoints(served.addresses, evidence.target.port)
        yield Claim(
            about=merge_subjects(subjects),
            covers=subjects,
            because=(*served.handshakes, page),
            confidence=_fronts.weakest(machines),
            facts={
                "name": evidence.target.host,
                "addresses": served.addresses,
                "product": _fronts.product_name(machines, ()),
                "expired": served.leaf.not_after
                if served.leaf.is_expired(evidence.started_at)
                else "",
                "names": served.leaf.dns_names[:4],
                "other_name": not covers(
                    evidence.target.host, served.leaf.dns_names, served.leaf.addresses
                ),
                "message": next(
                    (shake.verify_message for shake in served.handshakes if shake.verify_code), ""
                ),
                "own_until": page.chain[0].not_after or "",
                "own_address": page.address,
                "port": evidence.target.port,
            },
            fix=Fix((Manual("renew-there", Where.CLOUD_CONSOLE),), Applicability.MANUAL),
        )


def _is_refused(evidence: Evidence, handshake: Handshake) -> bool:
    leaf = handshake.chain[0]
    return bool(handshake.verify_code) or not covers(
        evidence.target.host, leaf.dns_names, leaf.addresses
    )
