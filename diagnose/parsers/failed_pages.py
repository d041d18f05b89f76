"""Pages that come with status 200 and say that the site failed. No I/O.

Monitoring and caches take such a page for the site. The words are those of the programs: WordPress
(wp-includes/functions.php, dead_db), PHP (main/main.c, php_error_cb with html_errors), nginx
(ngx_http_special_response.c), Joomla, Nextcloud, phpBB and others.
"""

import json
import re
from typing import Literal

from diagnose.model.frozen import frozen
from diagnose.parsers.lazy_pattern import lazy_pattern

#: "database": the application does not reach its database. "script": PHP stopped at an error.
#: "error": the page of a server error. "maintenance": the site is closed for maintenance.
FailureReason = Literal["database", "script", "error", "maintenance"]


@frozen
class FailedPage:
    """Why a page says that the site failed, and the words in which it does. `only_number` is True
    if nothing but a number of the interface's own says so (`{"code": 500}`): many answer every
    request so that they do not like, a missing field or a method among them."""

    reason: FailureReason
    words: str
    only_number: bool = False


#: Characters of a body that are looked at, and of the words that are quoted.
_LOOKED_AT, _MAX_WORDS = 4096, 160

#: A whole body, title or first heading that says so. A page about such an error says more.
_STATEMENTS: tuple[tuple[FailureReason, re.Pattern[str]], ...] = (
    (
        "database",
        re.compile(
            r"Error establishing a (?:database|Redis) connection\.?|Database Error"
            r"|(?:Error connecting|Could not connect|Unable to connect|Can't connect) to (?:the )?"
            r"(?:database|MySQL)(?: server)?\.?|(?:Database )?connection failed: .{0,120}"
            r"|SQLSTATE\[\w{5}\].{0,120}|数据库连接(?:失败|错误)[!！。.]?",
            re.IGNORECASE,
        ),
    ),
    (
        "error",
        re.compile(
            r"(?:HTTP )?(?:Error )?(?:5\d\d[ :–—-]{1,3})?(?:Internal Server Error|Bad Gateway"
            r"|Service (?:Temporarily )?Unavailable|Gateway Time-?out|Server Error(?: \(500\))?)"
            r"\.?",
            re.IGNORECASE,
        ),
    ),
    (
        "maintenance",
        re.compile(
            r"Briefly unavailable for scheduled maintenance\. Check back in a minute\."
            r"|(?:The |This |Our )?(?:web)?site is (?:currently )?(?:down for|under|in|undergoing) "
            r"(?:scheduled )?maintenance(?: mode)?\.?|(?:Under|Down for|Scheduled) maintenance\.?"
            r"|Maintenance(?: mode)?\.?|We(?:'|’|&#39;|&rsquo;)ll be (?:right )?back soon[!.]?"
            r"|(?:网站|系统|站点)(?:正在)?(?:维护|升级)(?:中|维护)?[.…。!！]{0,3}",
            re.IGNORECASE,
        ),
    ),
)
#: PHP writes so with `html_errors`, and without it at the beginning of a line.
_PHP = re.compile(
    r"<b>(?:Fatal error|Parse error|Recoverable fatal error)</b>: {1,3}([^<]{1,400}) in <b>"
    r"|^\s{0,9}(?:PHP )?(?:Fatal|Parse) error: {1,3}(.{1,400}) in /\S{1,255}",
    re.DOTALL,
)
#: What an application says of a connection of its own that failed: the errno names of Node (lib/
#: internal/errors.js), of the C library (strerror), and PDO's SQLSTATE.
_OWN_CONNECTION = lazy_pattern(
    r"\b(?:connect|getaddrinfo|read|write) E(?:CONNREFUSED|TIMEDOUT|HOSTUNREACH|NETUNREACH|NOTFOUND"
    r"|AI_AGAIN|CONNRESET|PIPE)\b|\bdial (?:tcp|udp|unix) \S{1,99}: |SQLSTATE\[(?:HY|08)"
    r"|could not (?:connect to server|translate host name)"
    r"|\[Errno (?:110|111|113|-2|-3)\]|Connection refused$"
)
#: WordPress (wp-includes/class-wp-fatal-error-handler.php), the first sentence of the page.
_WORDPRESS = re.compile(
    r"wp-die-message[^>]{0,99}>\s{0,9}<p>"
    r"(There has been a critical error on (?:this|your) website\.)"
)
_PARTS = (
    re.compile(r"<title\b[^>]{0,200}>([^<]{0,300})</title>", re.IGNORECASE),
    re.compile(r"<h[12]\b[^>]{0,200}>([^<]{0,300})</h[12]>", re.IGNORECASE),
)


def failed_page(body: str) -> FailedPage | None:
    """Return why the page says that the site failed; None for any other page."""
    start = body[:_LOOKED_AT]
    if match := _PHP.search(start):
        return FailedPage("script", _line(match[1] or match[2]))
    if match := _WORDPRESS.search(start):
        return FailedPage("script", match[1])
    if start.lstrip().startswith("{"):
        return _failed_object(start)
    texts = [start] if len(body) <= 300 else []
    texts += [match[1] for part in _PARTS if (match := part.search(start))]
    for reason, pattern in _STATEMENTS:
        for text in texts:
            if pattern.fullmatch(line := _line(text)):
                return FailedPage(reason, line)
    return None


def _failed_object(text: str) -> FailedPage | None:
    """Return the error of an interface that has a status of its own in its answer (5xx), or that
    says that a connection of its own failed."""
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return None
    numbers = (answer.get(name) for name in ("statusCode", "status", "code", "errorCode"))
    words = (answer.get(name) for name in ("message", "msg", "error", "detail", "title"))
    texts = (word.get("message") if isinstance(word, dict) else word for word in words)
    message = next((text for text in texts if isinstance(text, str) and text), "")
    if _OWN_CONNECTION.search(message[:_LOOKED_AT]):
        return FailedPage("error", _line(message))
    is_failed = any(re.fullmatch(r"5\d\d", str(number)) for number in numbers)
    return FailedPage("error", _line(message), only_number=True) if is_failed and message else None


def _line(text: str) -> str:
    return " ".join(text.split())[:_MAX_WORDS]
