"""The target of a run: the parsed URL or host that the user asked about."""

from diagnose.model.frozen import frozen
from diagnose.model.marks import MachineName, Text, UrlPath, Word
from diagnose.model.symptom import Symptom

#: Schemes of URLs that are opened with TLS, and those of WebSockets (RFC 6455 section 3).
TLS_SCHEMES = frozenset({"https", "wss"})
WEBSOCKET_SCHEMES = frozenset({"ws", "wss"})

#: Words of websockets and websocket-client (Python), which follow a redirect: the address that they
#: got, or were given, has another scheme than those.
REFUSED_SCHEMES = ("InvalidURI:", "isn't a valid URI: scheme", "scheme https is invalid")


@frozen
class Target:
    """The parsed URL or host that the user asked about.

    `host` is an A-label (RFC 5890) or an address without brackets. `path` begins with a slash.
    `websockets` are the paths at which a WebSocket is checked. `symptom` is what the pasted message
    says in which the target was found, if it was one.
    """

    input: Text
    scheme: Word
    host: MachineName
    port: int
    path: UrlPath = "/"
    websockets: tuple[UrlPath, ...] = ()
    read_as: Text = ""
    symptom: Symptom | None = None

    @property
    def is_bare_name(self) -> bool:
        """Return whether a name or an address was typed and nothing else: browsers and this program
        take it for https."""
        return self.input.lower().rstrip("./") == self.host

    @property
    def uses_tls(self) -> bool:
        return self.scheme in TLS_SCHEMES

    @property
    def is_websocket(self) -> bool:
        return self.scheme in WEBSOCKET_SCHEMES

    @property
    def plain_sockets_in(self) -> str:
        """Return the words that name a ws:// address where the site itself has https, or with
        which a client refuses an https: address; "" if none do."""
        words = f"{self.input} {self.symptom.text if self.symptom else ''}"
        is_told = "ws://" in words.lower() or any(refusal in words for refusal in REFUSED_SCHEMES)
        return words if self.uses_tls and is_told else ""

    @property
    def path_without_query(self) -> str:
        """Return the path component alone (RFC 3986 section 3.3), by which servers choose."""
        return self.path.partition("?")[0]

    @property
    def authority(self) -> str:
        """Return host[:port] as in a URL (RFC 3986 section 3.2), without a default port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (
            host
            if self.port == (80 if self.scheme in {"http", "ws"} else 443)
            else f"{host}:{self.port}"
        )

    @property
    def origin(self) -> str:
        """Return the origin of the site's pages (RFC 6454 section 6.2)."""
        return f"{'https' if self.uses_tls else 'http'}://{self.authority}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"
