"""Parse HTTP fields, and recognize pages by what they say. No I/O."""

import re
from datetime import UTC, datetime
from typing import Literal

from diagnose.model import Evidence
from diagnose.model.http import Exchange, header
from diagnose.model.marks import Headers
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.script_urls import MAX_URLS, is_in_use

#: Top-level domains that browsers open with https only (hstspreload.org, whole TLDs).
_PRELOADED = frozenset(
    (
        "app", "bank", "boo", "channel", "dad", "day", "dev", "eat", "esq", "fly", "foo", "gle",
        "gmail", "google", "hangout", "ing", "insurance", "meet", "meme", "mov", "new", "nexus",
        "page", "phd", "play", "prof", "rsvp", "search", "youtube", "zip",
    )
)  # fmt: skip


_DATE = lazy_pattern(r"\w{3}, (\d\d) (\w{3}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT")
#: As HTTP and the logs of servers write them (RFC 9110 section 5.6.7).
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def server_time(headers: Headers) -> datetime | None:
    """Return when the server created the response: Date (RFC 9110 section 5.6.7, the fixed form)
    plus Age, which a cache adds (RFC 9111 section 5.1)."""
    match = _DATE.fullmatch((header(headers, "Date") or "").strip())
    if match is None or match[2] not in MONTHS:
        return None
    day, month, year = int(match[1]), MONTHS.index(match[2]) + 1, int(match[3])
    try:
        date = datetime(
            year, month, day, int(match[4]), int(match[5]), min(int(match[6]), 59), tzinfo=UTC
        )
    except ValueError:
        return None
    age = (header(headers, "Age") or "").strip()
    seconds = int(age) if age.isascii() and age.isdigit() and len(age) < 9 else 0
    return datetime.fromtimestamp(date.timestamp() + seconds, UTC)


def strict_transport(headers: Headers) -> dict[str, str]:
    """Return the directives of Strict-Transport-Security in lower case (RFC 6797 section 6.1), or
    {} if the field is missing or max-age=0 revokes it."""
    header_value = header(headers, "Strict-Transport-Security") or ""
    directives = {}
    for part in header_value.lower().split(";"):
        name, _, value = part.strip().partition("=")
        directives[name.strip()] = value.strip().strip('"')
    age = directives.get("max-age", "")
    return directives if age.isascii() and age.isdigit() and int(age[:18]) else {}


def https_only(host: str, headers: Headers) -> bool:
    """Return whether browsers never use plain http there: the top-level domain is preloaded, or the
    site requests preloading (hstspreload.org)."""
    return host.rpartition(".")[2] in _PRELOADED or "preload" in strict_transport(headers)


#: Responses to plain HTTP on a TLS port: nginx, Apache httpd, Go, Node, lighttpd.
_TLS_PORT = (
    "plain HTTP request was sent to HTTPS port",
    "speaking plain HTTP to an SSL-enabled server port",
    "sent an HTTP request to an HTTPS server",
    "requires TLS",
)


def wants_tls(answer: Exchange) -> bool:
    """Return whether the response reports plain HTTP on a TLS port."""
    if answer.failure is not None:
        return answer.failure.name == "TLS"
    return answer.status == 400 and any(phrase in answer.body for phrase in _TLS_PORT)


def other_protocol(answer: Exchange) -> str:
    """Return the protocol whose servers greet so ("IMAP", "POP3", "SMTP", "SSH"); "" for another
    answer."""
    name = answer.failure.name if answer.failure else ""
    return name if name in {"IMAP", "POP3", "SMTP", "SSH"} else ""


#: Error pages that proxies generate themselves, with the proxy's name ("": the matched group).
_ERROR_PAGES = (
    (lazy_pattern(r"<center>(openresty|tengine|nginx)[^<]*</center>", re.IGNORECASE), ""),
    (lazy_pattern(r"<address>(Apache)[^<]* Server at ", re.IGNORECASE), ""),
    # src/http.c of HAProxy: other programs have these sentences too, in other pages.
    (
        lazy_pattern(
            r"forbidden by administrative rules|<html><body><h1>4\d\d [A-Za-z ]{1,30}</h1>\n"
            r"(?:You need a valid user and password to access this content"
            r"|The resource could not be found|A request was made of a resource using a request"
            r" method not supported by that resource|You have sent too many requests in a given"
            r" amount of time)\.?\n</body></html>"
        ),
        "HAProxy",
    ),
    (lazy_pattern(r"<center>awselb/[\d.]+</center>"), "AWS load balancer"),
    (lazy_pattern(r"<title>Attention Required! \| Cloudflare</title>"), "Cloudflare"),
    (
        lazy_pattern(r"<title>Access denied \| [^<]{1,255} used Cloudflare to restrict"),
        "Cloudflare",
    ),
    (lazy_pattern(r"Error 54\d\d\d.*Varnish cache server|Guru Meditation", re.DOTALL), "Varnish"),
)


def proxy_page(body: str) -> str:
    """Return the proxy that generated this error page ("nginx"), or ""."""
    for pattern, name in _ERROR_PAGES:
        if match := pattern.search(body):
            return name or match[1]
    return ""


#: Words in which frameworks refuse a Host: Django, webpack's development server, Rails, Vite,
#: Symfony and Laravel, Jupyter, Homepage; Nextcloud in two languages, Drupal, TYPO3, Werkzeug,
#: HTTP.sys of Windows, Syncthing, Transmission, Tomcat, Duplicati.
REFUSED_HOST = (
    r"invalid http_host|disallowedhost|invalid host header|blocked hosts?\b"
    r"|this host .{0,100} is not allowed|untrusted (?:host|domain)\b|non-local 'Host'"
    r"|host validation failed|the hostname was unrecognized"
    r"|\u4e0d\u88ab\u4fe1\u4efb\u7684\u57df\u540d|\u4e0d\u53d7\u4fe1\u4efb\u7684\u57df\u540d"
    r"|provided host name is not valid for this server|trustedHostsPattern"
    r"|host .{0,100} is not trusted|request hostname is invalid|host check error"
    r"|dns.?rebinding attack|the host \[.{0,100}\] is not valid"
    r"|host not in (?:the )?(?:whitelist|allowlist)|hostname verification failed"
    r"|host header .{0,40}\bis not allowed"
)
_REFUSED_HOST = lazy_pattern(REFUSED_HOST, re.IGNORECASE)


