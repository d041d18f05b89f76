"""404 for an address that an application in PHP makes itself (WordPress, Laravel, Symfony): nginx
looks for a file of that name, and `try_files` ends with =404 in place of the application's
index.php.

The evidence is the configuration: the same site passes .php files on, and has index.php as its
index. A file with a dot in its name may be missing on purpose. Such addresses are made by
applications too (`/robots.txt`, `/sitemap.xml`): it is possible where a location of its own takes
one from the fallback that all other paths have. Where index.php is in a public folder below that of
`root` (Laravel, Symfony), both lines are wrong. Where it is in a folder above the path
(`/blog/index.php`), that folder needs a location of its own.
"""

import posixpath
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._edits import config_edits
from checks.nginx._failed_requests import current_failures
from checks.nginx._fallback_edits import fallback_edits, has_taking_condition
from checks.nginx._location_edits import closes_nothing, copied_lines, location_fix
from checks.nginx._missing_pages import missing_page
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange
from diagnose.model.logs import FailedRequests
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.renewal import CHALLENGES
from diagnose.parsers.nginx import edits, upstreams
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import (
    LocationMatch,
    literal_prefix,
    location_pattern,
    match_location,
    select_location,
)
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.urls import parse_url

if TYPE_CHECKING:
    from diagnose.model.files import SiblingFile

_FRONT = "index.php?$args"
#: A folder that stands in a configuration as it is.
_FOLDER = re.compile(r"/(?:[\w.-]+/)*")
#: http, server, location: a location of the server block itself.
_DEPTH = 3
#: The folder in which the panel 宝塔 (aaPanel) has a file of rules for each site.
_RULES = "/www/server/panel/vhost/rewrite/"
#: Addresses of pages that applications make.
_PAGE = re.compile(r"\.s?html?$", re.IGNORECASE)
#: Files that applications make.
_MADE = re.compile(r"\.(?:ics|json|rss|txt|xml|xsl)$", re.IGNORECASE)


@check(
    severity=Severity.WARNING,
    needs=[NginxConfig, Exchange],
    explains=["nginx.own-answer", "nginx.other-requests-failed", "http.redirect-to-error"],
)
def front_controller_missing(evidence: Evidence) -> Iterator[Claim]:
    nginx, missing = Nginx.of(evidence), missing_page(evidence)
    if missing is None or missing.path == "/" or missing.path.startswith(CHALLENGES):
        return
    path, pages, below = missing.path, missing.exchanges, _below(evidence)
    folder = _folder_of(below) if below else "/"
    is_file = "." in path.rstrip("/").rpartition("/")[2]
    for selected in nginx.answering_servers():
        match = select_location(selected.server, path)
        is_made = is_file and folder != "/" and _PAGE.search(path) is not None
        if is_file and not is_made and not _takes_file(selected.server, match, path):
            continue
        fallback = match.directive("try_files")
        php = match_location(selected.server, f"{folder}index.php")
        if not _serves_files(match, fallback) or upstreams.pass_directive_of(php) is None:
            continue
        if not _has_php_index(match, selected.server):
            continue
        subjects, others = (
            endpoint_subjects(pages),
            _same_failures(evidence, selected.server, match),
        )
        port = evidence.target.port
        public = posixpath.dirname(below.path) if below and folder == "/" else ""
        yield Claim(
            about=merge_subjects(subjects),
            covers=(*subjects, *(Subject(port=port, path=other.path) for other in others)),
            because=(
                *pages,
                *others,
                *([below] if below else []),
                *nginx.configs,
            ),
            confidence=Confidence.POSSIBLE
            if is_file and not folder.endswith("/public/")
            else Confidence.LIKELY,
            location=nginx.location(fallback or match.block),
            facts={
                "url": missing.url,
                "location": match.block.text,
                "place": file_line(fallback or match.block),
                "fallback": " ".join(fallback.args) if fallback else "",
                "file": is_file and not is_made,
                "php": php.block.text,
                "rules": _rules_file(nginx, selected.server),
                "public": public,
                "folder": folder,
                "as_parameter": folder.endswith("/public/"),
                "program": below.path if below and folder != "/" else "",
                "beside_if": has_taking_condition(match.block),
            },
            fix=_public_fix(nginx, match, fallback, public)
            if public
            else _fix(nginx, match, fallback, folder),
        )
        return


def _below(evidence: Evidence) -> "SiblingFile | None":
    """Return the index.php that answers for the target in a folder below that of `root`, None if
    there is no such."""
    # Imported late: few pages are missing.
    from diagnose.model.files import SiblingFile

    return next(
        (file for file in evidence.good(SiblingFile) if file.url.endswith("/index.php")), None
    )


def _folder_of(front: "SiblingFile") -> str:
    """Return the path of the folder of an index.php on the site, "/" for the site's own."""
    url = parse_url(front.url)
    return url.path.removesuffix("index.php") if url else "/"


