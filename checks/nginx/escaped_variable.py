r"""A backslash stands before a variable: `proxy_set_header Host \$host;`. nginx takes a backslash
only before quotes, other backslashes and t, r, n as an escape (ngx_conf_read_token in
ngx_conf_file.c), so it keeps this one and puts the value behind it: "Host: \shop.example.com".

It is left from a here-document of a shell (`cat <<EOF`), from a script or a template, where `\$`
was needed. `nginx -t` accepts it.
"""

import re
from collections.abc import Iterable, Iterator

from checks.http import exchanges_by_purpose
from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import Changes, config_edits
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.http import page_exchanges
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.config import walk
from diagnose.parsers.nginx.edits import TextEdit

#: Directives with variables in their values, and the first of these that is no regular expression:
#: there `\$` is a dollar sign.
_FIRST_VALUE = {
    "proxy_pass": 0, "proxy_set_header": 1, "proxy_redirect": 1, "proxy_cookie_domain": 1,
    "fastcgi_pass": 0, "fastcgi_param": 1, "uwsgi_pass": 0, "uwsgi_param": 1, "scgi_param": 1,
    "grpc_pass": 0, "grpc_set_header": 1, "add_header": 1, "return": 0, "rewrite": 1,
    "try_files": 0, "root": 0, "alias": 0, "set": 1,
}  # fmt: skip
_ESCAPED = re.compile(r"\\+(?=\$(?:[a-z_]|\{))")
#: The end of an expression, which the same script has escaped: `location ~ \.php\$`.
_ESCAPED_END = re.compile(r"\\(?=\$[\"']?\s*\{)")
_MAX_SHOWN = 6


@check(
    severity=Severity.WARNING,
    needs=[NginxConfig],
    explains=[
        "http.redirect-loop", "http.redirect-wrong-host", "http.server-error", "http.host-refused",
        "http.page-file-missing", "http.mixed-content", "upstream.own-answer",
        "upstream.wrong-path",
        "upstream.wrong-host-header", "upstream.host-not-allowed", "upstream.script-not-found",
        "upstream.target-empty", "upstream.wrong-header", "upstream.origin-mismatch",
        "nginx.target-not-found", "nginx.page-file-not-found", "nginx.own-answer",
        "nginx.redirect-cycle", "nginx.fallback-file-missing", "nginx.index-missing",
        "websocket.upgrade-headers-missing", "websocket.not-upgraded", "websocket.unauthorized",
        "websocket.origin-refused", "websocket.not-served",
    ],
)  # fmt: skip
def escaped_variable(evidence: Evidence) -> Iterator[Claim]:
    nginx, path = Nginx.of(evidence), evidence.target.path_without_query
    blocks = {id(block): block for block in _blocks(nginx)}
    escaped = [
        directive
        for block in blocks.values()
        for directive in walk(block.block or ())
        if _is_escaped(directive)
    ]
    if not escaped:
        return
    answers = [page for page in page_exchanges(evidence) if (page.status or 0) >= 300]
    applied = {
        id(directive)
        for match in nginx.location_matches(path)
        for name in _FIRST_VALUE
        for directive in match.directives(name)
    }
    first = min(escaped, key=lambda directive: id(directive) not in applied)
    # The redirect of port 80 leads to a name with the backslash.
    wrong = [
        plain
        for plain in exchanges_by_purpose(evidence, "plain")
        if "\\" in (plain.header("Location") or "")
    ]
    is_failing = bool(wrong) or (bool(answers) and id(first) in applied)
    yield Claim(
        about=Subject(port=evidence.target.port, text=file_line(first)),
        # The redirect to https is made on port 80.
        covers=(Subject(port=evidence.target.port), Subject(port=80)),
        because=(*answers, *wrong, *nginx.configs),
        severity=Severity.ERROR if is_failing else None,
        confidence=Confidence.CERTAIN,
        location=nginx.location(first),
        facts={
            "statement": first.text,
            "place": file_line(first),
            "right": " ".join((first.name, *(_ESCAPED.sub("", arg) for arg in first.args))),
            "others": tuple(
                dict.fromkeys(
                    file_line(directive) for directive in escaped if directive is not first
                )
            )[:_MAX_SHOWN],
        },
        fix=_fix(nginx, escaped, blocks.values()),
    )


def _blocks(nginx: Nginx) -> Iterator[Directive]:
    """Yield the server blocks of the target's name on its port, then those on port 80."""
    target = nginx.evidence.target
    for port in dict.fromkeys((target.port, 80)):
        for socket in nginx.reachable_sockets(port):
            yield server_blocks.select_server(socket, target.host)[0].block


def _is_escaped(directive: Directive) -> bool:
    first = _FIRST_VALUE.get(directive.name)
    return first is not None and any(map(_ESCAPED.search, directive.args[first:]))


def _ends(nginx: Nginx, blocks: Iterable[Directive]) -> Changes:
    """Return the changes of locations whose expression ends with a dollar sign as it is written:
    no path of PHP's reaches such a location, and nginx would show the source."""
    changes: Changes = {}
    for block in blocks:
        for location in walk(block.block or ()):
            file = nginx.file(location)
            is_expression = location.name == "location" and location.args[:1] in {("~",), ("~*",)}
            if file is None or not is_expression or not location.args[-1].endswith("\\$"):
                continue
            ends = list(_ESCAPED_END.finditer(file.text, location.start, location.opened + 1))
            changes.setdefault(file.path, []).extend(
                TextEdit(end.start(), end.end(), "", location.file) for end in ends[-1:]
            )
    return changes


def _fix(nginx: Nginx, escaped: list[Directive], blocks: Iterable[Directive]) -> Fix:
    """Take the backslashes away. A regular expression of the same directive keeps its own."""
    changes = _ends(nginx, blocks)
    for directive in escaped:
        file = nginx.file(directive)
        if file is None:
            continue
        start = directive.start
        if _FIRST_VALUE[directive.name]:
            # Behind the first argument, which may be a regular expression.
            start = file.text.find(directive.args[0], start) + len(directive.args[0])
        text = file.text[start : directive.stop]
        changes.setdefault(file.path, []).extend(
            TextEdit(start + match.start(), start + match.end(), "")
            for match in _ESCAPED.finditer(text)
        )
    file_edits = config_edits(nginx, changes)
    if not file_edits:
        return Fix((Manual("remove-it", Where.SERVER),), Applicability.MANUAL)
    return Fix((*file_edits, *reload_steps(nginx)), Applicability.REVIEW)