def refuses_host(status: int | None, body: str) -> bool:
    """Return whether an application refuses the request's Host in the words of its framework. A
    page that is served may only mention them; webpack-dev-server 2 and 3 refuse with 200, and the
    words are all of the body (Server.js, `checkHost`)."""
    if status == 200:
        return body[:64].strip() == "Invalid Host header"
    if is_wordless_refusal(status, body):
        return True
    return status in {400, 403, 421, 500} and _REFUSED_HOST.search(body[:2048]) is not None


def is_wordless_refusal(status: int | None, body: str) -> bool:
    """Return whether an answer is Django's page for a suspicious request, without DEBUG
    (django/views/defaults.py, `bad_request`). A GET without cookies and a query is suspicious for
    its Host alone (ALLOWED_HOSTS)."""
    return status == 400 and len(body) < 400 and "<h1>Bad Request (400)</h1>" in body


#: Tomcat's default servlet, Jetty, Undertow, Express, and Python's http.server.
_NO_SUCH_FILE = lazy_pattern(
    r"The requested resource \[[^\]<]{1,300}\] is not available|<h2>HTTP ERROR 404 Not Found</h2>"
    r"|<body>404 - Not Found</body>|<pre>Cannot GET /|<p>Message: File not found\.</p>"
)


def serves_files_alone(status: int | None, body: str) -> bool:
    """Return whether an answer is a program's own page for a path at which it has neither a file
    nor anything else."""
    return status == 404 and _NO_SUCH_FILE.search(body[:4096]) is not None


_WEBSOCKET_URL = lazy_pattern(r"\bwss?://[A-Za-z0-9._\-\[\]:]{1,255}[^\s\"'`<>\\]{0,255}")


def websocket_urls(page: str) -> tuple[str, ...]:
    """Return the ws: and wss: URLs with a host in a page, each once, at most sixteen; those in
    comments and those for development are left out."""
    urls = (
        match[0]
        for match, _ in zip(_WEBSOCKET_URL.finditer(page), range(MAX_URLS), strict=False)
        if is_in_use(page, match.start())
    )
    return tuple(dict.fromkeys(urls))[:16]


#: How a masked body begins, and the beginnings of what should reach a browser as HTML.
_DOCUMENT = lazy_pattern(
    r"(?:\*\*\* )?[\ufeff\s]{0,99}(<!doctype html|<html[\s>]|<\?php\b)", re.IGNORECASE
)


def document_kind(body: str) -> Literal["", "html", "php"]:
    """Return what a body begins as: an HTML document, the source of a PHP page, or neither."""
    match = _DOCUMENT.match(body)
    if match is None:
        return ""
    return "php" if match[1].startswith("<?") else "html"


#: Fields of RFC 9110 section 7.6.3, and fields that some proxies add instead of Via.
_HOPS = ("Via", "X-Varnish", "CF-RAY", "X-Amz-Cf-Id", "X-Served-By", "X-Cache", "X-Squid-Error")


def hops(headers: Headers) -> tuple[str, ...]:
    """Return the fields that proxies on the way have added."""
    return tuple(f"{name}: {value}" for name in _HOPS if (value := header(headers, name)))


#: Statuses below 500 with which a server says that it does not know the site.
UNKNOWN_SITE = frozenset({400, 404, 409, 410, 421})


def header_too_large(answer: Exchange) -> bool:
    """Return whether nginx says that the request's header is too large: 414, or 494, which is sent
    as 400 (ngx_http_special_response.c). Ours is small."""
    words = ("Request Header Or Cookie Too Large", "Request-URI Too Large")
    return answer.status in {400, 414, 494} and any(text in answer.body for text in words)


#: What a gateway answers whose application cannot be reached, is busy, or does not answer in time
#: (RFC 9110 sections 15.6.3 to 15.6.5).
GATEWAY_FAILURES = frozenset({502, 503, 504})
#: The statuses of a server that does not have the page (RFC 9110 section 15.5).
MISSING_PAGE = frozenset({404, 410})


def is_error(answer: Exchange) -> bool:
    """Return whether a page failed, or the server does not know the site. Who may come in (401,
    403) and how often (429) is decided on purpose."""
    status = answer.status or 0
    return answer.failure is not None or status >= 500 or status in UNKNOWN_SITE


def repetitions(evidence: Evidence, page: Exchange) -> tuple[Exchange, ...]:
    """Return the same request, repeated at the same address."""
    return tuple(
        exchange
        for exchange in evidence.of(Exchange)
        if exchange.purpose == "again" and exchange.address == page.address
    )


def browser_page(evidence: Evidence, page: Exchange) -> Exchange | None:
    """Return the page that a server which refuses programs gives to browsers: the same address
    answers a browser's request, and refuses the usual one again each time. None for others."""
    repeated = repetitions(evidence, page)
    if not repeated or any(
        exchange.status != page.status or bool(exchange.failure) != bool(page.failure)
        for exchange in repeated
    ):
        return None
    return next(
        (
            exchange
            for exchange in evidence.good(Exchange)
            if exchange.purpose == "browser"
            and exchange.address == page.address
            and (exchange.status or 500) < 400
        ),
        None,
    )
