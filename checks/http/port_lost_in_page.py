"""The page loads files from the site's name and another port than its own, or its links and forms
lack the port, and nothing answers there, or no TLS: mostly the site has a port of its own
(https://example.com:8443, or http://example.com:8080), and the application writes addresses
without it. What a page over http loads by https is `http.upgrade-without-tls`.

Usual reason: `proxy_set_header Host $host`, which has no port (ngx_http_core_module, "$host").
"""

from collections.abc import Iterator

from checks.http import _page_files
from checks.http._page_ports import place_claim
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.pages import Page, PagePort
from diagnose.parsers.urls import parse_url


@check(severity=Severity.WARNING, needs=[Page, PagePort])
def port_lost_in_page(evidence: Evidence) -> Iterator[Claim]:
    page, target = _page_files.page_of(evidence), evidence.target
    scheme = page.url.partition(":")[0] if page else ""
    failed = [
        port
        for port in evidence.of(PagePort)
        if port.failure
        and port.failure.kind != "certificate"
        and (url := parse_url(port.url))
        and (url.scheme, url.host) == (scheme, target.host)
    ]
    if page is None or not failed:
        return
    url = parse_url(failed[0].url)
    assert url is not None, "it was read above"
    facts = {
        "linked": not _page_files.urls_at(page, url.scheme, url.host, url.port),
        "port": failed[0].port,
        "own_port": target.port,
        "authority": target.authority,
        "tls": failed[0].connected,
    }
    yield place_claim(evidence, page, failed, "own-port", facts)
