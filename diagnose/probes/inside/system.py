"""Probes for the server itself: its identity, listening sockets and network interfaces."""

import asyncio
import posixpath
import re
import shlex
from collections.abc import Mapping

from diagnose.machine import Socket
from diagnose.machine.script_files import read_script
from diagnose.model import Failure, Host, Vantage
from diagnose.model.addresses import LOCAL_ONLY, ROOT_SERVERS, family_of, is_within
from diagnose.model.nginx import NginxBuild, NginxConfig
from diagnose.model.server import (
    Interface,
    Listener,
    Listeners,
    LostReplies,
    PidFile,
    Route,
    SilentGateway,
)
from diagnose.parsers.linux import routes
from diagnose.parsers.linux.interfaces import Nic, os_name
from diagnose.parsers.linux.interfaces import interfaces as read_interfaces
from diagnose.parsers.linux.kernel import half_open
from diagnose.parsers.nginx.config import command_line_directives
from diagnose.parsers.nginx.install_paths import PROGRAM_NAMES
from diagnose.parsers.sanitize import clean
from diagnose.probes import ProbeContext, emit_not_observed, probe
from diagnose.probes.inside.nginx_processes import own_masters

_EQUIVALENT = "ss -ltnp"

#: What ip(8) is asked on each server.
_SILENT = "neigh show nud failed nud incomplete nud permanent"
_IP_COMMANDS = ("addr", "route", "-6 route", "rule", "-6 rule", _SILENT)

#: Maximum number of addresses whose routes are looked up.
MAX_ADDRESSES = 8

#: Maximum number of visitors without a reply that are named, and seconds between two readings.
MAX_VISITORS, PAUSE = 16, 1.0

#: The options of a configuration test (nginx(8)), alone or together: -t, -T, -tq.
_TEST_OPTION = re.compile(r"-[?hvVq]*[tT][?hvVqtT]*")

#: How often the listening sockets are read until no short-lived process holds one, and how many
#: processes are examined.
MAX_READINGS, MAX_PROCESSES = 3, 16

IDENTIFY_SCRIPT = read_script(__file__, "identify.sh")


@probe()
async def server(ctx: ProbeContext) -> None:
    """Emit the server's identity and its listeners; only root sees all their processes."""
    privileged, _ = await asyncio.gather(_identify(ctx), _emit_listeners(ctx))
    if privileged is False:
        emit_not_observed(ctx, "the processes that listen", "needs root", "sudo ss -ltnp")


@probe()
async def network(ctx: ProbeContext) -> None:
    machine = ctx.machine
    at = ctx.elapsed()
    addresses, table, table6, rules, rules6, neighbours = await asyncio.gather(
        *(machine.run("ip", *words.split()) for words in _IP_COMMANDS)
    )
    if addresses.failure is not None and addresses.failure.kind == "missing":
        subject, reason = "the network interfaces", "ip: not found"
        emit_not_observed(ctx, subject, reason, "ip addr", at=at)
    nics = read_interfaces(addresses.out, table.out, table6.out)
    for nic in nics:
        ctx.emit(
            Interface(
                vantage=Vantage.SERVER,
                at=at,
                took=addresses.took,
                equivalent="ip addr; ip route; ip -6 route",
                name=nic.name,
                up=nic.up,
                addresses=nic.addresses,
                default=nic.default,
                networks=nic.networks,
                carrier=nic.carrier,
                xdp=nic.xdp,
                tunnel=nic.tunnel,
            )
        )
    silent = routes.silent_neighbours(neighbours.out)
    gateways = (
        *routes.default_gateways(table.out),
        *routes.default_gateways(table6.out),
    )
    policies = {4: routes.policy_rules(rules.out), 6: routes.policy_rules(rules6.out)}
    looked_up = await asyncio.gather(
        *(
            _emit_route(ctx, address, policies[family_of(address)])
            for address in _addresses_to_route(nics, policies)
        )
    )
    for route in dict.fromkeys((*gateways, *(route for route in looked_up if route))):
        if state := silent.get((route.gateway, route.device)):
            ctx.emit(
                SilentGateway(
                    vantage=Vantage.SERVER,
                    at=at,
                    took=neighbours.took,
                    equivalent=shlex.join(
                        ("ip", "neigh", "show", route.gateway, "dev", route.device)
                    ),
                    address=route.gateway,
                    device=route.device,
                    family=family_of(route.gateway),
                    state=state,
                )
            )
    await _emit_lost_replies(ctx, nics, silent)


