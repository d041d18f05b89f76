"""Lists of files that a server makes of a folder in the place of a page. No I/O.

nginx (ngx_http_autoindex_module), Apache (mod_autoindex), lighttpd, Python's http.server, Node's
http-server.
"""

import re
from urllib.parse import unquote

from diagnose.parsers.html_tags import unescape
from diagnose.parsers.lazy_pattern import lazy_pattern

#: Characters of a page that are looked at, and names that are kept.
_LOOKED_AT, _MAX_NAMES = 8192, 64

_TITLE = re.compile(r"<title>\s{0,9}(?:Index of|Directory listing for) /[^<]{0,300}</title>", re.I)
_ENTRY = lazy_pattern(r"<a href=[\"']?([^\"'>\s]{1,255})")

#: Names that show that an application lies there: a server should run them, or serve the folder
#: below.
_APPLICATION = frozenset(
    (
        "index.php", "index.html", "index.htm", "default.htm", "wp-config.php", "composer.json",
        "artisan", "package.json", "manage.py", "gemfile", "config.ru", ".env", ".git/",
        "wp-content/", "index.jsp", "web-inf/", "requirements.txt", "docker-compose.yml",
    )
)  # fmt: skip


def listed_names(body: str) -> tuple[str, ...] | None:
    """Return the names in a list of files; None if the page is none."""
    start = body[:_LOOKED_AT]
    if not _TITLE.search(start):
        return None
    names = (unquote(unescape(match[1])) for match in _ENTRY.finditer(start))
    kept_names = (
        name.removeprefix("./")
        for name in names
        if not name.startswith(("?", "/", "../")) and "//" not in name
    )
    return tuple(dict.fromkeys(kept_names))[:_MAX_NAMES]


def application_files(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of the names that belong to an application, not to a folder of downloads."""
    return tuple(name for name in names if name.lower() in _APPLICATION)
