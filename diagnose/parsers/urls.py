"""Parse and compare http, https, ws and wss URLs (RFC 3986). No I/O."""

from functools import lru_cache
from urllib.parse import urlsplit

from diagnose.model.addresses import bracketed, is_private
from diagnose.model.frozen import frozen
from diagnose.model.target import TLS_SCHEMES


@frozen
class Url:
    """A parsed http, https, ws or wss URL. `path` includes the query but not the fragment."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def secure(self) -> bool:
        return self.scheme in TLS_SCHEMES

    @property
    def has_default_port(self) -> bool:
        """Whether the port is the scheme's default port."""
        return self.port == (443 if self.secure else 80)

    @property
    def authority(self) -> str:
        """The host and, unless it is the scheme's default, the port: as in the field Host."""
        host = bracketed(self.host)
        return host if self.has_default_port else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"


# The checks of a run ask again and again for the same few.
@lru_cache(maxsize=256)
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
    return Url(scheme, host, port or (443 if scheme in TLS_SCHEMES else 80), path)


def path_of(text: str) -> str:
    """Return the path of a URL without its query; "" if the text is no URL."""
    url = parse_url(text)
    return url.path.partition("?")[0] if url else ""


def normalize_url(url: str) -> str:
    """Return a single form for URLs that mean the same request (RFC 3986 section 6.2.3)."""
    parsed_url = parse_url(url)
    return str(parsed_url) if parsed_url else url


def is_internal_host(host: str) -> bool:
    """Return whether a host is localhost or an address that visitors from outside cannot use."""
    return host == "localhost" or host.endswith(".localhost") or is_private(host)


def is_loopback_host(host: str) -> bool:
    """Return whether a host is the visitor's own machine: localhost or a loopback address."""
    return host in {"localhost", "::1"} or host.endswith(".localhost") or host.startswith("127.")


def is_related_host(host: str, other_host: str) -> bool:
    """Return whether two names are equal or one is a subdomain of the other, such as
    shop.example.com and www.shop.example.com."""
    return host == other_host or host.endswith(f".{other_host}") or other_host.endswith(f".{host}")


def socketio_path(path: str) -> str:
    """Return the path with the query that a Socket.IO handshake needs: the protocol's version and
    the transport (Engine.IO protocol, "Transports"). Other paths stay unchanged."""
    bare_path, _, query = path.partition("?")
    if "socket.io" not in bare_path or "EIO=" in query:
        return path
    return f"{bare_path}?{query + '&' if query else ''}EIO=4&transport=websocket"


def polled_socketio_path(path: str) -> str:
    """Return the path of the WebSocket of a Socket.IO server whose first request over HTTP is at
    this path ("/socket.io/?EIO=4&transport=polling&t=x"); "" for any other path. The session and
    the mark against caches belong to one client (Engine.IO protocol, "Transports").

    Clients end the path with a slash, so that the log of an application has a path without one
    only if a proxy took it away (engine.io-client, lib/socket.ts)."""
    bare_path, _, query = path.partition("?")
    words = query.split("&")
    if "transport=polling" not in words or not any(word.startswith("EIO=") for word in words):
        return ""
    kept = [
        word for word in words if word.partition("=")[0] not in {"sid", "t", "transport", "b64"}
    ]
    return f"{bare_path.rstrip('/')}/?{'&'.join([*kept, 'transport=websocket'])}"
