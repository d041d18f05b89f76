"""What a program says of a request that it made itself: a login's provider, a webhook, a mail
server, a database, or its own public name. It does not reach that. No I/O."""

import re

from diagnose.model.addresses import is_private
from diagnose.model.frozen import frozen
from diagnose.model.symptom import SymptomKind
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.pasted_text import condensed

#: What programs write whose own request failed: Guzzle and WordPress; Go; Node; Python; Java and
#: Spring; Ruby; PHP; .NET; the drivers of databases. A browser writes none of it.
_PROGRAM = re.compile(
    r"cURL error \d|\b(?:Get|Post|Put|Head|Patch) \\?\"https?://|\bdial (?:tcp|udp)\b"
    r"|\blookup \S{1,253}(?: on \S{1,60}:53)?: |getaddrinfo (?:E[A-Z_]{3,12}|for) "
    r"|\bconnect E(?:CONNREFUSED|TIMEDOUT|HOSTUNREACH|NETUNREACH)\b"
    r"|\b(?:Fetch|Axios|InternalOAuth|Socket)Error\b|HTTPS?ConnectionPool\(|Max retries exceeded"
    r"|Cannot connect to host \S{1,253} ssl:|urlopen error|NewConnectionError"
    r"|NameResolutionError|UnknownHostException|PKIX path building failed"
    r"|I/O error on (?:GET|POST|PUT) request for|Failed to open TCP connection to|Faraday::"
    r"|(?:stream_socket_client|file_get_contents|fsockopen|php_network_getaddresses)\b"
    r"|HttpRequestException|IDX2080[34]|could not translate host name|Unknown MySQL server host"
    r"|Connection could not be established with host|SQLSTATE\[HY000\] ?\[2002\]"
)
#: What a program alone says also of the site's own name, or tells where it runs.
_OWN = re.compile(
    r"cURL error \d|openid-configuration|\.well-known/(?:jwks|oauth)|\bjwks\b|IDX2080[34]"
    r"|InternalOAuthError"
    r"|\b(?:OIDC|OpenID|OAuth2?|SSO)\b.{0,80}?(?:discover|exchang|token|provider|metadata)"
    r"|loopback request|on 127\.0\.0\.(?:11|53):53|EAI_AGAIN"
    r"|dial tcp (?:10|127|172\.(?:1[6-9]|2\d|3[01])|192\.168)\."
    r"|(?:in|from|inside) (?:\S{1,12} ){0,2}containers?\b|容器",
    re.IGNORECASE,
)
#: What a proxy in front of a site says of the application behind it, and what orders a
#: certificate: other symptoms.
_OF_PROXIES = re.compile(
    r"reverse_?proxy|http\.log\.error|\bupstream\b|Unable to reach the origin|originService"
    r"|proxy error|error proxying|vite|http-proxy|AH0\d{4}|Bad Gateway|acme|letsencrypt|certbot",
    re.IGNORECASE,
)
#: What programs in Go write, and so do Caddy and Traefik.
_GO = re.compile(r"\bdial (?:tcp|udp)\b|\blookup \S{1,253}(?: on \S{1,60}:53)?: ")
_HOST = r"(?P<host>\[[0-9a-fA-F:.]{2,45}\]|[\w-]{1,63}(?:\.[\w-]{1,63}){0,20})"
_PORT = r"(?P<port>\d{1,5})"
_NAMED = tuple(
    re.compile(pattern.replace("HOST", _HOST).replace("PORT", _PORT))
    for pattern in (
        r"\blookup HOST\.?(?: on \S{1,60}:53)?: ",
        r"getaddrinfo E[A-Z_]{3,12} HOST(?::PORT)?",
        r"getaddrinfo for HOST failed",
        r"UnknownHostException: HOST",
        r"Could not resolve(?: host)?: HOST",
        r"Failed to resolve '?HOST",
        r"could not translate host name \"HOST\"",
        r"Unknown MySQL server host '?HOST",
        r"\(host='HOST', port=PORT\)",
        r"Cannot connect to host HOST:PORT",
        r"Failed to connect to HOST port PORT",
        r"Failed to open TCP connection to HOST:PORT",
        r"(?:ssl|tls|tcp)://HOST:PORT",
        r"\bconnect E[A-Z]{5,12} HOST:PORT",
        r"\bdial tcp HOST:PORT",
    )
)
#: A name that no program takes for an option or a number.
_NAME = re.compile(r"(?!-)(?=[0-9.-]{0,253}[a-z_])[a-z0-9_.-]{1,253}", re.ASCII)
_URL = re.compile(r"(?P<scheme>https?)://" + _HOST + rf"(?::{_PORT})?", re.IGNORECASE)
#: Ports by the words about a service, where a message names none.
_PORTS = (
    (re.compile(r"mysql|maria|SQLSTATE\[HY000\]", re.IGNORECASE), 3306),
    (re.compile(r"postgres|could not translate host name|pg_", re.IGNORECASE), 5432),
    (re.compile(r"redis", re.IGNORECASE), 6379),
    (re.compile(r"smtp|mail", re.IGNORECASE), 587),
)
_TLS_PORTS = frozenset({443, 465, 636, 853, 993, 995, 8443, 9443})
#: What a message says of a connection, and not of what it is for.
FAILURES: frozenset[SymptomKind] = frozenset(
    {
        "name", "refused", "unreachable", "timeout", "not-connected", "reset", "closed",
        "certificate", "certificate-expired", "certificate-date", "certificate-name",
        "certificate-self-signed", "certificate-issuer", "certificate-untrusted", "tls",
        "tls-parameters", "tls-plain", "proxy", "unusable", "other", "login", "slow",
        "application", "callback", "upstream-refused",
    }
)  # fmt: skip


