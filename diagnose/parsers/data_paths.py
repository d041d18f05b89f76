"""Finds the paths of the site from which a page's scripts read data. No I/O.

Only whole paths in quotes count, without a query, and not in a comment (`script_urls`). One that
ends a session or removes something is left out: nobody should request it who only looks.
"""

from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.script_urls import MAX_URLS, is_in_use

#: Maximum number of paths that are returned.
MAX_PATHS = 8

_PATH = r"(?P<quote>[\"'`])(?P<path>/[A-Za-z0-9_~\-][A-Za-z0-9_~/\-]{0,200})(?P=quote)"
#: Calls that send a GET: `fetch("/auth/me")`, also with options that name no other method,
#: `axios.get("/v1/users"`, jQuery's, XMLHttpRequest; and Apollo's address of GraphQL. `get` of
#: other names may read a table of routes.
_READ = lazy_pattern(
    rf"(?:\bfetch\(|(?<![\w.])(?:axios|jQuery|\$(?:http)?|http|api|client|request|ky)\.get(?:JSON)?\(|\.open\(\s{{0,9}}[\"'`]GET[\"'`]\s{{0,9}},|\buri\s{{0,9}}:"
    rf"(?=\s{{0,9}}[\"'`]/[^\"'`]{{0,200}}graphql))\s{{0,9}}{_PATH}"
    r"(?!\s{0,9},\s{0,9}\{[^}]{0,300}\bmethod\b)"
)
_CHANGES = lazy_pattern(
    r"(?i)log-?_?out|sign-?_?out|delete|remove|destroy|revoke|reset|unsubscribe|cancel|purge|clear"
)


def data_paths_in(script: str) -> tuple[str, ...]:
    """Return the paths that a script reads by GET, each once."""
    matches = zip(_READ.finditer(script), range(MAX_URLS), strict=False)
    paths = (match["path"] for match, _ in matches if is_in_use(script, match.start("path")))
    return tuple(dict.fromkeys(path for path in paths if not _CHANGES.search(path)))[:MAX_PATHS]
