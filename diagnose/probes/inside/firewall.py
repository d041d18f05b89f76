"""firewalld: what it does now, and what it would do after a reload.

What it does now the daemon itself is asked over D-Bus (firewalld.dbus(5)): all of it takes as
long as one firewall-cmd, most of which is Python starting. Where dbus-send is not there, or
the daemon is too old for it (before 0.9), firewall-cmd is asked. The permanent configuration is
read from its files, those in /etc before those of the package (firewalld.zone(5)).
"""

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, replace
from pathlib import PurePosixPath

from diagnose.frozen import frozen
from diagnose.machine import Machine, Text
from diagnose.model import Unseen, Vantage
from diagnose.model.server import Firewalld, Zone
from diagnose.probes import Look, probe
from diagnose.wire import firewalld as wire
from diagnose.wire.firewalld import ServiceText, ZoneText
from diagnose.wire.text import clean

_FOLDERS = ("/etc/firewalld", "/usr/lib/firewalld")
#: What a site needs open, whether or not a zone lists it.
_ALWAYS = ("http", "https")

# Each answer follows a line "@ method argument". The bus is asked first, since a message to
# firewalld itself might start it.
RUNTIME = """
f=org.fedoraproject.FirewallD1
d="dbus-send --system --print-reply --reply-timeout=5000"
command -v dbus-send >/dev/null || exit 127
ask() { echo "@ $1 $2"; $d --dest=$f /org/fedoraproject/FirewallD1 "$f.$1" ${2:+"string:$2"} 2>&1; }
names() { sed -n 's/^ *string "\\(.*\\)"$/\\1/p'; }
echo "@ owner"
$d --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner "string:$f" 2>&1 || exit 0
ask getDefaultZone
ask queryPanicMode
ask zone.getActiveZones
zones=$(ask zone.getZones | grep -v '^@' | names)
for z in $zones; do ask zone.getZoneSettings2 "$z"; done
""".strip()
SERVICES = """
f=org.fedoraproject.FirewallD1
for s; do
  echo "@ service $s"
  dbus-send --system --print-reply --reply-timeout=5000 --dest=$f \\
    /org/fedoraproject/FirewallD1 $f.getServiceSettings2 "string:$s" 2>&1
done; :
""".strip()

_DENIED = ("NotAuthorized", "AccessDenied", "Authorization failed", "authentication")


class Denied(Exception):
    """firewalld does not tell this user."""


@frozen
class Runtime:
    """What the daemon does now; `running` False where there is none."""

    running: bool
    default: str = ""
    panic: bool = False
    zones: tuple[ZoneText, ...] = ()
    services: Mapping[str, ServiceText] = field(default_factory=dict)


@frozen
class Permanent:
    """What is configured; `readable` False where this user may not read it."""

    readable: bool
    default: str = ""
    backend: str = ""
    zones: tuple[ZoneText, ...] = ()
    services: Mapping[str, ServiceText] = field(default_factory=dict)
    direct: tuple[str, ...] = ()


@probe()
async def firewalld(look: Look) -> None:
    at = look.now()
    try:
        runtime, permanent = await asyncio.gather(
            ask_daemon(look.machine), read_files(look.machine)
        )
    except Denied:
        command = "sudo firewall-cmd --list-all-zones"
        _unseen(look, "firewalld's zones", command)
        return
    look.see(_daemon(look, at, runtime, permanent))
    if not runtime.running:
        return
    for zone in runtime.zones:
        look.see(_zone(look, at, zone, False, runtime.services))
    for zone in permanent.zones:
        look.see(_zone(look, at, zone, True, permanent.services))
    if not permanent.readable:
        command = "sudo firewall-cmd --permanent --list-all-zones"
        _unseen(look, "firewalld's permanent configuration", command)


def _unseen(look: Look, what: str, enable: str) -> None:
    look.see(
        Unseen(vantage=Vantage.SERVER, at=look.now(), what=what, why="needs root", enable=enable)
    )


def _daemon(look: Look, at: float, runtime: Runtime, permanent: Permanent) -> Firewalld:
    known = {name: wire.opened((), [name], runtime.services) for name in sorted(runtime.services)}
    return Firewalld(
        vantage=Vantage.SERVER,
        at=at,
        took=look.now() - at,
        equivalent="firewall-cmd --state",
        running=runtime.running,
        default_zone=runtime.default,
        panic=runtime.panic,
        services=tuple(known.items()),
        permanent_default=permanent.default if permanent.readable else "",
        backend=permanent.backend,
        direct=permanent.direct,
    )


def _zone(
    look: Look, at: float, zone: ZoneText, permanent: bool, services: Mapping[str, ServiceText]
) -> Zone:
    mode = "--permanent " if permanent else ""
    return Zone(
        vantage=Vantage.SERVER,
        at=at,
        took=look.now() - at,
        equivalent=f"firewall-cmd {mode}--zone={zone.name} --list-all",
        name=zone.name,
        permanent=permanent,
        target=zone.target,
        active=zone.active,
        default=zone.default,
        interfaces=zone.interfaces,
        sources=zone.sources,
        services=zone.services,
        ports=zone.ports,
        opens=wire.opened(zone.ports, zone.services, services),
        rich_rules=zone.rich_rules,
        forward_ports=zone.forward_ports,
    )


# What it does now


