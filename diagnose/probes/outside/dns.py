"""Probes for the target's name: how this machine resolves it, and what DNS itself answers.

The system's resolution and the direct queries run concurrently, and so do the two families.
Further queries are made only after a failure. Queries that are only informative run alongside the
others with a short timeout, so that they do not lengthen a run.
"""

import asyncio
import ipaddress
import os
import shlex
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from diagnose.model import Failure, Unseen
from diagnose.model.addresses import is_private
from diagnose.model.dns import (
    ADDRESS_TYPES,
    DnsAnswer,
    HostsEntry,
    QueryPurpose,
    Resolution,
    ResolvedBy,
    ResolverConfig,
    alias_loop,
    final_answers_of,
    is_loopback_name,
)
from diagnose.model.frozen import frozen
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake
from diagnose.net import resolvconf
from diagnose.probes import ProbeContext, probe
from diagnose.probes.outside.dns_delegation import ask_after_failure, ask_name_servers
from diagnose.probes.outside.dns_queries import ENCODE, PATIENCE, Query, ask
from diagnose.probes.outside.dns_records import ask_caa, ask_sibling, try_service_records
from diagnose.probes.outside.uplinks import emit_uplinks
from diagnose.processes import parser_process

#: Maximum number of addresses of one family that are probed.
MAX_ADDRESSES = 8

#: The addresses of a name under localhost (RFC 6761 section 6.3).
LOOPBACK = {4: "127.0.0.1", 6: "::1"}

#: Maximum number of aliases that the probe follows itself. Resolvers give up after 8 to 16.
MAX_ALIASES = 12

#: Maximum number of parent domains that are queried.
MAX_PARENTS = 5

#: Seconds to wait for an informative answer.
OPTIONAL_PATIENCE = 0.5

# The errors of getaddrinfo(3) for a response code, from netdb.h.
_EAI = {
    "NXDOMAIN": Failure("resolution", "Name or service not known", -2, "EAI_NONAME"),
    "NOERROR": Failure("resolution", "No address associated with hostname", -5, "EAI_NODATA"),
}
_EAI_AGAIN = Failure("resolution", "Temporary failure in name resolution", -3, "EAI_AGAIN")


@probe()
async def resolve(ctx: ProbeContext) -> None:
    name, only_family = ctx.target.host, ctx.options.family
    if ctx.options.by_proxy:
        # The proxy resolves the name; here the name takes the place of its addresses.
        ctx.emit(Resolution(at=ctx.elapsed(), name=name, family=4, addresses=(name,), via="proxy"))
        return
    if literal := _literal_address(name, ctx.options.address):
        address, via = literal
        family = 6 if ":" in address else 4
        resolution = Resolution(name=name, family=family, addresses=(address,), via=via)
        ctx.emit(replace(resolution, at=ctx.elapsed()))
        return
    families = (only_family,) if only_family in ADDRESS_TYPES else tuple(ADDRESS_TYPES)
    if is_loopback_name(name):
        await _resolve_loopback(ctx, name, families)
        return
    system: list[asyncio.Future[None]] = []
    if not ctx.options.resolver:
        system = [
            asyncio.ensure_future(_resolve_by_system(ctx, name, family)) for family in families
        ]
    ctx.start(_query_dns(ctx, name, families, system))
    await asyncio.gather(*system)


def _literal_address(host: str, option: str | None) -> tuple[str, ResolvedBy] | None:
    """Return the address that needs no resolution and its origin, or None."""
    if option:
        return option, "option"
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return None
    return host, "literal"


async def _resolve_loopback(ctx: ProbeContext, name: str, families: tuple[int, ...]) -> None:
    """Resolve a loopback name with the system, never with DNS (RFC 6761 section 6.3).

    If the system does not know the name, use the loopback addresses, like browsers and curl.
    """
    await asyncio.gather(*(_resolve_by_system(ctx, name, family) for family in families))
    if _has_resolution(ctx):
        return
    for family in families:
        address = LOOPBACK[family]
        ctx.emit(
            Resolution(
                at=ctx.elapsed(), name=name, family=family, addresses=(address,), via="loopback"
            )
        )


