"""Apache's error log: why it could not answer a request (httpd, "ErrorLogFormat"). No I/O."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from diagnose.model.frozen import frozen
from diagnose.model.logs import RequestErrorReason
from diagnose.parsers.apache.requested_site import RequestedSite, is_within
from diagnose.parsers.http import MONTHS
from diagnose.parsers.sanitize import clean

#: Longest message that is kept, and longest line that is read, in characters.
MAX_TEXT, MAX_LINE = 500, 4000

#: errno of a permission that is missing, and APR_TIMEUP of the runtime library.
_EACCES, _TIMEUP = 13, 70007

_LINE = re.compile(
    r"\[\w{3} (\w{3}) (\d\d) (\d\d:\d\d:\d\d)(?:\.\d{1,6})? (\d{4})\] "
    r"(?:\[[^\]]{0,60}\] )*(?:\((?:EAI )?(\d{1,5})\)[^:\[\]]{1,80}: )?(?:\[[^\]]{0,80}\] )*(.*)"
)
#: Named by the functions that write them: mod_proxy, proxy_handler; ap_proxy_connection_create;
#: ap_directory_walk and ap_file_walk; core, default_handler; ap_parse_htaccess; mod_authz_core,
#: authorize_user_core; ap_is_recursion_limit_exceeded; ap_proxy_connect_uds and
#: ap_proxy_connect_backend; ap_proxyerror; ap_proxy_http_process_response; the MPMs.
_HANDLER = re.compile(r"AH01144: No protocol handler was valid for the URL (\S+) \(scheme '(\w+)'")
_BACKEND_TLS = re.compile(
    r"AH00961: \w+: failed to enable ssl support for (\S{1,300})(?: \((\S{1,255})\))?"
)
_SEARCH = re.compile(r"AH00035: access to (\S+) denied \(filesystem path '([^']+)'\)")
_READ = re.compile(r"AH00132: file permissions deny server access: ([^,]+)")
_HTACCESS = re.compile(r"(/[^:]{0,1000}/\.htaccess): (?!AH)(.+)")
_DENIED = re.compile(r"AH01630: client denied by server configuration: (\S.{0,1000})")
_RECURSION = re.compile(
    r"AH0012[45]: Request exceeded the limit of \d{1,6} (?:internal redirects|subrequest nesting)"
)
_SOCKET = re.compile(r"AH02454: \w+: attempt to connect to Unix domain socket (\S{1,300}) ")
_CONNECT = re.compile(
    r"AH00957: \w+: attempt to connect to (\S{1,300}) \([^)]{1,60}\).{0,9} failed"
)
_NAME = re.compile(r"AH00898: DNS lookup failure for: (\S{1,300}) returned by (\S{1,500})")
_TIMEOUT = re.compile(r"AH01102: error reading status line from remote server (\S{1,300})")
_WORKERS = re.compile(r"AH(?:00161|00484|00326|00327|10159|03490): .{0,40}MaxRequestWorkers")
_HTACCESS_READ = re.compile(r"AH00529: (/\S{0,1000}/\.htaccess) pcfg_openfile")
#: mod_authn_file: check_password.
_PASSWORD_FILE = re.compile(r"AH01620: Could not open password file: (/\S{1,300})")
#: mod_security2, msc_log: the phase, the rule's file, number and text, and the requested path.
_FIREWALL = re.compile(r"ModSecurity: Access denied with (?:code (\d{3})|\w+)")
_TAG = re.compile(r'\[(file|id|msg|uri) "([^"]{0,500})"\]')
#: The number of a message, and what PHP-FPM answered (mod_proxy_fcgi, AH01071).
_CODE = re.compile(r"\b(AH\d{5}): ")
#: Messages about a request that never name its path: of PHP-FPM (mod_proxy_fcgi), of a header that
#: is too long or malformed (core, mod_proxy_http), of a rule with [P] that no proxy carries out,
#: or whose result is refused (mod_rewrite); and of a rule that is forbidden (AH00670), which names
#: the path as far as there are folders.
_WITHOUT_PATH = {"AH01071", "AH01075", "AH01079", "AH00561", "AH00566", "AH01070", "AH01110",
    "AH00669", "AH00670", "AH10141", "AH01102", "AH10410", "AH10411", "AH10508", "AH10124",
}  # fmt: skip
#: A rule wrote a blank into a query (mod_rewrite, hook_uri2file() and hook_fixup()).
BLANK_IN_QUERY = frozenset({"AH10410", "AH10411"})
#: The error of the system or of the runtime library, before the client.
_SYSTEM_WORDS = re.compile(r"\] (\((?:EAI )?\d{1,5}\)[^:\[\]]{1,80}: )")
#: No connection to the application was made (mod_proxy_fcgi, mod_proxy_http).
_NO_CONNECTION = {"AH01079", "AH01114"}
#: What mod_cgi and mod_cgid write without a number.
_SCRIPT = re.compile(r"(?:End of script output|Premature end of script headers|malformed header)")
#: The levels of what ends a start, the message after a start ("AH00163: … configured -- resuming
#: normal operations"; each MPM has a number of its own), and those that say only that it ended, or
#: repeat it in OpenSSL's words.
_EMERGENCY = re.compile(r"\[\w{1,40}:(?:emerg|alert|crit)\]")
_STARTED = re.compile(r"-- resuming normal operations")
_STARTING = re.compile(rf"{_EMERGENCY.pattern}|{_STARTED.pattern}")
_ENDED = re.compile(r"AH0(?:0016|0020|0052|2311|2312): |SSL Library Error")
#: OpenSSL's reason, and the messages that one stands behind: a certificate, its chain and a key are
#: refused (ssl_engine_init.c).
_OPENSSL = re.compile(r"SSL Library Error: error:[0-9A-F]{1,16}:[^:]{0,60}:[^:]{0,80}:(.+)")
_REFUSED = re.compile(r"AH025(?:61|62|63): ")
#: The system could not start it (mod_cgid: no right, or the interpreter of its first line).
_SCRIPT_FAILED = re.compile(r"exec of '(/[^']{1,300})' failed")
#: What a script writes to standard error (mod_cgid).
_SCRIPT_SAID = re.compile(r"AH01215: stderr from (/[^:]{1,300}): (.{1,400})")
#: Messages of checks of their own, or about no fault of the request.
_OTHERS = {
    "AH01630",
    "AH01797",
    "AH00558",
    "AH01144",
    "AH00961",
    "AH00035",
    "AH00132",
    "AH00124",
    "AH00125",
}


@frozen
class RequestError:
    """Why a request was not answered. `scheme` is the one that no module serves, `file` the file or
    folder that may not be read, the .htaccess that is faulty, or the socket. `errno` is the number
    of the system's error, 0 if there is none, and `backend` the host and port that was tried."""

    reason: RequestErrorReason
    message: str
    scheme: str = ""
    file: str = ""
    errno: int = 0
    backend: str = ""
    rule: str = ""
    code: str = ""


