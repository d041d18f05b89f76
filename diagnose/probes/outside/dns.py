"""The target's name: how this machine resolves it, and what DNS itself says.

The system's way and the questions asked directly never wait for each other, nor does one family
for the other. More is asked only of what failed. What is merely worth knowing is asked beside
the rest, with little patience, so that it does not lengthen a run.
"""

import asyncio
import ipaddress
import os
import shlex
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from diagnose.model import Failure, Unseen
from diagnose.model.dns import (
    ADDRESS_TYPES,
    Answer,
    DnsAnswer,
    HostsEntry,
    Resolution,
    ResolverConfig,
    alias_loop,
    final_answers_of,
    is_loopback_name,
)
from diagnose.model.frozen import frozen
from diagnose.net import resolvconf
from diagnose.net.error_mapping import failure_of
from diagnose.probes import ProbeContext, probe
from diagnose.probes.outside.uplinks import emit_uplinks
from diagnose.processes import parser_process

# Reading dnspython in costs a good part of a short run.
_QUERY, _READ = "diagnose.parsers.dns:query", "diagnose.parsers.dns:parse_answer"

#: No more addresses of a family than this are looked at.
MAX_ADDRESSES = 8

#: What a name under localhost stands for (RFC 6761 section 6.3).
LOOPBACK = {4: "127.0.0.1", 6: "::1"}

#: Aliases followed by hand. Resolvers give up after 8 to 16.
MAX_ALIASES = 12

#: Domains above the name that are asked about.
MAX_PARENTS = 5

#: Seconds for a question on which a finding may rest, and for one that is merely beside.
PATIENCE = 3.0
OPTIONAL_PATIENCE = 0.5

# netdb.h: what getaddrinfo(3) would say.
_EAI = {
    "NXDOMAIN": Failure("resolution", "Name or service not known", -2, "EAI_NONAME"),
    "NOERROR": Failure("resolution", "No address associated with hostname", -5, "EAI_NODATA"),
}
_EAI_AGAIN = Failure("resolution", "Temporary failure in name resolution", -3, "EAI_AGAIN")


@probe()
async def resolve(ctx: ProbeContext) -> None:
    name, only_family = ctx.target.host, ctx.options.family
    if ctx.options.by_proxy:
        # The name is the proxy's to resolve: it stands in the place of its addresses.
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


def _literal_address(host: str, option: str | None) -> tuple[str, str] | None:
    """The address that needs no resolving, and where it comes from."""
    if option:
        return option, "option"
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return None
    return host, "literal"


async def _resolve_loopback(ctx: ProbeContext, name: str, families: tuple[int, ...]) -> None:
    """A name that means this machine. DNS is not to be asked for it (RFC 6761 section 6.3), and
    where the system does not know it, browsers and curl take the loopback addresses."""
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


@frozen
class Question:
    """What to ask about, of whom."""

    name: str
    rdtypes: tuple[str, ...]
    servers: tuple[str, ...]


async def _query_dns(
    ctx: ProbeContext, name: str, families: tuple[int, ...], system: Sequence[Awaitable[None]]
) -> None:
    """Ask DNS itself, and after a failure as much more as tells why."""
    servers = await _resolver_servers(ctx, name)
    rdtypes = tuple(ADDRESS_TYPES[family] for family in families)
    question = Question(name, rdtypes, servers)
    try:
        await parser_process.call(_QUERY, name, rdtypes[0])
    except ValueError as error:
        ctx.emit(Unseen(at=ctx.elapsed(), what=f"DNS: {name}", why=str(error)))
        return
    ctx.start(_ask_optional(ctx, question))
    answers = await asyncio.gather(
        *(_ask_first_resolver(ctx, question, family) for family in families)
    )
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
    """Ask the first resolver. With --resolver, its good answer is the resolution."""
    answer = await _ask(ctx, question, ADDRESS_TYPES[family])
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
    """DNS knows the addresses and the system does not come to them: go on with them, and say so."""
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
    """See the resolver configuration and the lines of the hosts file that matter; return the
    name servers to ask."""
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
    # resolv.conf(5): without a nameserver line, the one on this machine is asked.
    return servers or ("127.0.0.1",)


def _read_files(*paths: Path) -> list[str]:
    return [resolvconf.read_text(path) for path in paths]


async def _ask(
    ctx: ProbeContext,
    question: Question,
    rdtype: str,
    purpose: str = "target",
    *,
    name: str = "",
    server: str = "",
    validate: bool = True,
    edns: bool = True,
    timeout: float = PATIENCE,
) -> DnsAnswer:
    """Ask one question and see the answer; one that was cut is asked for again by TCP."""
    blank = DnsAnswer(
        name=name or question.name,
        rdtype=rdtype,
        server=server or question.servers[0],
        checking_disabled=not validate,
        purpose=purpose,
    )
    answer = await _send_query(ctx, blank, edns, timeout)
    if answer.truncated:
        answer = await _send_query(ctx, replace(blank, transport="tcp"), edns, timeout)
    return answer


