"""WebSockets both ways: with the application itself, and through the front door. What works
directly and fails in front, the proxy breaks.
"""

import shlex

from diagnose.model import Failure, Vantage
from diagnose.model.http import Upgrade
from diagnose.model.nginx import NginxBuild
from diagnose.net import Stream
from diagnose.parsers.http import engine_path
from diagnose.parsers.nginx.config import number
from diagnose.parsers.nginx.server_blocks import Place
from diagnose.parsers.nginx.upstreams import End
from diagnose.probes import Look
from diagnose.probes.inside import upstream_routes
from diagnose.probes.inside.remote_curl import FIELDS, curl
from diagnose.probes.inside.upstream_routes import Way, bracketed

#: Seconds. An application on the same machine or network answers in milliseconds.
PATIENCE = 3.0


async def upgrade(look: Look, way: Way) -> None:
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


async def upgrade_there(look: Look, way: Way) -> None:
    """The same, by the server's curl."""
    server, whole_path = way.lead.ends[0], engine_path(way.path)
    path = engine_path(way.passed)
    base, more = upstream_routes.by_curl(look, way, server)
    where = _where(server, server.host)
    fields = (f"Host: {upstream_routes.host(look, way)}", *FIELDS)
    direct = await _curled(look, way, base + path, fields, where, "application", more=more)
    if direct is None or direct.failure:
        return
    asked = way.path in look.target.websockets
    if (direct.accepted or asked) and not (asked and look.options.outside):
        address = {"*": "127.0.0.1", "::": "::1"}.get(way.socket.address, way.socket.address)
        scheme = "https" if look.target.scheme in {"https", "wss"} else "http"
        front = f"{scheme}://{look.target.authority}{whole_path}"
        led = f"{look.target.host}:{way.socket.port}:{bracketed(address)}"
        end = (address, way.socket.port)
        await _curled(look, way, front, FIELDS, end, "front", more=("--resolve", led))
    if asked and direct.status and not direct.accepted and strips(way):
        await _curled(
            look, way, base + whole_path, fields, where, "application", "whole-path", more
        )  # fmt: skip
    if direct.accepted and not speaks_1_1(way.place, look.seen(NginxBuild)):
        await _curled(look, way, base + path, fields, where, "application", "http-1.0", more)


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
    if done is None or (done.failure and (through == "front" or not done.connected)):
        # Why a door does not open, others tell.
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
    return way.passed != way.path


async def _direct(look: Look, way: Way, variant: str = "normal") -> Upgrade | None:
    """The application itself, asked as nginx asks it; "whole-path" as the visitor asks nginx."""
    name = upstream_routes.server_name(look, way)
    for end in way.lead.ends:
        for address in ("",) if end.socket else await upstream_routes.addresses(look, end.host):
            stream = await upstream_routes.stream(look, end, address, way.lead.secure, name)
            if isinstance(stream, Failure):
                continue
            path = engine_path(way.path if variant == "whole-path" else way.passed)
            url = f"ws://{upstream_routes.host(look, way)}{path}"
            at, port = _where(end, address)
            seen = await _shake(look, stream, url, way.path, at, port, "application", variant)
            return look.see(seen)
    return None


async def _front(look: Look, way: Way) -> None:
    """The site's own door, from the server: over loopback where nginx listens on all addresses."""
    address = {"*": "127.0.0.1", "::": "::1"}.get(way.socket.address, way.socket.address)
    secure = look.target.scheme in {"https", "wss"}
    name = look.target.host
    stream = await upstream_routes.stream(
        look, End(address, way.socket.port), address, secure, name
    )
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
        held_s=done.held_s,
        ended=done.ended,
        close_reason=done.close_reason,
        frames=done.frames,
        origin=origin + look.target.authority,
    )


async def _over_1_0(look: Look, way: Way, direct: Upgrade) -> None:
    """The same handshake in HTTP/1.0, as nginx sends it without proxy_http_version 1.1."""
    from diagnose.net.tls import converse

    at = look.now()
    socket = direct.address.removeprefix("unix:") if direct.address.startswith("unix:") else ""
    end, name = End(direct.address, direct.port, socket), upstream_routes.server_name(look, way)
    stream = await upstream_routes.stream(look, end, direct.address, way.lead.secure, name)
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
    status = upstream_routes.status(got)
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


def _where(end: End, address: str) -> tuple[str, int]:
    return (f"unix:{end.socket}", 0) if end.socket else (address, end.port)


def _equivalent(url: str, address: str, port: int, version: str) -> str:
    """curl ends in a timeout where all is well: a WebSocket that was accepted stays open."""
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    argv = ["curl", "-sSik", "-m", "5", f"--http{version}"]
    if address.startswith("unix:"):
        argv += ["--unix-socket", address.removeprefix("unix:")]
        shown, port = "localhost", 80
    else:
        shown = bracketed(address)
    for field in (f"Host: {host}", *FIELDS):
        argv += ["-H", field]
    return shlex.join([*argv, f"{'https' if scheme == 'wss' else 'http'}://{shown}:{port}/{path}"])
