"""The server itself: who it is, what listens on it, its network interfaces."""

import asyncio
import posixpath
import shlex

from diagnose.machine import Socket
from diagnose.model import Failure, Host, Unseen, Vantage
from diagnose.model.dns import NOWHERE, is_within
from diagnose.model.nginx import NginxBuild, NginxConfig, NginxState
from diagnose.model.server import Interface, Listener, Listeners, PidFile, Route
from diagnose.parsers.linux import routes
from diagnose.parsers.linux.interfaces import Nic, os_name
from diagnose.parsers.linux.interfaces import interfaces as read_interfaces
from diagnose.parsers.nginx.config import told
from diagnose.parsers.sanitize import clean
from diagnose.probes import Look, probe

_EQUIVALENT = "ss -ltnp"

#: A root server of the DNS: an address as far away as visitors are. Nothing is sent to it.
FAR = {4: "198.41.0.4", 6: "2001:503:ba3e::2:30"}

#: So many addresses without a default route are looked at.
MOST_ADDRESSES = 8

#: User number, name, whether systemd runs (sd_booted(3)), os-release(5).
WHO = (
    "id -u; uname -n; if [ -d /run/systemd/system ]; then echo systemd; else echo none; fi; "
    "cat /etc/os-release 2>/dev/null || cat /usr/lib/os-release 2>/dev/null; :"
)


@probe()
async def server(look: Look) -> None:
    """Who it is, and what listens: what of that root alone may see depends on who we are."""
    privileged, _ = await asyncio.gather(_who(look), _listeners(look))
    if privileged is False:
        what, enable = "the processes that listen", "sudo ss -ltnp"
        look.see(
            Unseen(
                vantage=Vantage.SERVER, at=look.now(), what=what, why="needs root", enable=enable
            )
        )


@probe()
async def network(look: Look) -> None:
    machine = look.machine
    at = look.now()
    words = (("ip", "addr"), ("ip", "route"), ("ip", "-6", "route"))
    addresses, *tables = await asyncio.gather(*(machine.run(*argv) for argv in words))
    if addresses.failure is not None and addresses.failure.kind == "missing":
        what, why = "the network interfaces", "ip: not found"
        look.see(Unseen(vantage=Vantage.SERVER, at=at, what=what, why=why, enable="ip addr"))
    nics = read_interfaces(addresses.out, *(ran.out for ran in tables))
    for nic in nics:
        look.see(
            Interface(
                vantage=Vantage.SERVER,
                at=at,
                took=addresses.took,
                equivalent="ip addr; ip route; ip -6 route",
                name=nic.name,
                up=nic.up,
                addresses=nic.addresses,
                default=nic.default,
                carrier=nic.carrier,
            )
        )
    await asyncio.gather(*(_way(look, address) for address in _homeless(nics)))


@probe(after=NginxConfig)
async def pid_file(look: Look, config: NginxConfig) -> None:
    """Where the running nginx should have left its number, and which stands there."""
    path = "" if config.failure else _pid_path(look, config)
    if not path:
        return
    at = look.now()
    file = await look.machine.read(path, 64)
    if file.failure is not None and file.failure.kind != "missing":
        return
    number = file.text.strip()
    look.see(
        PidFile(
            vantage=Vantage.SERVER,
            at=at,
            took=look.now() - at,
            equivalent=shlex.join(("cat", path)),
            path=path,
            pid=int(number) if number.isascii() and number.isdigit() else None,
        )
    )


def _pid_path(look: Look, config: NginxConfig) -> str:
    """By the configuration, else by the build, else where nginx leaves it by itself (nginx(8)); ""
    where nothing runs, or nobody knows how it was built."""
    running = [one for seen in look.seen(NginxState) for one in seen.masters if not one.foreign]
    options = running[0].arguments if running else ()
    main = (*told(options), *config.main)
    given = [one.args[0] for one in main if one.name == "pid" and one.args]
    build = next(iter(look.seen(NginxBuild)), None)
    built = [
        one.partition("=")[2]
        for one in (build.arguments if build else ())
        if one.startswith("--pid-path=")
    ]
    if not running or build is None:
        return next(iter(given), "") if running else ""
    prefix = dict(zip(options[::2], options[1::2], strict=False)).get("-p") or build.prefix
    path = posixpath.join(prefix, next(iter([*given, *built]), "logs/nginx.pid"))
    return path if path.startswith("/") else ""


def _homeless(nics: tuple[Nic, ...]) -> tuple[str, ...]:
    """The addresses in use for whose family the main table has no default route: by other
    tables (ip-rule(8)) or narrower routes there may be a way all the same."""
    routed = {family for nic in nics for family in nic.default}
    found = (
        address
        for nic in nics
        if nic.up
        for address in nic.addresses
        if _family(address) not in routed and not is_within(address, NOWHERE)
    )
    return tuple(dict.fromkeys(found))[:MOST_ADDRESSES]


async def _way(look: Look, address: str) -> None:
    at, family = look.now(), _family(address)
    argv = ("ip", "route", "get", FAR[family], "from", address)
    ran = await look.machine.run(*argv)
    way = routes.way(ran.out, ran.err)
    if way is None:
        return
    look.see(
        Route(
            vantage=Vantage.SERVER,
            at=at,
            took=ran.took,
            equivalent=" ".join(argv),
            failure=way if isinstance(way, Failure) else None,
            source=address,
            towards=FAR[family],
            family=family,
            gateway="" if isinstance(way, Failure) else way.gateway,
            device="" if isinstance(way, Failure) else way.device,
        )
    )


def _family(address: str) -> int:
    return 6 if ":" in address else 4


async def _who(look: Look) -> bool | None:
    """Whether this is root; None where the server cannot be entered, which is said."""
    at = look.now()
    ran = await look.machine.run("sh", "-c", WHO)
    lines = ran.out.splitlines()
    if len(lines) < 3:
        why = clean(ran.failure.message if ran.failure else "no answer")
        enable = "" if look.machine.via == "local" else f"ssh {look.machine.via}"
        look.see(Unseen(vantage=Vantage.SERVER, at=at, what="the server", why=why, enable=enable))
        return None
    seen = look.see(
        Host(
            vantage=Vantage.SERVER,
            at=at,
            took=ran.took,
            equivalent="id -u; uname -n; cat /etc/os-release",
            hostname=clean(lines[1], 255),
            role="server",
            via=look.machine.via,
            privileged=lines[0] == "0",
            manager=clean(lines[2], 20),
            system=os_name(ran.out),
        )
    )
    return seen.privileged


async def _listeners(look: Look) -> None:
    at = look.now()
    found = await look.machine.listeners()
    sockets = () if isinstance(found, Failure) else tuple(_listener(at, one) for one in found)
    look.see(
        Listeners(
            vantage=Vantage.SERVER,
            at=at,
            took=look.now() - at,
            equivalent=_EQUIVALENT,
            failure=found if isinstance(found, Failure) else None,
            sockets=sockets,
        )
    )


def _listener(at: float, one: Socket) -> Listener:
    return Listener(
        vantage=Vantage.SERVER,
        at=at,
        equivalent=_EQUIVALENT,
        address=one.address,
        port=one.port,
        family=one.family,
        dual=one.dual,
        pid=one.pid,
        process=one.process,
    )
