"""Asks for the name's further records: which authorities may issue certificates (CAA), and where
browsers are led (HTTPS, RFC 9460). A place that only an HTTPS record names is tried."""

import asyncio
import shlex
from collections.abc import Awaitable, Iterator, Sequence
from dataclasses import replace

from diagnose.model import Failure
from diagnose.model.addresses import is_guarded
from diagnose.model.dns import DnsAnswer, RecordEndpoint
from diagnose.net.tls import secure
from diagnose.net.trusted_roots import trust
from diagnose.parsers.hostnames import covers
from diagnose.parsers.service_records import ServiceRecord, parse_service_record
from diagnose.probes import ProbeContext
from diagnose.probes.outside.dns_queries import PATIENCE, Query, ask
from diagnose.probes.outside.tls_attempts import parse_certificates, server_name

#: Most records that are read, and most places that are tried.
MAX_RECORDS, MAX_ENDPOINTS = 4, 4
_HTTPS_PORT = 443


async def ask_caa(ctx: ProbeContext, query: Query) -> None:
    """Ask for CAA records. After SERVFAIL ask once more, and for those of com: a resolver that
    fails there too does not know the type."""
    answer = await ask(ctx, query)
    if answer.rcode != "SERVFAIL":
        return
    control = replace(query, purpose="caa-control", timeout=PATIENCE)
    await asyncio.gather(ask(ctx, control), ask(ctx, replace(control, name="com")))


async def ask_sibling(ctx: ProbeContext, query: Query) -> None:
    """Ask for the name with "www." where it has none, and without it where it has: often only one
    of the two was made."""
    name = query.name
    sibling = name.removeprefix("www.") if name.startswith("www.") else f"www.{name}"
    if "." in sibling.removeprefix("www."):
        await ask(ctx, replace(query, name=sibling))


async def try_service_records(
    ctx: ProbeContext, query: Query, target_answers: Sequence[Awaitable[DnsAnswer]]
) -> None:
    """Ask for HTTPS records, and try the places that the address records do not name.

    All address records are waited for: a hint that they have as well is no place of its own. A
    target with another port has records under another name (section 9.1): they are left alone.
    """
    if ctx.target.port != _HTTPS_PORT or ctx.options.by_proxy or ctx.options.address:
        return
    answer = await ask(ctx, query)
    if not answer.records or not ctx.options.wants("tls"):
        return
    own = {
        record
        for target_answer in await asyncio.gather(*target_answers)
        for record in target_answer.records
    }
    endpoints: list[RecordEndpoint] = []
    for text in answer.records[:MAX_RECORDS]:
        record = parse_service_record(text)
        if record is not None:
            endpoints += [
                RecordEndpoint(record=text, address=address, port=record.port or _HTTPS_PORT)
                for address in await _addresses(ctx, query, record, own)
            ]
    families = {ctx.options.family} if ctx.options.family else {4, 6}
    endpoints = [
        endpoint for endpoint in endpoints if (6 if ":" in endpoint.address else 4) in families
    ]
    await asyncio.gather(*(_try(ctx, endpoint) for endpoint in endpoints[:MAX_ENDPOINTS]))


async def _addresses(
    ctx: ProbeContext, query: Query, record: ServiceRecord, own: set[str]
) -> tuple[str, ...]:
    """Return the addresses to which a record leads and the address records do not; ("",) if its
    name has none."""
    addresses = set(own)
    if record.target not in {"", ctx.target.host}:
        answers = await asyncio.gather(
            *(
                ask(ctx, replace(query, name=record.target, rdtype=rdtype, timeout=PATIENCE))
                for rdtype in ("A", "AAAA")
            )
        )
        if any(answer.failure or answer.rcode not in {"NOERROR", "NXDOMAIN"} for answer in answers):
            return ()
        addresses = {address for answer in answers for address in answer.records}
        if not addresses:
            return ("",)
    is_usual_port = record.port in {None, _HTTPS_PORT}
    return tuple(sorted(_unknown(record, addresses, own if is_usual_port else set())))


def _unknown(record: ServiceRecord, resolved: set[str], own: set[str]) -> Iterator[str]:
    addresses = {*resolved, *record.hints} - own
    yield from (address for address in addresses if not is_guarded(address))


async def _try(ctx: ProbeContext, endpoint: RecordEndpoint) -> None:
    """Emit whether the target's name is served there, with a certificate for it."""
    at, name = ctx.elapsed(), server_name(ctx)
    host = f"[{endpoint.address}]" if ":" in endpoint.address else endpoint.address
    words = ("openssl", "s_client", "-connect", f"{host}:{endpoint.port}", "-servername")
    endpoint = replace(endpoint, at=at, equivalent=shlex.join((*words, name or "")) + " </dev/null")
    if not endpoint.address:
        failure = Failure("resolution", "no address")
        ctx.emit(
            replace(
                endpoint, failure=failure, equivalent=f"dig {shlex.quote(ctx.target.host)} HTTPS"
            )
        )
        return
    attempt = await ctx.net.connect(endpoint.address, endpoint.port)
    failed, is_foreign = attempt.failure, False
    if attempt.stream is not None:
        trusted = await asyncio.wrap_future(trust(ctx.options.cafile))
        result = await secure(attempt.stream, trusted.context, name)
        failed = result.failure
        if result.stream is not None:
            result.stream.close()
        leaf = next(iter(await parse_certificates(result.chain)), None) if result.chain else None
        is_foreign = leaf is not None and not covers(
            ctx.target.host, leaf.dns_names, leaf.addresses
        )
    took = ctx.elapsed() - at
    ctx.emit(replace(endpoint, took=took, failure=failed, foreign=is_foreign))
