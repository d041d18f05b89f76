"""The response has two values of Access-Control-Allow-Origin. Browsers accept one value only: the
origin of the page, or `*` (Fetch standard, section 4.9, CORS check). Mostly both the server in
front (nginx's `add_header`, Apache's `Header`, Caddy's `header`) and the application send it.

Many applications send it only to the Origin of another site. Where two lines of nginx's are in
force that both send it then, its configuration is the proof.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from checks.http import addresses, endpoint_subjects, exchanges_by_purpose
from checks.nginx import Nginx, file_line
from checks.nginx._edits import Changes, config_edit, config_edits
from checks.nginx._location_edits import location_fix
from checks.server import ServerView, reload_steps, server_on_port
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
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import WITHOUT_ALWAYS, children
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of
from diagnose.parsers.nginx.variables import expand_variables
from diagnose.parsers.request_fields import UNKNOWN_ORIGIN

if TYPE_CHECKING:
    from checks.server._field_lines import FieldLine

_FIELD, _CREDENTIALS = "access-control-allow-origin", "access-control-allow-credentials"
#: The value that allows whoever asks.
_ASKING = "$http_origin"


@check(
    severity=Severity.WARNING,
    needs=[Exchange],
    # Of a preflight that has two values, while an error has none.
    explains=["http.cors-refused", "nginx.cors-header-lost"],
)
def cors_twice(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    pages = _answered_twice(evidence)
    own_match, own_lines = _own_lines(nginx, pages)
    pages = pages or (page_exchanges(evidence)[:1] if own_lines else ())
    if not pages:
        return
    match, directive = (own_match, own_lines[0]) if own_lines else _added(nginx)
    view = server_on_port(evidence)
    line = _server_line(view) if view and directive is None else None
    subjects, values = endpoint_subjects(pages), _values(pages[0])
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, *([nginx.config] if own_lines and nginx.config else [])),
        facts={
            "url": pages[0].url,
            "addresses": addresses(pages),
            "values": values if len(values) > 1 else (),
            "place": file_line(directive) if directive else line.place if line else "",
            "added": directive.text if directive else " ".join(line.text.split()) if line else "",
            "twice": bool(own_lines),
            "again": own_lines[1].text if own_lines else "",
            "again_place": file_line(own_lines[1]) if own_lines else "",
            "caddy": view is not None and view.server.product == "caddy",
            "nginx": view is None,
            "server": view.server.title if view else "nginx",
        },
        location=nginx.location(directive) if directive else line.location if line else None,
        fix=_lines_fix(nginx, own_match, own_lines)
        if own_match and own_lines
        else _server_fix(view, line, pages)
        if view and line
        else _fix(nginx, match, _doubled(pages[0])),
    )


def _answered_twice(evidence: Evidence) -> tuple[Exchange, ...]:
    """Return the answers with more than one value: of the target, or of the request for it with
    the Origin of another site, which may be a preflight."""
    for purpose in ("target", "cross-origin"):
        pages = tuple(
            page
            for page in exchanges_by_purpose(evidence, purpose)
            if len(_values(page)) > 1 and (page.status or 500) < 500
        )
        if pages:
            return pages
    return ()


def _own_lines(
    nginx: Nginx, pages: tuple[Exchange, ...]
) -> tuple[LocationMatch | None, tuple[Directive, ...]]:
    """Return the location and the lines of nginx's that both send the field to another site's page;
    none if there is one, or if a value depends on more than the Origin."""
    asked = pages or page_exchanges(nginx.evidence)
    status = asked[0].status if asked else None
    for match in nginx.location_matches(nginx.evidence.target.path) if status else ():
        lines = tuple(
            line
            for line in match.directives("add_header")
            if len(line.args) > 1 and line.args[0].lower() == _FIELD
            if "always" in line.args or status in WITHOUT_ALWAYS
            if expand_variables(match, line.args[1], {"http_origin": UNKNOWN_ORIGIN})
        )
        if len(lines) > 1:
            return match, lines
    return None, ()


def _lines_fix(nginx: Nginx, match: LocationMatch, lines: tuple[Directive, ...]) -> Fix:
    """Keep one line, where they allow the same: every origin. Browsers accept no `*` with cookies
    (Fetch standard, section 4.9). Lines for one origin each become one for all of these."""
    values = [line.args[1] for line in lines]
    has_cookies = any(
        line.args[:1] and line.args[0].lower() == _CREDENTIALS
        for line in match.directives("add_header")
    )
    kept = values.index(_ASKING) if has_cookies and _ASKING in values else 0
    changes: Changes = {}
    if {*values} <= {"*", _ASKING} or len({*values}) == 1:
        for number, line in enumerate(lines):
            file = nginx.file(line)
            if number != kept and file is not None:
                change = edits.remove_directive(file.text, line)
                changes.setdefault(file.path, []).append(change)
    file_edits = config_edits(nginx, changes)
    if not file_edits:
        # Imported late: few sites allow several origins.
        from checks.http._cors_maps import one_line_for_origins

        file_edits = one_line_for_origins(nginx, match, lines)
    if not file_edits:
        return Fix((Manual("keep-one-line", Where.SERVER),), Applicability.MANUAL)
    return location_fix(nginx, match, file_edits, sure=False)


def _server_line(view: ServerView) -> "FieldLine | None":
    # Imported late: only a finding needs it.
    from checks.server._response_fields import naming_line

    return naming_line(view, _FIELD)


def _server_fix(view: ServerView, line: "FieldLine", pages: tuple[Exchange, ...]) -> Fix:
    """Turn the line into a comment if the application sends the same value, or one that allows
    cookies, which `*` does not, and those of the other fields that come twice with it. Else its
    value is the server's alone, as visitors of other pages get it."""
    from checks.http._doubled_fields import sole_edit
    from checks.server._response_fields import naming_line, removed_lines

    is_same = all(len(set(_values(page))) == 1 for page in pages)
    names = _doubled(pages[0])
    others = [naming_line(view, name) for name in names[1:]]
    lines = [line, *(each for each in others if each)]
    is_narrow = line.value == "*" and any(page.header(_CREDENTIALS) for page in pages)
    edit = None
    if None not in others:
        is_sent = not line.is_comparable or line.value in _values(pages[0])
        own = sole_edit(view, lines, names) if is_sent else None
        edit = removed_lines(view, lines) if is_same or is_narrow else own
    if edit is None:
        return Fix(
            (Manual("send-it-once", Where.SERVER), *reload_steps(view.server)), Applicability.MANUAL
        )
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)


