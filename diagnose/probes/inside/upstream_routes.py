"""The ways that requests take through nginx's configuration to the applications behind it, and
how each is opened and asked as nginx does it. Used by the probes beside this module.
"""

import asyncio
import shlex
from collections.abc import Iterator

from diagnose.model import Failure, Vantage
from diagnose.model.frozen import frozen
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.net import PATIENCE, Connected, Stream
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.nginx import server_blocks, upstreams
from diagnose.parsers.nginx.server_blocks import Place, Socket
from diagnose.parsers.nginx.upstreams import End, Lead
from diagnose.probes import Look

#: So many addresses of a name are tried.
MOST_ADDRESSES = 4


@frozen
class Way:
    """The way of one path: the socket and the location that take it, and where they lead."""

    path: str
    socket: Socket
    place: Place
    lead: Lead

    @property
    def passed(self) -> str:
        """The path as the application is asked for it."""
        return upstreams.asks(self.place, self.lead, self.path)


def ways(look: Look, seen: NginxConfig) -> Iterator[Way]:
    """Of the blocks that answer the target: each location that is passed on, and each path that
    was asked for."""
    found = server_blocks.sockets(server_blocks.servers(seen.main), look.target.port)
    met: set[int] = set()
    for socket in server_blocks.reachable(found, ()):
        server, _ = server_blocks.choose(socket, look.target.host)
        if id(server.block) in met:
            continue
        met.add(id(server.block))
        for path in (look.target.path, *look.target.websockets):
            if way := _way(look, path, socket, upstreams.lands(server, path)):
                yield way
        for place in server_blocks.places(server):
            given = server_blocks.pattern(place.location)
            path = given.text if given and given.modifier in {"", "=", "^~"} else ""
            if way := _way(look, path, socket, place):
                yield way


def _way(look: Look, path: str, socket: Socket, place: Place) -> Way | None:
    found = upstreams.lead(place, upstreams.request(look.target))
    return Way(path, socket, place, found) if found else None


def tried(
    way: Way,
    end: End,
    address: str,
    at: float,
    took: float,
    equivalent: str,
    failure: Failure | None,
) -> UpstreamTry:
    return UpstreamTry(
        vantage=Vantage.SERVER,
        at=at,
        took=took,
        equivalent=equivalent,
        failure=failure,
        target=way.lead.target,
        host=end.host,
        port=end.port,
        address=address,
        path=way.path,
        scheme=way.lead.scheme,
        file=way.lead.given.file,
        line=way.lead.given.line,
        socket=end.socket,
        backup=end.backup,
    )


def host(look: Look, way: Way) -> str:
    """The Host header that nginx would send (proxy_set_header: "Host $proxy_host")."""
    given = server_blocks.header(way.place, "Host")
    request = {**upstreams.request(look.target), "proxy_host": way.lead.authority}
    text = given.args[1] if given and len(given.args) > 1 else "$proxy_host"
    found = server_blocks.value(way.place, text, request)
    return found if found and "/" not in found else look.target.authority


def server_name(look: Look, way: Way) -> str:
    """The name that nginx would send in a handshake, "" for none."""
    return upstreams.server_name(way.place, way.lead, upstreams.request(look.target))


def other_names(look: Look, way: Way, end: End, sent: str) -> tuple[str, ...]:
    """Names that the application may know itself by, likeliest first: the one proxied to, the
    one in the Host header, the server's in its group."""
    bare = host(look, way).rpartition(":")[0] or host(look, way)
    given = way.place.one("proxy_ssl_name")
    named = server_blocks.value(way.place, given.args[0], {}) if given and given.args else None
    proxied = "" if way.lead.group else way.lead.host
    found = dict.fromkeys((named or "", proxied, end.host, bare, look.target.host))
    return tuple(
        name for name in found if name and "." in name and name != sent and not is_address(name)
    )[:3]


def bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


async def addresses(look: Look, name: str) -> tuple[str, ...]:
    """As nginx does at its start: all addresses of a name."""
    if is_address(name):
        return (name,)
    both = await asyncio.gather(look.net.resolve(name, 4, 2.0), look.net.resolve(name, 6, 2.0))
    found = dict.fromkeys(address for one in both for address in one.addresses)
    return tuple(found)[:MOST_ADDRESSES]


def by_curl(look: Look, way: Way, end: End) -> tuple[str, tuple[str, ...]]:
    """The beginning of a URL and the options with which the server's curl sends the name in a
    handshake that nginx would send, and no other: of an address it sends none."""
    if end.socket:
        return f"{way.lead.scheme}://localhost", ("--unix-socket", end.socket)
    there = f"{bracketed(end.host)}:{end.port}"
    if not way.lead.secure or is_address(end.host):
        return f"{way.lead.scheme}://{there}", ()
    shown = server_name(look, way) or "192.0.2.1"  # RFC 5737: nobody is asked there
    led = f"{shown}:{end.port}:{there}"
    return f"{way.lead.scheme}://{shown}:{end.port}", ("--connect-to", led)


# From this machine itself


async def connect(look: Look, end: End, address: str) -> Connected:
    if end.socket:
        from diagnose.net import unix

        return await unix.connect(end.socket, PATIENCE)
    return await look.net.connect(address, end.port, PATIENCE)


def connecting(end: End, address: str) -> str:
    """The command that a person would try it with."""
    argv = ("nc", "-zvU", end.socket) if end.socket else ("nc", "-vz", address, str(end.port))
    return shlex.join(argv)


async def stream(look: Look, end: End, address: str, secure: bool, name: str) -> Stream | Failure:
    """An open connection, inside TLS where that is wanted."""
    done = await connect(look, end, address)
    if done.stream is None or not secure:
        return done.stream or done.failure or Failure("other", "no connection")
    from diagnose.net import tls as net_tls

    sent = None if is_address(name) else name or None
    secured = await net_tls.secure(done.stream, net_tls.context(), sent, PATIENCE)
    return secured.stream or secured.failure or Failure("other", "no handshake")


async def get(
    look: Look, opened: Stream, path: str, name: str, patience: float
) -> tuple[int | None, str, Failure | None]:
    """A request as nginx sends it: the answer's status and the beginning of its text, or why
    there is none."""
    from diagnose.net.tls import converse

    lines = (f"GET {path} HTTP/1.1", f"Host: {name}", "Accept: */*", "Connection: close")
    data = "\r\n".join((*lines, "", "")).encode("ascii", "replace")
    got, failure = await converse(opened, data, _enough, patience)
    known = status(got)
    if known:
        return known, got.partition(b"\r\n\r\n")[2][:2048].decode("latin-1"), None
    return None, "", failure or Failure("protocol", "no HTTP answer")


def _enough(got: bytes) -> bool:
    """The status line is enough, but for an error whose page may say why."""
    if not got.startswith(b"HTTP/1.1 400"):
        return b"\r\n" in got
    _, end, body = got.partition(b"\r\n\r\n")
    return bool(end) and (b"</html>" in body or b"\n" in body)


def status(got: bytes) -> int | None:
    """The status of an answer's first line (RFC 9112 section 4)."""
    words = got.decode("latin-1").split(" ", 2)
    known = len(words) > 1 and words[0].startswith("HTTP/") and words[1].isdecimal()
    return int(words[1]) if known and len(words[1]) == 3 else None
