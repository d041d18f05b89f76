"""The application asks for a login by NTLM, which belongs to a connection and not to a request
(RFC 4559 section 6; MS-NTHT section 3.1). nginx sends each request over another connection to the
application, so that the login never ends: browsers ask for name and password again and again.

nginx can keep the connections apart only with the directive `ntlm` (nginx Plus, or a module).
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.upstream._comparisons import proxied_match
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
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of


@check(severity=Severity.WARNING, needs=[NginxConfig, Exchange], explains=["upstream.own-answer"])
def connection_login_lost(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    pages = [page for page in page_exchanges(evidence) if _wants_ntlm(page)]
    match = proxied_match(nginx, evidence.target.path) if pages else None
    passing = proxy_pass_of(match) if match else None
    if match is None or passing is None or _is_kept_apart(match, passing.args[0]):
        return
    subjects = endpoint_subjects(pages)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, *nginx.configs),
        confidence=Confidence.LIKELY,
        location=nginx.location(passing),
        facts={
            "url": pages[0].url,
            "host": evidence.target.host,
            "application": passing.args[0],
            "place": file_line(passing),
        },
        fix=Fix((Manual("another-way", Where.SERVER),), Applicability.MANUAL),
    )


def _wants_ntlm(page: Exchange) -> bool:
    values = [value for name, value in page.headers if name.lower() == "www-authenticate"]
    offers = [offer.strip().lower() for value in values for offer in value.split(",")]
    return page.status == 401 and "ntlm" in offers


def _is_kept_apart(match: LocationMatch, target: str) -> bool:
    """Return whether the group of servers has the directive `ntlm`."""
    name = target.partition("://")[2].partition("/")[0]
    groups = (group for group in children(match.blocks[0], "upstream") if group.args == (name,))
    return any(children(group, "ntlm") for group in groups)
