"""The server asks its own public address, and something else answers that is not the site: most
often the router itself, which shows its own page to those inside its network (RFC 4787 section 6,
hairpinning). Visitors may get the site all the same.

The server has private IPv4 addresses only, nginx on it has a good certificate for the name, and the
public address shows another one that browsers refuse, and another page.
"""

from collections.abc import Iterator

from checks.http import _fronts
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Host,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.http import LocalAnswer
from diagnose.model.server import Interface
from diagnose.model.tls import Handshake


@check(
    severity=Severity.WARNING,
    needs=[Handshake, Host, Interface, LocalAnswer],
    explains=["certificate.*", "tls.*", "server.application-answers", "http.*", "websocket.*"],
)
def router_answers(evidence: Evidence) -> Iterator[Claim]:
    page = _fronts.local_answer(evidence, "page")
    if page is None or not page.trusted or not page.chain:
        return
    for handshake in evidence.of(Handshake):
        is_other = bool(handshake.chain) and handshake.chain[0].sha256 != page.chain[0].sha256
        if is_other and _fronts.may_be_router(evidence, handshake.address):
            yield _claim(evidence, page, handshake)
            return


def _claim(evidence: Evidence, page: LocalAnswer, handshake: Handshake) -> Claim:
    leaf = handshake.chain[0]
    return Claim(
        about=Subject(address=handshake.address),
        covers=(Subject(address=handshake.address),),
        because=(handshake, page),
        confidence=Confidence.LIKELY,
        facts={
            "address": handshake.address,
            "name": evidence.target.host,
            "url": evidence.target.url,
            "names": leaf.dns_names[:4] or (leaf.common_name or leaf.subject,),
            "own_address": page.address,
            "own_status": page.status or "",
        },
        fix=Fix(
            (Manual("outside", Where.CLIENT), Manual("inside-dns", Where.SERVER)),
            Applicability.MANUAL,
        ),
    )
