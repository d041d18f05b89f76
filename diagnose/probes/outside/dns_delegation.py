"""Asks which name servers the domain has, after the site failed: a registrar may have replaced
them."""

import asyncio

from diagnose.model import Vantage
from diagnose.model.dns import DnsAnswer, ResolverConfig, is_local_name
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake
from diagnose.parsers.hostnames import covers, is_address
from diagnose.probes import ProbeContext
from diagnose.probes.outside.dns_queries import Query, ask

#: Seconds to wait for an answer.
PATIENCE = 1.0

#: Maximum number of names that are asked about: the name and the domains above it.
MAX_NAMES = 4


async def ask_after_failure(ctx: ProbeContext, observation: Connection | Handshake) -> None:
    """Ask once, after the first connection or handshake that shows that this is not the site."""
    if not _is_failure(ctx, observation):
        return
    attempts = ctx.observed(Connection, Handshake)
    failures = [
        item
        for item in attempts
        if isinstance(item, Connection | Handshake) and _is_failure(ctx, item)
    ]
    if failures[0] is observation:
        await ask_name_servers(ctx)


async def ask_name_servers(ctx: ProbeContext) -> None:
    """Ask the first configured resolver for the name servers of the name and its parents."""
    name, configs = ctx.target.host, ctx.observed(ResolverConfig)
    is_asked = any(answer.purpose == "delegation" for answer in ctx.observed(DnsAnswer))
    if not configs or is_asked or is_address(name) or is_local_name(name):
        return
    server = next(iter(configs[0].servers), "127.0.0.1")
    labels = name.rstrip(".").split(".")
    names = [".".join(labels[start:]) for start in range(len(labels) - 1)][-MAX_NAMES:]
    await asyncio.gather(
        *(ask(ctx, Query(zone, "NS", server, "delegation", timeout=PATIENCE)) for zone in names)
    )


def _is_failure(ctx: ProbeContext, observation: Connection | Handshake) -> bool:
    if observation.vantage is not Vantage.HERE:
        return False
    if isinstance(observation, Connection):
        return observation.purpose == "target" and observation.failure is not None
    if observation.variant not in {"normal", "unverified"}:
        return False
    leaf = next(iter(observation.chain), None)
    is_other_name = leaf is not None and not covers(ctx.target.host, leaf.dns_names, leaf.addresses)
    return observation.failure is not None or is_other_name
