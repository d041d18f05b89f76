"""What PHP itself writes above a page that comes with status 200, or into its error output, which
nginx logs ("FastCGI sent in stderr"). No I/O.

main/main.c (php_error_cb, html_errors), ext/session/mod_files.c, main/fopen_wrappers.c
(php_check_open_basedir_ex), main/SAPI.c.
"""

import posixpath
import re

from diagnose.model.frozen import frozen
from diagnose.model.pages import PhpWarningKind
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.sanitize import clean


@frozen
class PhpWarning:
    """A warning, with the fields of `PhpMessage`."""

    warning: PhpWarningKind
    words: str
    script: str = ""
    line: str = ""
    folder: str = ""
    errno: int = 0
    file: str = ""
    allowed: str = ""


#: What PHP logs of a body that is larger than post_max_size (main/SAPI.c).
DROPPED_BODY = lazy_pattern(
    r"POST Content-Length of (\d{1,15}) bytes exceeds the limit of (\d{1,15}) bytes"
)
#: Characters of a page that are looked at, messages of them, and characters that are quoted.
_LOOKED_AT, _MAX_MESSAGES, _MAX_WORDS = 8192, 12, 300

#: One message at the start of a page: with html_errors, and without.
_MESSAGES = (
    lazy_pattern(
        r"\s{0,9}(?:<br />\s{1,3})?<b>(Warning|Notice|Deprecated|Fatal error)</b>: {1,3}"
        r"([^<]{1,900}) in <b>(/[^<\n]{1,255})</b> on line <b>(\d{1,7})</b><br />"
    ),
    lazy_pattern(
        r"\s{0,9}(?:PHP )?(Warning|Notice|Deprecated|Fatal error): {1,3}"
        r"([^\n<]{1,900}) in (/[^\n]{1,255}) on line (\d{1,7})(?=\s|$)"
    ),
)
_LOGGED = lazy_pattern(
    r'FastCGI sent in stderr: "(?:PHP message: )?PHP Warning: {1,3}'
    r"([^\n]{1,900}?) in (/[^\n]{1,255}?) on line (\d{1,7})\b"
)
_OPEN = lazy_pattern(
    r"session_\w{1,20}\(\): open\((/[^,\n]{1,255})/sess_[^,/\n]{0,99}, O_RDWR\) failed: "
    r"[^\n(]{1,60}\((\d{1,3})\)"
)
_UNREAD = lazy_pattern(
    r"session_\w{1,20}\(\): Failed to (?:read|write|decode) session data[^\n]{0,200}?"
    r"\((?:path: )?(/[^)\n]{1,255})\)"
)
_BASEDIR = lazy_pattern(
    r"open_basedir restriction in effect\. File\(([^)\n]{1,255})\) is not within the allowed "
    r"path\(s\): \(([^)\n]{1,500})\)"
)
_HEADERS = lazy_pattern(
    r"(?:headers? already sent|[Hh]eaders have already been sent)"
    r"(?: by)? \(output started at (/[^)\n]{1,255}):(\d{1,7})\)"
)


def page_warning(body: str) -> PhpWarning | None:
    """Return the warning of PHP's with which a page begins: that one which causes the others. None
    for a page that only shows such words further down, and for notices alone."""
    start = body[:_LOOKED_AT]
    lines: list[re.Match[str]] = []
    pattern = next((message for message in _MESSAGES if message.match(start)), None)
    at = 0
    while pattern and len(lines) < _MAX_MESSAGES and (match := pattern.match(start, at)):
        lines.append(match)
        at = match.end()
    warnings = [_warning(match[2], match[3], match[4]) for match in lines if match[1] == "Warning"]
    return next((warning for warning in warnings if warning.warning != "other"), None) or next(
        iter(warnings), None
    )


def logged_warning(text: str) -> PhpWarning | None:
    """Return the warning of PHP's in the message of a line of nginx's error log; None for one that
    says nothing of sessions, open_basedir or cookies that are lost."""
    match = _LOGGED.search(text[:_LOOKED_AT])
    warning = _warning(match[1], match[2], match[3]) if match else None
    return warning if warning and warning.warning != "other" else None


def _warning(text: str, script: str, line: str) -> PhpWarning:
    words = clean(" ".join(text.split()), _MAX_WORDS)
    kind: PhpWarningKind = "other"
    folder, errno, file, allowed = "", 0, "", ""
    if match := _OPEN.search(text):
        kind, folder, errno = "session", match[1], int(match[2])
    elif match := _UNREAD.search(text):
        kind, folder = "session", match[1]
    elif match := _BASEDIR.search(text):
        kind, file, allowed = "basedir", match[1], match[2]
    elif match := _HEADERS.search(text):
        kind, file = "headers", f"{match[1]}:{match[2]}"
    return PhpWarning(
        kind, words, clean(script), line, clean(folder), errno, clean(file), clean(allowed)
    )


#: Folders that are what visitors get of a project; the project is the folder above.
_PUBLIC = frozenset({"public", "public_html", "web", "pub", "webroot", "htdocs", "httpdocs"})


def wider_basedir(allowed: str, file: str) -> str:
    """Return the value of open_basedir that allows a file too: the project's folder in the place of
    its public one, else the folder of the file beside the others. "" if that is not clear."""
    folders = [folder for folder in allowed.split(":") if folder]
    path = posixpath.normpath(file)
    if not folders or not path.startswith("/") or re.search(r"[\s\"';$]", f"{allowed}{path}"):
        return ""
    first = folders[0].rstrip("/")
    above = posixpath.dirname(first)
    is_project = posixpath.basename(first) in _PUBLIC and above.count("/") >= 2
    if is_project and path.startswith(f"{above}/"):
        return ":".join((f"{above}/", *folders[1:]))
    beside = posixpath.dirname(path)
    return ":".join((*folders, f"{beside}/")) if beside.count("/") >= 2 else ""
