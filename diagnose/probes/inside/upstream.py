"""The applications behind nginx, tried as nginx would try them, and WebSockets both ways: directly
and through the front door. What works directly and fails in front, the proxy breaks.
"""

import asyncio
import shlex
from collections.abc import Iterator
from dataclasses import replace

from diagnose.frozen import frozen
from diagnose.model import Failure, Unseen, Vantage
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.nginx import Directive, NginxBuild, NginxConfig, UpstreamTry
from diagnose.net import Connected, Stream
from diagnose.probes import Look, probe
from diagnose.probes.inside.distant import FIELDS, curl
from diagnose.wire import serving
from diagnose.wire.http import engine_path
from diagnose.wire.names import is_address
from diagnose.wire.nginx import number
from diagnose.wire.serving import Application, Place, Socket

#: Seconds. An application on the same machine or network answers in milliseconds.
PATIENCE = 3.0

#: So many applications, and so many WebSocket paths that nobody asked for, are tried.
MOST, MOST_PATHS = 8, 4

#: Names of paths at which WebSockets are usual.
USUAL = ("/ws", "/wss", "/websocket", "/websockets", "/socket", "/socket.io", "/cable", "/sockjs")


@frozen
class Way:
    """The way of one path: the socket and the location that take it, and the application."""

    path: str
    socket: Socket
    place: Place
    passed: Directive
    application: Application


@probe(after=NginxConfig)
async def applications(look: Look, seen: NginxConfig) -> None:
    if not look.options.wants("upstream") and not look.options.wants("websocket"):
        return
    ways = list(_ways(look, seen))
    if not ways:
        return
    tried: dict[tuple[str, str, int], Way] = {}
    for way in ways:
        for host, port in way.application.servers:
            tried.setdefault((way.passed.args[0], host, port), way)
    asked = {one.path: one for one in ways if one.path in _websockets(look, ways)}
    here = look.machine.via == "local"
    connect, upgrade = (_try, _websocket) if here else (_try_there, _websocket_there)
    await asyncio.gather(
        *(connect(look, way, host, port) for (_, host, port), way in list(tried.items())[:MOST]),
        *(upgrade(look, way) for way in asked.values()),
    )


def _ways(look: Look, seen: NginxConfig) -> Iterator[Way]:
    """Of the blocks that answer the target: each location that is proxied, and each path that
    was asked for."""
    every = serving.servers(seen.main)
    found = serving.sockets(every, look.target.port)
    met: set[int] = set()
    for socket in serving.reachable(found, ()):
        server, _ = serving.choose(socket, look.target.host)
        if id(server.block) in met:
            continue
        met.add(id(server.block))
        for path in (look.target.path, *look.target.websockets):
            if way := _way(path, socket, serving.find(server, path)):
                yield way
        for place in serving.places(server):
            given = serving.pattern(place.location)
            path = given.text if given and given.modifier in {"", "=", "^~"} else ""
            if way := _way(path, socket, place):
                yield way


def _way(path: str, socket: Socket, place: Place) -> Way | None:
    passed = serving.passed(place)
    found = serving.application(place, passed) if passed else None
    return Way(path, socket, place, passed, found) if passed and found else None


def _websockets(look: Look, ways: list[Way]) -> tuple[str, ...]:
    """The paths that were asked for; besides, those that the configuration proxies one at."""
    found = [
        way.path
        for way in ways
        if way.path.startswith("/")
        and (serving.header(way.place, "Upgrade") or way.path.rstrip("/") in USUAL)
        and way.path not in look.target.websockets
    ]
    return (*look.target.websockets, *dict.fromkeys(found[:MOST_PATHS]))


async def _try(look: Look, way: Way, host: str, port: int) -> None:
    for address in await _addresses(look, host):
        at = look.now()
        done = await look.net.connect(address, port, PATIENCE)
        if done.stream:
            done.stream.close()
        line = shlex.join(("nc", "-vz", address, str(port)))
        look.see(_tried(way, host, port, address, at, done.took, line, done.failure))


async def _try_there(look: Look, way: Way, host: str, port: int) -> None:
    """From a server that was entered over SSH, where names are the server's to resolve."""
    at = look.now()
    url = f"{way.application.scheme}://{_bracketed(host)}:{port}/"
    done = await curl(look.machine, url, ())
    if done is None:
        what, why = "the applications behind nginx", "the server has no curl"
        unseen = Unseen(
            vantage=Vantage.SERVER, at=at, what=what, why=why, enable="run diagnose on the server"
        )
        if not any(one.what == what for one in look.seen(Unseen)):
            look.see(unseen)
        return
    refused = done.failure if done.failure and done.failure.code in {101, 111, 113} else None
    address = host if is_address(host) else ""
    look.see(_tried(way, host, port, address, at, done.took, done.equivalent, refused))