async def _emit_lost_replies(
    ctx: ProbeContext, nics: tuple[Nic, ...], silent: Mapping[tuple[str, str], str]
) -> None:
    """Compare the neighbours that do not answer with the visitors that wait for a reply. Such a
    wait ends after three seconds, when the kernel gives the neighbour up, so it is looked for
    again. Nothing is asked where all neighbours answer."""
    failed = {key for key, state in silent.items() if state != "PERMANENT"}
    at, ports = ctx.elapsed(), dict.fromkeys((ctx.target.port, 80))
    words = " or ".join(f"sport = :{port}" for port in ports)
    argv = ("ss", "-tn", "state", "syn-recv", f"( {words} )")
    for attempt in range(MAX_READINGS if failed else 0):
        if attempt:
            await asyncio.sleep(PAUSE)
        result = await ctx.machine.run(*argv)
        waiting = set(half_open(result.out))
        lost = {
            nic: visitors
            for nic in nics
            if (visitors := sorted(waiting & {who for who, on in failed if on == nic.name}))
        }
        for nic, visitors in lost.items():
            networks = [network for network in nic.networks if is_within(visitors[0], (network,))]
            ctx.emit(
                LostReplies(
                    vantage=Vantage.SERVER,
                    at=at,
                    took=ctx.elapsed() - at,
                    equivalent=f"{shlex.join(argv)}; ip neigh show dev {nic.name}",
                    device=nic.name,
                    network=max(networks, key=_prefix_length, default=""),
                    visitors=tuple(visitors[:MAX_VISITORS]),
                    is_default=bool(nic.default),
                )
            )
        if lost:
            return


def _prefix_length(network: str) -> int:
    return int(network.rpartition("/")[2] or 0)


@probe(after=NginxConfig)
async def pid_file(ctx: ProbeContext, config: NginxConfig) -> None:
    """Emit the PID file of the running nginx and the number in it."""
    path = "" if config.failure else _pid_path(ctx, config)
    if not path:
        return
    at = ctx.elapsed()
    file = await ctx.machine.read(path, 64)
    if file.failure is not None and file.failure.kind != "missing":
        return
    number = file.text.strip()
    ctx.emit(
        PidFile(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=shlex.join(("cat", path)),
            path=path,
            pid=int(number) if number.isascii() and number.isdigit() else None,
        )
    )


def _pid_path(ctx: ProbeContext, config: NginxConfig) -> str:
    """Return the PID file's path, or "" if nothing runs or the build is unknown.

    The configuration determines it, then the build, then nginx's default (nginx(8)).
    """
    running = own_masters(ctx)
    if running and running[0].container:
        return ""
    options = running[0].arguments if running else ()
    main = (*command_line_directives(options), *config.main)
    pid_paths = [
        directive.args[0] for directive in main if directive.name == "pid" and directive.args
    ]
    build = next(iter(ctx.observed(NginxBuild)), None)
    build_paths = [
        argument.partition("=")[2]
        for argument in (build.arguments if build else ())
        if argument.startswith("--pid-path=")
    ]
    if not running or build is None:
        return next(iter(pid_paths), "") if running else ""
    prefix = dict(zip(options[::2], options[1::2], strict=False)).get("-p") or build.prefix
    path = posixpath.join(prefix, next(iter([*pid_paths, *build_paths]), "logs/nginx.pid"))
    return path if path.startswith("/") else ""


def _addresses_to_route(
    nics: tuple[Nic, ...], policies: Mapping[int, tuple[str, ...]]
) -> tuple[str, ...]:
    """Return the addresses in use whose family has no default route in the main table, or has
    rules that choose another table (ip-rule(8)); all where there is a tunnel.

    Other tables or more specific routes may still lead to visitors, or into a tunnel.
    """
    has_tunnel = any(nic.tunnel and nic.up for nic in nics)
    routed = {
        family for nic in nics for family in nic.default if not policies[family] and not has_tunnel
    }
    addresses = (
        address
        for nic in nics
        if nic.up
        for address in nic.addresses
        if family_of(address) not in routed and not is_within(address, LOCAL_ONLY)
    )
    return tuple(dict.fromkeys(addresses))[:MAX_ADDRESSES]