@frozen
class OutgoingRequest:
    """Where a program wants to connect: a name or an address, and a port (0 if a message names
    none); with TLS, or without."""

    host: str
    port: int
    uses_tls: bool

    @property
    def is_name(self) -> bool:
        return not is_address(self.host)


def outgoing_request(text: str, site: str) -> OutgoingRequest | None:
    """Return what a program asks for that serves the host `site`, by its message; None if it is
    none of a program, or may be one of a program that visits the site."""
    text = condensed(text)
    if not _PROGRAM.search(text) or _OF_PROXIES.search(text):
        return None
    requests = list(_requests(text))
    other = next((request for request in requests if not _may_be_site(request, site)), None)
    if other is not None:
        return other
    return requests[0] if requests and _OWN.search(text) else None


def is_of_go(text: str) -> bool:
    """Return whether a program in Go says it, which a web server may be."""
    return bool(_GO.search(condensed(text)))


def _may_be_site(request: OutgoingRequest, site: str) -> bool:
    """Return whether it is the site, or may be it by a public address and a port of the web."""
    is_web = not request.is_name and request.port in {80, 443}
    return request.host == site or (is_web and not is_private(request.host))


def _requests(text: str) -> list[OutgoingRequest]:
    from diagnose.parsers.error_messages import named_urls

    by_words = [
        _request(text, match["host"], match.groupdict().get("port"), None)
        for pattern in _NAMED
        if (match := pattern.search(text))
    ]
    by_url = [
        _request(text, match["host"], match["port"], match["scheme"].lower())
        for url in named_urls(text)[:8]
        if "curl." not in url and (match := _URL.match(url))
    ]
    named = [each for each in (*by_url, *by_words) if each is not None and each.is_name]
    # An address stands for the name beside it.
    return named or [each for each in (*by_url, *by_words) if each is not None]


def _request(text: str, host: str, port: str | None, scheme: str | None) -> OutgoingRequest | None:
    host = host.strip("[]").lower()
    if host == "localhost" or host.startswith(("127.", "0.0.0.0")) or host in {"::1", "::"}:
        return None
    known = {"https": 443, "http": 80}.get(scheme or "", 0)
    by_words = next((each for words, each in _PORTS if words.search(text)), 0)
    if not is_address(host) and not _NAME.fullmatch(host):
        return None
    number = int(port) if port else known or by_words
    if not 0 <= number < 65536:
        return None
    return OutgoingRequest(host, number, scheme == "https" or (not scheme and number in _TLS_PORTS))


#: What a message says of the step that failed: the name, the connection, TLS.
_STEPS = (
    (0, r"no such host|\blookup\b|ENOTFOUND|EAI_AGAIN|resolv|UnknownHost|getaddrinfo"
        r"|server misbehaving|translate host name|cURL error 6\b|Name or service not known"
        r"|Unknown MySQL server host"),
    (2, r"x509|certificate|PKIX|CERT_|UNABLE_TO_VERIFY|self.signed|cURL error (?:35|51|60|77)\b"
        r"|TLS handshake|SSL|handshake"),
    (1, r"refused|timed out|timeout|unreachable|no route|cURL error (?:7|28)\b|ETIMEDOUT"),
)  # fmt: skip


def reported_step(text: str) -> int | None:
    """Return how many steps succeeded by a message: the name, the connection, TLS; None if it does
    not say so."""
    words = _URL.sub(" ", condensed(text))
    return next((step for step, said in _STEPS if re.search(said, words, re.IGNORECASE)), None)
