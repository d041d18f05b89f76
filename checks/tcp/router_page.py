"""The name's address answers with the web page of a router, by which it is administered, not with
the site: the router takes the port itself, since it may be administered from outside there, or it
has no rule that forwards the port, or it shows its page to those inside alone (RFC 4787, section 6,
hairpinning).

Its title or its certificate names the product, and browsers refuse the certificate for this name:
somebody who reaches a router by a name of its own has a certificate for that.
"""

from collections.abc import Iterator

from checks.certificate import SELF_SIGNED
from checks.http import _fronts, endpoint_subjects
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.http import Exchange, LocalAnswer
from diagnose.model.server import Interface, interface_addresses
from diagnose.model.tls import Handshake
from diagnose.parsers.hostnames import covers
from diagnose.parsers.router_pages import router_of_certificate, router_of_page


@check(
    severity=Severity.ERROR,
    needs=[Exchange, Handshake],
    needs_fault=[Handshake],
    explains=[
        "certificate.*", "tls.*", "dns.wrong-address", "http.*", "websocket.*",
        "tcp.router-answers", "server.application-answers",
    ],
)  # fmt: skip
def router_page(evidence: Evidence) -> Iterator[Claim]:
    own = interface_addresses(evidence.good(Interface))
    visits = [
        visit
        for visit in evidence.good(Exchange)
        if visit.is_page_of(evidence.target) and visit.address not in own
    ]
    for visit in visits:
        shakes = [
            shake
            for shake in evidence.of(Handshake)
            if shake.address == visit.address and shake.chain and shake.is_browser_like
        ]
        if not shakes or any(_fronts.is_accepted(evidence, shake) for shake in shakes):
            continue
        if product := _product(evidence, visit, shakes[0]):
            yield _claim(evidence, visit, shakes[0], product)
            return


def _product(evidence: Evidence, visit: Exchange, shake: Handshake) -> str:
    """Return the router's name. A certificate for the target's name that somebody issued is a
    site's: it may be about routers, and have expired. A router issues its own for such a name."""
    leaf = shake.chain[0]
    if covers(evidence.target.host, leaf.dns_names, leaf.addresses):
        return router_of_page(visit.body) if shake.verify_code == SELF_SIGNED else ""
    names = (*leaf.dns_names, leaf.common_name, leaf.issuer)
    return router_of_page(visit.body) or router_of_certificate(names)


def _claim(evidence: Evidence, visit: Exchange, shake: Handshake, product: str) -> Claim:
    page, target = _fronts.local_answer(evidence, "page"), evidence.target
    is_well = page is not None and bool(page.trusted) and (page.status or 500) < 500
    leaf = shake.chain[0]
    proofs: tuple[LocalAnswer, ...] = (page,) if page is not None and is_well else ()
    return Claim(
        about=Subject(address=visit.address),
        covers=(
            *endpoint_subjects([visit]),
            Subject(address=visit.address),
            Subject(name=target.host, text=target.host),
        ),
        because=(visit, shake, *proofs),
        confidence=Confidence.CERTAIN if is_well else Confidence.LIKELY,
        facts={
            "name": target.host,
            "port": target.port,
            "address": visit.address,
            "product": product,
            "certificate": (leaf.dns_names[:2] or (leaf.common_name or leaf.subject,)),
            "own_address": page.address if page and is_well else "",
            "own_port": page.port if page and is_well else "",
        },
        fix=Fix(
            (Manual("free-the-port", Where.CLOUD_CONSOLE), Manual("inside", Where.CLIENT)),
            Applicability.MANUAL,
        ),
    )
