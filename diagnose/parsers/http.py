"""Parse HTTP fields and URLs, follow redirects, and interpret failed handshakes. No I/O."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import unquote, urljoin, urlsplit

from diagnose.model.dns import is_private
from diagnose.model.frozen import frozen
from diagnose.model.http import Attempt, Exchange, Upgrade, header
from diagnose.model.marks import Headers

#: Statuses that redirect a browser to Location (RFC 9110 section 15.4).
REDIRECTS = frozenset({301, 302, 303, 307, 308})

#: Longest redirect chain that is followed. Browsers stop after twenty; nobody needs ten.
MAX_REDIRECTS = 10

#: Top-level domains that browsers open with https only (hstspreload.org, whole TLDs).
_PRELOADED = frozenset(
    (
        "app", "bank", "boo", "channel", "dad", "day", "dev", "eat", "esq", "fly", "foo", "gle",
        "gmail", "google", "hangout", "ing", "insurance", "meet", "meme", "mov", "new", "nexus",
        "page", "phd", "play", "prof", "rsvp", "search", "youtube", "zip",
    )
)  # fmt: skip


@frozen
class Url:
    """A parsed http, https, ws or wss URL. `path` includes the query but not the fragment."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def secure(self) -> bool:
        return self.scheme in {"https", "wss"}

    @property
    def has_default_port(self) -> bool:
        """Whether the port is the scheme's default port."""
        return self.port == (443 if self.secure else 80)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (
            f"{self.scheme}://{host}{'' if self.has_default_port else f':{self.port}'}{self.path}"
        )


def parse_url(text: str) -> Url | None:
    """Parse a URL (RFC 3986); None if a browser could not open it."""
    try:
        parts = urlsplit(text)
        port = parts.port
        host = (parts.hostname or "").lower()
        if not host.isascii():
            host = host.encode("idna").decode("ascii")
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme not in {"http", "https", "ws", "wss"} or not host:
        return None
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Url(scheme, host, port or (443 if scheme[-1] == "s" else 80), path)


def normalize_url(url: str) -> str:
    """Return a single form for URLs that mean the same request (RFC 3986 section 6.2.3)."""
    parsed_url = parse_url(url)
    return str(parsed_url) if parsed_url else url


def redirect_target(answer: Exchange) -> str | None:
    """Return the absolute, normalized URL to which a response redirects, or None."""
    location = answer.header("Location")
    if answer.status not in REDIRECTS or not location:
        return None
    try:
        return normalize_url(urljoin(answer.url, location.strip()))
    except ValueError:
        return location


@frozen
class RedirectChain:
    """Responses, each redirecting to the next. `end` is "answer" if the last one is not a redirect
    (or failed), "loop", or "unseen" if `next_url` was not requested."""

    steps: tuple[Exchange, ...]
    end: Literal["answer", "loop", "unseen"]
    next_url: str = ""


def follow_redirects(start: Exchange, exchanges: Iterable[Exchange]) -> RedirectChain:
    """Follow redirects through the observed responses, preferring those of the same address.

    A URL that once gave something other than a redirect does not count as a loop, because some
    sites redirect to the same URL until a cookie comes back.
    """
    pages = [
        exchange for exchange in exchanges if exchange.purpose in {"target", "plain", "redirect"}
    ]
    steps, visited = [start], {normalize_url(start.url)}
    while (next_url := redirect_target(steps[-1])) is not None:
        answer = _observed_answer(next_url, start.address, pages)
        if next_url in visited and (answer is None or redirect_target(answer) is not None):
            return RedirectChain(tuple(steps), "loop", next_url)
        if answer is None:
            return RedirectChain(tuple(steps), "unseen", next_url)
        steps.append(answer)
        visited.add(next_url)
    return RedirectChain(tuple(steps), "answer")


def _observed_answer(url: str, address: str, pages: list[Exchange]) -> Exchange | None:
    """Return the response at a URL, preferring this address, then a response without redirect."""
    candidates = [page for page in pages if normalize_url(page.url) == url]
    return min(
        candidates,
        key=lambda page: (page.address != address, redirect_target(page) is not None),
        default=None,
    )


_DATE = re.compile(r"\w{3}, (\d\d) (\w{3}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT")
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def server_time(headers: Headers) -> datetime | None:
    """Return when the server created the response: Date (RFC 9110 section 5.6.7, the fixed form)
    plus Age, which a cache adds (RFC 9111 section 5.1)."""
    match = _DATE.fullmatch((header(headers, "Date") or "").strip())
    if match is None or match[2] not in _MONTHS:
        return None
    day, month, year = int(match[1]), _MONTHS.index(match[2]) + 1, int(match[3])
    try:
        date = datetime(
            year, month, day, int(match[4]), int(match[5]), min(int(match[6]), 59), tzinfo=UTC
        )
    except ValueError:
        return None
    age = (header(headers, "Age") or "").strip()
    seconds = int(age) if age.isascii() and age.isdigit() and len(age) < 9 else 0
    return datetime.fromtimestamp(date.timestamp() + seconds, UTC)


