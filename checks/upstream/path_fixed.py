"""nginx asks the application for one and the same path whatever visitors ask for: proxy_pass has
variables and a path without any ("http://$backend:8096/"). ngx_http_proxy_module, proxy_pass: "if
URI is specified in the directive, it is passed to the server as is, replacing the original request
URI". A `rewrite` before it does not change that, and the query is lost too.

The path may also stand in the value of the variable (`set $backend http://app/`), or behind a
variable that has the scheme (`proxy_pass $backend/`).

Without variables the same line replaces the location's prefix only, so it is right in most guides.
"""

import re
from collections.abc import Iterator

from checks.http import _page_files, endpoint_subjects
from checks.nginx import Nginx, _location_edits, file_line
from checks.nginx._edits import Changes, config_edits
from checks.nginx._prefix_edits import rewrite_line
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Subject,
    Where,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, Upgrade, page_exchanges
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.pages import PageFileResponse
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern, proxy_pass_of
from diagnose.parsers.urls import parse_url

#: A destination with variables in its scheme or server, and a path without any.
_FIXED = re.compile(r"([^/?]*//[^/?]*\$[^/?]*)(/[^$?]*)$")
#: A variable alone, and a value of it that has a path.
_ALONE, _VALUE = re.compile(r"\$\w{1,100}$"), re.compile(r"(https?://[^/?$]+)(/[^$?]*)$")
#: A variable that has the scheme and the server, and a path; and such a value.
_BEHIND, _ORIGIN = re.compile(r"(\$\w{1,100})(/[^$?]*)$"), re.compile(r"https?://[^/?$]+$")


