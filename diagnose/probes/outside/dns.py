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
    final_answers_of,
    is_loopback_name,
    loop,
)
from diagnose.model.frozen import frozen
from diagnose.net import resolvconf
from diagnose.net.error_mapping import failure_of
from diagnose.probes import Look, probe
from diagnose.probes.outside.uplinks import see_uplinks
from diagnose.processes import parser_process

# Reading dnspython in costs a good part of a short run.
_QUERY, _READ = "diagnose.parsers.dns:query", "diagnose.parsers.dns:read"

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
BESIDE = 0.5

# netdb.h: what getaddrinfo(3) would say.
_EAI = {
    "NXDOMAIN": Failure("resolution", "Name or service not known", -2, "EAI_NONAME"),
    "NOERROR": Failure("resolution", "No address associated with hostname", -5, "EAI_NODATA"),
}
_EAI_AGAIN = Failure("resolution", "Temporary failure in name resolution", -3, "EAI_AGAIN")


@probe()
async def resolve(look: Look) -> None:
    name, wanted = look.target.host, look.options.family
    if look.options.by_proxy:
        # The name is the proxy's to resolve: it stands in the place of its addresses.
        look.see(Resolution(at=look.now(), name=name, family=4, addresses=(name,), via="proxy"))
        return
    if literal := _literal(name, look.options.address):
        address, via = literal
        family = 6 if ":" in address else 4
        found = Resolution(name=name, family=family, addresses=(address,), via=via)
        look.see(replace(found, at=look.now()))
        return
    families = (wanted,) if wanted in ADDRESS_TYPES else tuple(ADDRESS_TYPES)
    if is_loopback_name(name):
        await _loopback(look, name, families)
        return
    system: list[asyncio.Future[None]] = []
    if not look.options.resolver:
        system = [asyncio.ensure_future(_system(look, name, family)) for family in families]
    look.start(_directly(look, name, families, system))
    await asyncio.gather(*system)


def _literal(host: str, option: str | None) -> tuple[str, str] | None:
    """The address that needs no resolving, and where it comes from."""
    if option:
        return option, "option"
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return None
    return host, "literal"


async def _loopback(look: Look, name: str, families: tuple[int, ...]) -> None:
    """A name that means this machine. DNS is not to be asked for it (RFC 6761 section 6.3), and
    where the system does not know it, browsers and curl take the loopback addresses."""
    await asyncio.gather(*(_system(look, name, family) for family in families))
    if _resolved(look):
        return
    for family in families:
        address = LOOPBACK[family]
        look.see(
            Resolution(
                at=look.now(), name=name, family=family, addresses=(address,), via="loopback"
            )
        )


async def _system(look: Look, name: str, family: int) -> None:
    at = look.now()
    found = await look.net.resolve(name, family)
    look.see(
        Resolution(
            at=at,
            took=found.took,
            name=name,
            family=family,
            addresses=found.addresses[:MAX_ADDRESSES],
            failure=found.failure,
            equivalent=shlex.join(("getent", f"ahostsv{family}", name)),
        )
    )


@frozen
class Question:
    """What to ask about, of whom."""

    name: str
    rdtypes: tuple[str, ...]
    servers: tuple[str, ...]


async def _directly(
    look: Look, name: str, families: tuple[int, ...], system: Sequence[Awaitable[None]]
) -> None:
    """Ask DNS itself, and after a failure as much more as tells why."""
    servers = await _configuration(look, name)
    rdtypes = tuple(ADDRESS_TYPES[family] for family in families)
    question = Question(name, rdtypes, servers)
    try:
        await parser_process.do(_QUERY, name, rdtypes[0])
    except ValueError as error:
        look.see(Unseen(at=look.now(), what=f"DNS: {name}", why=str(error)))
        return
    look.start(_beside(look, question))
    answers = await asyncio.gather(*(_first(look, question, family) for family in families))
    await _after(look, question, answers)
    final = final_answers_of(look.seen(DnsAnswer))
    if look.options.resolver:
        for family in families:
            if not any(seen.family == family for seen in look.seen(Resolution)):
                _see_raw(look, family, final[ADDRESS_TYPES[family]])
        return
    await asyncio.wait([asyncio.ensure_future(task) for task in system])
    if not _resolved(look) and any(answer.records for answer in final.values()):
        _without_the_system(look, families, final)


