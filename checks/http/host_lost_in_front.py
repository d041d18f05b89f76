"""Another machine answers at the name's address, and shows another site of this server: the one
that this server gives to a request with its own address as Host. With the site's name as Host, it
gives the right one. So the machine in front does not pass the visitor's Host on (RFC 9110 section
7.2).
"""

from collections.abc import Iterator

from checks.http import _fronts, endpoint_subjects
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
from diagnose.model.http import LocalAnswer, page_exchanges
from diagnose.model.server import Interface


@check(
    severity=Severity.ERROR,
    needs=[LocalAnswer, Interface],
    needs_message=True,
    explains=["http.not-the-site"],
)
def host_lost_in_front(evidence: Evidence) -> Iterator[Claim]:
    named = _fronts.local_answer(evidence, "forwarded")
    nameless = _fronts.local_answer(evidence, "health-check", evidence.target.path)
    if named is None or nameless is None or not 200 <= (named.status or 0) < 300:
        return
    addresses = [address for address in nameless.same_as if address not in named.same_as]
    pages = [page for page in page_exchanges(evidence) if page.address in addresses]
    machines = _fronts.fronts(evidence, addresses)
    if not pages or not machines:
        return
    subjects = endpoint_subjects(pages)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, named, nameless),
        facts={
            "name": evidence.target.host,
            "front": ", ".join(addresses),
            "product": _fronts.product_name(machines, pages[0].headers),
            "sent": nameless.address,
            "command": named.equivalent,
            "other": nameless.equivalent,
        },
        fix=Fix((Manual("pass-the-host", Where.CLOUD_CONSOLE),), Applicability.MANUAL),
    )
