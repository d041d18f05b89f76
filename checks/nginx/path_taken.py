"""nginx answers a path itself that another location passes on to an application: a location with a
regular expression for static files comes before a longer prefix (ngx_http_core_module, "location"),
or a `rewrite` leads the path to the page of a single-page application.

The application, asked directly, has the path. So visitors get 404 or a page in place of a script or
of JSON.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._edits import config_edits
from checks.nginx._location_edits import location_fix
from checks.upstream._responses import page_exchanges
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
    merge_subjects,
)
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.model.requests import BypassedApplication
from diagnose.parsers.nginx.bypasses import Bypass, bypass_of
from diagnose.parsers.nginx.edits import TextEdit, replace_directive
from diagnose.parsers.nginx.locations import location_pattern


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, Exchange, BypassedApplication],
    explains=[
        "http.page-for-api",
        "nginx.target-not-found",
        "nginx.file-forbidden",
        "nginx.index-missing",
    ],
)
def path_taken(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for application in evidence.good(BypassedApplication)[:1]:
        pages = [page for page in page_exchanges(evidence) if _is_worse(page, application)]
        bypass = _bypass(nginx, application.path)
        if not pages or bypass is None or bypass.by != application.by:
            continue
        subjects = endpoint_subjects(pages)
        yield Claim(
            about=merge_subjects(subjects),
            covers=subjects,
            because=(*pages, application, *([nginx.config] if nginx.config else [])),
            confidence=Confidence.CERTAIN,
            location=nginx.location(bypass.directive),
            facts={
                "url": pages[0].url,
                "path": application.path,
                "status": pages[0].status,
                "directive": " ".join((bypass.directive.name, *bypass.directive.args)),
                "place": file_line(bypass.directive),
                "owner": " ".join(("location", *bypass.match.block.args)),
                "owner_place": file_line(bypass.match.block),
                "prefix": bypass.match.block.args[-1],
                "application": application.endpoint,
                "direct_status": application.status,
                "regex": application.by == "regex",
                "rewrite": application.by == "rewrite",
                "last": application.by == "last",
                "whole": bypass.match.block.args == ("/",),
            },
            fix=_fix(nginx, bypass),
        )


def _is_worse(page: Exchange, application: BypassedApplication) -> bool:
    """Return whether visitors get an error or a page in place of what the application has."""
    status = page.status or 0
    if page.method != "GET" or not 200 <= (application.status or 0) < 300:
        return False
    is_page = status == 200 and "html" in (page.header("Content-Type") or "")
    return 400 <= status < 500 or (is_page and not application.is_html)


def _bypass(nginx: Nginx, path: str) -> Bypass | None:
    bypasses = (bypass_of(selected.server, path) for selected in nginx.selected_servers())
    return next((bypass for bypass in bypasses if bypass is not None), None)


def _fix(nginx: Nginx, bypass: Bypass) -> Fix:
    """Write "^~" before the prefix, so that regular expressions do not come before it. That is no
    help for the location "/": it would turn all of them off."""
    if bypass.by == "last":
        return _stay(nginx, bypass)
    block = bypass.match.block
    pattern, file = location_pattern(block), nginx.file(block)
    is_plain = pattern is not None and not pattern.modifier and pattern.text != "/"
    manual = Fix((Manual(bypass.by, Where.SERVER),), Applicability.MANUAL)
    if bypass.by != "regex" or not is_plain or file is None or pattern is None:
        return manual
    change = TextEdit(block.start, block.opened, f"location ^~ {block.args[-1]} {{")
    edits = config_edits(nginx, {file.path: [change]})
    return location_fix(nginx, bypass.match, edits, sure=False) if edits else manual


def _stay(nginx: Nginx, bypass: Bypass) -> Fix:
    """Stay in the location after the rewrite: `break` in the place of `last`."""
    directive = bypass.directive
    file = nginx.file(directive)
    text = file.text[directive.start : directive.stop] if file else ""
    bare = text.rstrip().removesuffix(";").rstrip().removesuffix("last").rstrip()
    edits = (
        config_edits(nginx, {file.path: [replace_directive(directive, f"{bare} break;")]})
        if file and bare
        else ()
    )
    if edits:
        return location_fix(nginx, bypass.match, edits, sure=False)
    return Fix((Manual("last", Where.SERVER),), Applicability.MANUAL)