async def _send_query(ctx: ProbeContext, blank: DnsAnswer, edns: bool, timeout: float) -> DnsAnswer:
    """One question, sent as `blank` says, and what came back."""
    blank = replace(blank, at=ctx.elapsed(), equivalent=_dig(blank, edns))
    query = await parser_process.call(
        _QUERY, blank.name, blank.rdtype, validate=not blank.checking_disabled, edns=edns
    )
    try:
        data = await ctx.net.ask(blank.server, query, timeout=timeout, tcp=blank.transport == "tcp")
        answer = await parser_process.call(_READ, data, blank.name, blank.rdtype)
    except (OSError, TimeoutError, EOFError) as error:
        return ctx.emit(_failed_answer(ctx, blank, failure_of(error)))
    except ValueError as error:
        return ctx.emit(_failed_answer(ctx, blank, Failure("protocol", str(error))))
    return ctx.emit(_complete_answer(ctx, blank, answer))


def _failed_answer(ctx: ProbeContext, blank: DnsAnswer, failure: Failure) -> DnsAnswer:
    return replace(blank, took=ctx.elapsed() - blank.at, failure=failure)


def _complete_answer(ctx: ProbeContext, blank: DnsAnswer, answer: Answer) -> DnsAnswer:
    return replace(
        blank,
        took=ctx.elapsed() - blank.at,
        rcode=answer.rcode,
        aliases=answer.aliases,
        records=answer.records,
        ttl=answer.ttl,
        authoritative=answer.authoritative,
        authenticated=answer.authenticated,
        extended=answer.extended,
        zone=answer.zone,
        truncated=answer.truncated,
    )


def _dig(blank: DnsAnswer, edns: bool) -> str:
    server, _, port = blank.server.partition("#")
    words = ["dig", f"@{server}", *(["-p", port] if port else []), blank.name, blank.rdtype]
    words += ["+dnssec"] if edns else ["+noedns"]
    words += ["+cd"] if blank.checking_disabled else []
    words += ["+tcp"] if blank.transport == "tcp" else []
    return shlex.join(words)


def _has_resolution(ctx: ProbeContext) -> bool:
    return any(resolution.failure is None for resolution in ctx.observed(Resolution))


async def _ask_after_failure(
    ctx: ProbeContext, question: Question, answers: Iterable[DnsAnswer]
) -> None:
    """Ask what tells the causes of a failure apart, all of it at once."""
    answers = tuple(answers)
    unanswered = tuple(answer for answer in answers if answer.failure or answer.rcode in _REFUSALS)
    servfail = tuple(answer for answer in answers if answer.rcode == "SERVFAIL")
    work: list[Awaitable[object]] = []
    # Where the system has its addresses, a resolver that does not talk to us is no failure.
    failed = servfail if _has_resolution(ctx) else servfail + unanswered
    for answer in failed:
        work.append(_ask(ctx, question, answer.rdtype, "again", edns=answer in servfail))
        work += _ask_other_resolvers(ctx, question, answer.rdtype, PATIENCE)
    for answer in servfail:
        work.append(_ask(ctx, question, answer.rdtype, "unvalidated", validate=False))
    if failed:
        emit_uplinks(ctx)
        work.append(_ask(ctx, question, "NS", "control", name="."))
    if any(answer.rcode == "NXDOMAIN" and not answer.aliases for answer in answers):
        work += [
            _ask(ctx, question, "SOA", "parent", name=parent)
            for parent in _parent_domains(question.name)
        ]
    if servfail or any(answer.aliases and not answer.records for answer in answers):
        work.append(_follow_aliases(ctx, question))
    await asyncio.gather(*work)


#: Answers after which the same question, asked more simply, or another resolver may do better.
_REFUSALS = {"FORMERR", "NOTIMP", "BADVERS", "REFUSED"}


def _ask_other_resolvers(
    ctx: ProbeContext, question: Question, rdtype: str, timeout: float
) -> list[Awaitable[DnsAnswer]]:
    """The same question to the other configured resolvers."""
    return [
        _ask(ctx, question, rdtype, "other-resolver", server=server, timeout=timeout)
        for server in question.servers[1:]
    ]


async def _follow_aliases(ctx: ProbeContext, question: Question) -> None:
    """Follow the aliases by hand, until there is no further one or they come back."""
    name = question.name
    for _ in range(MAX_ALIASES):
        if alias_loop(ctx.observed(DnsAnswer), question.name):
            return
        answer = await _ask(ctx, question, "CNAME", "alias", name=name)
        if not answer.records:
            return
        name = answer.records[0].rstrip(".").lower()


def _parent_domains(name: str) -> tuple[str, ...]:
    """The domains above a name, the closest first, the top-level domain last."""
    labels = name.rstrip(".").split(".")
    return tuple(".".join(labels[start:]) for start in range(1, len(labels)))[-MAX_PARENTS:]


async def _ask_optional(ctx: ProbeContext, question: Question) -> None:
    """What is merely worth knowing: whether a name nobody made up gets the same answer, which
    authorities may issue for the name, what the other resolvers say."""
    work: list[Awaitable[object]] = []
    parents = _parent_domains(question.name)
    rdtype = question.rdtypes[0]
    if len(parents) > 1:
        made_up = f"{os.urandom(6).hex()}.{parents[0]}"
        work.append(_ask(ctx, question, rdtype, "beside", name=made_up, timeout=OPTIONAL_PATIENCE))
    if ctx.target.scheme in {"https", "wss"}:
        # RFC 8659 section 3: the closest domain that has CAA records counts. All are asked at once.
        work += [
            _ask(ctx, question, "CAA", "caa", name=name, timeout=OPTIONAL_PATIENCE)
            for name in (question.name, *parents[:-1])
        ]
    work += _ask_other_resolvers(ctx, question, rdtype, OPTIONAL_PATIENCE)
    await asyncio.gather(*work)
