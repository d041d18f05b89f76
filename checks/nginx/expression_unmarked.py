"""A location has the text of a regular expression, or a pattern of a shell, and no `~` before it:
`location ^/api/`, `location /assets/*`, `location /(.*)\\.php$`. nginx compares a prefix letter by
letter, so that the location gets no request that it is meant for (ngx_http_core_module,
"location"). `nginx -t` accepts it, and another location answers.
"""

import re
from collections.abc import Iterator

from checks.nginx import NO_PORT, Nginx, file_line
from checks.nginx._edits import Changes, config_edits
from checks.nginx._location_edits import location_fix
from checks.nginx._unused_locations import failures, logged_failures
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.frozen import frozen
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import TextEdit
from diagnose.parsers.nginx.locations import LocationMatch, all_locations, location_pattern
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_matches
from diagnose.parsers.nginx.upstreams import proxy_target_of

#: A prefix that begins as an expression does.
_ANCHORED = re.compile(r"\^(/[\w./~-]*)")
#: A pattern of a shell: stars among the characters of a path.
_PATTERN = re.compile(r"/?[\w./-]*\*[\w./*-]*")
#: What stands in expressions, and hardly in paths. Brackets alone do: /wiki/Tea_(drink), and
#: /pages/[slug].js of Next.js.
_EXPRESSION = re.compile(
    r"^\^|\$$|\.\*|\\[.dw/]|\([^()|]*\|[^()]*\)|\([^()]*\)[?*+]|\(\?"
    r"|\[[^\]]+\][?*+{]|\[\^?(?:\w-\w)+[\w.-]*\]"
)
#: What the argument of a location may not have without quotes.
_QUOTED = frozenset("{};\"'")


@frozen
class _Meant:
    """The argument that a location is meant to have, and an expression for its paths."""

    argument: str
    expression: str

    def has(self, path: str) -> bool:
        return pcre_matches(self.expression, path.partition("?")[0], False)


@check(
    severity=Severity.NOTE,
    needs=[NginxConfig],
    explains=[
        "http.last-slash", "http.page-file-missing", "http.page-file-type", "http.page-for-api",
        "nginx.front-controller-missing", "nginx.index-missing", "nginx.other-requests-failed",
        "nginx.own-answer", "nginx.page-file-not-found", "nginx.target-not-found",
        "upstream.own-answer", "websocket.no-location", "websocket.not-served",
        "websocket.not-upgraded", "websocket.upgrade-headers-missing",
    ],
)  # fmt: skip
def expression_unmarked(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    unmarked = [
        (match, meant)
        for selected in nginx.selected_servers()
        for match in all_locations(selected.server)
        if (meant := meant_argument(match))
    ]
    if not unmarked:
        return
    match, meant = max(
        unmarked,
        key=lambda pair: (
            bool(failures(nginx, pair[1].has)),
            bool(logged_failures(nginx, pair[1].has)),
        ),
    )
    failing, logged = failures(nginx, meant.has), logged_failures(nginx, meant.has)
    block, port = match.block, evidence.target.port
    paths = tuple(Subject(port=port, path=failure.path) for failure in logged)
    yield Claim(
        about=Subject(port=port, text=file_line(block)),
        covers=(Subject(),) if failing else paths or (NO_PORT,),
        because=(*failing, *logged, *nginx.configs),
        severity=Severity.ERROR if failing else Severity.WARNING if logged else None,
        location=nginx.location(block),
        facts={
            "location": " ".join(("location", *block.args)),
            "right": f"location {meant.argument}",
            "path": evidence.target.path if failing else logged[0].path if logged else "",
            "place": file_line(block),
        },
        fix=_fix(nginx, match, meant),
    )


def meant_argument(match: LocationMatch) -> _Meant | None:
    """Return what a location with the text of an expression, and without `~`, is meant to have."""
    pattern = location_pattern(match.block) if match.block.name == "location" else None
    if pattern is None or pattern.modifier not in {"", "^~", "="}:
        return None
    text = pattern.text
    if anchored := _ANCHORED.fullmatch(text):
        return _Meant(anchored[1], f"^{re.escape(anchored[1])}")
    if _PATTERN.fullmatch(text) and ".*" not in text:
        path = text if text.startswith("/") else f"/{text}"
        if path.endswith("*") and path.count("*") == 1:
            return _Meant(path[:-1], f"^{re.escape(path[:-1])}")
        expression = "^" + ".*".join(re.escape(part) for part in path.split("*")) + "$"
        return _Meant(f"~ {expression}", expression)
    if _EXPRESSION.search(text) and is_supported_pcre(text):
        return _Meant(f"~ {text}", text)
    return None


def _fix(nginx: Nginx, match: LocationMatch, meant: _Meant) -> Fix:
    """Write the argument. In a location with an expression proxy_pass may have no path of its own
    (ngx_http_proxy_module): a person decides then."""
    block, changes = match.block, Changes()
    passed = proxy_target_of(match, {}) if children(block, "proxy_pass") else None
    has_path = passed is not None and passed.uri is not None and not passed.has_variables
    is_expression = meant.argument.startswith("~")
    if nginx.file(block) and not (is_expression and has_path) and not _QUOTED & set(meant.argument):
        changes[block.file] = [TextEdit(block.start, block.opened, f"location {meant.argument} {{")]
    edits = config_edits(nginx, changes)
    if not edits:
        return Fix((Manual("write-the-argument", Where.SERVER),), Applicability.MANUAL)
    return location_fix(nginx, match, edits, sure=False)
