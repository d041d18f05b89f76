"""`root` stands in one location of the site, and the location that gets the request in the end has
none: nginx looks in its own folder (ngx_http_core_module, "root": html). `location / { root …;
try_files $uri /index.php; }` beside `location ~ \\.php$` without a folder: every page is 404, or
PHP answers "File not found.", and style sheets work.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._edits import config_edits
from checks.nginx._failed_requests import current_failures
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
    merge_subjects,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.http import proxy_page
from diagnose.parsers.nginx.config import walk
from diagnose.parsers.nginx.edits import insert_first
from diagnose.parsers.nginx.final_requests import final_request, has_unknown_rules
from diagnose.parsers.nginx.locations import LocationMatch, match_location
from diagnose.parsers.nginx.server_blocks import Server

#: What PHP says of a script that it does not find (sapi/fpm/fpm/fpm_main.c).
_PHP_WORDS = ("File not found.", "No input file specified.")
#: How many paths are shown.
_MOST_PATHS = 5


@frozen(eq=False)
class _Lack:
    """The location without a folder, and the `root` of the one that nginx chose first."""

    server: Server
    match: LocationMatch
    root: Directive
    script: str


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    explains=[
        "http.answer-says-why", "nginx.fallback-file-missing", "nginx.front-controller-missing",
        "nginx.other-requests-failed", "nginx.own-answer", "nginx.target-not-found",
        "upstream.own-answer", "upstream.script-not-found",
    ],
)  # fmt: skip
def root_missing(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    failing = [
        (path, seen, lack) for path, seen in _failures(evidence) if (lack := _lack(nginx, path))
    ]
    if not failing:
        return
    first = failing[0][2]
    same = [each for each in failing if each[2].match.block is first.match.block]
    pages = [seen for _, seen, _ in same if isinstance(seen, Exchange)]
    subjects, port = endpoint_subjects(pages), evidence.target.port
    paths = tuple(dict.fromkeys(path for path, _, _ in same))
    own = tuple(Subject(port=port, path=path) for path in paths)
    yield Claim(
        about=merge_subjects(subjects) if subjects else own[0],
        covers=(*subjects, *own),
        because=(*(seen for _, seen, _ in same), *nginx.configs),
        confidence=Confidence.LIKELY,
        severity=None if pages else Severity.WARNING,
        location=nginx.location(first.match.block),
        facts={
            "paths": paths[:_MOST_PATHS],
            "location": first.match.block.text,
            "place": file_line(first.match.block),
            "root": first.root.text,
            "root_place": file_line(first.root),
            "script": first.script,
        },
        fix=_fix(nginx, first),
    )


def _failures(evidence: Evidence) -> Iterator[tuple[str, Observation]]:
    """Yield what nginx or PHP did not find: the target, then what pages of the site asked for."""
    for page in page_exchanges(evidence):
        is_own = proxy_page(page.body) == "nginx" or page.body.strip() in _PHP_WORDS
        if page.status == 404 and is_own:
            yield evidence.target.path_without_query, page
    for failure in current_failures(evidence, {404}):
        if failure.is_from_page:
            yield failure.path, failure


def _lack(nginx: Nginx, path: str) -> _Lack | None:
    for selected in () if nginx.is_refused else nginx.answering_servers():
        server = selected.server
        chosen, (match, script) = match_location(server, path), final_request(server, path)
        root = chosen.directive("root")
        is_led = match.block is not chosen.block and script != path
        if root is None or not root.args or not is_led or has_unknown_rules(server, path):
            continue
        if not _has_folder(match):
            return _Lack(server, match, root, script)
    return None


def _has_folder(match: LocationMatch) -> bool:
    """Return whether a location has a folder, or tells PHP one of its own."""
    if match.directive("root") or match.directive("alias"):
        return True
    lines = (*match.directives("fastcgi_param"), *match.directives("proxy_pass"))
    return not any(
        "$document_root" in word or "$request_filename" in word
        for line in lines
        for word in line.args
    ) and not match.directive("try_files")


def _fix(nginx: Nginx, lack: _Lack) -> Fix:
    """Write the folder into the server block, where every location inherits it. Those with one of
    their own keep it."""
    file = nginx.file(lack.server.block)
    has_own = any(line.name == "root" for line in lack.server.block.block or ())
    if file is not None and not has_own and not _has_quotes(lack.root):
        line = lack.root.text + ";"
        changes = {file.path: [insert_first(file.text, lack.server.block, [line])]}
        if file_edits := config_edits(nginx, changes):
            return location_fix(nginx, lack.match, file_edits, sure=False)
    return Fix((Manual("root-in-server", Where.SERVER),), Applicability.MANUAL)


def _has_quotes(directive: Directive) -> bool:
    return any(set(" ;{}'\"") & set(word) for each in walk((directive,)) for word in each.args)
