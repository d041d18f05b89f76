"""Probes for what the units of the web server and of the application are not allowed: the packets
of visitors, those between the two, or a socket of IP at all. They are read only after that has
failed.
"""

import shlex
from collections.abc import Iterator, Mapping

from diagnose.machine import Machine
from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.addresses import ROOT_SERVERS
from diagnose.model.containers import NginxContainer
from diagnose.model.files import NginxStart
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.model.services import Denied, UnitDenial
from diagnose.model.tcp import Connection
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.http import GATEWAY_FAILURES
from diagnose.parsers.linux.unit_rules import (
    UnitRules,
    denied_address,
    may_be_forbidden,
    parse_rules,
    setting_about,
)
from diagnose.parsers.web_sites import routes_of_name
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside import upstream_routes

SCRIPT = read_script(__file__, "unit_rules.sh")

#: Seconds for the settings of a few units.
PATIENCE = 4.0

#: Most servers behind a path that are looked at.
MAX_ENDPOINTS = 2


async def read_rules(machine: Machine, *questions: str) -> Mapping[str, UnitRules]:
    """Return the rules of the units that were asked for by a port, a Unix socket or a name."""
    result = await machine.run("sh", "-c", SCRIPT, "sh", *questions, timeout=PATIENCE)
    return parse_rules(result.out)


async def forbidding_setting(machine: Machine, question: str, line: str) -> tuple[str, str]:
    """Return the unit of a port, a socket or a name, and its setting that forbids what a line of
    its log says has failed; "" for both if the line is about nothing that a unit forbids."""
    if not may_be_forbidden(line):
        return "", ""
    rules = (await read_rules(machine, question)).get(question)
    return (rules.unit, setting_about(rules, line)) if rules else ("", "")


@probe(after=Connection)
async def of_visitors(ctx: ProbeContext, connection: Connection) -> None:
    """Where the target's port is silent: does its unit drop strangers' packets?"""
    failure = connection.failure
    if connection.purpose != "target" or failure is None or failure.kind != "timeout":
        return
    if not ctx.further_requests.begin("the unit of the target's port"):
        return
    port = str(ctx.target.port)
    rules = (await read_rules(ctx.machine, port)).get(port)
    stranger = ROOT_SERVERS[connection.family]
    if rules and (setting := denied_address(rules, stranger)):
        _emit(ctx, rules, setting, "visitors")


@probe(after=NginxStart)
async def of_start(ctx: ProbeContext, start: NginxStart) -> None:
    """Where nginx may make no socket (97, EAFNOSUPPORT): does its unit forbid the family? The
    kernel ends it with SIGSYS where the unit forbids a system call (systemd.exec(5),
    SystemCallFilter=)."""
    if start.unit and start.line.endswith("status=31/SYS"):
        own = UnitRules(start.unit)
        _emit(ctx, own, "SystemCallFilter=", "calls", message=start.line)
        return
    lines = [message.text for message in start.messages if "(97: " in message.text]
    if not lines or not start.unit:
        return
    rules = (await read_rules(ctx.machine, start.unit)).get(start.unit)
    if rules and (setting := setting_about(rules, f"errno 97 {lines[0]}")):
        _emit(ctx, rules, setting, "start", message=lines[0])


@probe(after=Exchange)
async def after_page(ctx: ProbeContext, exchange: Exchange) -> None:
    if _is_unanswered(ctx, exchange):
        await _compare_rules(ctx)


@probe(after=NginxConfig)
async def after_nginx(ctx: ProbeContext, config: NginxConfig) -> None:
    if any(_is_unanswered(ctx, exchange) for exchange in ctx.observed(Exchange)):
        await _compare_rules(ctx)


@probe(after=WebServerConfig)
async def after_web_server(ctx: ProbeContext, config: WebServerConfig) -> None:
    if any(_is_unanswered(ctx, exchange) for exchange in ctx.observed(Exchange)):
        await _compare_rules(ctx)


def _is_unanswered(ctx: ProbeContext, exchange: Exchange) -> bool:
    is_silent = exchange.failure is not None and exchange.failure.kind == "timeout"
    return exchange.is_page_of(ctx.target) and (is_silent or exchange.status in GATEWAY_FAILURES)


async def _compare_rules(ctx: ProbeContext) -> None:
    """Compare the addresses of the page's application with the rules of both units, once."""
    endpoints = list(dict.fromkeys(_endpoints(ctx)))[:MAX_ENDPOINTS]
    if not endpoints or ctx.observed(NginxContainer):
        return
    if not ctx.further_requests.begin("the units of the application"):
        return
    own = str(ctx.target.port)
    rules = await read_rules(ctx.machine, own, *(str(port) for _, port in endpoints))
    for address, port in endpoints:
        questions: tuple[tuple[str, Denied], ...] = ((own, "backend"), (str(port), "front"))
        for question, denied in questions:
            unit_rules = rules.get(question)
            setting = denied_address(unit_rules, address) if unit_rules else ""
            if unit_rules and setting:
                _emit(ctx, unit_rules, setting, denied, address, port)


def _endpoints(ctx: ProbeContext) -> Iterator[tuple[str, int]]:
    """Yield the addresses and ports that the page is passed on to."""
    target = ctx.target
    for config in ctx.observed(NginxConfig)[:1]:
        route = upstream_routes.find_route(ctx, config, target.path)
        for endpoint in route.upstream.endpoints if route else ():
            yield from _addresses(endpoint.host, endpoint.port)
    for server in ctx.observed(WebServerConfig):
        path = target.path_without_query
        for site_route in routes_of_name(server, target.port, target.host, path, False):
            yield from _addresses(site_route.host, site_route.port)


def _addresses(host: str, port: int | None) -> Iterator[tuple[str, int]]:
    if port and host == "localhost":
        yield "127.0.0.1", port
    elif port and is_address(host):
        yield host, port


def _emit(
    ctx: ProbeContext,
    rules: UnitRules,
    setting: str,
    denied: Denied,
    address: str = "",
    port: int = 0,
    message: str = "",
) -> None:
    name = setting.partition("=")[0]
    names = ("IPAddressDeny", "IPAddressAllow") if name == "IPAddressDeny" else (name,)
    words = ("systemctl", "show", rules.unit, *(word for name in names for word in ("-p", name)))
    ctx.emit(
        UnitDenial(
            vantage=Vantage.SERVER,
            at=ctx.elapsed(),
            equivalent=shlex.join(words),
            unit=rules.unit,
            setting=setting,
            denied=denied,
            address=address,
            port=port,
            message=message,
        )
    )
