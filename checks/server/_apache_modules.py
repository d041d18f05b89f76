"""Modules of Apache by what needs them."""

#: By the beginning of their directives, in lower case.
_DIRECTIVES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("sslproxy", ("ssl",)),
    ("ssl", ("ssl",)),
    ("proxy", ("proxy", "proxy_http")),
    ("rewrite", ("rewrite",)),
    ("requestheader", ("headers",)),
    ("header", ("headers",)),
    ("expires", ("expires",)),
    ("balancer", ("proxy_balancer",)),
    ("remoteip", ("remoteip",)),
    ("dav", ("dav",)),
    ("protocolsh2", ("http2",)),
    ("md", ("md",)),
)

#: By the protocol of a backend (mod_proxy, "Protocol Upgrade" and the modules' own pages).
_PROTOCOLS: dict[str, tuple[str, ...]] = {
    "http": ("proxy_http",),
    "https": ("proxy_http", "ssl"),
    "ws": ("proxy_wstunnel",),
    "wss": ("proxy_wstunnel", "ssl"),
    "fcgi": ("proxy_fcgi",),
    "ajp": ("proxy_ajp",),
    "uwsgi": ("proxy_uwsgi",),
    "scgi": ("proxy_scgi",),
    "h2": ("proxy_http2", "ssl"),
    "h2c": ("proxy_http2",),
    "balancer": ("proxy_balancer", "lbmethod_byrequests"),
}


def modules_of_directive(name: str) -> tuple[str, ...]:
    """Return the modules that bring a directive; () if that is not known."""
    lower = name.lower()
    return next((names for prefix, names in _DIRECTIVES if lower.startswith(prefix)), ())


def modules_of_protocol(scheme: str) -> tuple[str, ...]:
    """Return the modules that pass requests on to `scheme`://; () if that is not known."""
    return _PROTOCOLS.get(scheme, ())
