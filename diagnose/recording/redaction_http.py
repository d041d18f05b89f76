"""Reduces HTTP header fields, bodies and error logs to an allow-list of what the checks read."""

import re
from collections.abc import Callable, Iterable

from diagnose.parsers.directory_listings import application_files, listed_names
from diagnose.parsers.failed_pages import FailureReason, failed_page
from diagnose.parsers.filing_blocks import PAGES as BLOCK_PAGES
from diagnose.parsers.filing_blocks import REDIRECT_PAGES
from diagnose.parsers.front_errors import PAGES as ERROR_PAGES
from diagnose.parsers.http import is_wordless_refusal, refuses_host
from diagnose.parsers.missing_tokens import (
    says_no_token,
    says_no_token_of_its_scheme,
    says_token_is_read,
)
from diagnose.parsers.origin_refusals import REFUSAL
from diagnose.parsers.program_limits import limit_told
from diagnose.parsers.secrets import HIDDEN
from diagnose.parsers.stray_pages import PAGES as STRAY_PAGES
from diagnose.parsers.telling_answers import answer_reason
from diagnose.parsers.websocket_refusal import is_origin_error, named_subprotocols

MaskText = Callable[[str], str]
Headers = Iterable[tuple[str, str]]

#: Fields whose values are kept: checks read them, or they are harmless. Of all others, only the
#: name is kept.
KEPT_FIELDS = {
    "accept-ranges", "access-control-allow-origin", "age", "allow", "alt-svc", "cache-control",
    "connection", "content-encoding", "cross-origin-embedder-policy",
    "cross-origin-opener-policy", "cross-origin-resource-policy", "feature-policy",
    "content-length", "content-type", "date", "expires", "host", "keep-alive", "last-modified",
    "location", "origin", "permissions-policy", "referrer-policy", "retry-after",
    "sec-websocket-accept",
    "sec-websocket-extensions",
    "sec-websocket-key", "sec-websocket-protocol", "sec-websocket-version", "server",
    "service-worker-allowed",
    "strict-transport-security",
    "transfer-encoding", "upgrade", "vary", "x-content-type-options", "x-frame-options",
    "x-forwarded-host", "x-forwarded-proto", "accept", "accept-encoding", "user-agent",
    "x-router-code", "ngrok-error-code", "x-robots-tag",
}  # fmt: skip
#: Beginnings of fields by which checks recognize a CDN or PHP; the rest is hidden.
_KNOWN_PREFIXES = re.compile(
    r"(?i)(?:cloudfront|cache-|varnish|hit|miss|[\d.]+ (?:google|varnish)|PHP/|PHPSESSID="
    r"|attachment(?:\s{0,9};\s{0,9}filename)?)"
)
#: The beginnings of redirects to a provider's own page; the rest is the name that it blocks.
_BLOCK_REDIRECT = re.compile(
    "|".join(
        rf"https?://{re.escape(page.host + page.path)}\?{page.query}=" for page in REDIRECT_PAGES
    ),
    re.IGNORECASE,
)
_JUDGED_DIRECTIVES = re.compile(
    r"(?i)(?<![\w-])(?:(?:connect|default|script|style|img|font|media|frame|child|object|worker|manifest)-src"
    r"|(?:script|style)-src-elem|form-action|base-uri|frame-ancestors|sandbox)(?![\w-])[^;]*"
)
_NONCE = re.compile(r"(?i)'nonce-[^']*'")
_CHALLENGE = re.compile(r"[A-Za-z]{1,20}(?= |$)")