async def _resolve_by_system(ctx: ProbeContext, name: str, family: int) -> None:
    at = ctx.elapsed()
    lookup = await ctx.net.resolve(name, family)
    ctx.emit(
        Resolution(
            at=at,
            took=lookup.took,
            name=name,
            family=family,
            addresses=lookup.addresses[:MAX_ADDRESSES],
            failure=lookup.failure,
            equivalent=shlex.join(("getent", f"ahostsv{family}", name)),
        )
    )


@probe(after=Connection)
async def port_fails(ctx: ProbeContext, connection: Connection) -> None:
    """Ask for the domain's name servers where its address does not answer."""
    await ask_after_failure(ctx, connection)


@probe(after=Handshake)
async def handshake_fails(ctx: ProbeContext, handshake: Handshake) -> None:
    """Do the same where the certificate at the address is not the site's."""
    await ask_after_failure(ctx, handshake)


@frozen
class Question:
    """What is asked about the target's name, and the configured resolvers, in their order."""

    name: str
    rdtypes: tuple[str, ...]
    servers: tuple[str, ...]

    def query(self, rdtype: str, purpose: QueryPurpose) -> Query:
        """Return a query to the first resolver."""
        return Query(self.name, rdtype, self.servers[0], purpose)


async def _query_dns(
    ctx: ProbeContext, name: str, families: tuple[int, ...], system: Sequence[Awaitable[None]]
) -> None:
    """Query DNS directly; after a failure, make the queries that show its cause."""
    servers = await _resolver_servers(ctx, name)
    rdtypes = tuple(ADDRESS_TYPES[family] for family in families)
    question = Question(name, rdtypes, servers)
    try:
        await parser_process.call(ENCODE, name, rdtypes[0])
    except ValueError as error:
        ctx.emit(Unseen(at=ctx.elapsed(), what=f"DNS: {name}", why=str(error)))
        return
    target_answers = [
        asyncio.ensure_future(_ask_first_resolver(ctx, question, family)) for family in families
    ]
    ctx.start(_ask_optional(ctx, question, target_answers))
    answers = await asyncio.gather(*target_answers)
    await _ask_after_failure(ctx, question, answers)
    final = final_answers_of(ctx.observed(DnsAnswer))
    if ctx.options.resolver:
        for family in families:
            if not any(resolution.family == family for resolution in ctx.observed(Resolution)):
                _emit_dns_resolution(ctx, family, final[ADDRESS_TYPES[family]])
        return
    await asyncio.wait([asyncio.ensure_future(task) for task in system])
    if not _has_resolution(ctx) and any(answer.records for answer in final.values()):
        _continue_with_dns(ctx, families, final)


async def _ask_first_resolver(ctx: ProbeContext, question: Question, family: int) -> DnsAnswer:
    """Query the first resolver. With --resolver, its successful answer is the resolution."""
    answer = await ask(ctx, question.query(ADDRESS_TYPES[family], "target"))
    if ctx.options.resolver and answer.records:
        _emit_dns_resolution(ctx, family, answer)
    return answer


def _emit_dns_resolution(ctx: ProbeContext, family: int, answer: DnsAnswer) -> None:
    failure = None if answer.records else _EAI.get(answer.rcode, _EAI_AGAIN)
    ctx.emit(
        Resolution(
            at=answer.at,
            took=answer.took,
            name=answer.name,
            family=family,
            addresses=answer.records[:MAX_ADDRESSES],
            via="dns",
            failure=failure,
            equivalent=answer.equivalent,
        )
    )


