"""What nginx asks an application for, what comes back, and how large it may be. Pure.

https://nginx.org/en/docs/http/ngx_http_proxy_module.html
"""

import re
from math import ceil

from diagnose.model import Target
from diagnose.model.frozen import frozen
from diagnose.parsers.nginx import server_blocks, upstreams
from diagnose.parsers.nginx.server_blocks import Place
from diagnose.parsers.nginx.upstreams import Lead
from diagnose.parsers.sanitize import clean

#: nginx's buffer for an answer's head, unless it is told otherwise: a page of memory, which is
#: this on all but a few machines.
PAGE = 4096


def size(text: str) -> int | None:
    """A size as nginx reads it (ngx_parse_offset): "4k", "1m", "512"."""
    match = re.fullmatch(r"(\d{1,15})([kKmMgG]?)", text)
    if match is None:
        return None
    return int(match[1]) * {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}[match[2].lower()]


def shown(amount: int) -> str:
    """The other way round."""
    for unit, worth in (("g", 1 << 30), ("m", 1 << 20), ("k", 1 << 10)):
        if amount >= worth and amount % worth == 0:
            return f"{amount // worth}{unit}"
    return str(amount)


# The request


def _known(found: Lead, target: Target) -> dict[str, str]:
    """The variables of a visitor's request that can be known."""
    return {
        **upstreams.request(target),
        "proxy_host": found.authority,
        "proxy_port": found.authority.rpartition(":")[2],
        "remote_addr": "127.0.0.1",
        "proxy_add_x_forwarded_for": "127.0.0.1",
    }


def host_passed(place: Place, found: Lead, target: Target) -> str | None:
    """The Host field that nginx sends (by default "$proxy_host"), None where it cannot be known,
    "" where it sends none."""
    given = server_blocks.header(place, "Host")
    text = given.args[1] if given and len(given.args) > 1 else "$proxy_host"
    host = server_blocks.value(place, text, _known(found, target))
    return host if host is None or re.fullmatch(r"[\w.\-:\[\]]*", host) else None


#: What belongs to a connection, or to a body that is not sent.
_NOT_SENT = {"host", "connection", "upgrade", "content-length", "transfer-encoding", "expect"}


def fields_passed(place: Place, found: Lead, target: Target) -> tuple[tuple[str, str], ...]:
    """The other fields that proxy_set_header adds, as far as their values can be known."""
    sent = {}
    for one in place.all("proxy_set_header"):
        if len(one.args) < 2 or one.args[0].lower() in _NOT_SENT:
            continue
        value = server_blocks.value(place, one.args[1], _known(found, target))
        if value and value.isascii() and value.isprintable() and _is_token(one.args[0]):
            sent[one.args[0]] = value
    return tuple(sent.items())


def _is_token(name: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}", name) is not None


def own_names(place: Place, found: Lead, servers: tuple[server_blocks.Server, ...]) -> list[str]:
    """Names by which an application may know itself: that of proxy_pass, those of the group's
    servers, proxy_ssl_name; and, where this nginx also is what it proxies to, the names of the
    block that listens there."""
    given = place.one("proxy_ssl_name")
    named = [found.authority, *(end.host for end in found.ends)]
    named += [given.args[0]] if given and given.args else []
    for port in {end.port for end in found.ends} - {0}:
        inner = {
            id(one.block): one for s in server_blocks.sockets(servers, port) for one in s.servers
        }
        # Of several sites, nobody knows which is meant.
        named += [name for one in inner.values() for name in one.names] if len(inner) == 1 else []
    return [name for name in dict.fromkeys(named) if _is_name(name)]


def _is_name(text: str) -> bool:
    host = text.partition(":")[0]
    return bool(re.fullmatch(r"[A-Za-z0-9.-]+", host) and re.search(r"[A-Za-z]", host)) and (
        "." in host.strip(".")
    )


# The answer


@frozen
class Head:
    """An answer's head. `size` in bytes, 0 where it is not whole."""

    status: int | None
    reason: str = ""
    size: int = 0
    largest: tuple[tuple[str, int], ...] = ()
    body: str = ""


def head(got: bytes) -> Head:
    """RFC 9112 sections 2.1 and 4. Lines may end in a bare line feed (section 2.2)."""
    ended = re.search(rb"\r?\n\r?\n", got)
    lines = re.split(rb"\r?\n", got[: ended.start()] if ended else got)
    first = re.match(rb"HTTP/\d\.\d (\d{3})(?: (.*))?$", lines[0]) if lines else None
    if first is None:
        return Head(None)
    fields = [(line.partition(b":")[0].decode("latin-1"), len(line) + 2) for line in lines[1:]]
    total: dict[str, int] = {}
    for name, amount in fields:
        total[clean(name, 60)] = total.get(clean(name, 60), 0) + amount
    largest = sorted(total.items(), key=lambda one: -one[1])[:3]
    rest = got[ended.end() :] if ended else b""
    return Head(
        int(first[1]),
        clean((first[2] or b"").decode("latin-1"), 60),
        ended.end() if ended else 0,
        tuple(largest),
        clean(rest.decode("utf-8", "replace"), 500),
    )


#: What frameworks say to a Host that they do not know: Django, webpack's development server,
#: Vite, Rails.
_UNKNOWN_HOST = re.compile(
    r"invalid http_host|disallowedhost|invalid host header|blocked (?:request|hosts?)"
    r"|this host .{0,100} is not allowed",
    re.IGNORECASE,
)

#: The answers of a server to a name that is not its own (RFC 9110 section 15.5.20: 421).
_REFUSALS = {400, 403, 404, 410, 421}


def may_mind_host(status: int | None, body: str) -> bool:
    """Whether an answer is what a server may say to another name than its own."""
    return status in _REFUSALS or _UNKNOWN_HOST.search(body[:2048]) is not None


# Buffers


def buffers(prefix: str, place: Place, needed: int) -> dict[str, str]:
    """What to set so that a head of so many bytes fits, with some room: for `prefix` "proxy",
    "fastcgi", "uwsgi" or "scgi".

    nginx refuses a configuration in which *_busy_buffers_size, twice the larger buffer unless
    set, is not smaller than all *_buffers but one (ngx_http_proxy_merge_loc_conf).
    """
    room = next(one for one in (PAGE << shift for shift in range(1, 13)) if one >= needed * 1.2)
    wanted = {f"{prefix}_buffer_size": shown(room)}
    number, each = _several(place, f"{prefix}_buffers")
    busy = _given(place, f"{prefix}_busy_buffers_size")
    if busy is not None and busy < max(room, each):
        wanted[f"{prefix}_busy_buffers_size"] = shown(busy := 2 * max(room, each))
    least = busy if busy is not None else 2 * max(room, each)
    if least > (number - 1) * each:
        each = max(room, each)
        wanted[f"{prefix}_buffers"] = f"{max(number, ceil(least / each) + 2)} {shown(each)}"
    temporary = _given(place, f"{prefix}_temp_file_write_size")
    if temporary is not None and temporary < max(room, each):
        wanted[f"{prefix}_temp_file_write_size"] = shown(2 * room)
    return wanted


def _given(place: Place, name: str) -> int | None:
    one = place.one(name)
    return size(one.args[0]) if one and one.args else None


def _several(place: Place, name: str) -> tuple[int, int]:
    """By default eight buffers, each a page."""
    one = place.one(name)
    if one and len(one.args) == 2 and one.args[0].isdecimal() and (each := size(one.args[1])):
        return int(one.args[0]), each
    return 8, PAGE