async def _emit_route(
    ctx: ProbeContext, address: str, rules: tuple[str, ...]
) -> routes.Route | None:
    """Emit the route of replies from this address, and return it. A rule may select by the port;
    old versions of ip(8), before 4.17, cannot look that up."""
    at, family = ctx.elapsed(), family_of(address)
    argv: tuple[str, ...] = ("ip", "route", "get", ROOT_SERVERS[family], "from", address)
    port = str(ctx.target.port)
    selectors = (("ipproto", "tcp", "sport", port), ()) if rules else ((),)
    for selector in selectors:
        result = await ctx.machine.run(*argv, *selector)
        route = routes.parse_route(result.out, result.err)
        if route is not None:
            break
    if route is None:
        return None
    ctx.emit(
        Route(
            vantage=Vantage.SERVER,
            at=at,
            took=result.took,
            equivalent=" ".join((*argv, *selector)),
            failure=route if isinstance(route, Failure) else None,
            source=address,
            towards=ROOT_SERVERS[family],
            family=family,
            gateway="" if isinstance(route, Failure) else route.gateway,
            device="" if isinstance(route, Failure) else route.device,
            rules=rules,
        )
    )
    return None if isinstance(route, Failure) else route


async def _identify(ctx: ProbeContext) -> bool | None:
    """Emit the server's identity; return whether we are root, or None if access failed."""
    at = ctx.elapsed()
    result = await ctx.machine.run("sh", "-c", IDENTIFY_SCRIPT)
    lines = result.out.splitlines()
    if len(lines) < 3:
        reason = clean(result.failure.message if result.failure else "no answer")
        enable = "" if ctx.machine.via == "local" else f"ssh {ctx.machine.via}"
        emit_not_observed(ctx, "the server", reason, enable, at=at)
        return None
    host = ctx.emit(
        Host(
            vantage=Vantage.SERVER,
            at=at,
            took=result.took,
            equivalent="id -u; uname -n; cat /etc/os-release",
            hostname=clean(lines[1], 255),
            role="server",
            via=ctx.machine.via,
            privileged=lines[0] == "0",
            manager="systemd" if lines[2] == "systemd" else "none",
            system=os_name(result.out),
        )
    )
    return host.privileged


async def _read_listeners(ctx: ProbeContext) -> tuple[Socket, ...] | Failure:
    """Return the listening sockets, without those of a configuration test.

    `nginx -t` listens for some milliseconds on each configured port that is free
    (ngx_init_cycle), whoever runs it: we, a deploy script, another run of this program.
    """
    sockets: tuple[Socket, ...] = ()
    testers: set[int] = set()
    for _ in range(MAX_READINGS):
        reading = await ctx.machine.listeners()
        if isinstance(reading, Failure):
            return reading
        sockets = reading
        holders = {socket.pid for socket in sockets if socket.process in PROGRAM_NAMES}
        pids = sorted(pid for pid in holders if pid is not None)[:MAX_PROCESSES]
        command_lines = await asyncio.gather(
            *(ctx.machine.read(f"/proc/{pid}/cmdline", 4096) for pid in pids)
        )
        testers = {
            pid
            for pid, command_line in zip(pids, command_lines, strict=True)
            if any(_TEST_OPTION.fullmatch(option) for option in command_line.text.split("\0"))
        }
        failures = [command_line.failure for command_line in command_lines]
        if not testers and not any(failure and failure.kind == "missing" for failure in failures):
            break
    return tuple(socket for socket in sockets if socket.pid not in testers)


async def _emit_listeners(ctx: ProbeContext) -> None:
    at = ctx.elapsed()
    socket_list = await _read_listeners(ctx)
    sockets = (
        ()
        if isinstance(socket_list, Failure)
        else tuple(_listener(at, socket) for socket in socket_list)
    )
    ctx.emit(
        Listeners(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=_EQUIVALENT,
            failure=socket_list if isinstance(socket_list, Failure) else None,
            sockets=sockets,
        )
    )


def _listener(at: float, socket: Socket) -> Listener:
    return Listener(
        vantage=Vantage.SERVER,
        at=at,
        equivalent=_EQUIVALENT,
        address=socket.address,
        port=socket.port,
        family=socket.family,
        dual=socket.dual,
        pid=socket.pid,
        process=socket.process,
    )
