"""Lines of Apache, Caddy and HAProxy that permit one origin to read the answers of one path, and
answer its preflight in the application's place (Fetch standard, "CORS-preflight fetch")."""

import re
from collections.abc import Mapping
from dataclasses import replace

from checks.http._own_answer_fields import own_answer_edit
from checks.http._password_preflights import permitted_fix
from checks.http._preflight_answers import (
    ALLOW_CREDENTIALS,
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    METHODS,
    REWRITE_ENGINE,
    apache_pattern,
    apache_rules,
    caddy_matcher,
    haproxy_answer,
    permitted_words,
)
from checks.server import (
    ServerView,
    line_edit,
    line_text,
    reload_steps,
    server_on_port,
)
from checks.server._apache_modules import loading_steps
from checks.server._scoped_fields import VARIABLE, Scope, haproxy_condition, inserted_edit
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Edit,
    Evidence,
    Fix,
    Manual,
    Step,
    Where,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.parsers.http import proxy_page
from diagnose.parsers.urls import path_of

_ORIGIN = re.compile(
    r"(?:https?|app|capacitor|chrome-extension)://[A-Za-z0-9.\-]{1,253}(?::\d{1,5})?"
)
_METHODS = f"{METHODS}, OPTIONS"
_PREFLIGHT = "OPTIONS"
#: Directives of Caddy that answer before others, in the block of a site.
_EXCLUSIVE = re.compile(r"\s*(?:handle|handle_path|route|basic_?auth|forward_auth)\b")
#: `header /` of Caddy 1 was for all paths; in Caddy 2 it is for the first page alone.
_FIRST_PAGE = re.compile(r"(\s*header\s+)/\s+(\{.*|[+>?]?[\w-]+\s.*)")
#: A subdirective of `reverse_proxy` that stands in `header`: a field of that name.
_MISPLACED = re.compile(r"(?i)(\s*)header_down\s+(Access-Control-[\w-]{1,40}\s.*)")


@frozen
class _Permission:
    """Whom a path is to permit, and what: the fields of the answer itself, and of a preflight."""

    scope: Scope
    origin: str
    with_cookies: bool
    allowed: str
    is_preflight: bool
    is_sent: bool

    @property
    def fields(self) -> dict[str, str]:
        cookies = {ALLOW_CREDENTIALS: "true"} if self.with_cookies else {}
        return {ALLOW_ORIGIN: self.origin, **cookies}

    @property
    def preflight_fields(self) -> dict[str, str]:
        return {
            **self.fields,
            ALLOW_METHODS: _METHODS,
            ALLOW_HEADERS: self.allowed,
        }


def with_server_lines(evidence: Evidence, claim: Claim, page: Exchange, cookies: bool) -> Claim:
    """Return the claim with the lines of the web server that permit the origin: in place of its
    step where lines for other sites stand at the wrong place, else beside it, for it is a person's
    choice."""
    view, origin = server_on_port(evidence), str(claim.facts["origin"])
    if view is None or claim.fix is None or not _ORIGIN.fullmatch(origin):
        return claim
    edit = own_answer_edit(view, page, origin) if claim.facts["missing"] else None
    if edit is not None:
        own = Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
        return replace(claim, fix=own)
    if fix := _misplaced_fix(view, page, origin, claim):
        return replace(claim, fix=fix)
    if (page.method != _PREFLIGHT and (page.status or 0) >= 400) or claim.facts["other"]:
        return claim
    steps = _steps(view, _permission(view, page, origin, cookies))
    if not steps:
        return claim
    kept = [
        step
        for step in claim.fix.steps
        if isinstance(step, Manual) and step.step != "answer-options"
    ]
    added = Manual("answer-in-server", Where.SERVER, commands=steps)
    return replace(claim, fix=Fix((*kept, added), Applicability.MANUAL))


def _permission(view: ServerView, page: Exchange, origin: str, cookies: bool) -> _Permission:
    return _Permission(
        Scope(path_of(page.url).partition("?")[0]),
        origin,
        cookies,
        permitted_words(page, view.server.product),
        page.method == _PREFLIGHT,
        page.header(ALLOW_ORIGIN) is not None,
    )


def _steps(view: ServerView, permission: _Permission) -> tuple[Command | Edit, ...]:
    """Return the edit and the commands that load it; () if a person has to write it."""
    product, modules = view.server.product, tuple[Step, ...]()
    if not permission.scope.is_plain:
        return ()
    if product == "apache":
        lines = _apache_lines(permission)
        names = ("headers", "rewrite") if permission.is_preflight else ("headers",)
        loading = loading_steps(view, names)
        if loading is None:
            return ()
        modules = loading
    elif product == "haproxy":
        lines = _haproxy_lines(view, permission)
    elif product == "caddy" and not (permission.is_preflight and _is_taken(view)):
        lines = _caddy_lines(permission)
    else:
        return ()
    edit = inserted_edit(view, lines)
    loading_modules = tuple(step for step in modules if not isinstance(step, Manual))
    if edit is None or len(loading_modules) < len(modules):
        return ()
    return (*loading_modules, edit, *reload_steps(view.server))


