"""The applications behind nginx, tried as nginx would try them, and WebSockets both ways: directly
and through the front door. What works directly and fails in front, the proxy breaks.

On a healthy site every application is connected to, and no more. Only once the front door has
failed is one asked for the page, spoken to otherwise than nginx does, and SELinux looked at.
"""

import asyncio
import shlex
from collections.abc import Iterable
from dataclasses import replace

from diagnose.model import Failure, Vantage
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.model.upstream import ServerNames
from diagnose.net.resolvconf import hosts_lines, name_servers
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.http import wants_tls
from diagnose.parsers.nginx import server_blocks, upstreams
from diagnose.parsers.nginx.upstreams import End
from diagnose.probes import Look, probe
from diagnose.probes.inside import upstream_access, upstream_routes, upstream_variants
from diagnose.probes.inside.remote_curl import curl
from diagnose.probes.inside.upstream_routes import Way
from diagnose.probes.inside.websocket_upstream import upgrade, upgrade_there

#: Seconds to wait for an answer.
PATIENCE = 3.0

#: So many applications, and so many WebSocket paths that nobody asked for, are tried.
MOST, MOST_PATHS = 8, 4

#: Names of paths at which WebSockets are usual.
USUAL = ("/ws", "/wss", "/websocket", "/websockets", "/socket", "/socket.io", "/cable", "/sockjs")


@probe(after=NginxConfig)
async def applications(look: Look, seen: NginxConfig) -> None:
    if not look.options.wants("upstream") and not look.options.wants("websocket"):
        return
    found = list(upstream_routes.ways(look, seen))
    tried: dict[tuple[str, str], tuple[Way, End]] = {}
    for way in found:
        for end in way.lead.ends:
            tried.setdefault((way.lead.target, str(end)), (way, end))
    wanted = _websockets(look, found)
    asked = {one.path: one for one in found if one.path in wanted and one.lead.speaks_http}
    open_one = upgrade if look.machine.via == "local" else upgrade_there
    sockets = dict.fromkeys(end.socket for _, end in tried.values() if end.socket)
    await asyncio.gather(
        *(upstream_variants.knock(look, way, end) for way, end in list(tried.values())[:MOST]),
        *(open_one(look, way) for way in asked.values()),
        upstream_access.sockets(look, seen, list(sockets)[:MOST]),
    )


def _websockets(look: Look, found: list[Way]) -> tuple[str, ...]:
    """The paths that were asked for; besides, those that the configuration proxies one at."""
    more = [
        way.path
        for way in found
        if way.path.startswith("/")
        and (server_blocks.header(way.place, "Upgrade") or way.path.rstrip("/") in USUAL)
        and way.path not in look.target.websockets
    ]
    return (*look.target.websockets, *dict.fromkeys(more[:MOST_PATHS]))


@probe(after=NginxConfig)
async def names(look: Look, seen: NginxConfig) -> None:
    """Where names that nginx has no resolver for could be looked up."""
    found = (
        upstreams.unresolved(seen.main, way.place, way.lead)
        for way in upstream_routes.ways(look, seen)
    )
    wanted = set(filter(None, found))
    if not wanted:
        return
    at = look.now()
    files = ("/etc/resolv.conf", "/etc/hosts")
    resolv, hosts = await asyncio.gather(*(look.machine.read(path, 65536) for path in files))
    look.see(
        ServerNames(
            vantage=Vantage.SERVER,
            at=at,
            took=look.now() - at,
            equivalent=shlex.join(["cat", *files]),
            failure=resolv.failure,
            resolvers=name_servers(resolv.text),
            written=tuple(name for name in sorted(wanted) if hosts_lines(hosts.text, name)),
        )
    )


# Once the front door has failed


@probe(after=Exchange)
async def behind_a_broken_door(look: Look, seen: Exchange) -> None:
    """What the front door answers tells that the application failed, and not how."""
    for config in look.seen(NginxConfig)[:1]:
        if _is_broken(look, seen):
            await _ask(look, config)


@probe(after=Upgrade)
async def behind_a_broken_websocket(look: Look, seen: Upgrade) -> None:
    """The page may come all the same."""
    for config in look.seen(NginxConfig)[:1]:
        if _is_lost(seen):
            await _otherwise(look, config, (seen.path,))


@probe(after=NginxConfig)
async def behind_a_door_broken_before(look: Look, seen: NginxConfig) -> None:
    """The same where the door's answer came first."""
    if any(_is_broken(look, one) for one in look.seen(Exchange)):
        await _ask(look, seen)
    paths = {one.path for one in look.seen(Upgrade) if _is_lost(one)}
    if paths:
        await _otherwise(look, seen, paths)


def _is_broken(look: Look, seen: Exchange) -> bool:
    if seen.purpose != "target" or seen.port != look.target.port:
        return False
    silent = seen.failure is not None and seen.failure.kind in {"timeout", "closed", "reset"}
    return silent or seen.status in {502, 504} or wants_tls(seen)


