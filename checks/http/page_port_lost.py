"""The page is on a port of its own (https://shop.example.com:8443/), and names its style sheets or
scripts at the same host without that port, where nothing answers.

Usual reason: nginx tells the application the host without the port (`Host $host`;
ngx_http_core_module: $host has no port, $http_host has that of the request), and the application
builds its addresses from it.
"""

from collections.abc import Iterator

from checks.http import _page_files, exchanges_by_purpose
from checks.http._told_names import told_name, visitors_name_fix
from checks.nginx import Nginx
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
)
from diagnose.model.pages import Page, PagePort
from diagnose.parsers.urls import parse_url


@check(severity=Severity.ERROR, needs=[Page, PagePort])
def page_port_lost(evidence: Evidence) -> Iterator[Claim]:
    page = _page_files.page_of(evidence)
    url = parse_url(page.url) if page else None
    if page is None or url is None or url.has_default_port:
        return
    files = {file.url for file in page.files}
    failed = tuple(
        port
        for port in evidence.of(PagePort)
        if port.url in files and port.port != url.port and port.failure is not None
    )
    lost = parse_url(failed[0].url) if failed else None
    if lost is None or lost.host != url.host:
        return
    nginx = Nginx.of(evidence)
    shown = next(
        (
            visit
            for purpose in ("target", "redirect")
            for visit in exchanges_by_purpose(evidence, purpose)
            if visit.url == page.url
        ),
        None,
    )
    told = told_name(nginx, shown, url.host) if shown else None
    failure = failed[0].failure
    yield Claim(
        about=_page_files.page_subject(page),
        because=(page, *failed),
        confidence=Confidence.CERTAIN if told else Confidence.LIKELY,
        severity=_page_files.severity(page, [port.url for port in failed]),
        location=nginx.location(told.directive) if told else None,
        facts={
            "page": page.url,
            "file": failed[0].url,
            "port": url.port,
            "other_port": lost.port,
            "message": failure.message if failure else "",
            "field": told.field if told else "",
            "value": told.value if told else "",
            "place": told.place if told else "",
        },
        fix=(told and visitors_name_fix(nginx, told))
        or Fix((Manual("tell-the-port", Where.APPLICATION),), Applicability.MANUAL),
    )