async def ask_daemon(machine: Machine) -> Runtime:
    """Denied where this user may not ask it."""
    ran = await machine.run("sh", "-c", RUNTIME)
    answers = _answers(ran.out)
    if answers.get("owner", "").rstrip().endswith("boolean false"):
        return Runtime(False)
    try:
        return await _from_bus(machine, answers)
    except (ValueError, KeyError):
        if any(word in ran.out for word in _DENIED):
            raise Denied from None
        return await _from_command(machine)


def _answers(text: str) -> dict[str, str]:
    parts = re.split(r"^@ (.*)\n", text, flags=re.MULTILINE)
    return {head.strip(): body for head, body in zip(parts[1::2], parts[2::2], strict=True)}


async def _from_bus(machine: Machine, answers: Mapping[str, str]) -> Runtime:
    """ValueError or KeyError where an answer is missing or is an error."""
    default = clean(str(wire.dbus_reply(answers["getDefaultZone"])), 64)
    # An empty dictionary prints as an empty list.
    active = wire.dbus_reply(answers["zone.getActiveZones"]) or {}
    zones = []
    for head, answer in answers.items():
        method, _, name = head.partition(" ")
        if method == "zone.getZoneSettings2":
            zone = wire.zone_settings(name, wire.dbus_reply(answer))
            zones.append(_marked(zone, default, name in active))
    if not zones:
        raise ValueError("no zones")
    services = await _ask_services(machine, zones)
    panic = wire.dbus_reply(answers["queryPanicMode"]) is True
    return Runtime(True, default, panic, tuple(zones), services)


def _marked(zone: ZoneText, default: str, active: bool) -> ZoneText:
    return replace(zone, default=zone.name == default, active=active or zone.name == default)


async def _ask_services(machine: Machine, zones: Iterable[ZoneText]) -> dict[str, ServiceText]:
    """The definitions in use of the services that zones list, and of those they include."""
    known: dict[str, ServiceText] = {}
    wanted = {*_ALWAYS, *(name for zone in zones for name in zone.services)}
    while wanted:
        ran = await machine.run("sh", "-c", SERVICES, "sh", *sorted(wanted))
        for head, answer in _answers(ran.out).items():
            name = head.removeprefix("service ")
            known[name] = _or_nothing(
                lambda text: wire.service_settings(wire.dbus_reply(text)), answer
            )
        included = {name for service in known.values() for name in service.includes}
        wanted = included - known.keys() if wanted <= known.keys() else set()
    return known


def _or_nothing(read: Callable[[str], ServiceText], text: str) -> ServiceText:
    """A service that is not defined opens nothing."""
    try:
        return read(text)
    except ValueError:
        return ServiceText()


async def _from_command(machine: Machine) -> Runtime:
    asked = (("--list-all-zones",), ("--get-default-zone",))
    zones, default = await asyncio.gather(*(machine.run("firewall-cmd", *one) for one in asked))
    if zones.failure is not None:
        if any(word in zones.err + zones.out for word in _DENIED):
            raise Denied
        return Runtime(False)
    name = clean(default.out, 64)
    found = tuple(_marked(one, name, one.active) for one in wire.list_all_zones(zones.out))
    wanted = {*_ALWAYS, *(one for zone in found for one in zone.services)}
    return Runtime(True, name, False, found, await _read_services(machine, wanted))


# What is configured


async def read_files(machine: Machine) -> Permanent:
    patterns = [f"{folder}/zones/*.xml" for folder in _FOLDERS]
    fixed = [f"{_FOLDERS[0]}/firewalld.conf", f"{_FOLDERS[0]}/direct.xml"]
    (own, shipped), (conf, direct) = await asyncio.gather(
        asyncio.gather(*map(machine.glob, patterns)), asyncio.gather(*map(machine.read, fixed))
    )
    if conf.failure is not None and conf.failure.kind == "denied":
        return Permanent(False)
    names = {PurePosixPath(path).stem: path for path in (*shipped, *own)}
    texts = await asyncio.gather(*map(machine.read, names.values()))
    if any(text.failure and text.failure.kind == "denied" for text in texts):
        return Permanent(False)
    settings = wire.configuration(conf.text)
    default = settings.get("DefaultZone", "public")
    zones = tuple(_zones(zip(names, texts, strict=True), default))
    wanted = {*_ALWAYS, *(name for zone in zones for name in zone.services)}
    return Permanent(
        readable=bool(zones),
        default=default,
        backend=settings.get("FirewallBackend", "").lower(),
        zones=zones,
        services=await _read_services(machine, wanted),
        direct=wire.direct_rules(direct.text),
    )


def _zones(named: Iterable[tuple[str, Text]], default: str) -> Iterable[ZoneText]:
    for name, text in named:
        try:
            zone = wire.zone_file(name, text.text)
        except (ValueError, IndexError):
            # firewalld passes over a file that it cannot read, too.
            continue
        bound = bool(zone.interfaces or zone.sources)
        yield _marked(zone, default, bound)


async def _read_services(machine: Machine, wanted: set[str]) -> dict[str, ServiceText]:
    known: dict[str, ServiceText] = {}
    while wanted:
        names = sorted(wanted)
        paths = [f"{folder}/services/{name}.xml" for name in names for folder in _FOLDERS]
        texts = await asyncio.gather(*map(machine.read, paths))
        for name, own, shipped in zip(names, texts[::2], texts[1::2], strict=True):
            text = own if own.failure is None else shipped
            known[name] = _or_nothing(wire.service_file, text.text)
        wanted = {one for service in known.values() for one in service.includes} - known.keys()
    return known
