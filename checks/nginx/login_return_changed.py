"""nginx changes the address to which a login has to lead back. The request names it in
`redirect_uri` (RFC 6749 section 4.1.1), and `proxy_redirect http:// https://;` writes https in
place of its http (ngx_http_proxy_module, "proxy_redirect").

The line is meant for the site's own redirects. It changes those to other hosts as well: a program
on the visitor's own machine waits at http://localhost:PORT (RFC 8252 section 7.3), without https.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.http._logins import leads_back, requested_return_address
from checks.nginx import Nginx, file_line
from checks.nginx._edits import config_edits
from checks.nginx._location_edits import host_variable, location_fix
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
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of
from diagnose.parsers.redirects import redirect_target
from diagnose.parsers.sanitize import clean

#: What such a line replaces, and by what. The rest of an address stays as it is.
_SCHEMES = {"http:", "http://"}
_SECURE = {"https:", "https://", "$scheme:", "$scheme://"}


@check(severity=Severity.ERROR, needs=[NginxConfig, Exchange])
def login_return_changed(evidence: Evidence) -> Iterator[Claim]:
    nginx, path = Nginx.of(evidence), evidence.target.path_without_query
    pages = tuple(page for page in page_exchanges(evidence) if _is_changed(page))
    match = next(filter(proxy_pass_of, nginx.location_matches(path)), None)
    directive = _rewriter(match) if match and pages else None
    if match is None or directive is None:
        return
    subjects = endpoint_subjects(pages)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, *nginx.configs),
        confidence=Confidence.LIKELY,
        location=nginx.location(directive),
        facts={
            "url": pages[0].url.partition("?")[0],
            "asked": clean(requested_return_address(pages[0]).partition("?")[0], 200),
            "sent": clean((redirect_target(pages[0]) or "").partition("?")[0], 200),
            "directive": directive.text,
            "place": file_line(directive),
        },
        fix=_fix(nginx, match, directive),
    )


def _is_changed(page: Exchange) -> bool:
    """Return whether the answer leads to the address that was asked for, with https in the place of
    http."""
    onward, asked = redirect_target(page) or "", requested_return_address(page)
    return leads_back(page) and asked.startswith("http:") and onward.startswith("https:")


def _rewriter(match: LocationMatch) -> Directive | None:
    """Return the line that changes the scheme of every redirect."""
    return next(
        (
            line
            for line in match.directives("proxy_redirect")
            if len(line.args) == 2 and line.args[0] in _SCHEMES and line.args[1] in _SECURE
        ),
        None,
    )


def _fix(nginx: Nginx, match: LocationMatch, directive: Directive) -> Fix:
    """Let the line change the redirects of the site itself, and no others."""
    host = host_variable(nginx.evidence.target)
    scheme = directive.args[1].partition(":")[0]
    line = f"proxy_redirect http://{host}/ {scheme}://{host}/;"
    file_edits = config_edits(nginx, {directive.file: [edits.replace_directive(directive, line)]})
    if not file_edits:
        return Fix((Manual("own-redirects-alone", Where.SERVER),), Applicability.MANUAL)
    return location_fix(nginx, match, file_edits, sure=False)
