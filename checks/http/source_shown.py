"""The page still holds code of the server: a command of server-side includes, which browsers take
for a comment, or PHP and the like, which they leave out. The server sent the file as it is and did
not run it (ngx_http_ssi_module, "ssi"; Apache, mod_include, "XBitHack" and the filter INCLUDES). Or
nginx ran the command, and it failed: it writes so into the page.
"""

from collections.abc import Iterator

from checks.http import _page_files
from checks.nginx import Nginx, file_line
from checks.nginx._location_edits import location_fix, setting_edits
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
)
from diagnose.model.nginx import Directive
from diagnose.model.pages import Page
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.upstreams import pass_directive_of
from diagnose.parsers.urls import parse_url

_FAILED = "["
_INCLUDE = "<!--#"
#: PHP's short tag, which counts with `short_open_tag = On` alone.
_SHORT = "<?"


@check(severity=Severity.WARNING, needs=[Page])
def source_shown(evidence: Evidence) -> Iterator[Claim]:
    page, nginx = _page_files.page_of(evidence), Nginx.of(evidence)
    url = parse_url(page.url) if page else None
    if page is None or url is None or not page.source_text:
        return
    path = url.path.partition("?")[0]
    # A folder's page may be its index, which PHP runs (ngx_http_index_module).
    paths = (
        (path, f"{path}index.php") if page.source_text == _SHORT and path[-1:] == "/" else (path,)
    )
    matches = [match for each in paths for match in nginx.location_matches(each)]
    match = next((each for each in matches if pass_directive_of(each)), next(iter(matches), None))
    passing = pass_directive_of(match) if match else None
    is_include, is_failed = (page.source_text.startswith(words) for words in (_INCLUDE, _FAILED))
    yield Claim(
        about=_page_files.page_subject(page),
        because=(page, *([nginx.config] if nginx.config and match else [])),
        confidence=Confidence.CERTAIN if is_failed else Confidence.LIKELY,
        location=nginx.location(match.block) if match else None,
        facts={
            "page": page.url,
            "code": page.source_text,
            "include": is_include,
            "failed": is_failed,
            "short": page.source_text == _SHORT,
            "php": _php_version(passing) if page.source_text == _SHORT else "",
            "place": file_line(match.block) if match else "",
            "application": passing.args[0] if passing and passing.args else "",
        },
        fix=_fix(nginx, match)
        if is_include and match and not passing
        else _manual(is_failed, page.source_text == _SHORT),
    )


def _php_version(passing: Directive | None) -> str:
    """Return the version of PHP that the socket of PHP-FPM names, or ""."""
    from diagnose.parsers.php_failures import php_version

    return php_version(passing.args[0]) if passing and passing.args else ""


def _manual(is_failed: bool, is_short: bool = False) -> Fix:
    step = "see-the-log" if is_failed else "write-the-tag" if is_short else "run-the-code"
    return Fix((Manual(step, Where.SERVER),), Applicability.MANUAL)


def _fix(nginx: Nginx, match: LocationMatch) -> Fix:
    """Let nginx run the commands."""
    file_edits = setting_edits(nginx, match, {"ssi": "on"})
    return location_fix(nginx, match, file_edits, sure=False) if file_edits else _manual(False)
