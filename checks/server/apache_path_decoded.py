"""Apache passes a path on decoded: a rule with [P] gets it that way (mod_rewrite, "RewriteRule",
flag B), and `ProxyPass` without `nocanon` writes it anew. An application whose paths hold whole
addresses (Collabora's /cool/https%3A%2F%2F…, GitLab's group%2Fproject, Jupyter, a registry) gets
another path and refuses it, or Apache refuses its own result (AH10508).

The evidence is the application itself: asked directly for the path as visitors send it, it answers
well. What Apache's log says of the request makes it certain.
"""

import re
from collections.abc import Iterator, Sequence

from checks.server import (
    ServerView,
    indentation,
    line_edit,
    line_text,
    manual_fix,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._apache_modules import has_upgrade_parameter
from checks.server._apache_sections import lines_for
from checks.server._backend_answers import (
    refused_websockets,
    route_to_application,
    visit_of,
    websocket_subjects,
)
from checks.server._rules import decisive_rule
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Severity,
    Subject,
)
from diagnose.model.backends import BackendVisit
from diagnose.model.http import Exchange, Upgrade, error_pages
from diagnose.model.logs import ServerRequestError
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig
from diagnose.parsers.apache.section_lines import SiteLine
from diagnose.parsers.apache.spelled_paths import passed_spelling, respelled_code
from diagnose.parsers.web_sites import inner_path