def last_request_error(
    text: str, now: str, seconds: float, requested: RequestedSite
) -> RequestError | None:
    """Return the last error about the requested site; None if there is none. Older lines than
    `seconds` are left out; `now` is the server's local time ("2026-11-26 08:07:18")."""
    for line, match in _recent_lines(text, now, seconds):
        is_ours = requested.sent_request_of(line)
        error = _error(match[6], requested, is_ours) or _connection_error(
            match[6], int(match[5] or 0), requested
        )
        error = error or _script_denied(line, requested)
        if error:
            return error
    return None


def other_request_error(
    text: str, now: str, seconds: float, requested: RequestedSite
) -> RequestError | None:
    """Return the last other line about the requested path or its file: what a web application
    firewall refused, or any message of Apache's modules. None if there is none."""
    for line, match in _recent_lines(text, now, seconds):
        is_ours = requested.sent_request_of(line)
        error = _firewall_error(match[6], requested) or _logged_error(match[6], requested, is_ours)
        if error and error.code in _NO_CONNECTION:
            return _reason_before(text, now, seconds, _CONNECT, "AH00957") or error
        if error and _SCRIPT.match(error.message):
            reason = _reason_before(text, now, seconds, _SCRIPT_FAILED)
            return reason or _script_words(text, now, seconds, error)
        if error and error.reason == "logged":
            return replace(error, message=_with_system_words(line, error.message))
        if error:
            return error
    return None


