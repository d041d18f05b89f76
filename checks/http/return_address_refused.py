"""The site is a login for other sites (Keycloak, any provider of OpenID Connect), and refuses the
address to which the request wants to be led back (RFC 6749 section 4.1.2.1). The request itself
shows why: that address has http, or is one that visitors do not reach. The application that asks
for the login made it of what its own proxy tells it. Any other address is missing in the client's
list of the provider.
"""

import re
from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.http._logins import requested_return_address
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange, error_pages
from diagnose.parsers.sanitize import clean
from diagnose.parsers.urls import is_internal_host, parse_url

_WORDS = re.compile(r"(?i)redirect[_ -]?ur[il]")
#: A client of OAuth 2.0 says in every request who it is.
_CLIENT = re.compile(r"[?&]client_id=([\w.:/-]{1,100})")


@check(
    severity=Severity.WARNING,
    needs=[Exchange],
    needs_fault=[Exchange],
    explains=["http.page-refused", "upstream.own-answer"],
)
def return_address_refused(evidence: Evidence) -> Iterator[Claim]:
    refused = [
        page
        for page in error_pages(evidence)
        if (page.status or 500) < 500 and _WORDS.search(page.body)
    ]
    address = requested_return_address(refused[0]) if refused else ""
    url = parse_url(address) if address else None
    if url is None:
        return
    first, subjects = refused[0], endpoint_subjects(refused)
    is_inner = is_internal_host(url.host)
    client = _CLIENT.search(first.url)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=tuple(refused),
        confidence=Confidence.LIKELY,
        facts={
            "url": first.url.partition("?")[0],
            "status": first.status,
            "address": clean(address.partition("?")[0], 200),
            "application": url.host,
            "inner": is_inner,
            "plain": not is_inner and not url.secure,
            "unlisted": not is_inner and url.secure,
            "client": client[1] if client else "",
        },
        fix=Fix((Manual("return-address", Where.APPLICATION),), Applicability.MANUAL),
    )