def _continue_with_dns(
    ctx: ProbeContext, families: Iterable[int], final: dict[str, DnsAnswer]
) -> None:
    """Continue with the addresses from DNS, because the system's resolution failed."""
    reason = next(
        (
            resolution.failure.message
            for resolution in ctx.observed(Resolution)
            if resolution.failure
        ),
        "",
    )
    enable = shlex.join(("getent", "ahosts", ctx.target.host))
    ctx.emit(Unseen(at=ctx.elapsed(), what="getaddrinfo(3)", why=reason, enable=enable))
    for family in families:
        if final[ADDRESS_TYPES[family]].records:
            _emit_dns_resolution(ctx, family, final[ADDRESS_TYPES[family]])


async def _resolver_servers(ctx: ProbeContext, name: str) -> tuple[str, ...]:
    """Emit the resolver configuration and the hosts lines that contain the name.

    Returns the name servers to query.
    """
    if resolver := ctx.options.resolver:
        ctx.emit(ResolverConfig(at=ctx.elapsed(), file="", servers=(resolver,)))
        return (resolver,)
    at, file = ctx.elapsed(), str(resolvconf.RESOLV_CONF)
    text, hosts = await asyncio.to_thread(_read_files, resolvconf.RESOLV_CONF, resolvconf.HOSTS)
    servers = resolvconf.name_servers(text)
    ctx.emit(
        ResolverConfig(
            at=at,
            file=file,
            servers=servers,
            text=text[:2000],
            equivalent=f"cat {shlex.quote(file)}",
        )
    )
    for line in resolvconf.hosts_lines(hosts, name)[:MAX_ADDRESSES]:
        ctx.emit(
            HostsEntry(
                at=at,
                file=str(resolvconf.HOSTS),
                line=line.number,
                text=line.text,
                ended=line.ended,
                address=line.address,
                names=line.names,
                mine=ctx.net.is_mine(line.address),
                equivalent=shlex.join(("grep", "-nFi", name, str(resolvconf.HOSTS))),
            )
        )
    # resolv.conf(5): without a nameserver line, the server on this machine is used.
    return servers or ("127.0.0.1",)


def _read_files(*paths: Path) -> list[str]:
    return [resolvconf.read_text(path) for path in paths]


def _has_resolution(ctx: ProbeContext) -> bool:
    return any(resolution.failure is None for resolution in ctx.observed(Resolution))


async def _ask_after_failure(
    ctx: ProbeContext, question: Question, answers: Iterable[DnsAnswer]
) -> None:
    """Make all queries that distinguish the causes of a failure, concurrently."""
    answers = tuple(answers)
    unanswered = tuple(answer for answer in answers if answer.failure or answer.rcode in _REFUSALS)
    servfail = tuple(answer for answer in answers if answer.rcode == "SERVFAIL")
    work: list[Awaitable[object]] = []
    # If the system resolved the name, a resolver that does not answer us is not a failure.
    failed = servfail if _has_resolution(ctx) else servfail + unanswered
    for answer in failed:
        repeated_query = question.query(answer.rdtype, "again")
        work.append(ask(ctx, replace(repeated_query, edns=answer in servfail)))
        work += _ask_other_resolvers(ctx, question, answer.rdtype, PATIENCE)
    for answer in servfail:
        unvalidated = question.query(answer.rdtype, "unvalidated")
        work.append(ask(ctx, replace(unvalidated, validate=False)))
    if failed:
        emit_uplinks(ctx)
        work.append(ask(ctx, replace(question.query("NS", "control"), name=".")))
    if not any(map(_leads_outside, answers)):
        work.append(ask_name_servers(ctx))
    if not any(answer.records or answer.aliases or answer.failure for answer in answers):
        work.append(ask_sibling(ctx, question.query(question.rdtypes[0], "sibling")))
    if any(answer.rcode == "NXDOMAIN" and not answer.aliases for answer in answers):
        parents = _parent_domains(question.name)
        work += [
            ask(ctx, replace(question.query("SOA", "parent"), name=parent)) for parent in parents
        ]
        if "com" not in parents:
            # A resolver that does not know com knows no public name.
            work.append(ask(ctx, replace(question.query("SOA", "control"), name="com")))
    if servfail or any(answer.aliases and not answer.records for answer in answers):
        work.append(_follow_aliases(ctx, question))
    await asyncio.gather(*work)


