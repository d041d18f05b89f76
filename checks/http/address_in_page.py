"""The https page loads files from, or opens its WebSocket at, https:// or wss:// with the server's
address in the place of its name, and the certificate does not name the address (RFC 9525 section
6.5): browsers use none of these (ERR_CERT_COMMON_NAME_INVALID).

Usual reason: the application's own address is set to the server's address, or the proxy tells it
that in the field Host.
"""

from collections.abc import Iterator

from checks.http import _page_files
from checks.http._page_ports import place_claim
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.pages import Page, PagePort
from diagnose.parsers.hostnames import covers, is_address
from diagnose.parsers.urls import parse_url

#: Failures of a handshake at an address that a server makes which knows names only.
_REFUSALS = {"alert", "protocol", "reset", "closed"}


@check(severity=Severity.WARNING, needs=[Page, PagePort])
def address_in_page(evidence: Evidence) -> Iterator[Claim]:
    page = _page_files.page_of(evidence)
    refused = [port for port in evidence.of(PagePort) if _is_refused(evidence, port)]
    url = parse_url(refused[0].url) if refused else None
    if page is None or url is None:
        return
    # Imported late: few pages have such an address.
    from checks.http._known_application import own_setting
    from checks.http._setting_lines import setting_facts

    certificate = refused[0].certificate
    facts = {
        "script": refused[0].script,
        "address": url.host,
        "host": evidence.target.host,
        "names": certificate.dns_names if certificate else (),
        "socket": url.scheme == "wss",
        **setting_facts(evidence, refused[0].url),
        **own_setting(evidence, "public_url"),
    }
    yield place_claim(evidence, page, refused, "own-name", facts)


def refused_addresses(evidence: Evidence) -> set[str]:
    """Return the bare addresses at which browsers refuse what comes over TLS."""
    refused = (parse_url(port.url) for port in evidence.of(PagePort) if _is_refused(evidence, port))
    return {url.host for url in refused if url is not None}


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
