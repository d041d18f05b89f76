"""The application, asked for the target's page itself, once the front door has answered 502 or as
a server answers a name that is not its own: how large is the head of its answer, and does it
answer another name in the Host field? Likewise a WebSocket that it refused.
"""

import asyncio
import shlex

from diagnose.model import Failure, Vantage
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.nginx import NginxBuild, NginxConfig
from diagnose.model.requests import Asked
from diagnose.net import Stream
from diagnose.parsers.http import engine_path
from diagnose.parsers.nginx import proxy_headers as wire
from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.upstreams import End
from diagnose.probes import Look, probe
from diagnose.probes.inside import upstream_routes
from diagnose.probes.inside.remote_curl import FIELDS, curl
from diagnose.probes.inside.upstream_routes import Way
from diagnose.probes.inside.websocket_upstream import speaks_1_1

#: Seconds. An application on the same machine or network answers in milliseconds.
PATIENCE = 3.0

#: Bytes of an answer. A head larger than this is refused by every proxy.
LIMIT = 131072

#: So many names by which an application may know itself are tried.
MOST_NAMES = 2

#: curl(1), "EXIT CODES": the connection was there, and ended without an answer.
_ENDED = {
    28: Failure("timeout", "timed out"),
    52: Failure("closed", "connection closed"),
    56: Failure("reset", "Connection reset by peer"),
}


@probe(after=Exchange)
async def page_refused(look: Look, seen: Exchange) -> None:
    """The first such answer: the page may be asked for at several addresses."""
    telling = [one for one in look.seen(Exchange) if _tells(look, one)]
    for config in look.seen(NginxConfig)[:1]:
        if telling and telling[0] is seen:
            await _ask(look, config)


@probe(after=NginxConfig)
async def page_refused_before(look: Look, seen: NginxConfig) -> None:
    """The same where the door's answer came first."""
    if any(_tells(look, one) for one in look.seen(Exchange)):
        await _ask(look, seen)


def _tells(look: Look, seen: Exchange) -> bool:
    ours = seen.purpose == "target" and seen.port == look.target.port
    return ours and (seen.status == 502 or wire.may_mind_host(seen.status, seen.body))


async def _ask(look: Look, config: NginxConfig) -> None:
    """Under the name that nginx sends and under others, side by side."""
    way = _way(look, config, look.target.path)
    wanted = look.options.wants("upstream") or look.options.wants("http")
    if way is None or not wanted or look.target.websockets == (way.path,):
        return
    every = server_blocks.servers(config.main)
    await asyncio.gather(*(_asked(look, way, *one) for one in _hosts(look, way, every)))


def _way(look: Look, config: NginxConfig, path: str) -> Way | None:
    found = (
        one
        for one in upstream_routes.ways(look, config)
        if one.path == path and one.lead.speaks_http
    )
    return next(found, None)


def _hosts(look: Look, way: Way, every: tuple[server_blocks.Server, ...]) -> list[tuple[str, str]]:
    """Each Host field once, with the kind of name in it. "" where nginx sends none."""
    sent = wire.host_passed(way.place, way.lead, look.target)
    if sent is None:
        return []
    own = [("own", name) for name in wire.own_names(way.place, way.lead, every)]
    found: dict[str, str] = {}
    for variant, host in (("passed", sent), ("visitor", look.target.authority), *own):
        if variant != "own" or list(found.values()).count("own") < MOST_NAMES:
            found.setdefault(host, variant)
    return [(variant, host) for host, variant in found.items()]


@frozen
class _Answer:
    """What came from whom, and the command that a person would type."""

    end: tuple[str, int]
    equivalent: str
    got: bytes
    failure: Failure | None


async def _asked(look: Look, way: Way, variant: str, sent: str) -> None:
    at = look.now()
    done = await (_ask_here if look.machine.via == "local" else _ask_there)(look, way, sent)
    if done is None:
        return
    found = wire.head(done.got)
    look.see(
        Asked(
            vantage=Vantage.SERVER,
            at=at,
            took=look.now() - at,
            equivalent=done.equivalent,
            failure=None if found.status else done.failure or Failure("protocol", "no HTTP answer"),
            target=way.lead.target,
            path=way.path,
            address=done.end[0],
            port=done.end[1],
            variant=variant,
            sent=sent,
            status=found.status,
            reason=found.reason,
            head=found.size,
            largest=found.largest,
            body=found.body,
        )
    )


def _lines(look: Look, way: Way, sent: str) -> list[str]:
    """The request's fields, as nginx sends them."""
    given = wire.fields_passed(way.place, way.lead, look.target)
    return [f"Host: {sent}", *(f"{name}: {value}" for name, value in given), "Accept: */*"]


async def _ask_here(look: Look, way: Way, sent: str) -> _Answer | None:
    from diagnose.net.tls import converse

    opened = await _open(look, way)
    if opened is None:
        return None
    end, stream = opened
    version = _version(look, way)
    lines = _lines(look, way, sent)
    request = (f"GET {way.passed} HTTP/{version}", *lines, "Connection: close", "", "")
    got, failure = await converse(
        stream,
        "\r\n".join(request).encode("ascii", "replace"),
        lambda data: b"\r\n\r\n" in data,
        _left(look),
        LIMIT,
    )
    return _Answer(
        _named(end), shlex.join(_curl(look, way, way.passed, lines, version)), got, failure
    )


