"""Parse the URL of a proxy, from an option or an environment variable. No I/O.

The variables are those of curl(1), "Environment": first the scheme's variable in lower case, then
in upper case, then ALL_PROXY. HTTP_PROXY in upper case is ignored, because a web server sets it
from a request's field.
"""

from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from diagnose.model.addresses import bracketed
from diagnose.model.frozen import frozen
from diagnose.parsers.sanitize import clean

#: Supported schemes with their default ports (curl(1), --proxy).
PORTS = {"http": 1080, "socks5": 1080, "socks5h": 1080, "socks4": 1080, "socks4a": 1080}

_VARIABLES = {
    "https": ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"),
    "http": ("http_proxy", "all_proxy", "ALL_PROXY"),
}
_SECURE = {"https": "https", "wss": "https", "http": "http", "ws": "http"}


@frozen
class ProxyUrl:
    """A proxy; `username` and `password` are None if not given."""

    scheme: str
    host: str
    port: int
    username: str | None = None
    password: str | None = None

    @property
    def authority(self) -> str:
        host = bracketed(self.host)
        return f"{host}:{self.port}"

    @property
    def masked(self) -> str:
        """The proxy's URL without user name and password, safe to show."""
        return f"{self.scheme}://{'***@' if self.username is not None else ''}{self.authority}"


def parse_proxy_url(text: str) -> ProxyUrl:
    """Parse a proxy's URL; the default scheme is http (curl(1), --proxy). Raises ValueError."""
    url = text if "://" in text else f"http://{text}"
    parts = urlsplit(url)
    host, port = parts.hostname, parts.port
    if not host or host != clean(host, 255) or any(character.isspace() for character in host):
        raise ValueError("no host in it")
    scheme = parts.scheme.lower()
    user = unquote(parts.username) if parts.username is not None else None
    password = unquote(parts.password or "") if user is not None else None
    default = 443 if scheme == "https" else PORTS.get(scheme, 1080)
    return ProxyUrl(scheme, host, port or default, user, password)


def masked(text: str) -> str:
    """Return a proxy's URL in a form that is safe to show, even if it is invalid."""
    try:
        return parse_proxy_url(text).masked
    except ValueError:
        return "***"


def from_environment(environment: Mapping[str, str], scheme: str) -> tuple[str, str] | None:
    """Return the variable that names a proxy for a target of this scheme, and its value."""
    for variable in _VARIABLES[_SECURE[scheme]]:
        if value := environment.get(variable, "").strip():
            return variable, value
    return None


def is_exempt(environment: Mapping[str, str], host: str) -> bool:
    """Return whether NO_PROXY contains the host, a parent domain, or everything ("*")."""
    value = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    names = (name.strip().lower().strip("[]") for name in value[:8192].split(","))
    hostname = host.rstrip(".").lower()
    return any(_matches_no_proxy(hostname, name) for name in names if name)


def _matches_no_proxy(host: str, pattern: str) -> bool:
    if pattern == "*":
        return True
    if "/" in pattern:
        return _is_in_network(host, pattern)
    domain = pattern.removeprefix("*").lstrip(".").rstrip(".")
    return bool(domain) and (host == domain or host.endswith(f".{domain}"))


def _is_in_network(host: str, network: str) -> bool:
    """Return whether an address is in a network; names never are (curl(1), NO_PROXY)."""
    from ipaddress import ip_address, ip_network

    try:
        return ip_address(host) in ip_network(network, strict=False)
    except ValueError:
        return False