def is_internal_host(host: str) -> bool:
    """Return whether a host is localhost or an address that visitors from outside cannot use."""
    return host == "localhost" or host.endswith(".localhost") or is_private(host)


_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")


def is_host(host: str) -> bool:
    """Return whether a host can be a DNS name; "_" and "$host" cannot."""
    labels = host.removesuffix(".").split(".")
    return (
        len(host) <= 253
        and all(_LABEL.fullmatch(label) for label in labels)
        and any(character.isalnum() for character in labels[-1])
    )


def is_related_host(host: str, other_host: str) -> bool:
    """Return whether two names are equal or one is a subdomain of the other, such as
    shop.example.com and www.shop.example.com."""
    return host == other_host or host.endswith(f".{other_host}") or other_host.endswith(f".{host}")


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


def preserves_path(path: str, url: str) -> bool:
    """Return whether a redirect's URL contains the path, perhaps encoded in a parameter."""
    return path in url or path in unquote(unquote(url))


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


#: Error pages that proxies generate themselves, with the proxy's name ("": the matched group).
_ERROR_PAGES = (
    (re.compile(r"<center>(openresty|tengine|nginx)[^<]*</center>", re.IGNORECASE), ""),
    (re.compile(r"<address>(Apache)[^<]* Server at ", re.IGNORECASE), ""),
    (re.compile(r"forbidden by administrative rules"), "HAProxy"),
    (re.compile(r"<center>awselb/[\d.]+</center>"), "AWS load balancer"),
    (re.compile(r"<title>Attention Required! \| Cloudflare</title>"), "Cloudflare"),
    (re.compile(r"Error 54\d\d\d.*Varnish cache server|Guru Meditation", re.DOTALL), "Varnish"),
)


def proxy_page(body: str) -> str:
    """Return the proxy that generated this error page ("nginx"), or ""."""
    for pattern, name in _ERROR_PAGES:
        if match := pattern.search(body):
            return name or match[1]
    return ""


_WEBSOCKET_URL = re.compile(r"\bwss?://[A-Za-z0-9._\-\[\]:]{1,255}[^\s\"'`<>\\]{0,255}")


def websocket_urls(page: str) -> tuple[str, ...]:
    """Return the ws: and wss: URLs with a host in a page, each once, at most sixteen."""
    return tuple(dict.fromkeys(_WEBSOCKET_URL.findall(page)))[:16]


def socketio_path(path: str) -> str:
    """Return the path with the query that a Socket.IO handshake needs: the protocol's version and
    the transport (Engine.IO protocol, "Transports"). Other paths stay unchanged."""
    bare_path, _, query = path.partition("?")
    if "socket.io" not in bare_path or "EIO=" in query:
        return path
    return f"{bare_path}?{query + '&' if query else ''}EIO=4&transport=websocket"


#: Common subprotocols (IANA's registry, and those that libraries made common).
_SUBPROTOCOLS = (
    "mqtt", "mqttv3.1", "graphql-transport-ws", "graphql-ws", "sip", "xmpp", "wamp.2.json",
    "wamp.2.msgpack", "v10.stomp", "v11.stomp", "v12.stomp", "ocpp1.6", "ocpp2.0", "ocpp2.0.1",
    "ocpp2.1", "soap", "msrp", "bfcp", "janus-protocol", "actioncable-v1-json", "binary", "base64",
    "chat", "superchat", "json", "tty", "livekit", "lws-minimal", "nats", "amqp", "webtty",
)  # fmt: skip


def named_subprotocols(answer: str, protocol_header: str | None) -> tuple[str, ...]:
    """Return the subprotocols that a rejection names: in Sec-WebSocket-Protocol, or in a text about
    subprotocols."""
    candidates = [name.strip() for name in (protocol_header or "").split(",")]
    if "protocol" in answer.lower():
        tokens = set(re.findall(r"[\w.-]+", answer.lower()))
        candidates += [
            name for name in _SUBPROTOCOLS if name in {token.rstrip(".") for token in tokens}
        ]
    return tuple(
        dict.fromkeys(name for name in candidates if re.fullmatch(r"[\w.+-]{1,64}", name))
    )[:8]


#: What applications reply to a WebSocket request without Upgrade: websockets, ws, aiohttp, Tornado,
#: flask-sock, Jetty, gorilla.
_NO_UPGRADE = (
    r"upgrade required|(missing|invalid|bad) (upgrade|connection) header|no websocket upgrade"
    r"|can \"?upgrade\"? only|not a websocket handshake|'upgrade' token not found"
    r"|expected websocket|unsupported http version|expected http/1\.1"
)


