"""Apache's error log says why it did not answer the target's page, or a WebSocket where the page
came: a module is missing, TLS to the backend is off, an .htaccess is faulty or has a line that
AllowOverride does not permit, or a file may not be read. For a folder Apache names the index files
that it tried in it (mod_dir). For a symbolic link it names the link (AH00037), and not the folder
on the way to the link's target that it may not enter.

A 403 alone is no fault: this one is, because the operating system refuses Apache itself.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from checks.server import (
    ServerView,
    indentation,
    line_edit,
    line_text,
    place_text,
    reload_steps,
    server_view,
)
from checks.server._apache_links import forbids_links
from checks.server._apache_modules import loading_fix, modules_of_directive, modules_of_protocol
from checks.server._apache_overrides import added_lines, allow_overrides, permits_all
from checks.server._backend_answers import (
    refused_websockets,
    websocket_paths,
    websocket_severity,
)
from checks.server._opened_folders import opening_fix
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Step,
    Subject,
    Where,
    commands,
)
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.logs import ServerRequestError
from diagnose.model.site_folders import FolderAccess
from diagnose.model.web_servers import SiteRoute, WebServer
from diagnose.parsers.apache.htaccess import (
    begins_with_mark,
    faulty_lines,
    is_php_setting,
    mended_lines,
)
from diagnose.parsers.nginx.edits import diff
from diagnose.parsers.sanitize import clean
from diagnose.parsers.web_sites import is_within, route_of, takes

#: The reasons of this check. The others have checks of their own.
_REASONS = {"handler", "backend-tls", "htaccess", "permission"}
#: Directives without the context ".htaccess" in Apache's documentation, in lower case: what is
#: often written there all the same; and the sections that an .htaccess may have.
_SERVER_ONLY = frozenset({
    "alias", "aliasmatch", "allowoverride", "customlog", "documentroot", "errorlog", "listen",
    "loadmodule", "php_admin_flag", "php_admin_value", "proxypass", "proxypassmatch",
    "proxypassreverse", "proxypreservehost", "proxyrequests", "rewritemap", "scriptalias",
    "serveralias", "servername", "sslcertificatefile", "sslcertificatekeyfile", "sslengine",
    "sslprotocol", "sslproxyengine",
})  # fmt: skip
#: The sections that a virtual host may have, and an .htaccess may not.
_MOVABLE = frozenset({
    "<directory", "<directorymatch", "<location", "<locationmatch", "<proxy", "<proxymatch",
})  # fmt: skip
_OWN_SECTIONS = frozenset({
    "<files", "<filesmatch", "<if", "<ifmodule", "<ifdefine", "<ifversion", "<limit",
    "<limitexcept", "<elseif", "<else", "<requireall", "<requireany", "<requirenone",
})  # fmt: skip
#: core, ap_directory_walk and ap_file_walk: a link whose target has no status for Apache.
_LINK = re.compile(r"AH00037: [^:\n]{1,80}: (/[^\n]{1,500})")


@check(
    severity=Severity.ERROR,
    needs=[WebServer, ServerRequestError, Exchange],
    explains=[
        "http.page-file-missing",
        "server.own-answer",
        "server.application-answers",
        "http.server-error",
        "websocket.not-upgraded",
        "websocket.refused-in-front",
        "server.request-logged",
    ],
)
def request_failed(evidence: Evidence) -> Iterator[Claim]:
    view = server_view(evidence)
    errors = (
        _closed_link(view, server_request_error)
        for server_request_error in evidence.good(ServerRequestError)
    )
    error = next((error for error in errors if error.reason in _REASONS), None)
    path, websocket, failed = _failed(evidence)
    if view is None or error is None or not failed or error.product != view.server.product:
        return
    route, modules = _route(view, path, websocket), _modules(view, error)
    access = _access(evidence, error)
    yield Claim(
        about=Subject(port=evidence.target.port, path=path),
        covers=(Subject(port=evidence.target.port, path=path),)
        if websocket
        else (Subject(port=evidence.target.port), Subject(port=80)),
        because=(error, view.server, *failed, *((access,) if access else ())),
        facts={
            **view.facts,
            "url": f"{evidence.target.origin}{path}",
            "status": failed[0].status,
            "message": error.message,
            "log": error.log,
            error.reason: True,
            "override": _directive_text(_forbidden(error)),
            "never": _is_never_allowed(view, error),
            **_faulty_line(error),
            "folder": error.file.rpartition("/")[0],
            "scheme": error.scheme,
            "file": access.path if access else error.file,
            "user": access.user if access else "",
            "closed": tuple(f"{part.path} ({part.mode_and_owner})" for part in access.denied_parts)
            if access
            else (),
            "target": route.target if route else "",
            "place": place_text(route.file, route.line) if route else "",
            "modules": modules,
        },
        severity=websocket_severity(evidence) if websocket else None,
        fix=(opening_fix(access) if access else None) or _fix(view, error, route, modules),
    )


def _closed_link(view: ServerView | None, error: ServerRequestError) -> ServerRequestError:
    """Return the error about a symbolic link as one of a permission that is missing, if links may
    be followed there, and Apache's user may not enter or read a part of the way to its target."""
    match = _LINK.search(error.message)
    if view is None or match is None or forbids_links(view, match[1].rpartition("/")[0]):
        return error
    for access in view.evidence.good(FolderAccess):
        if access.denied_parts and takes(match[1], access.path):
            return replace(error, reason="permission", file=access.path)
    return error


