"""404 for an address behind a script's name, /api.php/records: `location ~ \\.php$` matches the end
of a path only, so nginx looks for a file below the script (PATH_INFO of CGI, RFC 3875 section
4.1.5). Or the location matches, and its `try_files … =404` looks for the whole path as a file:
`fastcgi_split_path_info` splits `$fastcgi_script_name` and not `$uri`.

The evidence is the configuration: the script's own name is passed on to PHP, and what follows it is
not.
"""

import re
from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._missing_pages import missing_page
from checks.nginx._path_info_edits import path_info_fix
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.nginx import upstreams
from diagnose.parsers.nginx.locations import LocationMatch, match_location, select_location

_SCRIPT_NAME = "$fastcgi_script_name"
_SCRIPT = re.compile(r"(?P<script>/[^?]*?\.php)/")


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, Exchange],
    explains=["nginx.front-controller-missing", "http.redirect-to-error"],
)
def path_info_missing(evidence: Evidence) -> Iterator[Claim]:
    nginx, missing = Nginx.of(evidence), missing_page(evidence)
    script = _SCRIPT.match(missing.path) if missing else None
    if script is None or missing is None:
        return
    path, pages = missing.path, missing.exchanges
    for selected in nginx.selected_servers():
        match = select_location(selected.server, path)
        php = match_location(selected.server, script["script"])
        directive = upstreams.pass_directive_of(php)
        try_files = _looks_for_whole_path(match)
        is_passed_on = upstreams.pass_directive_of(match) is not None and try_files is None
        if is_passed_on or match.redirects or directive is None:
            continue
        subjects = endpoint_subjects(pages)
        fix = path_info_fix(nginx, php, match, try_files is not None)
        yield Claim(
            about=merge_subjects(subjects),
            covers=subjects,
            because=(*pages, *nginx.configs),
            confidence=Confidence.LIKELY,
            location=nginx.location(try_files or php.block),
            facts={
                "url": missing.url,
                "script": script["script"],
                "rest": path[len(script["script"]) :],
                "php": php.block.text,
                "place": file_line(php.block),
                "location": match.block.text,
                "tries": try_files.text if try_files else "",
                "tries_place": file_line(try_files) if try_files else "",
            },
            fix=fix
            or Fix(
                (Manual("try-the-script" if try_files else "split-the-path", Where.SERVER),),
                Applicability.MANUAL,
            ),
        )
        return


def _looks_for_whole_path(match: LocationMatch) -> Directive | None:
    """Return the `try_files` of a location of FastCGI for which a script with a path behind it is
    no file."""
    directive, try_files = upstreams.pass_directive_of(match), match.directive("try_files")
    if directive is None or directive.name != "fastcgi_pass" or try_files is None:
        return None
    names = {"$uri"} if match.directive("fastcgi_split_path_info") else {"$uri", _SCRIPT_NAME}
    return (
        try_files
        if try_files.args[-1:] == ("=404",) and set(try_files.args[:-1]) <= names
        else None
    )