def _reason_before(
    text: str, now: str, seconds: float, pattern: re.Pattern[str], code: str = ""
) -> RequestError | None:
    """Return the last line of this pattern, which says more than the line about the request that
    follows it: the port of a connection that failed, or why a script did not run. The first group
    is the backend or the file."""
    for line, match in _recent_lines(text, now, seconds):
        if reason_match := pattern.search(match[6]):
            return RequestError(
                "logged",
                _with_system_words(line, match[6]),
                file="" if code else clean(reason_match[1], 300),
                errno=int(match[5] or 0),
                backend=clean(reason_match[1], 300) if code else "",
                code=code,
            )
    return None


def _script_words(text: str, now: str, seconds: float, error: RequestError) -> RequestError:
    """Return an error about a script with what the script itself wrote to it, in one go before: the
    first of these lines says what failed. Without such a line it stays as it is."""
    name, said, wrote = error.message.rpartition(": ")[2], "", ""
    for line, match in _recent_lines(text, now, seconds):
        own = _SCRIPT_SAID.search(match[6])
        if own is None or own[1].rpartition("/")[2] != name or wrote not in {"", line[:20]}:
            if said:
                break
            continue
        said, wrote = own[2], line[:20]  # to the second
    return replace(error, message=clean(f"{error.message}: {said}", MAX_TEXT)) if said else error


def _with_system_words(line: str, text: str) -> str:
    """Return a message with the system's error before it ("(104)Connection reset by peer: "), which
    stands before the client in the line."""
    match = _SYSTEM_WORDS.search(line[:400])
    return clean(f"{match[1] if match else ''}{text}", MAX_TEXT)


def _firewall_error(text: str, requested: RequestedSite) -> RequestError | None:
    match = _FIREWALL.search(text)
    tags = modsecurity_tags(text) if match else {}
    if match is None or tags.get("uri", "").partition("?")[0] not in requested.paths:
        return None
    message = clean(tags.get("msg", ""), 300)
    return RequestError(
        "firewall",
        message or clean(text[match.start() :].partition(" [file ")[0], MAX_TEXT),
        file=clean(tags.get("file", ""), 300),
        rule=clean(tags.get("id", ""), 300),
    )


def modsecurity_tags(line: str) -> dict[str, str]:
    """Return what ModSecurity writes behind a message, as it is written: the "file" and the "id" of
    the rule, its text ("msg") and the requested path ("uri")."""
    return dict(_TAG.findall(line))


def _logged_error(text: str, requested: RequestedSite, is_ours: bool) -> RequestError | None:
    match = _CODE.search(text)
    is_known = is_ours and match is not None and match[1] in _WITHOUT_PATH
    is_known = is_known or requested.is_below_link_of(text)
    if (match and match[1] in _OTHERS) or not (is_known or requested.is_named_in(text)):
        return None
    if match is None and not _SCRIPT.match(text):
        return None
    start, code = (match.start(), match[1]) if match else (0, "")
    return RequestError("logged", clean(text[start:], MAX_TEXT), code=code)


def _recent_lines(text: str, now: str, seconds: float) -> Iterator[tuple[str, re.Match[str]]]:
    """Yield the lines that were written in the last `seconds`, the newest first, each with its
    parts: the month, the day, the time and the year, the number of the system's error, and the
    message."""
    for whole in reversed(text.split("\n")):
        line = whole[:MAX_LINE]
        match = _LINE.match(line)
        if match and _is_recent(match, now, seconds):
            yield line, match


def _is_recent(match: re.Match[str], now: str, seconds: float) -> bool:
    """Return whether a line was written in the last `seconds`. Its clock is the server's."""
    if match[1] not in MONTHS:
        return False
    written = f"{match[4]}-{MONTHS.index(match[1]) + 1:02}-{match[2]} {match[3]}"
    try:
        age = (datetime.fromisoformat(now) - datetime.fromisoformat(written)).total_seconds()
    except ValueError:
        return False
    return -2 <= age <= seconds


def _error(text: str, requested: RequestedSite, is_ours: bool) -> RequestError | None:
    message = clean(text, MAX_TEXT)
    if (match := _HANDLER.search(text)) and _is_of_request(match[1], requested, is_ours):
        return RequestError("handler", message, scheme=match[2].lower())
    if (match := _BACKEND_TLS.search(text)) and requested.has_backend(match[1], match[2]):
        return RequestError("backend-tls", message)
    if (match := _SEARCH.search(text)) and requested.has_path(match[1]):
        return RequestError("permission", message, file=clean(match[2], 300))
    if (match := _READ.search(text)) and is_within(match[1], requested.roots):
        return RequestError("permission", message, file=clean(match[1], 300))
    if (match := _HTACCESS_READ.search(text)) and requested.follows(match[1]):
        return RequestError("permission", message, file=clean(match[1], 300))
    if (match := _HTACCESS.match(text)) and requested.follows(match[1]):
        return RequestError("htaccess", clean(match[2], MAX_TEXT), file=clean(match[1], 300))
    return None