async def _ask_there(look: Look, way: Way, sent: str) -> _Answer | None:
    """By the server's own curl."""
    argv = _curl(look, way, way.passed, _lines(look, way, sent), _version(look, way))
    ran = await look.machine.run(*argv, timeout=PATIENCE + 4.0)
    failure = None if ran.out else _ENDED.get(ran.status or 0)
    if not ran.out and failure is None:
        return None
    got = ran.out.encode("utf-8", "replace")
    return _Answer(_named(way.lead.ends[0]), shlex.join(argv), got, failure)


def _curl(look: Look, way: Way, asked: str, lines: list[str], version: str) -> list[str]:
    base, more = upstream_routes.by_curl(look, way, way.lead.ends[0])
    argv = ["curl", "-sSik", "-m", f"{PATIENCE:.0f}", f"--http{version}", *more]
    for line in lines:
        argv += ["-H", line]
    return [*argv, f"{base}{asked}"]


def _version(look: Look, way: Way) -> str:
    return "1.1" if speaks_1_1(way.place, look.seen(NginxBuild)) else "1.0"


async def _open(look: Look, way: Way) -> tuple[End, Stream] | None:
    """A connection to the first server of the group that takes one."""
    name = upstream_routes.server_name(look, way)
    for end in way.lead.ends[:4]:
        for address in ("",) if end.socket else await upstream_routes.addresses(look, end.host):
            stream = await upstream_routes.stream(look, end, address, way.lead.secure, name)
            if not isinstance(stream, Failure):
                return end if end.socket else End(address, end.port), stream
    return None


def _named(end: End) -> tuple[str, int]:
    return (f"unix:{end.socket}", 0) if end.socket else (end.host, end.port)


def _left(look: Look) -> float:
    return max(1.0, min(PATIENCE, look.options.timeout - look.now() - 1.0))


# WebSockets


@probe(after=Upgrade)
async def websocket_refused(look: Look, seen: Upgrade) -> None:
    for config in look.seen(NginxConfig)[:1]:
        if _may_mind_host(look, seen):
            await _by_visitors_name(look, config, seen.path)


@probe(after=NginxConfig)
async def websocket_refused_before(look: Look, seen: NginxConfig) -> None:
    for one in look.seen(Upgrade):
        if _may_mind_host(look, one):
            await _by_visitors_name(look, seen, one.path)


def _may_mind_host(look: Look, seen: Upgrade) -> bool:
    """The application refuses what nginx would send it; or, where that was tried without an
    Origin, the front door opens only to those that have none."""
    if seen.path not in look.target.websockets:
        return False
    if seen.through == "application":
        return seen.variant == "normal" and seen.status is not None and not seen.accepted
    return look.machine.via != "local" and seen.variant == "no-origin" and seen.accepted


async def _by_visitors_name(look: Look, config: NginxConfig, path: str) -> None:
    """The same handshake with the site's own name in the Host field, where nginx sends another."""
    way = _way(look, config, path)
    sent = wire.host_passed(way.place, way.lead, look.target) if way else None
    if way is None or sent in {None, look.target.authority, look.target.host}:
        return
    at, asked = look.now(), engine_path(way.passed)
    scheme = "https" if look.target.scheme in {"https", "wss"} else "http"
    origin = f"{scheme}://{look.target.authority}"
    lines = [f"Host: {look.target.authority}", *FIELDS, f"Origin: {origin}"]
    shake = _shake_here if look.machine.via == "local" else _shake_there
    done = await shake(look, way, asked, lines, origin)
    if done is None:
        return
    end, status, accepted = done
    look.see(
        Upgrade(
            vantage=Vantage.SERVER,
            at=at,
            took=look.now() - at,
            equivalent=shlex.join(_curl(look, way, asked, lines, "1.1")),
            url=f"ws://{look.target.authority}{asked}",
            path=path,
            address=end[0],
            port=end[1],
            variant="visitor-host",
            through="application",
            status=status,
            accepted=accepted,
            fault="" if accepted else "status",
        )
    )


Shaken = tuple[tuple[str, int], int | None, bool]


async def _shake_here(
    look: Look, way: Way, asked: str, lines: list[str], origin: str
) -> Shaken | None:
    from diagnose.net.websocket import shake

    opened = await _open(look, way)
    if opened is None:
        return None
    url = f"ws://{look.target.authority}{asked}"
    done = await shake(opened[1], url, origin, timeout=_left(look))
    return _named(opened[0]), done.answer.status, done.accepted


async def _shake_there(
    look: Look, way: Way, asked: str, lines: list[str], origin: str
) -> Shaken | None:
    base, more = upstream_routes.by_curl(look, way, way.lead.ends[0])
    done = await curl(look.machine, f"{base}{asked}", tuple(lines), more=more)
    failed = done is None or done.failure
    return (
        None if done is None or failed else (_named(way.lead.ends[0]), done.status, done.accepted)
    )