def _tried(
    way: Way,
    host: str,
    port: int,
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
        target=way.passed.args[0],
        host=host,
        port=port,
        address=address,
        path=way.path,
        scheme=way.application.scheme,
        file=way.passed.file,
        line=way.passed.line,
    )


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


async def _addresses(look: Look, host: str) -> tuple[str, ...]:
    """As nginx does at its start: all addresses of a name."""
    if is_address(host):
        return (host,)
    both = await asyncio.gather(look.net.resolve(host, 4, 2.0), look.net.resolve(host, 6, 2.0))
    return tuple(dict.fromkeys(address for one in both for address in one.addresses))[:4]


# An application that takes connections and does not answer


@probe(after=Exchange)
async def behind_a_broken_door(look: Look, seen: Exchange) -> None:
    """What the front door answers tells that the application failed, and not how."""
    for config in look.seen(NginxConfig)[:1]:
        if _is_broken(look, seen):
            await _ask(look, config)


@probe(after=NginxConfig)
async def behind_a_door_broken_before(look: Look, seen: NginxConfig) -> None:
    """The same where the door's answer came first."""
    if any(_is_broken(look, one) for one in look.seen(Exchange)):
        await _ask(look, seen)


def _is_broken(look: Look, seen: Exchange) -> bool:
    if seen.purpose != "target" or seen.port != look.target.port:
        return False
    silent = seen.failure is not None and seen.failure.kind in {"timeout", "closed", "reset"}
    return silent or seen.status in {502, 504}


async def _ask(look: Look, config: NginxConfig) -> None:
    """The target's page of the application itself, as nginx asks for it, once."""
    asked = {one.path for one in look.seen(UpstreamTry) if one.asked}
    way = next((one for one in _ways(look, config) if one.path == look.target.path), None)
    if way is None or way.path in asked or not look.options.wants("upstream"):
        return
    ask = _ask_here if look.machine.via == "local" else _ask_there
    await asyncio.gather(*(ask(look, way, *end) for end in way.application.servers[:4]))


async def _ask_here(look: Look, way: Way, host: str, port: int) -> None:
    from diagnose.net.tls import converse

    at = look.now()
    for address in (await _addresses(look, host))[:1]:
        name, path = _host(look, way), serving.path_passed(way.place, way.application, way.path)
        stream = await _stream(look, address, port, way.application.scheme == "https", name)
        if isinstance(stream, Failure):
            continue
        lines = (f"GET {path} HTTP/1.1", f"Host: {name}", "Accept: */*", "Connection: close")
        got, failure = await converse(
            stream,
            "\r\n".join((*lines, "", "")).encode("ascii", "replace"),
            lambda data: b"\r\n" in data,
            _left(look),
        )
        status = _status(got)
        url = f"{way.application.scheme}://{_bracketed(address)}:{port}{path}"
        line = shlex.join(("curl", "-sSik", "-m", "5", "-H", f"Host: {name}", url))
        failure = None if status else failure or Failure("protocol", "no HTTP answer")
        seen = _tried(way, host, port, address, at, look.now() - at, line, failure)
        look.see(replace(seen, asked=True, status=status))


async def _ask_there(look: Look, way: Way, host: str, port: int) -> None:
    at, path = look.now(), serving.path_passed(way.place, way.application, way.path)
    url = f"{way.application.scheme}://{_bracketed(host)}:{port}{path}"
    field = f"Host: {_host(look, way)}"
    done = await curl(look.machine, url, (field,), patience=max(int(_left(look)), 1))
    if done is None or not done.connected:
        return
    address = host if is_address(host) else ""
    seen = _tried(way, host, port, address, at, done.took, done.equivalent, done.failure)
    look.see(replace(seen, asked=True, status=done.status))


def _left(look: Look) -> float:
    """Seconds to wait for an answer, so that the run is not over before."""
    return max(1.0, min(PATIENCE, look.options.timeout - look.now() - 1.0))


def _status(got: bytes) -> int | None:
    """The status of an answer's first line (RFC 9112 section 4)."""
    words = got.decode("latin-1").split(" ", 2)
    known = len(words) > 1 and words[0].startswith("HTTP/") and words[1].isdecimal()
    return int(words[1]) if known and len(words[1]) == 3 else None


# WebSockets


