"""`try_files` or `error_page` leads to a named location that the server block lacks: nginx answers
500 and logs "could not find named location" (ngx_http_core_module, "location"). `nginx -t` does not
look for it.
"""

import difflib
from collections.abc import Iterator
from dataclasses import replace

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edit
from checks.nginx._missing_named_location import without_error_page, written_location
from checks.nginx._page_errors import PageError, failed_sockets, page_claim, page_error
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Edit, Evidence, Fix, Manual, Severity, Where
from diagnose.model.http import Exchange
from diagnose.model.logs import LogLine
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.config import walk
from diagnose.parsers.nginx.edits import TextEdit

_MISSING = r'could not find named location "(@[^"]{1,200})"'
#: How similar two names must be (0 to 1) for one to be a misspelling of the other.
_LIKENESS = 0.75


@check(
    severity=Severity.ERROR,
    needs=[LogLine, Exchange],
    explains=[
        "http.server-error",
        "http.redirect-to-error",
        "http.no-redirect",
        "websocket.not-upgraded",
    ],
)
def named_location_missing(evidence: Evidence) -> Iterator[Claim]:
    error = page_error(evidence, _MISSING, {500})
    if error is None:
        return
    nginx, name = Nginx.of(evidence), error.match[1]
    blocks = [selected.server.block for selected in nginx.selected_servers()]
    directives = [directive for block in blocks for directive in walk(block.block or ())]
    uses = [
        directive
        for directive in directives
        if name in directive.args and directive.name != "location"
    ]
    names = [
        directive.args[0]
        for directive in directives
        if directive.name == "location" and directive.args and directive.args[0].startswith("@")
    ]
    nearest = next(iter(difflib.get_close_matches(name, names, 1, _LIKENESS)), "")
    use = uses[0] if len(uses) == 1 else None
    claim = page_claim(
        nginx,
        error,
        {"named": name, "nearest": nearest, "names": tuple(dict.fromkeys(names))},
        "name-it",
        use,
        failed_sockets(evidence, {500}),
    )
    edit = _edit(nginx, use, error, nearest) if use and nearest else None
    removal = without_error_page(nginx, use) if use and not edit else None
    is_written = use is not None and not (edit or removal)
    path = evidence.target.path
    location = written_location(nginx, use, name, path) if use and is_written else None
    facts = {**claim.facts, "removed": removal is not None, "written": location is not None}
    edit = edit or removal or location
    steps = (edit or Manual("name-it", Where.SERVER), *reload_steps(nginx))
    applicability = Applicability.REVIEW if edit else Applicability.MANUAL
    yield replace(claim, facts=facts, fix=Fix(steps, applicability))


def _edit(nginx: Nginx, use: Directive, error: PageError, nearest: str) -> Edit | None:
    file, name = nginx.file(use), error.match[1]
    at = file.text.find(name, use.start, use.stop) if file else -1
    return config_edit(nginx, use.file, TextEdit(at, at + len(name), nearest)) if at >= 0 else None
