"""What the exporter was started with."""

from typing import Literal
from urllib.parse import urlsplit

from diagnose.exporter.target_policy import TargetPolicy
from diagnose.model.frozen import frozen

#: Which lines of a probe's log go to stderr: those of this level and above.
LogLevel = Literal["none", "error", "warn", "info", "debug"]


@frozen
class ListenAddress:
    """Where to listen; `host` "" is every address of this machine."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        return self.host in {"localhost", "::1"} or self.host.startswith("127.")


@frozen
class Settings:
    """Times are in seconds. `host_names` are those under which browsers may ask for pages of an
    exporter that listens on loopback only."""

    config_file: str
    listen: tuple[ListenAddress, ...]
    web_config_file: str = ""
    timeout_offset: float = 0.5
    history_limit: int = 100
    max_probes: int = 200
    diagnosis_interval: float = 300.0
    policy: TargetPolicy = TargetPolicy()
    host_names: tuple[str, ...] = ()
    log_prober: LogLevel = "none"

    @property
    def is_loopback_only(self) -> bool:
        return all(address.is_loopback for address in self.listen)


def parse_listen_address(text: str) -> ListenAddress:
    """Return the address of "127.0.0.1:9115", "[::1]:9115" or ":9115" (every address). Raise
    ValueError."""
    host, colon, port = text.rpartition(":")
    host = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not colon or not (port.isascii() and port.isdigit() and int(port) < 65536):
        raise ValueError(f"takes ADDRESS:PORT, not {text!r}")
    return ListenAddress(host, int(port))


def external_host(url: str) -> str:
    """Return the host of the URL under which others reach the exporter. Raise ValueError."""
    host = urlsplit(url if "://" in url else f"//{url}").hostname
    if not host:
        raise ValueError(f"takes a URL, not {url!r}")
    return host.lower()