def _access(evidence: Evidence, error: ServerRequestError) -> FolderAccess | None:
    """Return who may read the requested file, if Apache's user may not enter or read a part of its
    path, and the log is about a file on it."""
    for access in evidence.good(FolderAccess) if error.reason == "permission" else ():
        # For a folder the log names the index files that Apache tried, even those that are nowhere.
        # A link's target is elsewhere.
        closed = access.denied_parts
        if closed and (
            access.path == error.file or any(takes(part.path, error.file) for part in closed)
        ):
            return access
    return None


def _failed(evidence: Evidence) -> tuple[str, bool, Sequence[Exchange | Upgrade]]:
    """Return the path of the answers that are an error, whether it is a WebSocket's, and these
    answers: those of the page, or, where it came, of the first WebSocket that was refused."""
    pages = [
        exchange
        for exchange in evidence.good(Exchange)
        if exchange.purpose == "target"
        and (exchange.status == 403 or (exchange.status or 0) >= 500)
    ]
    if pages:
        return evidence.target.path, False, pages
    for path in websocket_paths(evidence):
        refused = refused_websockets(evidence, path)
        if refused and all((upgrade.status or 0) >= 500 for upgrade in refused):
            return path, True, refused
    return evidence.target.path, False, ()


def _route(view: ServerView, path: str, websocket: bool) -> SiteRoute | None:
    own = path.partition("?")[0]
    routes = (route_of(site, own, websocket=websocket) for site in view.answering_sites)
    return next(filter(None, routes), None)


def _modules(view: ServerView, error: ServerRequestError) -> tuple[str, ...]:
    """Return the modules that are missing and not loaded."""
    match = re.match(r"Invalid command '(\w{1,100})'", error.message)
    names = modules_of_directive(match[1]) if match else modules_of_protocol(error.scheme)
    loaded = view.config.modules if view.config else ()
    return tuple(name for name in names if name not in loaded)


def _fix(
    view: ServerView, error: ServerRequestError, route: SiteRoute | None, modules: tuple[str, ...]
) -> Fix:
    steps = reload_steps(view.server)
    loading = loading_fix(view, modules, steps)
    if loading:
        return loading
    if _is_never_allowed(view, error):
        return _moving_fix(view, error)
    if _forbidden(error):
        return _override_fix(view, error)
    edit = _tls_edit(view, route) if error.reason == "backend-tls" and route else None
    if edit:
        return Fix((edit, *steps))
    if begins_with_mark(error.message) and error.file:
        unmarked = commands.rewrite(error.file, (r"1s/^\xEF\xBB\xBF//",))
        return Fix((unmarked,), Applicability.REVIEW)
    if mended := _mended(error):
        return Fix((mended,), Applicability.REVIEW)
    # An .htaccess and the permissions of a file count at once.
    is_loaded = error.reason in {"handler", "backend-tls"}
    manual = Manual(error.reason, Where.SERVER)
    return Fix((manual, *(steps if is_loaded else ())), Applicability.MANUAL)


def _faulty_line(error: ServerRequestError) -> dict[str, object]:
    """Return the line of an .htaccess that a message is about, and its place; "" if that is not
    known, or if several lines have the directive."""
    text = error.rules.text if error.rules else ""
    numbers = faulty_lines(text, error.message)
    line = text.split("\n")[numbers[0] - 1] if numbers else ""
    return {
        "line": clean(line.strip(), 200),
        "line_place": place_text(error.file, numbers[0]) if numbers else "",
        "php": is_php_setting(error.message),
        "mark": begins_with_mark(error.message),
    }