#: What a path loses where it is decoded: a slash, a colon, a question mark, and "%" itself.
_ENCODED = re.compile(r"(?i)%(?:2F|3A|3F|25)")
_REFUSALS = {400, 403, 404}
#: mod_rewrite refuses a result with a question mark of the path, or a blank in its query.
_CODES = {"AH10508", "AH10410", "AH10411"}
_RULE = re.compile(r"(?i)\s{0,200}RewriteRule\s.{0,2000}\[(?:[^\]]{0,100},)?P[,\]]")
#: A rule that passes the whole path on as it is.
_WHOLE = re.compile(
    r"(?i)\s{0,200}RewriteRule\s+\"?\^/\??\(\.\*\)\$?\"?\s+\"?(?:ws|http)s?://[^/\s$%\"]{1,300}/\$1\"?\s"
)
_CONDITION = re.compile(r"(?i)\s{0,200}RewriteCond\s")
_PASS = re.compile(r"(?i)\s{0,200}ProxyPass(?:Match)?\s")
_SLASHES = re.compile(r"(?i)\s{0,200}AllowEncodedSlashes\s+NoDecode\b")
_ANY_SLASHES = re.compile(r"(?i)\s{0,200}AllowEncodedSlashes\s")


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, BackendVisit],
    explains=[
        "http.server-error",
        "server.application-answers",
        "server.own-answer",
        "server.request-logged",
        "server.rule-refuses",
        "websocket.not-upgraded",
        "websocket.unauthorized",
    ],
)
def apache_path_decoded(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or view.server.product != "apache" or len(view.answering_sites) != 1:
        return
    requests: list[tuple[str, bool, Sequence[Exchange | Upgrade]]] = [
        (target.path, False, error_pages(evidence)),
        *((path, True, refused_websockets(evidence, path)) for path in target.websockets),
    ]
    for full_path, is_websocket, answers in requests:
        path = full_path.partition("?")[0]
        if "%" not in path or not answers or answers[0].status not in _REFUSALS:
            continue
        route = route_to_application(view, path, is_websocket)
        text = line_text(view, route.file, route.line) if route else ""
        inner = inner_path(route, path) if route else path
        if not (_ENCODED.search(path) or respelled_code(inner, text)):
            continue
        rule = decisive_rule(view, path, is_websocket, answers[0].status)
        if rule is not None and not rule.rule.startswith("AllowEncodedSlashes"):
            continue  # it refuses the path for another reason
        if route is None or not _decodes(text):
            continue
        visit = visit_of(evidence, route, path, inner, is_websocket)
        if visit is not None and visit.succeeded:
            spelled = visit_of(
                evidence, route, path, passed_spelling(inner, text) or inner, is_websocket
            )
            is_refused = spelled is not None and spelled.status == answers[0].status
            control = (spelled,) if spelled and is_refused else ()
            yield _claim(view, route, path, is_websocket, (visit, *control, *answers))
            return


def _decodes(text: str) -> bool:
    if _RULE.match(text):
        return True
    return bool(_PASS.match(text)) and "nocanon" not in text.lower()


def _claim(
    view: ServerView,
    route: SiteRoute,
    path: str,
    is_websocket: bool,
    seen: tuple[BackendVisit | Exchange | Upgrade, ...],
) -> Claim:
    evidence, port = view.evidence, view.evidence.target.port
    logged = [error for error in evidence.good(ServerRequestError) if error.code in _CODES][:1]
    text = line_text(view, route.file, route.line).strip()
    edit = _edit(view, route, path, is_websocket)
    respelled = respelled_code(inner_path(route, path), text)
    encoded = _ENCODED.search(path)
    control = next((each for each in seen[1:] if isinstance(each, BackendVisit)), None)
    fix = Fix((edit, *reload_steps(view.server)), Applicability.REVIEW) if edit else None
    return Claim(
        about=Subject(port=port, path=path),
        covers=(Subject(port=port), *websocket_subjects(evidence, path)),
        because=(*logged, *seen, view.server),
        confidence=Confidence.CERTAIN if logged or control else Confidence.LIKELY,
        facts={
            **view.facts,
            "path": path,
            "status": next((each.status for each in seen[1:]), "") or "",
            "encoded": respelled or (encoded[0] if encoded else ""),
            "spelled": control.path if control else "",
            "line": text,
            "place": place_text(route.file, route.line),
            "rule": bool(_RULE.match(text)),
            "websocket": is_websocket,
            "application": route.authority,
            "message": logged[0].message if logged else "",
            "log": logged[0].log if logged else "",
        },
        fix=fix or manual_fix(view, "pass-it-unchanged"),
    )


def _edit(view: ServerView, route: SiteRoute, path: str, is_websocket: bool) -> Edit | None:
    """Write `nocanon` behind the ProxyPass that passes the path on, or everything to this
    application, and take a rule out that did so for WebSockets alone."""
    site = view.answering_sites[0]
    lines = sorted(
        (line for line in lines_for(view, site, "/") if line.order == 0),
        key=lambda line: line.number,
    )
    text = line_text(view, route.file, route.line)
    if "%2f" not in path.lower() and _PASS.match(text) and "nocanon" not in text.lower():
        return line_edit(view, route.file, {route.line: (f"{text.rstrip()} nocanon",)})
    owner = _whole_pass(lines, route)
    is_other = bool(owner and _PASS.match(text) and owner.number != route.line)
    if owner is None or is_other or route.file != site.file:
        return _own_line_edit(view, route, text, lines)
    added = "" if "nocanon" in owner.text.lower() else " nocanon"
    changes: dict[int, tuple[str, ...]] = {}
    if _RULE.match(text):
        if not _WHOLE.match(text) or not (is_websocket and has_upgrade_parameter(view)):
            return None
        if "upgrade=" not in owner.text.lower():
            added += " upgrade=websocket"
        changes = dict.fromkeys(_with_conditions(lines, route.line), ())
    own_line, own = f"{owner.text.rstrip()}{added}", _slash_lines(lines)
    new = own is None
    before = (f"{indentation(owner.text)}AllowEncodedSlashes NoDecode",) if new else ()
    changes.update(own or {})
    changes[owner.number] = (*before, own_line)
    return line_edit(view, site.file, changes)


def _slash_lines(lines: Sequence[SiteLine]) -> dict[int, tuple[str, ...]] | None:
    """Return the changes of the lines that say otherwise than `AllowEncodedSlashes NoDecode`: the
    last one counts. None without a line."""
    own = [line for line in lines if _ANY_SLASHES.match(line.text)]
    if not own:
        return None
    return {
        line.number: (f"{indentation(line.text)}AllowEncodedSlashes NoDecode",)
        for line in own
        if not _SLASHES.match(line.text)
    }


def _whole_pass(lines: Sequence[SiteLine], route: SiteRoute) -> SiteLine | None:
    """Return the line `ProxyPass / http://…/` to the application of a route."""
    url = rf"\"?https?://{re.escape(route.host)}:{route.port}/\"?(?:\s|$)"
    pattern = re.compile(rf"(?i)\s*ProxyPass\s+\"?/\"?\s+{url}")
    return next((line for line in lines if pattern.match(line.text)), None)


def _own_line_edit(
    view: ServerView, route: SiteRoute, text: str, lines: Sequence[SiteLine]
) -> Edit | None:
    """Write `nocanon` behind the ProxyPass of a route to a folder, in a section or outside of all,
    and `AllowEncodedSlashes`, which no section may have, below the head of the virtual host."""
    site = view.answering_sites[0]
    head = line_text(view, site.file, site.line)
    is_plain = _PASS.match(text) and head.lower().lstrip().startswith("<virtualhost")
    if not is_plain or route.file != site.file:
        return None
    added = "" if "nocanon" in text.lower() else " nocanon"
    changes: dict[int, tuple[str, ...]] = {route.line: (f"{text.rstrip()}{added}",)}
    own = _slash_lines(lines)
    if own is None:
        changes[site.line] = (head, f"{indentation(head)}    AllowEncodedSlashes NoDecode")
    changes.update(own or {})
    return line_edit(view, site.file, changes)


def _with_conditions(lines: Sequence[SiteLine], number: int) -> Iterator[int]:
    """Yield the lines of a rule and of the conditions right above it."""
    texts = {line.number: line.text for line in lines}
    yield number
    while _CONDITION.match(texts.get(number - 1, "")):
        number -= 1
        yield number
