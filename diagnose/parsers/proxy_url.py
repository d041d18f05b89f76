"""The address of a proxy, as an option or an environment variable gives it. Pure.

The variables are those of curl(1), "Environment": the one of the scheme in small letters counts
first, then in capitals, then ALL_PROXY. HTTP_PROXY in capitals is not read: a web server sets it
from a request's field.
"""

from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from diagnose.model.frozen import frozen
from diagnose.parsers.sanitize import clean

#: The schemes through which a connection can be made, and their ports (curl(1), --proxy).
PORTS = {"http": 1080, "socks5": 1080, "socks5h": 1080, "socks4": 1080, "socks4a": 1080}

_VARIABLES = {
    "https": ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"),
    "http": ("http_proxy", "all_proxy", "ALL_PROXY"),
}
_SECURE = {"https": "https", "wss": "https", "http": "http", "ws": "http"}


@frozen
class ProxyUrl:
    """A proxy: `username` and `password` are None where none is given."""

    scheme: str
    host: str
    port: int
    username: str | None = None
    password: str | None = None

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def masked(self) -> str:
        """As it may be shown: without the password and the user's name."""
        return f"{self.scheme}://{'***@' if self.username is not None else ''}{self.authority}"


def parse_proxy_url(text: str) -> ProxyUrl:
    """A proxy's URL; without a scheme it is http (curl(1), --proxy). ValueError for nonsense."""
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
    """A proxy's URL as it may be shown, whatever it is."""
    try:
        return parse_proxy_url(text).masked
    except ValueError:
        return "***"


def from_environment(environment: Mapping[str, str], scheme: str) -> tuple[str, str] | None:
    """The variable that names a proxy for a target of this scheme, and its value."""
    for variable in _VARIABLES[_SECURE[scheme]]:
        if value := environment.get(variable, "").strip():
            return variable, value
    return None


def is_exempt(environment: Mapping[str, str], host: str) -> bool:
    """Whether NO_PROXY names the host: itself, a domain above it, or everything ("*")."""
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
    """curl(1), NO_PROXY: "192.168.0.0/16" names addresses, and no names."""
    from ipaddress import ip_address, ip_network

    try:
        return ip_address(host) in ip_network(network, strict=False)
    except ValueError:
        return False