def _values(page: Exchange) -> tuple[str, ...]:
    """Return the values; one field with a list counts as several."""
    fields = (value for name, value in page.headers if name.lower() == _FIELD)
    return tuple(part.strip() for value in fields for part in value.split(",") if part.strip())


def _added(nginx: Nginx) -> tuple[LocationMatch | None, Directive | None]:
    """Return the location that forwards the page, and the `add_header` in force there, or in an
    `if` of it, which is in force in its place (ngx_http_rewrite_module, "if")."""
    for match in nginx.location_matches(nginx.evidence.target.path):
        of_conditions = (
            directive
            for condition in children(match.block, "if")
            if not children(condition, "return")
            for directive in children(condition, "add_header")
        )
        for directive in (*match.directives("add_header"), *of_conditions):
            if directive.args[:1] and directive.args[0].lower() == _FIELD and proxy_pass_of(match):
                return match, directive
    return None, None


def _doubled(page: Exchange) -> tuple[str, ...]:
    """Return the fields about other sites that come twice, the origin first. Browsers accept one
    Access-Control-Allow-Credentials only too."""
    names = [name.lower() for name, _ in page.headers]
    return (_FIELD, *([_CREDENTIALS] if names.count(_CREDENTIALS) > 1 else []))


def _fix(
    nginx: Nginx,
    match: LocationMatch | None,
    names: tuple[str, ...],
) -> Fix:
    """Hide the application's values: nginx's own are what visitors of other pages get as well."""
    proxy_pass = proxy_pass_of(match) if match else None
    file = nginx.file(proxy_pass) if proxy_pass else None
    edit = None
    if match and proxy_pass and file and not match.directives("proxy_hide_header"):
        lines = [f"proxy_hide_header {name.title()};" for name in names]
        change = edits.insert_after(file.text, proxy_pass, lines)
        edit = config_edit(nginx, file.path, change)
    if match is None or edit is None:
        return Fix((Manual("send-it-once", Where.SERVER),), Applicability.MANUAL)
    return location_fix(nginx, match, (edit,), sure=False)