def _same_failures(
    evidence: Evidence, server: Server, match: LocationMatch
) -> tuple[FailedRequests, ...]:
    """Return what visitors did not get, by the log, for the same lack of the same location."""
    return tuple(
        failure
        for failure in current_failures(evidence, {404})
        if "." not in failure.path.rstrip("/").rpartition("/")[2]
        and select_location(server, failure.path).block is match.block
    )


def _rules_file(nginx: Nginx, server: Server) -> str:
    """Return the file of a panel for this site's rewrite rules (伪静态), "" without one."""
    names = server.directive("server_name")
    expected = {f"{_RULES}{name}.conf" for name in (names.args if names else ())}
    files = nginx.config.files if nginx.config else ()
    return next((file.path for file in files if file.path in expected), "")


def _takes_file(server: Server, match: LocationMatch, path: str) -> bool:
    """Return whether a location for this file, or for files of its kind, takes a path from the
    application that gets all others."""
    pattern = location_pattern(match.block) if match.block.name == "location" else None
    modifier = pattern.modifier if pattern else ""
    is_made = modifier == "=" or (modifier in {"~", "~*"} and _MADE.search(path) is not None)
    usual = match_location(server, "/page").directive("try_files")
    last = usual.args[-1] if usual and usual.args else ""
    decides = any(children(match.block, name) for name in ("error_page", "if", "return", "rewrite"))
    return is_made and not decides and (last.startswith("@") or ".php" in last)


def _serves_files(match: LocationMatch, fallback: Directive | None) -> bool:
    """Return whether the location looks for a file and then answers 404."""
    if upstreams.pass_directive_of(match) is not None or match.redirects:
        return False
    if children(match.block, "internal"):
        return False  # 404 for every visitor, whatever is there
    return fallback is None or fallback.args[-1:] == ("=404",)


def _has_php_index(match: LocationMatch, server: Server) -> bool:
    index = match.directive("index") or server.directive("index")
    return index is not None and "index.php" in index.args


def _fix(nginx: Nginx, match: LocationMatch, fallback: Directive | None, folder: str) -> Fix:
    """Fall back to the folder's index.php. Unknown addresses are then the application's own 404."""
    script = f"{folder}{_FRONT}"
    line = f"$uri $uri/ {script}"
    pattern = location_pattern(match.block) if match.block.name == "location" else None
    is_own = folder == "/" or (
        pattern is not None and f"{literal_prefix(pattern)}/".startswith(folder)
    )
    if is_own and pattern is not None and has_taking_condition(match.block):
        file_edits = fallback_edits(nginx, match, script)
    elif is_own and fallback is not None:
        change = edits.replace_directive(fallback, f"try_files {line};")
        file_edits = config_edits(nginx, {fallback.file: [change]})
    elif is_own and pattern is not None:
        file_edits = fallback_edits(nginx, match, script)
    else:
        file_edits = _location_edits(nginx, match, folder, line)
    if not file_edits:
        return Fix((Manual("fall-back", Where.SERVER),), Applicability.MANUAL)
    return location_fix(nginx, match, file_edits, sure=False)


def _location_edits(nginx: Nginx, match: LocationMatch, folder: str, line: str) -> tuple[Edit, ...]:
    """Return the edit that writes a location for the folder; () where the location that answers now
    is no plain prefix, or has lines that would not count in the new one. Its folder and what it
    adds to answers are written there, too."""
    file, copied = nginx.file(match.blocks[1]), list[str]()
    if match.block.name == "location":
        pattern = location_pattern(match.block)
        if pattern is None or pattern.modifier or len(match.blocks) != _DEPTH:
            return ()
        lines = copied_lines(nginx, match.block) if closes_nothing(match.block) else None
        if lines is None:
            return ()
        copied = [each for each in lines if not each.startswith(("try_files ", "autoindex "))]
    if file is None or not _FOLDER.fullmatch(folder):
        return ()
    rule = [f"try_files {line};"]
    if folder.endswith("/public/"):
        # ThinkPHP reads the path from `s`; Laravel, CodeIgniter and Slim from the request itself.
        rewrite = f"rewrite ^{re.escape(folder)}(.*)$ {folder}index.php?s=/$1 last;"
        rule = ["if (!-e $request_filename) {", f"    {rewrite}", "}"]
    change = edits.insert_location(
        file.text, match.blocks[1], f"location {folder}", [*copied, *rule]
    )
    return config_edits(nginx, {file.path: [change]})


def _public_fix(nginx: Nginx, match: LocationMatch, fallback: Directive | None, public: str) -> Fix:
    """Let `root` name the public folder as well, where both lines are those of this site."""
    root = match.directive("root")
    is_own = root is not None and root not in children(match.blocks[0], "root")
    if root is None or fallback is None or not is_own or root.file != fallback.file:
        return Fix((Manual("public-folder", Where.SERVER),), Applicability.MANUAL)
    changes = [
        edits.replace_directive(root, f"root {public};"),
        edits.replace_directive(fallback, f"try_files $uri $uri/ /{_FRONT};"),
    ]
    return location_fix(nginx, match, config_edits(nginx, {root.file: changes}), sure=False)