async def _websocket(look: Look, way: Way) -> None:
    """The application itself; if it takes the handshake and nobody else tries it, the front door;
    and over HTTP/1.0, where nginx would speak that to it."""
    direct = await _direct(look, way)
    if direct is None:
        return
    asked = way.path in look.target.websockets
    if (direct.accepted or asked) and not (asked and look.options.outside):
        await _front(look, way)
    if asked and direct.status and not direct.accepted and strips(way):
        await _direct(look, way, "whole-path")
    if direct.accepted and not speaks_1_1(way.place, look.seen(NginxBuild)):
        await _over_1_0(look, way, direct)


async def _websocket_there(look: Look, way: Way) -> None:
    """The same, by the server's curl."""
    host, port = way.application.servers[0]
    path = engine_path(serving.path_passed(way.place, way.application, way.path))
    fields = (f"Host: {_host(look, way)}", *FIELDS)
    url = f"{way.application.scheme}://{_bracketed(host)}:{port}{path}"
    direct = await _curled(look, way, url, fields, (host, port), "application")
    if direct is None or direct.failure:
        return
    asked = way.path in look.target.websockets
    if (direct.accepted or asked) and not (asked and look.options.outside):
        address = {"*": "127.0.0.1", "::": "::1"}.get(way.socket.address, way.socket.address)
        scheme = "https" if look.target.scheme in {"https", "wss"} else "http"
        front = f"{scheme}://{look.target.authority}{engine_path(way.path)}"
        led = f"{look.target.host}:{way.socket.port}:{_bracketed(address)}"
        end = (address, way.socket.port)
        await _curled(look, way, front, FIELDS, end, "front", more=("--resolve", led))
    if asked and direct.status and not direct.accepted and strips(way):
        whole = f"{way.application.scheme}://{_bracketed(host)}:{port}{engine_path(way.path)}"
        await _curled(look, way, whole, fields, (host, port), "application", "whole-path")
    if direct.accepted and not speaks_1_1(way.place, look.seen(NginxBuild)):
        await _curled(look, way, url, fields, (host, port), "application", "http-1.0")


async def _curled(
    look: Look,
    way: Way,
    url: str,
    fields: tuple[str, ...],
    end: tuple[str, int],
    through: str,
    variant: str = "normal",
    more: tuple[str, ...] = (),
) -> Upgrade | None:
    at = look.now()
    version = "1.0" if variant == "http-1.0" else "1.1"
    done = await curl(look.machine, url, fields, version, more)
    if done is None or (done.failure and through == "front"):
        # Why the front door does not open, others tell.
        return None
    seen = Upgrade(
        vantage=Vantage.SERVER,
        at=at,
        took=done.took,
        equivalent=done.equivalent,
        failure=done.failure,
        url=f"ws{url.removeprefix('http')}",
        path=way.path,
        address=end[0],
        port=end[1],
        variant=variant,
        through=through,
        status=done.status,
        accepted=done.accepted or (variant == "http-1.0" and done.status == 101),
        fault="" if done.accepted or done.failure else "status",
        body=done.body,
    )
    asked = way.path in look.target.websockets
    return look.see(seen) if through != "front" or asked or _is_telling(seen) else seen


def speaks_1_1(place: Place, builds: tuple[NginxBuild, ...]) -> bool:
    """Whether nginx speaks HTTP/1.1 to the application: the default since 1.29.7."""
    given = place.one("proxy_http_version")
    if given:
        return given.args[:1] != ("1.0",)
    return any((number(build.version) or (0,)) >= (1, 29, 7) for build in builds)


def strips(way: Way) -> bool:
    """Whether nginx asks the application for another path than the visitor asked for."""
    return serving.path_passed(way.place, way.application, way.path) != way.path


async def _direct(look: Look, way: Way, variant: str = "normal") -> Upgrade | None:
    """The application itself, asked as nginx asks it; "whole-path" as the visitor asks nginx."""
    for host, port in way.application.servers:
        for address in await _addresses(look, host):
            stream = await _stream(look, address, port, way.application.scheme == "https", host)
            if isinstance(stream, Failure):
                continue
            passed = serving.path_passed(way.place, way.application, way.path)
            path = engine_path(way.path if variant == "whole-path" else passed)
            url = f"ws://{_host(look, way)}{path}"
            seen = await _shake(
                look, stream, url, way.path, address, port, "application", variant
            )  # fmt: skip
            return look.see(seen)
    return None


def _host(look: Look, way: Way) -> str:
    """The Host header that nginx would send (proxy_set_header: "Host $proxy_host")."""
    given = serving.header(way.place, "Host")
    request = {
        "host": look.target.host,
        "http_host": look.target.authority,
        "server_name": look.target.host,
        "proxy_host": way.application.authority,
        "server_port": str(look.target.port),
    }
    text = given.args[1] if given and len(given.args) > 1 else "$proxy_host"
    host = serving.value(way.place, text, request)
    return host if host and "/" not in host else look.target.authority


