"""The page loads its files from the name by which nginx asks the application, "127.0.0.1:3000" or
that of an upstream group, which no visitor's browser finds.

nginx sends `Host: $proxy_host` unless `proxy_set_header Host` says otherwise
(ngx_http_proxy_module). An application that writes whole addresses into its pages (Laravel's
`asset()`, Django's `build_absolute_uri()`) makes them of that field. An address that a front end
was built with may be the same by accident: so it is likely, and only what the page itself loads or
sends counts, not what its scripts request.
"""

from collections.abc import Iterator

from checks.http import _page_files, endpoint_subjects
from checks.http._forwarded_names import ForwardedName, forwarded_name
from checks.nginx import Nginx, _location_edits
from checks.nginx._edits import Changes, config_edits
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
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.model.pages import Page
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.nginx.proxied_request import SCHEME_FIELD
from diagnose.parsers.urls import parse_url


@check(
    severity=Severity.WARNING,
    needs=[Page, Exchange, NginxConfig],
    explains=[
        "http.address-in-page",
        "http.application-address-shown",
        "http.form-over-http",
        "http.internal-name-in-page",
        "http.localhost-in-page",
        "http.mixed-content",
    ],
)
def host_not_passed(evidence: Evidence) -> Iterator[Claim]:
    nginx, page = Nginx.of(evidence), _page_files.page_of(evidence)
    steps = [step for step in evidence.good(Exchange) if page and _is_page(step, page)]
    if page is None or not steps:
        return
    name_place = _forwarded_name(nginx, steps[0], page)
    if name_place is None:
        return
    own = [url for url in _addresses(page) if _authority(url) == name_place.value]
    addresses = own or [f"http://{name_place.value}"]
    files = [file.url for file in page.files if file.url in addresses]
    severity = _page_files.severity(page, files) if files else Severity.WARNING
    is_plain = evidence.target.uses_tls and addresses[0].startswith("http:")
    yield Claim(
        about=_page_files.page_subject(page),
        covers=(_page_files.page_subject(page), *endpoint_subjects(steps)),
        because=(page, *nginx.configs),
        confidence=Confidence.LIKELY,
        severity=severity,
        facts={
            "page": page.url,
            "url": addresses[0],
            "others": tuple(addresses[1:]),
            "base": page.base in addresses,
            "form": bool(own) and not files and page.base not in addresses,
            "given": not own,
            "field": name_place.field,
            "value": name_place.value,
            "place": name_place.place,
            "host": evidence.target.authority,
            "variable": _location_edits.host_variable(evidence.target),
            "breaks": severity is Severity.ERROR,
            "scheme": is_plain,
        },
        location=nginx.location(name_place.directive),
        fix=_fix(nginx, name_place, is_plain),
    )


def _is_page(step: Exchange, page: Page) -> bool:
    return step.is_of_visit and step.url == page.url


def _addresses(page: Page) -> list[str]:
    """Return the addresses that the page itself loads from or sends to, each once."""
    files = (file.url for file in page.files if not file.is_optional)
    return [url for url in dict.fromkeys((*files, page.base, *page.posts)) if url]


def _authority(url: str) -> str:
    parsed_url = parse_url(url)
    return parsed_url.authority if parsed_url else ""


def _forwarded_name(nginx: Nginx, step: Exchange, page: Page) -> ForwardedName | None:
    """Return the field by which nginx tells the application a name that the page uses and that is
    not the visitor's."""
    for url in map(parse_url, _addresses(page)):
        if url is not None and url.host != nginx.evidence.target.host:
            name_place = forwarded_name(nginx, step, url.authority)
            if name_place is not None:
                return name_place
    return _forwarded_by_words(nginx, step)


def _forwarded_by_words(nginx: Nginx, step: Exchange) -> ForwardedName | None:
    """Return the field by which nginx tells the application the address that a person writes the
    site to give out."""
    if nginx.evidence.target.symptom is None:
        return None
    from checks.http._handed_out import handed_out_address

    url = handed_out_address(nginx.evidence)
    return forwarded_name(nginx, step, url.partition("://")[2]) if url else None


def _fix(nginx: Nginx, name_place: ForwardedName, is_plain: bool) -> Fix:
    """Tell the application the visitor's host, and with it the scheme, if the page uses http and
    nginx tells none: another edit of the same lines would not apply any more."""
    headers = {name_place.field: _location_edits.host_variable(nginx.evidence.target)}
    if is_plain and not _location_edits.sends_field(nginx, name_place.match, SCHEME_FIELD):
        headers[SCHEME_FIELD] = "$scheme"
    changes: Changes = {}
    lines = _location_edits.header_lines(nginx, name_place.match, headers, changes)
    _location_edits.insert_lines(nginx, name_place.match, lines, changes)
    edits = config_edits(nginx, changes)
    if not edits:
        return Fix((Manual("pass-the-host", Where.SERVER),), Applicability.MANUAL)
    return _location_edits.location_fix(
        nginx, name_place.match, edits, sure=not _is_chosen_by_name(name_place)
    )


def _is_chosen_by_name(name_place: ForwardedName) -> bool:
    """Return whether another server may choose its site by the name that it is told now: a name of
    DNS, and no address, name of this machine or upstream group."""
    name = name_place.value.rpartition(":")[0] if ":" in name_place.value else name_place.value
    return "." in name and not is_address(name.strip("[]"))
