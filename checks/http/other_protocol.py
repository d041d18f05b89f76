"""The port speaks another protocol than HTTP: the server greets first, as servers of mail and SSH
do. TLS and the certificate are judged all the same; there is no page.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity, merge_subjects
from diagnose.model.http import Exchange
from diagnose.parsers.http import other_protocol as protocol_of


@check(severity=Severity.NOTE, needs=[Exchange], needs_fault=[Exchange])
def other_protocol(evidence: Evidence) -> Iterator[Claim]:
    greeted = [exchange for exchange in evidence.of(Exchange) if protocol_of(exchange)]
    pages = [exchange for exchange in greeted if exchange.purpose == "target"]
    if not pages:
        return
    first, subjects = pages[0], endpoint_subjects(pages)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=tuple(pages),
        facts={
            "port": first.port,
            "protocol": protocol_of(first),
            "mail": protocol_of(first) != "SSH",
            "message": first.failure.message if first.failure else "",
        },
    )
