"""The https page loads files from, or opens its WebSocket at, https:// or wss:// with the server's
address in the place of its name, and the certificate does not name the address (RFC 9525 section
6.5): browsers use none of these (ERR_CERT_COMMON_NAME_INVALID).

Usual reason: the application's own address is set to the server's address, or the proxy tells it
that in the field Host.
"""

from collections.abc import Iterator

from checks.http import _page_files, exchanges_by_purpose
from checks.http._told_names import ToldName, told_name, visitors_name_fix
from checks.nginx import Nginx
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.addresses import bracketed
from diagnose.model.pages import Page, PagePort
from diagnose.parsers.hostnames import covers, is_address
from diagnose.parsers.urls import Url, parse_url

#: Failures of a handshake at an address that a server makes which knows names only.
_REFUSALS = {"alert", "protocol", "reset", "closed"}


@check(severity=Severity.WARNING, needs=[Page, PagePort])
def address_in_page(evidence: Evidence) -> Iterator[Claim]:
    page = _page_files.page_of(evidence)
    refused = [port for port in evidence.of(PagePort) if _is_refused(evidence, port)]
    url = parse_url(refused[0].url) if refused else None
    if page is None or url is None:
        return
    urls = _page_files.secure_urls_at(page, url.host, url.port)
    files = [file.url for file in page.files if file.url in urls]
    told = _told_name(evidence, url)
    severity = _page_files.severity(page, files) if files else Severity.WARNING
    certificate = refused[0].certificate
    yield Claim(
        about=_page_files.page_subject(page),
        because=(page, *refused),
        severity=severity,
        facts={
            "page": page.url,
            "script": refused[0].script,
            "url": refused[0].url,
            "others": tuple(each for each in urls if each != refused[0].url),
            "address": url.host,
            "host": evidence.target.host,
            "names": certificate.dns_names if certificate else (),
            "message": refused[0].failure.message if refused[0].failure else "",
            "socket": refused[0].url.startswith("wss:"),
            "breaks": severity is Severity.ERROR,
            "field": told.field if told else "",
            "value": told.value if told else "",
            "place": told.place if told else "",
        },
        location=Nginx.of(evidence).location(told.directive) if told else None,
        fix=(told and visitors_name_fix(Nginx.of(evidence), told))
        or Fix((Manual("own-name", Where.APPLICATION),), Applicability.MANUAL),
    )


def _is_refused(evidence: Evidence, port: PagePort) -> bool:
    """Return whether browsers refuse what comes from there, because it is an address."""
    url = parse_url(port.url)
    if url is None or not is_address(url.host) or url.host == evidence.target.host:
        return False
    if port.failure is not None:
        return port.connected and port.failure.kind in _REFUSALS
    certificate = port.certificate
    return (
        certificate is not None
        and "names" not in certificate.unread
        and not covers(url.host, certificate.dns_names, certificate.addresses)
    )


def _told_name(evidence: Evidence, url: Url) -> ToldName | None:
    """Return the field by which nginx tells the application the address."""
    host = bracketed(url.host) if url.has_default_port else f"{bracketed(url.host)}:{url.port}"
    pages = exchanges_by_purpose(evidence, "target")
    return told_name(Nginx.of(evidence), pages[0], host) if pages else None
