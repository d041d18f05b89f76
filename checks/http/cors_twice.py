"""The response has two values of Access-Control-Allow-Origin. Browsers accept one value only: the
origin of the page, or `*` (Fetch standard, section 4.9, CORS check). Mostly both nginx and the
application send it.
"""

from collections.abc import Iterator

from checks.http import addresses, endpoint_subjects, exchanges_by_purpose
from checks.nginx import Nginx, file_line
from checks.nginx._edits import config_edit
from checks.nginx._location_edits import location_fix
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of

_FIELD = "access-control-allow-origin"


@check(severity=Severity.WARNING, needs=[Exchange], explains=["http.cors-refused"])
def cors_twice(evidence: Evidence) -> Iterator[Claim]:
    pages = tuple(
        page
        for page in exchanges_by_purpose(evidence, "target")
        if len(_values(page)) > 1 and (page.status or 500) < 500
    )
    if not pages:
        return
    nginx = Nginx.of(evidence)
    match, directive = _added(nginx)
    subjects = endpoint_subjects(pages)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=pages,
        facts={
            "url": pages[0].url,
            "addresses": addresses(pages),
            "values": _values(pages[0]),
            "place": file_line(directive) if directive else "",
            "added": " ".join((directive.name, *directive.args)) if directive else "",
        },
        location=nginx.location(directive) if directive else None,
        fix=_fix(nginx, match, directive),
    )


def _values(page: Exchange) -> tuple[str, ...]:
    """Return the values; one field with a list counts as several."""
    fields = (value for name, value in page.headers if name.lower() == _FIELD)
    return tuple(part.strip() for value in fields for part in value.split(",") if part.strip())


def _added(nginx: Nginx) -> tuple[LocationMatch | None, Directive | None]:
    """Return the location that forwards the page, and the `add_header` in force there."""
    for match in nginx.location_matches(nginx.evidence.target.path):
        for directive in match.directives("add_header"):
            if directive.args[:1] and directive.args[0].lower() == _FIELD and proxy_pass_of(match):
                return match, directive
    return None, None


def _fix(nginx: Nginx, match: LocationMatch | None, directive: Directive | None) -> Fix:
    """Hide the application's value: nginx's own is what visitors of other pages get as well."""
    proxy_pass = proxy_pass_of(match) if match else None
    file = nginx.file(proxy_pass) if proxy_pass else None
    edit = None
    if match and proxy_pass and file and not match.directives("proxy_hide_header"):
        line = "proxy_hide_header Access-Control-Allow-Origin;"
        change = edits.insert_after(file.text, proxy_pass, [line])
        edit = config_edit(nginx, file.path, change)
    if match is None or edit is None:
        return Fix((Manual("send-it-once", Where.SERVER),), Applicability.MANUAL)
    return location_fix(nginx, match, (edit,), sure=False)
