"""What the page names at a place where browsers get nothing for it."""

from collections.abc import Mapping, Sequence

from checks.http import _page_files, exchanges_by_purpose
from checks.http._forwarded_names import forwarded_name, visitors_name_fix
from checks.nginx import Nginx
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.pages import Page, PagePort
from diagnose.parsers.urls import parse_url


def place_claim(
    evidence: Evidence,
    page: Page,
    ports: Sequence[PagePort],
    manual: str,
    facts: Mapping[str, object],
) -> Claim:
    """Return the claim for connections to one place that failed, with the files of the page there,
    and the line of nginx that tells the application this place. `manual` is what to do where there
    is no such line, `facts` are those of the check alone."""
    first, nginx = ports[0], Nginx.of(evidence)
    url = parse_url(first.url)
    assert url is not None, "the caller has read it"
    urls = _page_files.urls_at(page, url.scheme, url.host, url.port)
    files = [file.url for file in page.files if file.url in urls]
    steps = exchanges_by_purpose(evidence, "target")
    name_place = forwarded_name(nginx, steps[0], url.authority) if steps else None
    severity = _page_files.severity(page, files) if files else Severity.WARNING
    return Claim(
        about=_page_files.page_subject(page),
        because=(page, *ports),
        severity=severity,
        facts={
            "page": page.url,
            "url": first.url,
            "others": tuple(each for each in urls if each != first.url),
            "message": first.failure.message if first.failure else "",
            "breaks": severity is Severity.ERROR,
            "field": name_place.field if name_place else "",
            "value": name_place.value if name_place else "",
            "place": name_place.place if name_place else "",
            **facts,
        },
        location=nginx.location(name_place.directive) if name_place else None,
        fix=(name_place and visitors_name_fix(nginx, name_place))
        or Fix((Manual(manual, Where.APPLICATION),), Applicability.MANUAL),
    )