def _apache_lines(permission: _Permission) -> list[str]:
    """The path's fields, also in answers of Apache's own; an application's own are left out. The
    line of the request stays where a rule leads the path to a script, and <Location> would not
    count any more (mod_rewrite of a folder makes a new request)."""
    fields = permission.preflight_fields if permission.is_preflight else permission.fields
    pattern = apache_pattern(permission.scope.path)
    set_lines = [
        line
        for name, value in fields.items()
        for line in (f"Header onsuccess unset {name}", f'Header always set {name} "{value}"')
    ]
    return [
        *((REWRITE_ENGINE, *apache_rules(pattern)) if permission.is_preflight else ()),
        f'<If "%{{THE_REQUEST}} =~ m#^[A-Z]+ {pattern[1:-1]}[? ]#">',
        *(f"    {line}" for line in set_lines),
        "    Header always merge Vary Origin",
        "</If>",
    ]


def _caddy_lines(permission: _Permission) -> list[str]:
    path = permission.scope.path
    own = [
        f"header {path} {{",
        *(["\tdefer"] if permission.is_sent else []),
        *(f'\t{name} "{value}"' for name, value in permission.fields.items()),
        "\t+Vary Origin",
        "}",
    ]
    if not permission.is_preflight:
        return own
    return [
        *caddy_matcher(path),
        "handle @preflight {",
        f'\theader {ALLOW_METHODS} "{_METHODS}"',
        f'\theader {ALLOW_HEADERS} "{permission.allowed}"',
        "\trespond 204",
        "}",
        *own,
    ]


def _is_taken(view: ServerView) -> bool:
    """Return whether a site of Caddy has blocks of its own that may take the preflight first."""
    return any(_EXCLUSIVE.match(line) for line in _site_lines(view).values())


def _haproxy_lines(view: ServerView, permission: _Permission) -> list[str]:
    """Lines of the frontend that permit the origin already are not repeated."""
    scope, lines = permission.scope, list[str]()
    if permission.is_preflight:
        fields = {**permission.preflight_fields, "Vary": "Origin"}
        lines.append(haproxy_answer(fields, scope.path))
    if permission.is_preflight and _permits(view, permission.origin):
        return lines
    condition = haproxy_condition(scope)
    return [
        *lines,
        f"http-request set-var({VARIABLE}) path",
        *(
            f'http-response set-header {name} "{value}"{condition}'
            for name, value in permission.fields.items()
        ),
        f"http-response add-header Vary Origin{condition}",
    ]


def _permits(view: ServerView, origin: str) -> bool:
    from checks.server._haproxy_fields import field_lines

    return any(line.value in {"*", origin} for line in field_lines(view, ALLOW_ORIGIN.lower()))


# Lines of Caddy that are there, and do not count for the path


def _misplaced_fix(view: ServerView, page: Exchange, origin: str, claim: Claim) -> Fix | None:
    """Return the fix of Caddy's own lines for other sites: a matcher that is for the first page
    alone, a word of `reverse_proxy` in `header`, a password that is asked of a preflight, too."""
    if view.server.product != "caddy" or len(view.answering_sites) != 1:
        return None
    lines = _site_lines(view)
    changes: dict[int, str] = {}
    if page.method == _PREFLIGHT and page.status == 401 and proxy_page(page.body) in {"", "caddy"}:
        return permitted_fix(view, lines, origin) if claim.facts["failed"] else None
    if not claim.facts["missing"]:
        return None
    for number, line in lines.items():
        match = _FIRST_PAGE.fullmatch(line)
        if match and ALLOW_ORIGIN.lower() in _block_text(lines, number).lower():
            changes[number] = f"{match[1]}{match[2]}"
    return _changed(view, view.answering_sites[0].file, changes) or _misplaced_words(view, origin)


def _misplaced_words(view: ServerView, origin: str) -> Fix | None:
    from checks.server._caddy_lines import own_lines

    misplaced = [
        (line, match)
        for line in own_lines(view)
        if line.heads[-1:] == ("header",) and (match := _MISPLACED.fullmatch(line.text))
    ]
    files = {line.file for line, _ in misplaced}
    if len(files) != 1:
        return None
    changes = {line.number: f"{match[1]}{match[2]}" for line, match in misplaced}
    is_named = any(
        origin in match[2] or "{" in match[2] or "*" in match[2] for _, match in misplaced
    )
    return _changed(view, files.pop(), changes) if is_named else None


def _changed(view: ServerView, file: str, changes: Mapping[int, str]) -> Fix | None:
    edit = line_edit(view, file, {n: (line,) for n, line in changes.items()}) if changes else None
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW) if edit else None


def _site_lines(view: ServerView) -> dict[int, str]:
    """Return the lines of the only site that answers, by their numbers."""
    if len(view.answering_sites) != 1:
        return {}
    site = view.answering_sites[0]
    return {n: line_text(view, site.file, n) for n in range(site.line + 1, site.end)}


def _block_text(lines: Mapping[int, str], number: int) -> str:
    """Return a line with the block that it opens."""
    taken = [lines[number]]
    if not taken[0].rstrip().endswith("{"):
        return taken[0]
    for later in range(number + 1, number + 60):
        text = lines.get(later, "}")
        if text.strip() == "}":
            break
        taken.append(text)
    return "\n".join(taken)
