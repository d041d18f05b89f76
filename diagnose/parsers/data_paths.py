"""Finds the paths of the site from which a page's scripts read data, and to which they send it. No
I/O.

Only whole paths in quotes count, without a query, and not in a comment (`script_urls`). One that
ends a session or removes something is left out: nobody should request it who only looks.
"""

from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.script_urls import MAX_URLS, is_in_use

#: Maximum number of paths that are returned.
MAX_PATHS = 8

_WORDS = r"/[A-Za-z0-9_~\-][A-Za-z0-9_~/\-]{0,200}"
_PATH = rf"(?P<quote>[\"'`])(?P<path>{_WORDS})(?P=quote)"
#: Calls that send a GET: `fetch("/auth/me")`, also with options that name no other method,
#: `axios.get("/v1/users"`, jQuery's, XMLHttpRequest; and Apollo's address of GraphQL. `get` of
#: other names may read a table of routes.
_READ = lazy_pattern(
    rf"(?:\bfetch\(|(?<![\w.])(?P<client>axios|jQuery|\$(?:http)?|http|api|client|request|ky)\.get(?:JSON)?\(|\.open\(\s{{0,9}}[\"'`]GET[\"'`]\s{{0,9}},|\buri\s{{0,9}}:"
    rf"(?=\s{{0,9}}[\"'`]/[^\"'`]{{0,200}}graphql))\s{{0,9}}{_PATH}"
    r"(?!\s{0,9},\s{0,9}\{[^}]{0,300}\bmethod\b)"
)
#: Calls that send a POST to a path of the site itself. The address of a client with a base of its
#: own ("baseURL") begins elsewhere.
_SEND = lazy_pattern(
    rf"(?:(?<![\w.])(?:jQuery|\$)\.post\(|(?<![\w.])(?P<axios>axios)\.post\()\s{{0,9}}{_PATH}"
    rf"|(?<![\w.])fetch\(\s{{0,9}}(?P<mark>[\"'`])(?P<address>{_WORDS})(?P=mark)"
    r"\s{0,9},\s{0,9}\{[^}]{0,300}\bmethod[\"']?\s{0,9}:\s{0,9}[\"'`]POST[\"'`]"
)
#: Where the addresses of such a client begin, if it is no root: axios, ofetch, ky, jQuery. The
#: code of axios itself has the word, too.
_BASE = lazy_pattern(
    r"(?:\.(?:create|extend)\(\s{0,9}\{[^}]{0,300}?\b(?:baseURL|prefixUrl)\s{0,9}:"
    r"|\bdefaults\.baseURL\s{0,9}=(?!=)|\bbaseURL\s{0,9}[:=](?=\s{0,9}[\"'`])"
    r"|\bbaseURL\s{0,9}[:=](?=\s{0,9}(?:import\.meta|process\.env|window)\b)"
    r"|\bajaxSetup\(\s{0,9}\{[^}]{0,300}?\burl\s{0,9}:)(?!\s{0,9}([\"'`])/?\1)"
)
#: What ends a session or removes something.
CHANGES = lazy_pattern(
    r"(?i)log-?_?out|sign-?_?out|delete|remove|destroy|revoke|reset|unsubscribe|cancel|purge|clear"
)


def data_paths_in(script: str) -> tuple[str, ...]:
    """Return the paths that a script reads by GET, each once. A client with a base of its own asks
    elsewhere."""
    has_base = _BASE.search(script) is not None
    matches = zip(_READ.finditer(script), range(MAX_URLS), strict=False)
    paths = (
        match["path"]
        for match, _ in matches
        if is_in_use(script, match.start("path")) and not (match["client"] and has_base)
    )
    return tuple(dict.fromkeys(path for path in paths if not CHANGES.search(path)))[:MAX_PATHS]


def sent_paths_in(script: str) -> tuple[str, ...]:
    """Return the paths to which a script sends a POST, each once."""
    has_base = "baseURL" in script
    matches = zip(_SEND.finditer(script), range(MAX_URLS), strict=False)
    paths = [
        match["path"] or match["address"]
        for match, _ in matches
        if is_in_use(script, match.start()) and not (match["axios"] and has_base)
    ]
    return tuple(dict.fromkeys(paths))[:MAX_PATHS]