@frozen(eq=False)
class _Lost:
    """A path of visitors that nginx asks for as another one, and what they get. `line` has the
    path: `directive`, the proxy_pass, or the `set` of its variable."""

    path: str
    match: LocationMatch
    directive: Directive
    line: Directive
    origin: str
    uri: str
    response: Observation


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, Exchange],
    explains=[
        "http.application-setting", "http.base-path-missing", "http.page-file-missing",
        "http.page-file-type", "http.page-for-api", "http.redirect-loop",
        "http.redirect-to-error", "http.server-error",
        "nginx.other-requests-failed", "nginx.query-lost", "upstream.own-answer",
        "upstream.wrong-path", "upstream.other-application", "websocket.not-served",
        "websocket.not-upgraded", "websocket.other-path", "websocket.path-stripped",
    ],
)  # fmt: skip
def path_fixed(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    groups: dict[int, list[_Lost]] = {}
    for path, response in _requests(evidence):
        for lost in _lost(nginx, path, response):
            groups.setdefault(id(lost.directive), []).append(lost)
    for losses in groups.values():
        # One page for every path may be meant: one that says that the site is closed, or a form
        # that is sent to any path. Then nothing fails, and nobody complains.
        is_seen = any(_is_failing(lost) or _is_odd(lost) for lost in losses)
        if is_seen or evidence.target.symptom is not None:
            yield _claim(nginx, losses)


def _requests(evidence: Evidence) -> Iterator[tuple[str, Observation]]:
    """Yield the paths of the target, of the page's files that browsers do not use, of WebSockets
    that do not open, and of requests of the log that failed again."""
    own = evidence.target.path_without_query
    yield from ((own, page) for page in page_exchanges(evidence) if page.method == "GET")
    for file in _page_files.all_refused_files(evidence) if evidence.good(PageFileResponse) else ():
        yield file.path, file.response
    for upgrade in evidence.good(Upgrade):
        if upgrade.is_visit and not upgrade.accepted:
            yield upgrade.path.partition("?")[0], upgrade
    for exchange in evidence.good(Exchange):
        url = parse_url(exchange.url)
        is_other = exchange.purpose in {"logged", "redirect"} and (exchange.status or 0) >= 400
        if is_other and url is not None and url.host == evidence.target.host:
            yield url.path.partition("?")[0], exchange


def _lost(nginx: Nginx, path: str, response: Observation) -> Iterator[_Lost]:
    for match in nginx.location_matches(path):
        directive, pattern = proxy_pass_of(match), location_pattern(match.block)
        line = _line_with_path(match, directive) if directive and directive.args else None
        fixed = _fixed(match, line, is_value=line is not directive) if line else None
        if directive is None or line is None or fixed is None:
            continue
        if pattern is None or pattern.modifier == "=":
            continue
        is_prefix = pattern.modifier in {"", "^~"}
        is_own = is_prefix and path.rstrip("/") == pattern.text.rstrip("/")
        if path != fixed[2] and not is_own:
            lost = _Lost(path, match, directive, line, fixed[1], fixed[2], response)
            if _is_failing(lost) or lost.uri.endswith("/"):
                # One file for all paths may be meant so, as a picture for everybody.
                yield lost


def _fixed(match: LocationMatch, line: Directive, *, is_value: bool) -> re.Match[str] | None:
    """Return the server and the path of the line that has it; None if it has no fixed path."""
    if is_value:
        return _VALUE.match(line.args[-1])
    behind = _BEHIND.match(line.args[-1])
    if behind is None:
        return _FIXED.match(line.args[-1])
    value = _value_line(match, behind[1])
    return behind if value is not None and _ORIGIN.match(value.args[1]) else None


def _line_with_path(match: LocationMatch, directive: Directive) -> Directive | None:
    """Return the line that has the path of a proxy_pass: itself, or the one `set` of its variable;
    None where several may."""
    is_alone = _ALONE.match(directive.args[0])
    return _value_line(match, directive.args[0]) if is_alone else directive


def _value_line(match: LocationMatch, variable: str) -> Directive | None:
    """Return the one line that sets a variable; None where several do."""
    lines = [
        line
        for block in match.blocks
        for line in children(block, "set")
        if len(line.args) == 2 and line.args[0] == variable
    ]
    return lines[0] if len(lines) == 1 else None


def _is_odd(lost: _Lost) -> bool:
    """Return whether the answer for a path below a folder is data: no page that is meant for all
    paths."""
    response = lost.response
    kind = (response.header("Content-Type") or "") if isinstance(response, Exchange) else ""
    is_data = bool(kind) and not kind.startswith("text/html")
    return is_data and lost.uri == "/" and lost.path.strip("/").count("/") > 0


def _is_failing(lost: _Lost) -> bool:
    """Return whether something fails for visitors, by itself."""
    response = lost.response
    return not (isinstance(response, Exchange) and 200 <= (response.status or 0) < 300)


def _claim(nginx: Nginx, losses: list[_Lost]) -> Claim:
    evidence, lost = nginx.evidence, losses[0]
    own = evidence.target.path_without_query
    is_named = any(loss.path in {own, *evidence.target.websockets} for loss in losses)
    pages = endpoint_subjects(page_exchanges(evidence)) if is_named else ()
    paths = tuple(dict.fromkeys(loss.path for loss in losses))
    page = _page_files.page_of(evidence)
    return Claim(
        about=Subject(port=evidence.target.port, path=lost.path),
        covers=(
            *(Subject(port=evidence.target.port, path=path) for path in paths),
            *pages,
            *((_page_files.page_subject(page),) if page else ()),
        ),
        because=(
            *dict.fromkeys(loss.response for loss in losses),
            *nginx.configs,
        ),
        confidence=Confidence.CERTAIN if any(map(_is_failing, losses)) else Confidence.LIKELY,
        severity=None if is_named and any(map(_is_failing, losses)) else Severity.WARNING,
        location=nginx.location(lost.line),
        facts={
            "path": lost.path,
            "paths": paths[1:4],
            "asked": lost.uri,
            "target": lost.directive.args[0],
            "value": lost.line.args[-1] if lost.line is not lost.directive else "",
            "place": file_line(lost.line),
            "location": " ".join(("location", *lost.match.block.args)),
            **_lines(lost),
        },
        fix=_fix(nginx, lost),
    )


def _lines(lost: _Lost) -> dict[str, str]:
    """Return the lines that pass on the visitor's path: with the location's prefix replaced by the
    path of proxy_pass, as it is without variables."""
    pattern = location_pattern(lost.match.block)
    prefix = pattern.text if pattern and pattern.modifier in {"", "^~"} else ""
    is_set = lost.line is not lost.directive
    line = f"set {lost.line.args[0]} {lost.origin};" if is_set else f"proxy_pass {lost.origin};"
    if prefix == lost.uri or not re.fullmatch(r"/[\w/-]*", prefix):
        return {"rewrite": "", "line": line}
    return {"rewrite": rewrite_line(prefix, lost.uri), "line": line}


def _fix(nginx: Nginx, lost: _Lost) -> Fix:
    lines, file = _lines(lost), nginx.file(lost.line)
    changes: Changes = {}
    is_own = lost.line in (lost.match.block.block or ())
    pattern = location_pattern(lost.match.block)
    is_plain = pattern is not None and (bool(lines["rewrite"]) or pattern.text == lost.uri)
    if file is not None and is_own and is_plain:
        rewrites = children(lost.match.block, "rewrite")
        text = lines["line"]
        if lines["rewrite"] and not rewrites:
            indent = edits.indentation(file.text, lost.line)
            # After `rewrite … break` no `set` is carried out.
            is_set = lost.line is not lost.directive
            both = (text, lines["rewrite"]) if is_set else (lines["rewrite"], text)
            text = f"\n{indent}".join(both)
        changes[file.path] = [edits.replace_directive(lost.line, text)]
    file_edits = config_edits(nginx, changes)
    if not file_edits:
        return Fix((Manual("pass-the-path", Where.SERVER),), Applicability.MANUAL)
    return _location_edits.location_fix(nginx, lost.match, file_edits, sure=False)
