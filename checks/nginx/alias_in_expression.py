"""`alias` in a location with a regular expression, without a part of the path: nginx opens the same
file or folder for every path (ngx_http_core_module, "alias": the expression "should contain
captures and alias should refer to these captures"). `nginx -t` accepts it.

Visitors get 403 for a folder without an index, 404, or a redirect to the path with a slash. It is
judged by such an answer: one file for some paths may be meant.
"""

from collections.abc import Iterator

from checks.http import _page_files, exchanges_by_purpose
from checks.nginx import Nginx, file_line
from checks.nginx._edits import Changes, config_edits
from checks.nginx._location_edits import location_fix
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
from diagnose.model.http import error_pages
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.nginx.config import children, walk
from diagnose.parsers.nginx.edits import TextEdit, replace_directive
from diagnose.parsers.nginx.locations import LocationMatch, literal_prefix, location_pattern
from diagnose.parsers.urls import parse_url

#: What may follow the prefix in an expression that means no more than the prefix.
_NO_MORE = frozenset({"/", "/.*", "/.*$", "/(.*)", "/(.*)$", "(/|$)", "(?:/|$)"})
_CAPTURE = lazy_pattern(r"\$\{?\d")


@check(
    severity=Severity.WARNING,
    needs=[NginxConfig],
    explains=[
        "http.page-file-missing", "http.page-file-type", "nginx.file-forbidden",
        "nginx.index-missing", "nginx.own-answer", "nginx.page-file-forbidden",
        "nginx.page-file-not-found", "nginx.target-not-found",
    ],
)  # fmt: skip
def alias_in_expression(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for path, observation, severity in _failures(evidence):
        for match in nginx.location_matches(path) if not nginx.is_refused else ():
            alias = _alias(match)
            if alias is not None:
                yield _claim(nginx, match, alias, path, observation, severity)
                return


def _failures(evidence: Evidence) -> Iterator[tuple[str, Observation, Severity]]:
    """Yield the paths that fail: the page's own, and those of its files; and how bad that is."""
    path = evidence.target.path_without_query
    for page in error_pages(evidence):
        yield path, page, Severity.ERROR
    for step in exchanges_by_purpose(evidence, "redirect"):
        # nginx adds a slash to the path, because it opened a folder.
        url = parse_url(step.url)
        if url is not None and (step.status or 0) >= 400 and url.path.rstrip("/") == path:
            yield path, step, Severity.ERROR
    for file in _page_files.refused_files(evidence):
        yield file.path, file.response, _page_files.severity(file.page, [file.response.url])


def _alias(match: LocationMatch) -> Directive | None:
    """Return the alias that is the same for every path of an expression."""
    pattern = location_pattern(match.block) if match.block.name == "location" else None
    aliases = children(match.block, "alias")
    if pattern is None or pattern.modifier not in {"~", "~*"} or not aliases:
        return None
    return aliases[0] if aliases[0].args and "$" not in aliases[0].args[0] else None


def _claim(
    nginx: Nginx,
    match: LocationMatch,
    alias: Directive,
    path: str,
    observation: Observation,
    severity: Severity,
) -> Claim:
    pattern, target = location_pattern(match.block), nginx.evidence.target
    prefix = literal_prefix(pattern) if pattern else ""
    folder = alias.args[0].rstrip("/")
    return Claim(
        about=Subject(port=target.port, path=path, text=file_line(alias)),
        covers=(Subject(),),
        because=(observation, *nginx.configs),
        confidence=Confidence.CERTAIN,
        severity=severity,
        location=nginx.location(alias),
        facts={
            "url": target.origin + path,
            "alias": alias.text,
            "place": file_line(alias),
            "location": match.block.text,
            "folder": alias.args[0],
            "prefix": f"location ^~ {prefix}/ {{ alias {folder}/; }}" if prefix else "",
        },
        fix=_fix(nginx, match, alias, prefix),
    )


def _fix(nginx: Nginx, match: LocationMatch, alias: Directive, prefix: str) -> Fix:
    """Make the location a prefix, where the expression means no more than that and nothing in the
    block uses a part of it. The files of the folder are served then: that needs a look."""
    pattern, file = location_pattern(match.block), nginx.file(match.block)
    rest = pattern.text.removeprefix(f"^{prefix}") if pattern else ""
    changes: Changes = {}
    if file and prefix and rest in _NO_MORE and not _CAPTURE.search(_words(match.block)):
        head = TextEdit(match.block.start, match.block.opened, f"location ^~ {prefix}/ {{")
        changes[file.path] = [head]
        line = replace_directive(alias, f"alias {alias.args[0].rstrip('/')}/;")
        changes.setdefault(alias.file, []).append(line)
    if file_edits := config_edits(nginx, changes):
        return location_fix(nginx, match, file_edits, sure=False)
    return Fix((Manual("name-the-file", Where.SERVER),), Applicability.MANUAL)


def _words(block: Directive) -> str:
    """Return the words of a block, with those of the files that it includes."""
    words = [word for directive in walk(block.block or ()) for word in directive.args]
    return " ".join(words)