#: What checks look for in a body, and what is kept of it ("": the complete match).
_MARKERS = tuple(
    (re.compile(pattern, re.IGNORECASE | re.DOTALL), replacement)
    for pattern, replacement in (
        (r"\A[\ufeff\s]{0,99}<!doctype html", "<!doctype html>"),
        (r"\A[\ufeff\s]{0,99}<html[\s>]", "<html>"),
        (r"\A[\ufeff\s]{0,99}<\?php\b", "<?php"),
        (r"plain HTTP request was sent to HTTPS port", ""),
        (
            r"(?:upstream web service at|local address) (?:https?://)?"
            r"(?:localhost|127\.0\.0\.1|\[::1\]):[0-9]{1,5}",
            "",
        ),
        (r"speaking plain HTTP to an SSL-enabled server port", ""),
        (r"sent an HTTP request to an HTTPS server", ""),
        (r"requires TLS", ""),
        (r"\A(?:Forbidden|Too Many Requests)\s{0,9}\Z", ""),
        (r"Service ready\.|Statistics Report for HAProxy", ""),
        (r"No server is available to handle this request", ""),
        (r"<center>(?:openresty|tengine|nginx)[/\d. ]{0,20}", "<center>nginx</center>"),
        (r"<address>Apache[^<]{0,80} Server at ", "<address>Apache Server at "),
        (r"\AAccess denied\.\s{0,9}\Z", ""),
        (r"forbidden by administrative rules", ""),
        (r"<center>awselb/[\d.]{1,10}</center>", ""),
        (r"<title>Attention Required! \| Cloudflare</title>", ""),
        (
            r"<title>Access denied \| [^<]{1,255} used Cloudflare to restrict",
            "<title>Access denied | *** used Cloudflare to restrict",
        ),
        (r"Error 54\d\d\d", "Error 54113 Varnish cache server"),
        (r"Guru Meditation", ""),
        (r"upgrade required|(?:missing|invalid|bad) (?:upgrade|connection) header", ""),
        (r"no websocket upgrade|can \"?upgrade\"? only|not a websocket handshake", ""),
        (r"'upgrade' token not found|expected websocket", ""),
        (r"unsupported http version|expected http/1\.1", ""),
        (r"rate.?limit|too many|limit exceeded|throttl", ""),
        (r"No Connection with that ID", ""),
        (r"\APage not found\Z", "Page not found"),
        (r"\bInvalid session\b", ""),
        (r"Session ID unknown|Unsupported protocol version|Transport unknown", ""),
        (r"connection id required|Welcome to SockJS", ""),
        (r"\A\{\"code\":3,\"message\":\"bad request\"\}\Z", ""),
        (r"http-equiv=[\"']?refresh[\"']?[^>]{0,200}https://", 'http-equiv="refresh" https://'),
        (r"location(?:\.href|\.protocol)?\s{0,9}=[^;]{0,80}https:", "location = https:"),
        (r"location\.replace\([^)]{0,80}https:", "location.replace(https:"),
        (r"invalid http_host|disallowedhost|invalid host header|blocked (?:request|hosts?)", ""),
        (r"this host .{0,100} is not allowed", "this host *** is not allowed"),
        (r"untrusted (?:host|domain)\b|non-local 'Host'|host validation failed", ""),
        (r"the hostname was unrecognized|\u4e0d\u88ab\u4fe1\u4efb\u7684\u57df\u540d", ""),
        (r"\u4e0d\u53d7\u4fe1\u4efb\u7684\u57df\u540d|host check error", ""),
        (r"provided host name is not valid for this server|trustedHostsPattern", ""),
        (r"request hostname is invalid|dns.?rebinding attack", ""),
        (r"host not in (?:the )?(?:whitelist|allowlist)", ""),
        (r"host .{0,100} is not trusted", "host *** is not trusted"),
        (r"the host \[.{0,100}\] is not valid", "the host [***] is not valid"),
        (r"<title>Welcome to nginx", ""),
        (r"\A404 page not found\s{0,9}\Z", "404 page not found"),
        (r"<title>(?:404 Not Found|403 Forbidden)", ""),
        (r"Request Header Or Cookie Too Large", ""),
        (r"Request-URI Too Large", ""),
        (r"The SSL certificate error", ""),
        (REFUSAL.pattern, ""),
        (r"No required SSL certificate was sent", ""),
        (r"Invalid character found in the request target", ""),
        *((re.escape(mark), "") for page in BLOCK_PAGES for mark in page.marks),
        *((mark, "") for mark in dict.fromkeys(page.pattern for page in ERROR_PAGES) if mark),
        *((page.pattern, "") for page in STRAY_PAGES),
    )
)


def kept_headers(headers: Headers, mask_text: MaskText) -> tuple[tuple[str, str], ...]:
    """Mask header fields: keep each name, and the value if the field is on the list."""
    return tuple((mask_text(name), kept_field(name, value, mask_text)) for name, value in headers)


