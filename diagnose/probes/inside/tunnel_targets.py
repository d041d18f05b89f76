"""The rule of cloudflared that gets the target's page, and what the address answers to which it
leads: whether it speaks TLS, and which certificate it shows.

The rules are in config.yml, or in Cloudflare's dashboard. The metrics server of cloudflared, which
listens on loopback, gives those with which it runs (/config).
"""

import json
import shlex
from collections.abc import Sequence

from diagnose.model import Vantage
from diagnose.model.addresses import is_loopback
from diagnose.model.processes import TunnelRule
from diagnose.model.web_servers import SiteRoute
from diagnose.parsers.linux.containers import container_of
from diagnose.parsers.linux.service_managers import unit_of
from diagnose.parsers.tunnel_rules import IngressRule, ingress_rules, rule_for
from diagnose.parsers.tunnels import ListedClient
from diagnose.probes import ProbeContext
from diagnose.probes.inside.backends import shake

#: Seconds for one answer, and the most ports that are asked.
PATIENCE, MAX_PORTS = 2, 3


async def emit_rule(
    ctx: ProbeContext, client: ListedClient, files: Sequence[tuple[str, str]]
) -> None:
    """Emit the rule that gets the target's page, and ask the address to which it leads. `files` are
    the paths and texts of the configuration."""
    at = ctx.elapsed()
    running, command = await _running(ctx, client)
    path, text = next(((path, text) for path, text in files if ingress_rules(text)), ("", ""))
    written = ingress_rules(text)
    is_remote = _version(running) >= 0
    rules = ingress_rules(running) or written
    page = ctx.target.path_without_query
    rule = rule_for(rules, ctx.target.host, page)
    own = None if is_remote else rule_for(written, ctx.target.host, page)
    if rule is None:
        return
    groups = client.groups
    container = container_of(groups)
    ctx.emit(
        TunnelRule(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=command or f"cat {shlex.quote(path)}",
            program=client.program,
            pid=client.pid,
            unit="" if container else unit_of(groups),
            container=container[:12],
            file="" if is_remote else path,
            text="" if is_remote else text,
            name=rule.host,
            names=tuple(dict.fromkeys(each.host for each in rules if each.host))[:16],
            service=rule.service,
            status=rule.status,
            server_name=_wanted_name(ctx, rule),
            is_unverified=rule.is_unverified,
            host_header=rule.host_header,
            line=own.line if own else 0,
            column=own.column if own else 0,
            origin_line=own.origin_line if own else 0,
            origin_column=own.origin_column if own else 0,
            is_outdated=own is not None and _meaning(own) != _meaning(rule),
            is_apart=client.is_apart,
            ports=client.ports if client.is_apart else (),
        )
    )
    await _ask(ctx, client, rule)


def _wanted_name(ctx: ProbeContext, rule: IngressRule) -> str:
    """Return the name that the certificate must have, "" for that of the address."""
    return rule.host_header or ctx.target.host if rule.matches_name else rule.server_name


def _meaning(rule: IngressRule) -> tuple[object, ...]:
    """Return what a rule says of the way to the application."""
    return rule.service.rstrip("/"), rule.server_name, rule.is_unverified, rule.host_header


async def _running(ctx: ProbeContext, client: ListedClient) -> tuple[str, str]:
    """Return the configuration with which cloudflared runs, and the command that shows it; ("", "")
    if its metrics server gives none."""
    for port in client.own_ports[:MAX_PORTS]:
        url = f"http://127.0.0.1:{port}/config"
        argv = [
            "curl",
            "-sf",
            "--noproxy",
            "*",
            "-m",
            str(PATIENCE),
            "--max-filesize",
            "99999",
            url,
        ]
        if client.is_apart:
            argv = ["nsenter", "-t", str(client.pid), "-n", *argv]
        result = await ctx.machine.run(*argv, timeout=PATIENCE + 2)
        if ingress_rules(result.out):
            return result.out, f"curl -s {url}"
    return "", ""


def _version(text: str) -> int:
    """Return the version of a configuration from the dashboard; -1 for one of a file."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return -1
    version = document.get("version") if isinstance(document, dict) else None
    return version if isinstance(version, int) else -1


async def _ask(ctx: ProbeContext, client: ListedClient, rule: IngressRule) -> None:
    """Do TLS handshakes with the application: with the name that its certificate must have, and
    with the target's. At an address of plain HTTP, the page is then asked over TLS."""
    place, target = rule.place, ctx.target
    if place is None or (client.is_apart and (is_loopback(place[1]) or place[1] == "localhost")):
        return
    scheme, host, port = place
    sent = rule.host_header or target.host
    route = SiteRoute(
        path="/",
        target=rule.service,
        scheme=scheme,
        host=host,
        port=port,
        authorities=client.path(rule.authorities) if rule.authorities else "",
        keeps_host=not rule.host_header,
        sent_host=rule.host_header,
    )
    if scheme == "http":
        await shake(ctx, route, sent, is_page_asked=True)
        return
    if rule.is_unverified:
        return
    for each in dict.fromkeys((_wanted_name(ctx, rule) or host, target.host)):
        await shake(ctx, route, each)
