"""The request that nginx sends to an application, the response, and its size limits. No I/O.

https://nginx.org/en/docs/http/ngx_http_proxy_module.html
"""

import re
from math import ceil

from diagnose.model import Target
from diagnose.model.frozen import frozen
from diagnose.parsers.http import REFUSED_HOST
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.nginx import server_blocks, upstreams
from diagnose.parsers.nginx.locations import LocationMatch, proxy_set_header_of
from diagnose.parsers.nginx.upstreams import ProxyTarget
from diagnose.parsers.nginx.variables import expand_variables
from diagnose.parsers.sanitize import clean

#: nginx's default buffer size for a response head, in bytes: one page of memory, which has this
#: size on almost all machines.
PAGE_SIZE = 4096


def parse_size(text: str) -> int | None:
    """Return a size such as "4k", "1m" or "512" in bytes, as ngx_parse_offset reads it."""
    match = re.fullmatch(r"(\d{1,15})([kKmMgG]?)", text)
    if match is None:
        return None
    return int(match[1]) * {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}[match[2].lower()]


def size_text(amount: int) -> str:
    """Return a number of bytes as nginx writes it, such as "4k"."""
    for unit, factor in (("g", 1 << 30), ("m", 1 << 20), ("k", 1 << 10)):
        if amount >= factor and amount % factor == 0:
            return f"{amount // factor}{unit}"
    return str(amount)


# The request


def _request_variables(proxy_target: ProxyTarget, target: Target) -> dict[str, str]:
    """Return the known variables of a visitor's request."""
    return {
        **upstreams.request_variables(target),
        "proxy_host": proxy_target.authority,
        "proxy_port": proxy_target.authority.rpartition(":")[2],
        # No visitor sends it, and a `map` puts $scheme in its place.
        "http_x_forwarded_proto": "",
        "remote_addr": "127.0.0.1",
        "proxy_add_x_forwarded_for": "127.0.0.1",
    }


def forwarded_host(
    location: LocationMatch, proxy_target: ProxyTarget, target: Target
) -> str | None:
    """Return the Host field that nginx sends (by default "$proxy_host"); None if it cannot be
    known, "" if none is sent."""
    directive = proxy_set_header_of(location, "Host")
    text = directive.args[1] if directive and len(directive.args) > 1 else "$proxy_host"
    host = expand_variables(location, text, _request_variables(proxy_target, target))
    return host if host is None or re.fullmatch(r"[\w.\-:\[\]]*", host) else None


def sent_value(location: LocationMatch, name: str, target: Target) -> str | None:
    """Return the value that proxy_set_header gives a field of the request, "" if it is empty or if
    no line sets it; None if it cannot be known."""
    directive = proxy_set_header_of(location, name)
    if directive is None or len(directive.args) < 2:
        return ""
    variables = upstreams.route_variables(target, location, target.path)
    proxy_target = upstreams.proxy_target_of(location, variables)
    if proxy_target is None:
        return None
    return expand_variables(location, directive.args[1], _request_variables(proxy_target, target))


#: Fields that belong to a connection, or to a body, which is not sent.
_NOT_SENT = {"host", "connection", "upgrade", "content-length", "transfer-encoding", "expect"}


def forwarded_fields(
    location: LocationMatch, proxy_target: ProxyTarget, target: Target
) -> tuple[tuple[str, str], ...]:
    """Return the other fields that proxy_set_header adds, if their values are known."""
    fields = {}
    for directive in location.directives("proxy_set_header"):
        if len(directive.args) < 2 or directive.args[0].lower() in _NOT_SENT:
            continue
        value = expand_variables(
            location, directive.args[1], _request_variables(proxy_target, target)
        )
        if value and value.isascii() and value.isprintable() and _is_token(directive.args[0]):
            fields[directive.args[0]] = value
    return tuple(fields.items())


def sends_close(location: LocationMatch) -> bool:
    """Return whether a `proxy_set_header` tells the application with each request of a page that
    the connection ends: nginx itself keeps it, where the group says so and the answer does not say
    "close" (ngx_http_upstream_module, "keepalive")."""
    line = proxy_set_header_of(location, "Connection")
    if line is None or len(line.args) < 2:
        return False
    return (expand_variables(location, line.args[1], {"http_upgrade": ""}) or "").lower() == "close"


def _is_token(name: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}", name) is not None


def application_names(
    location: LocationMatch, proxy_target: ProxyTarget, servers: tuple[server_blocks.Server, ...]
) -> list[str]:
    """Return names that an application may expect: those in proxy_pass, the upstream servers and
    proxy_ssl_name. If this nginx also listens on the proxied port, the names of that server block
    are included."""
    ssl_name = location.directive("proxy_ssl_name")
    candidates = [proxy_target.authority, *(endpoint.host for endpoint in proxy_target.endpoints)]
    candidates += [ssl_name.args[0]] if ssl_name and ssl_name.args else []
    for port in {endpoint.port for endpoint in proxy_target.endpoints} - {0}:
        listening_servers = {
            id(server.block): server
            for socket in server_blocks.sockets(servers, port)
            for server in socket.servers
        }
        # With several sites on the port it is unknown which one is meant.
        candidates += (
            [name for server in listening_servers.values() for name in server.names]
            if len(listening_servers) == 1
            else []
        )
    return [name for name in dict.fromkeys(candidates) if _is_domain_name(name)]


