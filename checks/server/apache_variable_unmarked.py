"""A variable of mod_rewrite has no "%" before it. In the target of a RewriteRule that passes on,
Apache takes "{REQUEST_URI}" as text, and asks the application for a path of that name. In a
RewriteCond, "${HTTP:Upgrade}" is a look-up in a map that is not there, which gives nothing, and
"%{HTTP_UPGRADE}" is no variable (mod_rewrite, "RewriteCond": the field is %{HTTP:Upgrade}): the
condition of a rule for WebSockets is never true.
"""

import re
from collections.abc import Iterator

from checks.server import (
    ServerView,
    line_edit,
    line_text,
    manual_fix,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._backend_answers import (
    refused_websockets,
    websocket_paths,
    websocket_severity,
)
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Severity, Subject
from diagnose.model.http import Exchange, Upgrade, error_pages
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig

#: A name of mod_rewrite's variables in braces, and nothing before it that makes it one.
_UNMARKED = re.compile(r"(?<![%$])\{([A-Z][A-Z_]{2,40}(?::[\w-]{1,60})?)\}")

#: A condition that looks up a map with the name of a group of variables, or asks for a field of the
#: handshake by a name that no variable has.
_LOOKED_UP = re.compile(
    r"(?i)(\s*RewriteCond\s+[\"']?)(\$\{HTTP:([\w-]{1,60})\}|%\{HTTP_(UPGRADE|CONNECTION)\})"
)

#: Maximum number of lines of conditions before a RewriteRule.
_MAX_CONDITIONS = 20


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig],
    explains=[
        "server.application-answers",
        "server.websocket-not-passed",
        "server.path-changed",
        "http.server-error",
        "websocket.not-upgraded",
        "websocket.inner-proxy",
    ],
)
def apache_variable_unmarked(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None or view.config is None or view.server.product != "apache":
        return
    paths = websocket_paths(evidence)
    refused = [upgrade for path in paths for upgrade in refused_websockets(evidence, path)]
    visits: list[Exchange | Upgrade] = [*error_pages(evidence), *refused]
    routes = [route for site in view.answering_sites for route in site.routes if route.pattern]
    for route in dict.fromkeys(routes):
        if visits and (match := _UNMARKED.search(route.target)):
            line = line_text(view, route.file, route.line)
            # REQUEST_URI begins with a slash of its own.
            marked = _UNMARKED.sub(r"%{\1}", line).replace("/%{REQUEST_URI}", "%{REQUEST_URI}")
            yield _claim(view, route, {route.line: (marked,)}, match[0], visits)
            return
        conditions = _conditions(view, route) if refused and route.websocket else {}
        if conditions:
            first = min(conditions)
            name = _LOOKED_UP.match(line_text(view, route.file, first))
            yield _claim(view, route, conditions, name[2] if name else "", refused, first)
            return


def _conditions(view: ServerView, route: SiteRoute) -> dict[int, tuple[str, ...]]:
    """Return the lines of the conditions of a rule that look up a map, with the mark."""
    changes: dict[int, tuple[str, ...]] = {}
    for number in range(route.line - 1, max(route.line - _MAX_CONDITIONS, 0), -1):
        line = line_text(view, route.file, number)
        if not re.match(r"(?i)\s*(?:RewriteCond\b|#|$)", line):
            break
        if _LOOKED_UP.match(line):
            changes[number] = (_LOOKED_UP.sub(lambda name: f"{name[1]}{_marked(name[2])}", line),)
    return changes


def _marked(variable: str) -> str:
    """Return a variable as mod_rewrite wants it."""
    name = re.sub(r"^[$%]", "", variable)
    field = re.fullmatch(r"(?i)\{HTTP_(UPGRADE|CONNECTION)\}", name)
    return f"%{{HTTP:{field[1].capitalize()}}}" if field else f"%{name}"


def _claim(
    view: ServerView,
    route: SiteRoute,
    changes: dict[int, tuple[str, ...]],
    variable: str,
    visits: list[Exchange | Upgrade] | list[Upgrade],
    condition: int = 0,
) -> Claim:
    """Return the claim; `condition` is the line of the first condition, 0 for a rule's target."""
    evidence, target = view.evidence, view.evidence.target
    edit = line_edit(view, route.file, changes)
    asked = (target.path, *websocket_paths(evidence))
    # Others know a path without its query.
    paths = (*asked, *(path.partition("?")[0] for path in asked))
    return Claim(
        about=Subject(port=target.port, path=asked[-1]),
        covers=tuple(Subject(port=target.port, path=path) for path in dict.fromkeys(paths)),
        because=(*([view.config] if view.config else []), view.server, *visits),
        facts={
            **view.facts,
            "place": place_text(route.file, condition or route.line),
            "variable": variable,
            "marked": _marked(variable),
            "unknown": bool(condition) and variable.startswith("%"),
            "condition": bool(condition),
            "rule": not condition,
            "target": route.target,
            "status": visits[0].status or "",
        },
        severity=websocket_severity(evidence) if condition else None,
        fix=Fix((edit, *reload_steps(view.server)), Applicability.AUTOMATIC)
        if edit
        else manual_fix(view, "mark"),
    )