async def _front(look: Look, way: Way) -> None:
    """The site's own door, from the server: over loopback where nginx listens on all addresses."""
    address = {"*": "127.0.0.1", "::": "::1"}.get(way.socket.address, way.socket.address)
    secure = look.target.scheme in {"https", "wss"}
    name = look.target.host
    stream = await _stream(look, address, way.socket.port, secure, name)
    if isinstance(stream, Failure):
        return
    url = f"{'wss' if secure else 'ws'}://{look.target.authority}{engine_path(way.path)}"
    seen = await _shake(look, stream, url, way.path, address, way.socket.port, "front")
    if way.path in look.target.websockets or _is_telling(seen):
        look.see(seen)


def _is_telling(seen: Upgrade) -> bool:
    """Whether an answer at a path that nobody asked about says anything of WebSockets: not a
    redirect, a rule, a limit, or a door that wants a client certificate."""
    rules = {401, 403, 429, 503}
    about_tls = seen.status == 400 and "SSL certificate" in seen.body
    status = seen.status or 0
    return not (about_tls or status in rules or 300 <= status < 400)


async def _stream(look: Look, address: str, port: int, secure: bool, name: str) -> Stream | Failure:
    done: Connected = await look.net.connect(address, port, PATIENCE)
    if done.stream is None or not secure:
        return done.stream or done.failure or Failure("other", "no connection")
    from diagnose.net import tls as net_tls

    sent = None if is_address(name) else name
    secured = await net_tls.secure(done.stream, net_tls.context(), sent, PATIENCE)
    return secured.stream or secured.failure or Failure("other", "no handshake")


async def _shake(
    look: Look,
    stream: Stream,
    url: str,
    path: str,
    address: str,
    port: int,
    through: str,
    variant: str = "normal",
) -> Upgrade:
    from diagnose.net.websocket import shake

    at = look.now()
    origin = f"{'https' if look.target.scheme in {'https', 'wss'} else 'http'}://"
    done = await shake(stream, url, origin + look.target.authority, timeout=PATIENCE)
    answer = done.answer
    return Upgrade(
        vantage=Vantage.SERVER,
        at=at,
        took=answer.took,
        equivalent=_equivalent(url, address, port, "1.1"),
        failure=answer.failure,
        url=url,
        path=path,
        address=address,
        port=port,
        variant=variant,
        through=through,
        status=answer.status,
        reason=answer.reason,
        headers=answer.headers,
        body=answer.body,
        accepted=done.accepted,
        fault=done.fault,
        subprotocol=done.subprotocol,
        ping_s=done.ping_s,
        close_code=done.close_code,
    )


async def _over_1_0(look: Look, way: Way, direct: Upgrade) -> None:
    """The same handshake in HTTP/1.0, as nginx sends it without proxy_http_version 1.1."""
    from diagnose.net.tls import converse

    at = look.now()
    secure = way.application.scheme == "https"
    stream = await _stream(look, direct.address, direct.port, secure, _host(look, way))
    if isinstance(stream, Failure):
        return
    where = direct.url.partition("://")[2]
    host, _, path = where.partition("/")
    lines = (f"GET /{path} HTTP/1.0", f"Host: {host}", *FIELDS, "", "")
    got, failure = await converse(
        stream,
        "\r\n".join(lines).encode("ascii", "replace"),
        lambda data: b"\r\n" in data,
        PATIENCE,
    )
    status = _status(got)
    look.see(
        Upgrade(
            vantage=Vantage.SERVER,
            at=at,
            took=look.now() - at,
            equivalent=_equivalent(direct.url, direct.address, direct.port, "1.0"),
            failure=None if status else failure,
            url=direct.url,
            path=direct.path,
            address=direct.address,
            port=direct.port,
            variant="http-1.0",
            through="application",
            status=status,
            accepted=status == 101,
            fault="" if status == 101 else "status",
        )
    )


def _equivalent(url: str, address: str, port: int, version: str) -> str:
    """curl ends in a timeout where all is well: a WebSocket that was accepted stays open."""
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    shown = f"[{address}]" if ":" in address else address
    argv = ["curl", "-sSik", "-m", "5", f"--http{version}"]
    for field in (f"Host: {host}", *FIELDS):
        argv += ["-H", field]
    return shlex.join([*argv, f"{'https' if scheme == 'wss' else 'http'}://{shown}:{port}/{path}"])