def upgrade_lost(status: int | None, body: str) -> bool:
    """Return whether a response reports a request without Upgrade, or over HTTP/1.0. We sent the
    Upgrade, so it was lost on the way."""
    complaint = status in {400, 404} and re.search(_NO_UPGRADE, body, re.IGNORECASE)
    return status in {426, 505} or bool(complaint)


#: Fields of RFC 9110 section 7.6.3, and fields that some proxies add instead of Via.
_HOPS = ("Via", "X-Varnish", "CF-RAY", "X-Amz-Cf-Id", "X-Served-By", "X-Cache", "X-Squid-Error")


def hops(headers: Headers) -> tuple[str, ...]:
    """Return the fields that proxies on the way have added."""
    return tuple(f"{name}: {value}" for name in _HOPS if (value := header(headers, name)))


#: Why a handshake failed. Each reason has a check of its own; "other" has the general check.
#: "offered" is not a fault: the handshake succeeds if the named subprotocol is offered.
Refusal = Literal[
    "accept",
    "subprotocol",
    "offered",
    "origin",
    "sticky",
    "redirected",
    "limited",
    "unauthorized",
    "http2",
    "other",
]

_LIMITS = re.compile(r"rate.?limit|too many|limit exceeded|throttl", re.IGNORECASE)


def refusal(attempt: Attempt) -> Refusal | None:
    """Return the reason for a failed handshake, or None if it succeeded."""
    first = attempt.first
    if first.accepted:
        return None
    if first.failure is not None:
        return "http2" if first.failure.name == "HTTP2" else "other"
    if first.fault == "accept":
        return "accept"
    if reason := _retry_refusal(attempt):
        return reason
    if unknown_session(first):
        return "sticky"
    if first.status in REDIRECTS and first.header("Location"):
        return "redirected"
    if _limited(attempt):
        return "limited"
    return "unauthorized" if first.status in {401, 403, 407} else "other"


def _retry_refusal(attempt: Attempt) -> Refusal | None:
    offers = [retry for retry in attempt.retries if retry.variant == "subprotocol"]
    if any(offer.accepted for offer in offers):
        return "offered"
    if attempt.first.fault == "subprotocol" or any(
        offer.fault == "subprotocol" for offer in offers
    ):
        return "subprotocol"
    if any(retry.variant == "no-origin" and retry.accepted for retry in attempt.retries):
        return "origin"
    return "origin" if is_origin_refusal(attempt.first) else None


def _limited(attempt: Attempt) -> bool:
    """Return whether a limit rejected the handshake, and not a site that is down for everybody."""
    first = attempt.first
    limit_signal = first.header("Retry-After") or _LIMITS.search(f"{first.reason} {first.body}")
    return first.status == 429 or bool(
        first.status == 503 and limit_signal and 503 not in attempt.site
    )


#: Messages about a rejected Origin. A CORS field alone does not count.
_ORIGIN = re.compile(
    r"\borigins?\b(?! server)[^.\n]{0,60}?(?:n't\b|\b(?:not|denied|refused|rejected|forbidden"
    r"|blocked|invalid|mismatch|disallowed|fail))"
    r"|\b(?:invalid|bad|wrong|disallowed|forbidden|unknown|unexpected|cross|untrusted)[- ]origin\b"
    r"|(?:\b(?:not|denied|refused|rejected|forbidden|blocked)|n't)\b[^.\n]{0,40}?"
    r"\borigins?\b(?! server)",
    re.IGNORECASE,
)


def is_origin_refusal(upgrade: Upgrade) -> bool:
    """Return whether a rejection or its close frame names the Origin as the reason."""
    refused = not upgrade.accepted and upgrade.status in {400, 401, 403}
    text = f"{upgrade.reason}\n{upgrade.body}" if refused else upgrade.close_reason
    return upgrade.origin is not None and is_origin_error(text)


def is_origin_error(text: str) -> bool:
    """Return whether a text says that an Origin was rejected."""
    return _ORIGIN.search(re.sub(r"<[^>]{0,1000}>", " ", text[:4096])) is not None


def unknown_session(upgrade: Upgrade) -> bool:
    """Return whether Engine.IO reports error 1 ("Session ID unknown"): another worker has it."""
    return upgrade.status == 400 and "Session ID unknown" in upgrade.body


_PAGE_REDIRECT = re.compile(
    r"http-equiv=[\"']?refresh[\"']?[^>]{0,200}https://|location(?:\.href|\.protocol)?\s*=[^;]{0,80}"
    r"https:|location\.replace\([^)]{0,80}https:",
    re.IGNORECASE,
)


def redirects_in_page(body: str) -> bool:
    """Return whether a page redirects the browser to https by meta refresh or script."""
    return bool(_PAGE_REDIRECT.search(body))
