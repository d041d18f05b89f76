"""Browsers refuse the certificate at the name's address, where another machine ends TLS in front of
the server. Renewing a certificate on the server changes nothing for visitors.

On the server this is seen: its own web server has a good certificate, and the machine in front
shows this server's page or says that it is a proxy. Otherwise the name may simply lead to another
server (`dns.wrong-address`). From outside it is likely where the response over this very connection
has a field that a CDN adds: the CDN could not add it without ending TLS itself.
"""

from collections.abc import Iterator, Mapping

from checks.http import _fronts
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
from diagnose.model.http import Exchange
from diagnose.model.server import Interface
from diagnose.model.tls import Handshake, ServedCertificate, served_certificates
from diagnose.parsers.cdn import field_signs
from diagnose.parsers.hostnames import covers


@check(
    severity=Severity.ERROR,
    needs=[Handshake],
    explains=["certificate.*", "http.hsts-traps-visitors"],
)
def in_front(evidence: Evidence) -> Iterator[Claim]:
    for served in served_certificates(evidence, lambda shake: _is_refused(evidence, shake)):
        if evidence.of(Interface):
            yield from _claim_on_server(evidence, served)
        else:
            yield from _claim_from_outside(evidence, served)


def _claim_on_server(evidence: Evidence, served: ServedCertificate) -> Iterator[Claim]:
    page = _fronts.local_answer(evidence, "page")
    if page is None or not page.trusted or not page.chain:
        return
    machines = _fronts.fronts(evidence, served.addresses)
    passed_on = all(_fronts.is_passed_on(evidence, item) for item in served.addresses)
    if not machines or not passed_on or served.leaf.sha256 == page.chain[0].sha256:
        return
    facts = {
        "product": _fronts.product_name(machines, ()),
        "own_until": page.chain[0].not_after or "",
        "own_address": page.address,
    }
    yield _claim(evidence, served, _fronts.weakest(machines), (page,), facts)


def _claim_from_outside(evidence: Evidence, served: ServedCertificate) -> Iterator[Claim]:
    pages = [
        exchange
        for exchange in evidence.good(Exchange)
        if exchange.purpose == "target"
        and exchange.url.startswith("https:")
        and exchange.address in served.addresses
    ]
    signs = {exchange.address: field_signs(exchange.headers) for exchange in pages}
    if not pages or not all(signs.get(address) for address in served.addresses):
        return
    facts = {"product": signs[pages[0].address][0][0], "own_until": "", "own_address": ""}
    yield _claim(evidence, served, Confidence.LIKELY, tuple(pages), facts)


def _claim(
    evidence: Evidence,
    served: ServedCertificate,
    confidence: Confidence,
    observations: tuple[Observation, ...],
    facts: Mapping[str, object],
) -> Claim:
    subjects, leaf = endpoints(served.addresses, evidence.target.port), served.leaf
    return Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*served.handshakes, *observations),
        confidence=confidence,
        facts={
            "name": evidence.target.host,
            "addresses": served.addresses,
            "expired": leaf.not_after if leaf.is_expired(evidence.started_at) else "",
            "names": leaf.dns_names[:4],
            "other_name": not covers(evidence.target.host, leaf.dns_names, leaf.addresses),
            "message": next(
                (shake.verify_message for shake in served.handshakes if shake.verify_code), ""
            ),
            "port": evidence.target.port,
            **facts,
        },
        fix=Fix((Manual("renew-there", Where.CLOUD_CONSOLE),), Applicability.MANUAL),
    )


def _is_refused(evidence: Evidence, handshake: Handshake) -> bool:
    leaf = handshake.chain[0]
    return bool(handshake.verify_code) or not covers(
        evidence.target.host, leaf.dns_names, leaf.addresses
    )