def _leads_outside(answer: DnsAnswer) -> bool:
    """Whether an answer has an address that others can reach."""
    return any(not is_private(record) for record in answer.records)


#: Response codes after which a simpler query, or another resolver, may succeed.
_REFUSALS = {"FORMERR", "NOTIMP", "BADVERS", "REFUSED"}


def _ask_other_resolvers(
    ctx: ProbeContext, question: Question, rdtype: str, timeout: float
) -> list[Awaitable[DnsAnswer]]:
    """Prepare the same query to the other configured resolvers."""
    query = replace(question.query(rdtype, "other-resolver"), timeout=timeout)
    return [ask(ctx, replace(query, server=server)) for server in question.servers[1:]]


async def _follow_aliases(ctx: ProbeContext, question: Question) -> None:
    """Follow the aliases one by one, to the end or until one repeats."""
    name = question.name
    for _ in range(MAX_ALIASES):
        if alias_loop(ctx.observed(DnsAnswer), question.name):
            return
        answer = await ask(ctx, replace(question.query("CNAME", "alias"), name=name))
        if not answer.records:
            return
        name = answer.records[0].rstrip(".").lower()


def _parent_domains(name: str) -> tuple[str, ...]:
    """Return the parent domains of a name, the closest first, the top-level domain last."""
    labels = name.rstrip(".").split(".")
    return tuple(".".join(labels[start:]) for start in range(1, len(labels)))[-MAX_PARENTS:]


async def _ask_optional(
    ctx: ProbeContext, question: Question, target_answers: Sequence[Awaitable[DnsAnswer]]
) -> None:
    """Make the informative queries.

    They ask whether an invented name gets the same answer, which authorities may issue
    certificates for the name (CAA), where browsers are led (HTTPS), and what the other resolvers
    answer.
    """
    work: list[Awaitable[object]] = []
    parents = _parent_domains(question.name)
    rdtype = question.rdtypes[0]
    if len(parents) > 1:
        work.append(_ask_made_up_names(ctx, question, parents[0], target_answers[0]))
    if ctx.target.uses_tls:
        # RFC 8659 section 3: the closest domain with CAA records counts; all are queried at once.
        caa = replace(question.query("CAA", "caa"), timeout=OPTIONAL_PATIENCE)
        work += [ask_caa(ctx, replace(caa, name=name)) for name in (question.name, *parents[:-1])]
        service = replace(question.query("HTTPS", "service"), timeout=OPTIONAL_PATIENCE)
        work.append(try_service_records(ctx, service, target_answers))
    work += _ask_other_resolvers(ctx, question, rdtype, OPTIONAL_PATIENCE)
    await asyncio.gather(*work)


async def _ask_made_up_names(
    ctx: ProbeContext, question: Question, parent: str, target_answer: Awaitable[DnsAnswer]
) -> None:
    """Ask for a random name beside the target's.

    If it has the target's addresses, the domain has a wildcard, or the resolver answers for names
    that do not exist: then it also knows one under com, which has no wildcard, or under invalid
    (RFC 6761 section 6.4).
    """
    query = replace(question.query(question.rdtypes[0], "beside"), timeout=OPTIONAL_PATIENCE)
    label = os.urandom(6).hex()
    control_answer = await ask(ctx, replace(query, name=f"{label}.{parent}"))
    if control_answer.records and set(control_answer.records) == set((await target_answer).records):
        made_up = replace(query, purpose="made-up")
        names = (f"{os.urandom(12).hex()}.{suffix}" for suffix in ("com", "invalid"))
        await asyncio.gather(*(ask(ctx, replace(made_up, name=name)) for name in names))