def _is_domain_name(text: str) -> bool:
    host = text.partition(":")[0]
    return bool(re.fullmatch(r"[A-Za-z0-9.-]+", host) and re.search(r"[A-Za-z]", host)) and (
        "." in host.strip(".")
    )


# The response


@frozen
class ResponseHead:
    """The head of a response. `size` is in bytes, 0 if the head is incomplete."""

    status: int | None
    reason: str = ""
    size: int = 0
    largest: tuple[tuple[str, int], ...] = ()
    body: str = ""


def parse_response_head(data: bytes) -> ResponseHead:
    """Parse a response (RFC 9112 sections 2.1 and 4). Lines may end in a bare line feed (section
    2.2)."""
    head_end = re.search(rb"\r?\n\r?\n", data)
    lines = re.split(rb"\r?\n", data[: head_end.start()] if head_end else data)
    status_line = re.match(rb"HTTP/\d\.\d (\d{3})(?: (.*))?$", lines[0]) if lines else None
    if status_line is None:
        return ResponseHead(None)
    fields = [(line.partition(b":")[0].decode("latin-1"), len(line) + 2) for line in lines[1:]]
    total: dict[str, int] = {}
    for name, amount in fields:
        total[clean(name, 60)] = total.get(clean(name, 60), 0) + amount
    largest = sorted(total.items(), key=lambda field: -field[1])[:3]
    body = data[head_end.end() :] if head_end else b""
    return ResponseHead(
        int(status_line[1]),
        clean((status_line[2] or b"").decode("latin-1"), 60),
        head_end.end() if head_end else 0,
        tuple(largest),
        clean(body.decode("utf-8", "replace"), 500),
    )


#: Messages about an unknown Host.
_UNKNOWN_HOST = lazy_pattern(rf"{REFUSED_HOST}|blocked (?:request|hosts?)", re.IGNORECASE)

#: Statuses that a server may return for an unknown name (RFC 9110 section 15.5.20: 421).
_REFUSALS = {400, 403, 404, 410, 421}


def may_reject_host(status: int | None, body: str) -> bool:
    """Return whether a response looks like the rejection of an unknown Host."""
    return status in _REFUSALS or _UNKNOWN_HOST.search(body[:2048]) is not None


# Buffers


def buffer_settings(prefix: str, location: LocationMatch, needed: int) -> dict[str, str]:
    """Return the settings with which a response head of `needed` bytes fits, with some reserve.
    `prefix` is "proxy", "fastcgi", "uwsgi" or "scgi".

    nginx rejects a configuration unless *_busy_buffers_size (by default twice the larger buffer)
    is smaller than all *_buffers minus one (ngx_http_proxy_merge_loc_conf).
    """
    needed_size = next(
        candidate
        for candidate in (PAGE_SIZE << shift for shift in range(1, 13))
        if candidate >= needed * 1.2
    )
    settings = {f"{prefix}_buffer_size": size_text(needed_size)}
    count, buffer_size = _buffer_count_and_size(location, f"{prefix}_buffers")
    busy = _size_setting(location, f"{prefix}_busy_buffers_size")
    if busy is not None and busy < max(needed_size, buffer_size):
        settings[f"{prefix}_busy_buffers_size"] = size_text(
            busy := 2 * max(needed_size, buffer_size)
        )
    minimum = busy if busy is not None else 2 * max(needed_size, buffer_size)
    if minimum > (count - 1) * buffer_size:
        buffer_size = max(needed_size, buffer_size)
        settings[f"{prefix}_buffers"] = (
            f"{max(count, ceil(minimum / buffer_size) + 2)} {size_text(buffer_size)}"
        )
    temporary = _size_setting(location, f"{prefix}_temp_file_write_size")
    if temporary is not None and temporary < max(needed_size, buffer_size):
        settings[f"{prefix}_temp_file_write_size"] = size_text(2 * needed_size)
    return settings


def _size_setting(location: LocationMatch, name: str) -> int | None:
    directive = location.directive(name)
    return parse_size(directive.args[0]) if directive and directive.args else None


def _buffer_count_and_size(location: LocationMatch, name: str) -> tuple[int, int]:
    """Return the buffers' number and size; the default is eight buffers of one page."""
    directive = location.directive(name)
    if (
        directive
        and len(directive.args) == 2
        and directive.args[0].isdecimal()
        and (buffer_size := parse_size(directive.args[1]))
    ):
        return int(directive.args[0]), buffer_size
    return 8, PAGE_SIZE
