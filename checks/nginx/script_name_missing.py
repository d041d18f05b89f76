"""The page is empty, and the location that answers it gives PHP-FPM no SCRIPT_FILENAME.

PHP-FPM runs the script that SCRIPT_FILENAME names. Without that parameter it answers 200 with an
empty body and logs nothing (sapi/fpm/fpm/fpm_main.c, init_request_info). nginx's own file
`fastcgi_params` does not contain it; `fastcgi.conf` does.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
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
from diagnose.model.http import Exchange, ResponseBody, page_exchanges
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.final_requests import final_location
from diagnose.parsers.nginx.locations import LocationMatch

_LINE = "fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;"


@check(severity=Severity.ERROR, needs=[ResponseBody, NginxConfig], explains=["http.blank-page"])
def script_name_missing(evidence: Evidence) -> Iterator[Claim]:
    pages = _empty_pages(evidence)
    nginx = Nginx.of(evidence)
    match = _php_location(nginx) if pages else None
    if match is None or nginx.config is None:
        return
    directive = children(match.block, "fastcgi_pass")[0]
    subjects = endpoint_subjects(pages)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, nginx.config),
        facts={
            "url": evidence.target.url,
            "location": match.block.text,
            "place": file_line(directive),
            "application": directive.args[0],
        },
        location=nginx.location(directive),
        fix=_fix(nginx, match, directive),
    )


def _empty_pages(evidence: Evidence) -> tuple[Exchange, ...]:
    """Return the target's responses with status 200 and no byte of a body."""
    empty = {
        (body.address, body.port)
        for body in evidence.good(ResponseBody)
        if body.request == "target" and body.end == "complete" and not body.received
    }
    return tuple(
        page
        for page in page_exchanges(evidence)
        if page.status == 200 and page.method == "GET" and (page.address, page.port) in empty
    )


def _php_location(nginx: Nginx) -> LocationMatch | None:
    """Return the location that gives the page to PHP without the script's name."""
    for selected in nginx.answering_servers():
        match = final_location(selected.server, nginx.evidence.target.path)
        names = {line.args[0] for line in match.directives("fastcgi_param") if line.args}
        if _is_php(match) and "SCRIPT_FILENAME" not in names:
            return match
    return None


def _is_php(match: LocationMatch) -> bool:
    """Other programs behind fastcgi_pass need no script's name."""
    fastcgi_passes = children(match.block, "fastcgi_pass")
    words = " ".join(
        (*match.block.args, *(fastcgi_passes[0].args if fastcgi_passes else ()))
    ).lower()
    return bool(fastcgi_passes) and ("php" in words or words.endswith(":9000"))


def _fix(nginx: Nginx, match: LocationMatch, directive: Directive) -> Fix:
    """Add the line, unless the location inherits its parameters: one of its own would replace
    them all."""
    file = nginx.file(directive)
    edit = None
    if file is not None and children(match.block, "fastcgi_param"):
        change = edits.insert_after(file.text, directive, [_LINE])
        edit = config_edit(nginx, directive.file, change)
    if edit is None:
        return Fix((Manual("name-the-script", Where.SERVER),), Applicability.MANUAL)
    return location_fix(nginx, match, (edit,))