def kept_field(name: str, value: str, mask_text: MaskText) -> str:
    """Return the value of a header field without secrets: masked names and addresses if the field
    is on the list, and otherwise at most the beginning that says what it is ("PHPSESSID=")."""
    lower = name.lower()
    if lower == "location" and (redirect := _BLOCK_REDIRECT.match(value)):
        return redirect[0] + mask_text(value[redirect.end() :])
    if lower in KEPT_FIELDS or value.startswith("$") or not value:
        return mask_text(value)
    if lower in {"www-authenticate", "proxy-authenticate"}:
        scheme = _CHALLENGE.match(value)
        return f"{scheme[0]} {HIDDEN}" if scheme else HIDDEN
    if lower == "content-security-policy":
        return mask_text(_kept_policy(value))
    prefix = _KNOWN_PREFIXES.match(value)
    return f"{prefix[0]}{HIDDEN}" if prefix else HIDDEN


def _kept_policy(value: str) -> str:
    """Reduce a Content-Security-Policy to the directives that checks judge, without
    nonces."""
    policies = (_JUDGED_DIRECTIVES.findall(policy) for policy in value.split(","))
    kept_directives = ", ".join("; ".join(map(str.strip, directives)) for directives in policies)
    return _NONCE.sub(f"'nonce-{HIDDEN}'", kept_directives)


def kept_body(body: str) -> str:
    """Reduce a body, or a reason given by a remote server, to the marks that checks look for."""
    if not body or refuses_host(200, body):
        return body
    marks = [
        replacement or match[0]
        for pattern, replacement in _MARKERS
        if (match := pattern.search(body))
    ]
    if is_origin_error(body):
        marks.append("origin not allowed")
    if "protocol" in body.lower():
        marks += ["subprotocol"] if "sub" in body.lower() else ["protocol"]
        marks += named_subprotocols(body, None)
    marks += _statements(body)
    return " ".join([HIDDEN, *marks])


#: What is kept of a page that says that the site failed.
_FAILED: dict[FailureReason, str] = {
    "database": "<title>Database Error</title>",
    "script": "<b>Fatal error</b>: *** in <b>",
    "error": "<title>Server Error</title>",
    "maintenance": "<title>Maintenance</title>",
}


def _statements(body: str) -> list[str]:
    """Return what a page says as a whole, in words that checks understand in the same way."""
    if is_wordless_refusal(400, body):
        return ["<h1>Bad Request (400)</h1>"]
    if (limit := limit_told(body)) and not any(letter.isdigit() for letter in limit.words):
        return [limit.words]
    if failed := failed_page(body):
        return [_FAILED[failed.reason]]
    if (names := listed_names(body)) is not None:
        files = (f'<a href="{name}">' for name in application_files(names))
        return ["<title>Index of /</title>", *files]
    if says_no_token(401, body):
        if says_no_token_of_its_scheme(body):
            return ["Authentication credentials were not provided."]
        return ["Authorization header not found"]
    if "token" in body.lower() and says_token_is_read(body):
        return ["Invalid token"]
    match answer_reason(400, body):
        case "script":
            return ["File not found."]
        case "proxy-address":
            return ["IP address 127.0.0.1 not allowed"]
    return []


# Messages of nginx: in its error log, and from `nginx -t`

