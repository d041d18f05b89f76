"""Finds the names of the cookies that a page's script reads (HTML standard, `document.cookie`). No
I/O.

Only names that the script writes itself count, and not those in a comment. What a script sets or
takes away, it does not read.
"""

from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.script_urls import MAX_URLS, is_in_use

#: Maximum number of names that are returned.
MAX_NAMES = 8

_NAME = r"[A-Za-z0-9_][\w.-]{1,59}"
#: `document.cookie.match(/token=([^;]+)/)`, `….split('; ').find(row => row.startsWith('token='))`;
#: `/token=([^;]+)/.exec(document.cookie)`; `getCookie('token')`, `Cookies.get('token')`.
_READ = lazy_pattern(
    rf"\bdocument\.cookie\s{{0,3}}\.(?:match|split|replace|indexOf|includes|search)\([^\n]{{0,100}}?"
    rf"[\"'`/^|*)](?P<inner>{_NAME})(?:\\s\*)?\\?="
    rf"|[\"'`/^|*)](?P<tested>{_NAME})(?:\\s\*)?\\?=[^/\n]{{0,40}}/[a-z]{{0,2}}\.(?:exec|test)\(document\.cookie"
    rf"|(?:\b(?:get|read)_?[cC]ookie|\b[cC]ookies\.get|\$\.cookie)\(\s{{0,3}}[\"'`](?P<asked>{_NAME})[\"'`]\s{{0,3}}\)"
)


def read_cookies_in(script: str) -> tuple[str, ...]:
    """Return the names of the cookies that a script reads, each once."""
    if "ookie" not in script:
        return ()
    matches = zip(_READ.finditer(script), range(MAX_URLS), strict=False)
    names = (
        match["inner"] or match["tested"] or match["asked"]
        for match, _ in matches
        if is_in_use(script, match.start())
    )
    return tuple(dict.fromkeys(names))[:MAX_NAMES]