def _is_of_request(url: str, requested: RequestedSite, is_ours: bool) -> bool:
    """Return whether a path of the log is a requested one, or what Apache makes of it: the index of
    a folder (mod_dir), or in a request of this run the script to which a rule leads."""
    is_script = url.partition("?")[0].endswith(".php")
    return requested.has_path(url) or (is_ours and is_script)


def _connection_error(text: str, errno: int, requested: RequestedSite) -> RequestError | None:
    """Return the error of a connection to an application, or of the site's own settings."""
    message = clean(text, MAX_TEXT)
    if (match := _DENIED.search(text)) and requested.has_folder(match[1].rstrip("/")):
        return RequestError("denied", message, file=clean(match[1], 300))
    if _RECURSION.search(text):
        return RequestError("recursion", message)
    if (match := _SOCKET.search(text)) and match[1] in requested.sockets:
        return RequestError("socket", message, file=clean(match[1], 300), errno=errno)
    if (match := _CONNECT.search(text)) and match[1] in requested.backends and errno == _EACCES:
        return RequestError("selinux", message, errno=errno, backend=clean(match[1], 300))
    if (match := _NAME.search(text)) and match[2].partition("?")[0] in requested.paths:
        return RequestError("backend-name", message, backend=clean(match[1], 300))
    if (match := _TIMEOUT.search(text)) and match[1] in requested.backends and errno == _TIMEUP:
        return RequestError("timeout", message, errno=errno, backend=clean(match[1], 300))
    return None


def _script_denied(line: str, requested: RequestedSite) -> RequestError | None:
    """Return that a WSGI script outside the site's folders may not be used, for a request of this
    run (mod_wsgi, "WSGIScriptAlias")."""
    match = _DENIED.search(line)
    if match is None or not requested.sent_request_of(line):
        return None
    file = match[1].partition(", referer: ")[0]
    if not file.endswith((".wsgi", ".py")):
        return None
    return RequestError("denied", clean(line[match.start() :], MAX_TEXT), file=clean(file, 300))


def workers_error(text: str, now: str, seconds: float) -> str:
    """Return the last line that says that every worker is busy, "" if there is none. It is written
    once, and not for each request."""
    for _, match in _recent_lines(text, now, seconds):
        if _WORKERS.search(match[6]):
            return clean(match[6], MAX_TEXT)
    return ""


def password_file_error(text: str, now: str, seconds: float) -> RequestError | None:
    """Return the last line that says that the file of users and passwords could not be opened. It
    is written when a visitor has typed a password, which no request of this run has."""
    for line, match in _recent_lines(text, now, seconds):
        if name := _PASSWORD_FILE.search(match[6]):
            return RequestError(
                "password-file",
                _with_system_words(line, match[6]),
                file=clean(name[1].rstrip(","), 300),
                errno=int(match[5] or 0),
                code="AH01620",
            )
    return None


def start_error(text: str, now: str = "", seconds: float | None = None) -> str:
    """Return why the last start failed, "" if the last start succeeded or the log does not say. A
    certificate that is refused gets OpenSSL's reason, which stands behind it. Where the age of the
    last start is known (`seconds`), older lines are about an earlier start."""
    reason = ""
    for line in reversed(text.split("\n")):
        match = _LINE.match(line[:MAX_LINE])
        if match is None or not _STARTING.search(line[:MAX_LINE]):
            continue
        is_earlier = seconds is not None and not _is_recent(match, now, seconds)
        if is_earlier or _STARTED.search(match[6]):
            return ""
        if openssl := _OPENSSL.search(match[6]):
            reason = clean(openssl[1], 120)
        elif _EMERGENCY.search(line[:200]) and not _ENDED.search(match[6]):
            message = _with_system_words(line, match[6])
            return f"{message} ({reason})" if reason and _REFUSED.search(message) else message
    return ""