_QUOTED = re.compile(r"\"[^\"\n]*\"?|'[^'\n]*'?")
#: The beginnings of nginx's own messages. Other lines are from a program behind it, or a module.
_NGINX_MESSAGE = re.compile(
    r"(?i)(?:\*\d{1,20} )?(?:connect\(\)|upstream |no live upstreams|client |open(?:at)?\(\)|"
    r"bind\([0-9a-fA-F:.\[\]]{0,64}\)|"
    r"listen\(\)|still could not bind|setsockopt|\d+ worker_connections|accept4?\(\)|"
    r"socket\(\)|SSL_|peer |cannot load|\S{1,253} could not be resolved|no resolver|conflicting|"
    r"recv\(\)|send\(\)|readv\(\)|writev\(\)|sendfile\(\)|directory index|rewrite or internal|"
    r"host not found|invalid |unknown |access forbidden|access denied|limiting |delaying |too |"
    r"BIO_new|PEM_|duplicate |unexpected |directive |stat\(\)|no |the |a duplicate|could not |"
    r"zero size|getpwnam|getgrnam|chown|mkdir\(\)|kill\(|signal |using |ssl_|low address|"
    r"location |\"|server |protocol |failed |error |cache |rename\(\)|unlink\(\)|mmap|dlopen|"
    r"limit_(?:req|conn) |module |configuration file|eventfd|epoll|io_|p?readv?\(\)|p?writev?\(\)|"
    r"nginx|a client |worker |cycle|OCSP|certificate |key |listen|load|dh|variable|zone |"
    r"js (?:http )?fetch SSL certificate |lua ssl certificate verify |"
    r"auth request |MKCOL can |DELETE \"|(?:\[client [^\]]{1,64}\] )?ModSecurity: )"
)
#: What is kept in quotes: a path, a Unix socket, a name or number of nginx's own, a URL.
_KEPT_QUOTED = re.compile(
    r"(?:/[^?]*|unix:.*|listen \.\.\. ssl|\$?[a-z]+(?:_[a-z0-9]+)+|listen|server|location|http|"
    r"http2|http3|stream|mail|quic|spdy|ssl|reuseport|if|map|root|alias|upstream|resolver|include|"
    r"geo|zone|\d+|[;{}]|TLSv[\d.]+|SSLv[\d.]+|[a-z]+://.*|[\w.*-]+:\d+|"
    r"\[[0-9a-fA-F:.]+\](?::\d+)?|(?:[\w*-]+\.)+[\w-]+|name\d+)",
    re.DOTALL,
)
#: Words of PHP that a check reads (sapi/fpm/fpm/fpm_main.c, main/SAPI.c, Zend/zend_alloc.c).
_PHP_MESSAGE = re.compile(
    r"Primary script unknown|Access to the script '[^']*' has been denied"
    r"|POST Content-Length of \d{1,15} bytes exceeds the limit of \d{1,15} bytes"
    r"|PHP Fatal error: {1,3}(?:Allowed memory size of \d{1,15} bytes exhausted"
    r"|Maximum execution time of \d{1,7} seconds? exceeded"
    r"|Uncaught Error: Call to undefined function \w{1,80}\(\)"
    r"|Uncaught PDOException: could not find driver)"
)
_OUTPUT_OF_PROGRAM = re.compile(r"(?i)\b(sent in stderr|\[lua\]|js:|perl:)")
_NAMED_QUOTED = re.compile(
    r"(?i)(?:directive|parameter|unknown|upstream|variable|module|zone|host|\bon|"
    r"limit_req|limit_conn)\s$"
    r"|SSL_\w+\((?:\"\w+\", )?$|curve name \($"
)
_CODE = re.compile(r"\(\d{1,5}: [A-Za-z ./-]{1,60}\)")


def kept_message(text: str, mask_text: MaskText) -> str:
    """Mask the values in a message of nginx. Output of programs behind nginx is removed."""
    if match := _OUTPUT_OF_PROGRAM.search(text):
        php_message = _PHP_MESSAGE.search(text, match.end())
        words = re.sub(r"'[^']*'", f"'{HIDDEN}'", php_message[0]) if php_message else ""
        words = f'"{words} {HIDDEN}' if words else HIDDEN
        return f"{mask_text(text[: match.start()])}{match[0]}: {words}"
    if not _NGINX_MESSAGE.match(text):
        code = _CODE.search(text)
        return f"{HIDDEN} {code[0]}" if code else HIDDEN
    pieces, end = [], 0
    for match in _QUOTED.finditer(text):
        before = text[end : match.start()]
        pieces += [before, _hide_quoted(match[0], before)]
        end = match.end()
    return mask_text("".join([*pieces, text[end:]]))


def _hide_quoted(quoted: str, before: str) -> str:
    quote, content = quoted[0], quoted[1:].removesuffix(quoted[0])
    if _KEPT_QUOTED.fullmatch(content) or (_NAMED_QUOTED.search(before) and "user" not in before):
        return quoted
    return f"{quote}{HIDDEN}{quote}" if content else quoted
