"""The site answers 421 Misdirected Request (RFC 9110 section 15.5.20): the server that got the
request is not configured for this name on this TLS connection.

It is never an answer for a visitor. Since version 2.4.64 Apache sends it to proxies that connect
with TLS and send no name (SNI), or another one than the Host (AH02032).
"""

from collections.abc import Iterator

from checks.http import addresses, endpoint_subjects, exchanges_by_purpose
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange


@check(
    severity=Severity.ERROR,
    needs=[Exchange],
    explains=["server.own-answer", "server.application-answers", "websocket.not-upgraded"],
)
def misdirected(evidence: Evidence) -> Iterator[Claim]:
    pages = [page for page in exchanges_by_purpose(evidence, "target") if page.status == 421]
    if not pages:
        return
    subjects = endpoint_subjects(pages)
    # Imported late: few sites answer so.
    from checks.http._nameless_servers import nameless_servers, naming_fix, proxy_title

    places = nameless_servers(evidence)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=tuple(pages),
        facts={
            "url": pages[0].url,
            "host": evidence.target.host,
            "addresses": addresses(pages),
            "server": pages[0].header("Server"),
            "places": places,
            "proxy": proxy_title(evidence),
        },
        fix=naming_fix(evidence)
        or Fix((Manual("send-the-name", Where.SERVER),), Applicability.MANUAL),
    )