def _is_lost(seen: Upgrade) -> bool:
    if seen.variant != "normal":
        return False
    if seen.through == "front":
        return seen.status in {502, 504}
    # The application itself: it may speak TLS, and nginx does not.
    broken = seen.failure is not None and seen.failure.kind in {"closed", "reset", "protocol"}
    return broken or (seen.status == 400 and "HTTPS" in seen.body)


async def _ask(look: Look, config: NginxConfig) -> None:
    """The target's page of the application itself, as nginx asks for it, once."""
    asked = {one.path for one in look.seen(UpstreamTry) if one.asked}
    found = (one for one in upstream_routes.ways(look, config) if one.path == look.target.path)
    way = next((one for one in found if one.lead.speaks_http), None)
    if way is None or way.path in asked or not look.options.wants("upstream"):
        await upstream_access.selinux(look)
        return
    ask = _ask_here if look.machine.via == "local" else _ask_there
    await asyncio.gather(
        *(ask(look, way, end) for end in way.lead.ends[:4]), upstream_access.selinux(look)
    )


async def _ask_here(look: Look, way: Way, end: End) -> None:
    at = look.now()
    found = ("",) if end.socket else (await upstream_routes.addresses(look, end.host))[:1]
    name, sni = upstream_routes.host(look, way), upstream_routes.server_name(look, way)
    for address in found:
        stream = await upstream_routes.stream(look, end, address, way.lead.secure, sni)
        if isinstance(stream, Failure):
            continue
        status, body, failure = await upstream_routes.get(
            look, stream, way.passed, name, _left(look)
        )
        where = "localhost" if end.socket else f"{upstream_routes.bracketed(address)}:{end.port}"
        more = ("--unix-socket", end.socket) if end.socket else ()
        url = f"{way.lead.scheme}://{where}{way.passed}"
        line = shlex.join(("curl", "-sSik", "-m", "5", *more, "-H", f"Host: {name}", url))
        seen = upstream_routes.tried(way, end, address, at, look.now() - at, line, failure)
        if _is_new(look, seen := replace(seen, asked=True, status=status)):
            look.see(seen)
            await _with_tls(look, way, end, address, body, seen)


async def _ask_there(look: Look, way: Way, end: End) -> None:
    at = look.now()
    base, more = upstream_routes.by_curl(look, way, end)
    field, patience = f"Host: {upstream_routes.host(look, way)}", max(int(_left(look)), 1)
    url = base + way.passed
    done = await curl(look.machine, url, (field,), more=more, patience=patience)
    if done is None or not done.connected:
        return
    address = end.host if is_address(end.host) else ""
    seen = upstream_routes.tried(way, end, address, at, done.took, done.equivalent, done.failure)
    if _is_new(look, seen := replace(seen, asked=True, status=done.status)):
        look.see(seen)
        await _with_tls(look, way, end, address, done.body, seen)


def _is_new(look: Look, seen: UpstreamTry) -> bool:
    """Two answers of the front door at the same moment ask for the same."""
    known = {(one.target, one.end, one.path) for one in look.seen(UpstreamTry) if one.asked}
    return (seen.target, seen.end, seen.path) not in known


async def _with_tls(
    look: Look, way: Way, end: End, address: str, body: str, seen: UpstreamTry
) -> None:
    """Whether the application speaks TLS, where nginx does not and the answer is none."""
    broken = seen.failure is not None and seen.failure.kind != "timeout"
    told = seen.status == 400 and ("HTTPS" in body or "SSL" in body or "TLS" in body)
    if way.lead.scheme == "http" and (broken or told):
        await upstream_variants.by_name(look, way, end, address, None)


async def _otherwise(look: Look, config: NginxConfig, paths: Iterable[str]) -> None:
    """At the paths of WebSockets: with TLS, where nginx speaks without."""
    lost = [one for one in look.seen(Upgrade) if _is_lost(one) and one.path in set(paths)]
    broken = {one.path for one in lost if one.through != "front"}
    plain = {
        one.lead.target: one
        for one in upstream_routes.ways(look, config)
        if one.path in broken and one.lead.scheme == "http"
    }
    work = [_first_with_tls(look, way) for way in plain.values()]
    if any(one.through == "front" for one in lost):
        work.append(upstream_access.selinux(look))
    await asyncio.gather(*work)


async def _first_with_tls(look: Look, way: Way) -> None:
    """At the first of its servers."""
    end = way.lead.ends[0]
    address = "" if end.socket else end.host
    if look.machine.via == "local" and address:
        address = next(iter(await upstream_routes.addresses(look, end.host)), "")
    elif not is_address(address):
        address = ""
    await upstream_variants.by_name(look, way, end, address, None)


def _left(look: Look) -> float:
    """Seconds to wait for an answer, so that the run is not over before."""
    return max(1.0, min(PATIENCE, look.options.timeout - look.now() - 1.0))
