"""The application has another address of itself than the site: it writes the server's bare address,
an inner one, or the name of an earlier site before its files, over http, or over https with an
address that no certificate is for. Browsers load none of them.

The application is known, and so is the setting. Where the setting was read on the server,
upstream.setting-mismatch says so.
"""

from collections.abc import Iterator

from checks.http import _page_files
from checks.http._written_bases import (
    is_asked_plain,
    is_of_wordpress,
    site_root,
    written_base,
)
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
from diagnose.model.applications import KnownApplication, ReadSetting
from diagnose.model.pages import Page
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.urls import is_loopback_host, parse_url


@check(
    severity=Severity.WARNING,
    needs=[Page],
    explains=["http.mixed-content", "http.address-in-page"],
)
def base_address_wrong(evidence: Evidence) -> Iterator[Claim]:
    page, target = _page_files.page_of(evidence), evidence.target
    urls = tuple(file.url for file in page.files if _is_blocked(evidence, file.url)) if page else ()
    base = written_base(evidence, urls) if urls else ""
    if page is None or not base or not target.uses_tls:
        return
    if any(read.topic == "public_url" and read.values for read in evidence.good(ReadSetting)):
        return
    # Imported late: few pages have such addresses.
    from checks.upstream._own_remedy import own_remedy

    is_wordpress = is_of_wordpress(urls)
    remedy = own_remedy(evidence, "public_url", of_frameworks=False)
    if not is_wordpress and remedy is None:
        return
    facts = remedy.facts if remedy else {}
    parsed_url = parse_url(base)
    host = parsed_url.host if parsed_url else ""
    name = "WordPress" if is_wordpress else str(facts["its_name"])
    yield Claim(
        about=_page_files.page_subject(page),
        because=(page, *evidence.good(KnownApplication)),
        confidence=Confidence.CERTAIN
        if any("/wp-includes/" in url for url in urls)
        else Confidence.LIKELY,
        severity=_page_files.severity(page, urls),
        facts={
            **facts,
            "application": name,
            "page": page.url,
            "file": urls[0],
            "count": len(urls),
            "written": base,
            "origin": target.origin,
            "bare": is_address(host),
            "folder": site_root(evidence),
            "proxied": is_asked_plain(evidence),
        },
        fix=Fix((Manual("wordpress", Where.SERVER),), Applicability.MANUAL)
        if is_wordpress or remedy is None
        else remedy.fix,
    )


def _is_blocked(evidence: Evidence, url: str) -> bool:
    """Return whether browsers load nothing from there: http on an https page, or https with an
    address that no certificate is for."""
    parsed_url = parse_url(url)
    if parsed_url is None or is_loopback_host(parsed_url.host):
        return False
    if parsed_url.scheme == "http":
        return True
    if not is_address(parsed_url.host):
        return False
    from checks.http.address_in_page import refused_addresses

    return parsed_url.host in refused_addresses(evidence)
