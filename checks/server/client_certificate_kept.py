"""The application behind Apache says that no client certificate came. Apache asks visitors for one
(mod_ssl, "SSLVerifyClient"), ends TLS, and sends nothing of it to the application: mod_proxy passes
no variable of mod_ssl on, unless `RequestHeader` writes it into a field ("%{SSL_CLIENT_CERT}s").

The answer comes from the application, not from Apache, and no line of the site names such a
variable. Which fields the application reads, its documentation says.
"""

import re
from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.server import ServerView, line_text, manual_fix, reload_steps, server_on_port
from checks.server._apache_modules import loading_steps
from checks.server._apache_overrides import added_lines
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity
from diagnose.model.http import Exchange, error_pages
from diagnose.model.web_servers import WebServer, WebServerConfig, WebSite
from diagnose.parsers.http import proxy_page
from diagnose.parsers.web_sites import route_of

_STATUSES = {400, 401, 403, 496}
_ASKED = re.compile(
    r"(?i)\bclient[ -]?(?:side )?(?:tls |ssl )?cert(?:ificate)?\b|\bmutual tls\b|\bmtls\b"
)
_VERIFIES = re.compile(r"(?i)\s*SSLVerifyClient\s+\"?(?:require|optional(?:_no_ca)?)\"?\s*")
_PASSES = re.compile(r"(?i)SSL_CLIENT_|SSLProxyMachineCertificate|ExportCertData")
#: The fields that applications read most, and the variable of mod_ssl for each.
_RESULTS = ("X-SSL-Client-Verify", "SSL_CLIENT_VERIFY")
_FIELDS = (
    ("X-SSL-Client-S-DN", "SSL_CLIENT_S_DN"),
    ("X-SSL-Client-Cert", "SSL_CLIENT_CERT"),
    ("SSL_CLIENT_CERT", "SSL_CLIENT_CERT"),
)
#: Without a certificate, mod_headers would write "(null)", which is a value for an application.
_CAME = '"expr=-n %{SSL:SSL_CLIENT_M_SERIAL}"'
#: Maximum number of lines of a virtual host that are read.
_MAX_LINES = 1000


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig],
    needs_fault=[Exchange],
    explains=["server.application-answers", "http.page-refused"],
)
def client_certificate_kept(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    pages = [
        page
        for page in error_pages(evidence)
        if page.status in _STATUSES and _ASKED.search(page.body) and not proxy_page(page.body)
    ]
    if view is None or view.server.product != "apache" or not pages:
        return
    path = evidence.target.path_without_query
    sites = view.answering_sites
    route = route_of(sites[0], path, False) if len(sites) == 1 else None
    if route is None or route.scheme not in {"http", "https"} or not _is_kept(view, sites[0]):
        return
    subjects = endpoint_subjects(pages)
    yield Claim(
        about=subjects[0],
        covers=subjects,
        because=(view.server, *pages),
        confidence=Confidence.LIKELY,
        facts={
            **view.facts,
            "url": pages[0].url,
            "status": pages[0].status,
            "application": route.authority,
        },
        fix=_fix(view, sites[0]),
    )


def _is_kept(view: ServerView, site: WebSite) -> bool:
    """Return whether a site asks for certificates, and no file writes one into a field."""
    lines = (
        line_text(view, site.file, number)
        for number in range(site.line, min(site.end, site.line + _MAX_LINES) + 1)
    )
    files = view.config.files if view.config else ()
    return any(_VERIFIES.fullmatch(line) for line in lines) and not any(
        _PASSES.search(file.text) for file in files
    )


def _fix(view: ServerView, site: WebSite) -> Fix:
    # What a visitor writes into such a field goes, under both of its spellings.
    lines = [
        f"RequestHeader unset {spelling}"
        for name in (*_RESULTS, *(name for name, _ in _FIELDS))
        for spelling in _spellings(name)
    ]
    lines += [f'RequestHeader set {name} "%{{SSL_CLIENT_VERIFY}}s"' for name in _RESULTS]
    lines += [f'RequestHeader set {name} "%{{{variable}}}s" {_CAME}' for name, variable in _FIELDS]
    load, edit = loading_steps(view, ("headers",)), added_lines(view, site, lines)
    if edit is None or load is None:
        return manual_fix(view, "pass-it-on")
    return Fix((*load, edit, *reload_steps(view.server)), Applicability.REVIEW)


def _spellings(name: str) -> tuple[str, str]:
    """Return a field's name with dashes and with underscores: an application reads both as one
    variable (RFC 3875, 4.1.18)."""
    return name.replace("_", "-"), name.replace("-", "_")
