"""Asks nginx's own `resolver` for the name of an application, after the site failed.

With a variable in proxy_pass nginx asks these servers only, not the system's, and it reads no hosts
file. The system's resolvers are asked too, as a control. Over SSH the questions go over TCP,
because only TCP connections can be made from the server without a program of ours there.
"""

import asyncio
import shlex
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from diagnose.model import Failure, Vantage
from diagnose.model.addresses import bracketed
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.nginx import NginxConfig
from diagnose.model.upstream import NameAnswer
from diagnose.net.error_mapping import failure_of
from diagnose.parsers.nginx import upstreams
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside import upstream_routes
from diagnose.probes.inside.server_names import emit_server_names
from diagnose.probes.outside.dns_queries import ENCODE
from diagnose.processes import parser_process

#: Seconds. nginx gives up after 30 (resolver_timeout); a resolver that works needs less than one.
PATIENCE = 2.0

#: Maximum number of servers of each kind that are asked.
MAX_SERVERS = 3

_READ = "diagnose.parsers.dns:parse_answer"
_RDTYPES: tuple[Literal["A", "AAAA"], ...] = ("A", "AAAA")


@frozen
class _Question:
    """A name, the resolvers of nginx for it, and the record types that nginx asks for."""

    name: str
    sockets: tuple[tuple[str, int], ...]
    rdtypes: tuple[str, ...]


@probe(after=Exchange)
async def page_failed(ctx: ProbeContext, exchange: Exchange) -> None:
    if _has_failed(exchange):
        await _ask_for_names(ctx, exchange)


@probe(after=Upgrade)
async def upgrade_failed(ctx: ProbeContext, upgrade: Upgrade) -> None:
    if _has_failed(upgrade):
        await _ask_for_names(ctx, upgrade)


@probe(after=NginxConfig)
async def failed_before(ctx: ProbeContext, _: NginxConfig) -> None:
    failures = _failures(ctx)
    if failures:
        await _ask_for_names(ctx, failures[0])


def _failures(ctx: ProbeContext) -> list[Exchange | Upgrade]:
    responses: list[Exchange | Upgrade] = [*ctx.observed(Exchange), *ctx.observed(Upgrade)]
    return [response for response in responses if _has_failed(response)]


def _has_failed(response: Exchange | Upgrade) -> bool:
    """Whether nginx got nothing from the application. It waits 30 s for a resolver by default, so a
    timeout counts."""
    is_visit = response.purpose == "target" if isinstance(response, Exchange) else response.is_visit
    kind = response.failure.kind if response.failure else ""
    return is_visit and (response.status in {502, 504} or kind in {"timeout", "closed", "reset"})


async def _ask_for_names(ctx: ProbeContext, failure: Exchange | Upgrade) -> None:
    """Ask once, after the first failure."""
    configs = ctx.observed(NginxConfig)[:1]
    if not configs or _failures(ctx)[0] is not failure or not ctx.options.wants("upstream"):
        return
    questions = list(_questions(ctx, configs[0]))
    if questions and not ctx.observed(NameAnswer):
        own = await emit_server_names(ctx, [question.name for question in questions])
        names = tuple((server, 53) for server in own.resolvers)
        await asyncio.gather(
            *(
                _ask(ctx, question.name, socket, rdtype, of_nginx)
                for question in questions
                for of_nginx, sockets in ((True, question.sockets), (False, names))
                for socket in sockets[:MAX_SERVERS]
                for rdtype in _RDTYPES
                if rdtype in question.rdtypes
            )
        )


def _questions(ctx: ProbeContext, config: NginxConfig) -> Iterator[_Question]:
    paths = {ctx.target.path, *ctx.target.websockets}
    known_names: set[str] = set()
    for route in upstream_routes.find_routes(ctx, config):
        name = upstreams.name_per_request(config.main, route.upstream)
        resolver = upstreams.resolver_of(route.place)
        if route.path in paths and name and resolver and name not in known_names:
            known_names.add(name)
            yield _Question(name, resolver.sockets, resolver.rdtypes)


async def _ask(
    ctx: ProbeContext,
    name: str,
    socket: tuple[str, int],
    rdtype: Literal["A", "AAAA"],
    of_nginx: bool,
) -> None:
    address, port = socket
    over_tcp = ctx.machine.via != "local"
    words = ["dig", f"@{address}", "-p", str(port), name, rdtype, "+time=2", "+tries=1"]
    answer = NameAnswer(
        vantage=Vantage.SERVER,
        at=ctx.elapsed(),
        equivalent=shlex.join([*words, *(["+tcp"] if over_tcp else [])]),
        name=name,
        resolver=f"{bracketed(address)}:{port}",
        rdtype=rdtype,
        of_nginx=of_nginx,
        over_tcp=over_tcp,
    )
    send = _send_from_server if over_tcp else _send_from_here
    try:
        query = await parser_process.call(ENCODE, name, rdtype, edns=False)
        reply = await send(ctx, socket, query)
        if isinstance(reply, Failure):
            ctx.emit(replace(answer, took=ctx.elapsed() - answer.at, failure=reply))
            return
        parsed = await parser_process.call(_READ, reply, name, rdtype)
    except (OSError, TimeoutError, EOFError) as error:
        ctx.emit(replace(answer, took=ctx.elapsed() - answer.at, failure=failure_of(error)))
    except ValueError as error:
        failure = Failure("protocol", str(error))
        ctx.emit(replace(answer, took=ctx.elapsed() - answer.at, failure=failure))
    else:
        took = ctx.elapsed() - answer.at
        ctx.emit(replace(answer, took=took, rcode=parsed.rcode, addresses=parsed.records))


_Reply = bytes | Failure


async def _send_from_here(ctx: ProbeContext, socket: tuple[str, int], query: bytes) -> _Reply:
    return await ctx.net.ask(f"{socket[0]}#{socket[1]}", query, timeout=PATIENCE)


async def _send_from_server(ctx: ProbeContext, socket: tuple[str, int], query: bytes) -> _Reply:
    """Send a query over TCP, with its length in front (RFC 1035 section 4.2.2)."""
    attempt = await ctx.machine.connect(*socket, PATIENCE)
    if attempt.stream is None:
        return attempt.failure or Failure("other", "no connection")
    try:
        await attempt.stream.write(len(query).to_bytes(2, "big") + query, PATIENCE)
        reply = b""
        while len(reply) < 2 or len(reply) < 2 + int.from_bytes(reply[:2], "big"):
            data = await attempt.stream.read(timeout=PATIENCE)
            if not data:
                raise EOFError("the connection was closed without an answer")
            reply += data
        return reply[2 : 2 + int.from_bytes(reply[:2], "big")]
    finally:
        attempt.stream.close()
