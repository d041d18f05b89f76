"""The probers by name, and the host that each of them connects to."""

import importlib
from urllib.parse import urlsplit

from diagnose.exporter.modules import Module
from diagnose.exporter.probe import Prober

#: Module and function of each prober; imported when a probe asks for it.
_PROBERS = {
    "http": ("http_prober", "probe_http"),
    "tcp": ("tcp_prober", "probe_tcp"),
    "dns": ("dns_prober", "probe_dns"),
    "icmp": ("icmp_prober", "probe_icmp"),
    "websocket": ("websocket_prober", "probe_websocket"),
}


def prober_for(module: Module) -> Prober:
    """Return the prober of a module that `unsupported_option` has nothing against."""
    name, function = _PROBERS[module.prober]
    prober: Prober = getattr(importlib.import_module(f"diagnose.exporter.{name}"), function)
    return prober


def split_host_port(target: str) -> tuple[str, int] | None:
    """Return host and port of "host:port" or "[address]:port" (Go's net.SplitHostPort), None if the
    text is neither."""
    host, colon, port = target.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        return None
    if not colon or not (port.isascii() and port.isdigit() and int(port) < 65536):
        return None
    return host, int(port)


def target_host(module: Module, target: str) -> str:
    """Return the host that a target names, "" if it names none."""
    if module.prober in {"http", "websocket"}:
        text = target if "://" in target else f"http://{target}"
        try:
            return urlsplit(text).hostname or ""
        except ValueError:
            return ""
    if module.prober == "icmp":
        return target
    split = split_host_port(target)
    return split[0] if split else target
