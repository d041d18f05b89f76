"""The page loads files by https from the site's name and another port than its own, and nothing
answers there, or no TLS: mostly the site has a port of its own (https://example.com:8443), and the
application writes addresses without it.

Usual reason: `proxy_set_header Host $host`, which has no port (ngx_http_core_module, "$host").
"""

from collections.abc import Iterator

from checks.http import _page_files, exchanges_by_purpose
from checks.http._told_names import told_name, visitors_name_fix
from checks.nginx import Nginx
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.pages import Page, PagePort
from diagnose.parsers.urls import parse_url


@check(severity=Severity.WARNING, needs=[Page, PagePort])
def port_lost_in_page(evidence: Evidence) -> Iterator[Claim]:
    page, target = _page_files.page_of(evidence), evidence.target
    failed = [
        port
        for port in evidence.of(PagePort)
        if port.failure
        and port.failure.kind != "certificate"
        and (url := parse_url(port.url))
        and (url.scheme, url.host) == ("https", target.host)
    ]
    if page is None or not page.url.startswith("https:") or not failed:
        return
    first, nginx = failed[0], Nginx.of(evidence)
    urls = _page_files.secure_urls_at(page, target.host, first.port)
    files = [file.url for file in page.files if file.url in urls]
    pages = exchanges_by_purpose(evidence, "target")
    host = target.host if first.port == 443 else f"{target.host}:{first.port}"
    told = told_name(nginx, pages[0], host) if pages else None
    severity = _page_files.severity(page, files) if files else Severity.WARNING
    yield Claim(
        about=_page_files.page_subject(page),
        because=(page, *failed),
        severity=severity,
        facts={
            "page": page.url,
            "url": first.url,
            "others": tuple(each for each in urls if each != first.url),
            "port": first.port,
            "own_port": target.port,
            "authority": target.authority,
            "message": first.failure.message if first.failure else "",
            "tls": first.connected,
            "breaks": severity is Severity.ERROR,
            "field": told.field if told else "",
            "value": told.value if told else "",
            "place": told.place if told else "",
        },
        location=nginx.location(told.directive) if told else None,
        fix=(told and visitors_name_fix(nginx, told))
        or Fix((Manual("own-port", Where.APPLICATION),), Applicability.MANUAL),
    )