def _mended(error: ServerRequestError) -> Edit | None:
    """Return the edit of an .htaccess. It counts at once."""
    if error.rules is None:
        return None
    text = error.rules.text
    changes = mended_lines(text, error.message)
    lines = text.split("\n")
    new = [part for number, line in enumerate(lines, 1) for part in changes.get(number, (line,))]
    edit = diff(error.rules.path, text, "\n".join(new)) if changes else ""
    return Edit(error.rules.path, edit) if edit else None


def _forbidden(error: ServerRequestError) -> str:
    """Return the directive of an .htaccess that AllowOverride does not permit, "" if the error is
    another one (core, ap_check_cmd_context())."""
    match = re.match(r"(<?\w{1,100}) not allowed (?:here|in)", error.message)
    return match[1] if match and error.reason == "htaccess" else ""


def _directive_text(name: str) -> str:
    return f"{name}>" if name.startswith("<") else name


def _is_never_allowed(view: ServerView, error: ServerRequestError) -> bool:
    """Return whether no .htaccess may have the directive, whatever AllowOverride says: by its
    context, or because all is permitted here already."""
    name = _forbidden(error).lower()
    if not name or name.startswith("<") or name in _SERVER_ONLY:
        return bool(name) and name not in _OWN_SECTIONS
    folder = error.file.rpartition("/")[0]
    return any(permits_all(view, site, folder) for site in view.answering_sites[:1])


def _moving_fix(view: ServerView, error: ServerRequestError) -> Fix:
    """Move a section out of the .htaccess into the virtual host. It counts there as root wrote it,
    so a person reads it first."""
    text, sites = error.rules.text if error.rules else "", view.answering_sites[:1]
    lines, numbers = text.split("\n"), faulty_lines(text, error.message)
    name = _forbidden(error)
    ends = (
        [
            number
            for number, line in enumerate(lines, 1)
            if line.strip().lower() == f"</{name[1:].lower()}>" and number > numbers[0]
        ]
        if len(numbers) == 1 and name.lower() in _MOVABLE
        else []
    )
    moving: tuple[Command | Edit, ...] = ()
    if ends and sites and error.rules:
        start, end = numbers[0] - 1, ends[0]
        added = added_lines(view, sites[0], lines[start:end])
        taken = diff(error.rules.path, text, "\n".join((*lines[:start], *lines[end:])))
        if added and taken:
            moving = (added, *_typed(reload_steps(view.server)), Edit(error.rules.path, taken))
    return Fix((Manual("never", Where.SERVER, commands=moving),), Applicability.MANUAL)


def _typed(steps: Sequence[Step]) -> Iterator[Command | Edit]:
    return (step for step in steps if not isinstance(step, Manual))


def _override_fix(view: ServerView, error: ServerRequestError) -> Fix:
    folder, steps = error.file.rpartition("/")[0], reload_steps(view.server)
    sites = view.answering_sites[:1]
    edit = allow_overrides(view, sites[0], folder) if sites else None
    if edit is None:
        return Fix((Manual("override", Where.SERVER), *steps), Applicability.MANUAL)
    return Fix((edit, *steps), Applicability.REVIEW)


def _tls_edit(view: ServerView, route: SiteRoute) -> Step | None:
    """Return the edit that lets the site speak TLS to its backends: above the line that passes
    requests on, or below the head of the virtual host where that line is a RewriteRule, which
    belongs to its conditions, or stands in a section in which the directive is not allowed."""
    site = next((site for site in view.answering_sites if is_within(site, route)), None)
    numbers = range(site.line + 1, site.end) if site else range(0)
    for number in numbers:
        line = line_text(view, route.file, number)
        if re.fullmatch(r"(?i)\s*SSLProxyEngine\s+off\s*", line):
            return line_edit(view, route.file, {number: (re.sub(r"(?i)off\s*$", "on", line),)})
    line = line_text(view, route.file, route.line)
    if not line.strip():
        return None
    indent = indentation(line)
    before = [line_text(view, route.file, number) for number in numbers if number < route.line]
    is_rule = line.strip().lower().startswith("rewriterule")
    if site is not None and (is_rule or _is_in_section(before)):
        head = line_text(view, site.file, site.line)
        if not head.strip().lower().startswith("<virtualhost"):
            return None
        margin = indentation(head)
        return line_edit(view, site.file, {site.line: (head, f"{margin}    SSLProxyEngine on")})
    return line_edit(view, route.file, {route.line: (f"{indent}SSLProxyEngine on", line)})


def _is_in_section(lines: Sequence[str]) -> bool:
    """Return whether a section is open after these lines of a virtual host."""
    opened = sum(bool(re.match(r"\s*<\w", line)) for line in lines)
    return opened > sum(bool(re.match(r"\s*</\w", line)) for line in lines)