async def _first(look: Look, question: Question, family: int) -> DnsAnswer:
    """Ask the first resolver. With --resolver, its good answer is the resolution."""
    answer = await _ask(look, question, ADDRESS_TYPES[family])
    if look.options.resolver and answer.records:
        _see_raw(look, family, answer)
    return answer


def _see_raw(look: Look, family: int, answer: DnsAnswer) -> None:
    failure = None if answer.records else _EAI.get(answer.rcode, _EAI_AGAIN)
    look.see(
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


def _without_the_system(look: Look, families: Iterable[int], final: dict[str, DnsAnswer]) -> None:
    """DNS knows the addresses and the system does not come to them: go on with them, and say so."""
    why = next((seen.failure.message for seen in look.seen(Resolution) if seen.failure), "")
    enable = shlex.join(("getent", "ahosts", look.target.host))
    look.see(Unseen(at=look.now(), what="getaddrinfo(3)", why=why, enable=enable))
    for family in families:
        if final[ADDRESS_TYPES[family]].records:
            _see_raw(look, family, final[ADDRESS_TYPES[family]])


async def _configuration(look: Look, name: str) -> tuple[str, ...]:
    """See the resolver configuration and the lines of the hosts file that matter; return the
    name servers to ask."""
    if given := look.options.resolver:
        look.see(ResolverConfig(at=look.now(), file="", servers=(given,)))
        return (given,)
    at, file = look.now(), str(resolvconf.RESOLV_CONF)
    text, hosts = await asyncio.to_thread(_files, resolvconf.RESOLV_CONF, resolvconf.HOSTS)
    servers = resolvconf.name_servers(text)
    look.see(
        ResolverConfig(
            at=at,
            file=file,
            servers=servers,
            text=text[:2000],
            equivalent=f"cat {shlex.quote(file)}",
        )
    )
    for line in resolvconf.hosts_lines(hosts, name)[:MAX_ADDRESSES]:
        look.see(
            HostsEntry(
                at=at,
                file=str(resolvconf.HOSTS),
                line=line.number,
                text=line.text,
                ended=line.ended,
                address=line.address,
                names=line.names,
                mine=look.net.is_mine(line.address),
                equivalent=shlex.join(("grep", "-nFi", name, str(resolvconf.HOSTS))),
            )
        )
    # resolv.conf(5): without a nameserver line, the one on this machine is asked.
    return servers or ("127.0.0.1",)


def _files(*paths: Path) -> list[str]:
    return [resolvconf.read(path) for path in paths]


async def _ask(
    look: Look,
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
    answer = await _send(look, blank, edns, timeout)
    if answer.truncated:
        answer = await _send(look, replace(blank, transport="tcp"), edns, timeout)
    return answer


async def _send(look: Look, blank: DnsAnswer, edns: bool, timeout: float) -> DnsAnswer:
    """One question, sent as `blank` says, and what came back."""
    blank = replace(blank, at=look.now(), equivalent=_dig(blank, edns))
    query = await parser_process.do(
        _QUERY, blank.name, blank.rdtype, validate=not blank.checking_disabled, edns=edns
    )
    try:
        data = await look.net.ask(
            blank.server, query, timeout=timeout, tcp=blank.transport == "tcp"
        )
        said = await parser_process.do(_READ, data, blank.name, blank.rdtype)
    except (OSError, TimeoutError, EOFError) as error:
        return look.see(_failed(look, blank, failure_of(error)))
    except ValueError as error:
        return look.see(_failed(look, blank, Failure("protocol", str(error))))
    return look.see(_said(look, blank, said))


def _failed(look: Look, blank: DnsAnswer, failure: Failure) -> DnsAnswer:
    return replace(blank, took=look.now() - blank.at, failure=failure)


def _said(look: Look, blank: DnsAnswer, said: Answer) -> DnsAnswer:
    return replace(
        blank,
        took=look.now() - blank.at,
        rcode=said.rcode,
        aliases=said.aliases,
        records=said.records,
        ttl=said.ttl,
        authoritative=said.authoritative,
        authenticated=said.authenticated,
        extended=said.extended,
        zone=said.zone,
        truncated=said.truncated,
    )


def _dig(blank: DnsAnswer, edns: bool) -> str:
    server, _, port = blank.server.partition("#")
    words = ["dig", f"@{server}", *(["-p", port] if port else []), blank.name, blank.rdtype]
    words += ["+dnssec"] if edns else ["+noedns"]
    words += ["+cd"] if blank.checking_disabled else []
    words += ["+tcp"] if blank.transport == "tcp" else []
    return shlex.join(words)


def _resolved(look: Look) -> bool:
    return any(seen.failure is None for seen in look.seen(Resolution))


async def _after(look: Look, question: Question, answers: Iterable[DnsAnswer]) -> None:
    """Ask what tells the causes of a failure apart, all of it at once."""
    answers = tuple(answers)
    unanswered = tuple(one for one in answers if one.failure or one.rcode in _REFUSALS)
    servfail = tuple(one for one in answers if one.rcode == "SERVFAIL")
    work: list[Awaitable[object]] = []
    # Where the system has its addresses, a resolver that does not talk to us is no failure.
    failed = servfail if _resolved(look) else servfail + unanswered
    for one in failed:
        work.append(_ask(look, question, one.rdtype, "again", edns=one in servfail))
        work += _of_others(look, question, one.rdtype, PATIENCE)
    for one in servfail:
        work.append(_ask(look, question, one.rdtype, "unvalidated", validate=False))
    if failed:
        see_uplinks(look)
        work.append(_ask(look, question, "NS", "control", name="."))
    if any(one.rcode == "NXDOMAIN" and not one.aliases for one in answers):
        work += [
            _ask(look, question, "SOA", "parent", name=parent) for parent in _above(question.name)
        ]
    if servfail or any(one.aliases and not one.records for one in answers):
        work.append(_follow(look, question))
    await asyncio.gather(*work)


#: Answers after which the same question, asked more simply, or another resolver may do better.
_REFUSALS = {"FORMERR", "NOTIMP", "BADVERS", "REFUSED"}


def _of_others(
    look: Look, question: Question, rdtype: str, timeout: float
) -> list[Awaitable[DnsAnswer]]:
    """The same question to the other configured resolvers."""
    return [
        _ask(look, question, rdtype, "other-resolver", server=server, timeout=timeout)
        for server in question.servers[1:]
    ]


async def _follow(look: Look, question: Question) -> None:
    """Follow the aliases by hand, until there is no further one or they come back."""
    name = question.name
    for _ in range(MAX_ALIASES):
        if loop(look.seen(DnsAnswer), question.name):
            return
        answer = await _ask(look, question, "CNAME", "alias", name=name)
        if not answer.records:
            return
        name = answer.records[0].rstrip(".").lower()


def _above(name: str) -> tuple[str, ...]:
    """The domains above a name, the closest first, the top-level domain last."""
    labels = name.rstrip(".").split(".")
    return tuple(".".join(labels[start:]) for start in range(1, len(labels)))[-MAX_PARENTS:]


async def _beside(look: Look, question: Question) -> None:
    """What is merely worth knowing: whether a name nobody made up gets the same answer, which
    authorities may issue for the name, what the other resolvers say."""
    work: list[Awaitable[object]] = []
    parents = _above(question.name)
    rdtype = question.rdtypes[0]
    if len(parents) > 1:
        made_up = f"{os.urandom(6).hex()}.{parents[0]}"
        work.append(_ask(look, question, rdtype, "beside", name=made_up, timeout=BESIDE))
    if look.target.scheme in {"https", "wss"}:
        # RFC 8659 section 3: the closest domain that has CAA records counts. All are asked at once.
        work += [
            _ask(look, question, "CAA", "caa", name=name, timeout=BESIDE)
            for name in (question.name, *parents[:-1])
        ]
    work += _of_others(look, question, rdtype, BESIDE)
    await asyncio.gather(*work)
