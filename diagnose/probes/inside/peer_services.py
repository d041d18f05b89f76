"""What should listen at a port of this machine, where a program says that it was refused there: the
service that does not run, or the program that listens at another address."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace

from diagnose.machine import Machine
from diagnose.model.addresses import bracketed, is_local_host
from diagnose.model.program_logs import ToldReason
from diagnose.model.server import Listener, Listeners
from diagnose.parsers.peer_addresses import (
    GUACAMOLE_SETTINGS,
    local_address,
    peer_addresses,
    with_local_address,
)
from diagnose.parsers.program_place import ProgramPlace, parse_place
from diagnose.parsers.quoted_secrets import hide_values
from diagnose.parsers.sanitize import clean
from diagnose.parsers.whole_numbers import whole_number

#: The usual units of programs by their ports. The one that is installed is named.
_UNITS = {
    5432: ("postgresql", "postgresql@15-main", "postgresql@16-main", "postgresql@17-main"),
    3306: ("mariadb", "mysql", "mysqld"),
    6379: ("redis-server", "redis", "valkey", "valkey-server"),
    27017: ("mongod",), 5672: ("rabbitmq-server",), 11211: ("memcached",),
    9200: ("elasticsearch", "opensearch"), 5984: ("couchdb",), 1883: ("mosquitto",),
    9000: ("minio", "php-fpm"), 7700: ("meilisearch",), 8983: ("solr",), 4222: ("nats-server",),
    4822: ("guacd",), 22: ("ssh", "sshd"), 3389: ("xrdp",),
}  # fmt: skip
#: The address by which a program of this machine reaches what listens at all of a family.
_REACHED = {"0.0.0.0": "127.0.0.1", "::": "::1"}
#: Seconds for the script, and bytes of a file of settings.
_PATIENCE, _MAX_FILE = 5.0, 64 << 10
#: The first port of a VNC server's displays (RFB protocol, section 4), and the last one.
_VNC = range(5900, 5910)
#: The names of the units in /etc that name a port.
_NAMING = 'grep -lsE "(^|[^0-9.])$1([^0-9.]|[.]?$)" /etc/systemd/system/*.service | head -n 9'


async def unnamed(
    machine: Machine, script: str, listeners: Listeners, place: ProgramPlace, reason: ToldReason
) -> ToldReason | None:
    """Return it with the address that the program was refused at, where its log names none: the one
    to which it connects and at which nothing listens. None if there is none, or if there are
    several."""
    is_guacamole = "guacd" in reason.message.lower()
    settings = (await machine.read(GUACAMOLE_SETTINGS, _MAX_FILE)).text if is_guacamole else ""
    own = whole_number(reason.endpoint)
    unreached_reasons = list[ToldReason]()
    for host, port in peer_addresses(place.words, place.variables, reason.message, settings):
        named = replace(reason, host=host, port=port)
        known = await unreached(machine, script, listeners, place, named) if port != own else None
        if known is not None:
            unreached_reasons.append(known)
    return unreached_reasons[0] if len(unreached_reasons) == 1 else None


async def unreached(
    machine: Machine, script: str, listeners: Listeners, place: ProgramPlace, reason: ToldReason
) -> ToldReason | None:
    """Return it with what should listen at its port; None if a program takes that address. `script`
    is program_place.sh with what it needs."""
    sockets = listeners.on(reason.port)
    if place.container or not is_local_host(reason.host) or any(_takes(sockets, reason)):
        return None
    if sockets:
        return await _listening_elsewhere(machine, script, sockets, place, reason)
    return await peer(machine, reason)


def _takes(sockets: tuple[Listener, ...], reason: ToldReason) -> Iterator[bool]:
    """Yield of each socket whether it takes the address at which a program was refused. A program
    that asks localhost gets 127.0.0.1, or both addresses."""
    address = "127.0.0.1" if reason.host.lower() == "localhost" else reason.host
    for socket in sockets:
        is_any = socket.address == ("::" if ":" in address else "0.0.0.0")
        is_dual = socket.address == "::" and socket.dual
        yield is_any or is_dual or socket.address == address


async def _listening_elsewhere(
    machine: Machine,
    script: str,
    sockets: tuple[Listener, ...],
    place: ProgramPlace,
    reason: ToldReason,
) -> ToldReason:
    """Return it with the addresses at which its port is served, and the edit that brings the two
    together: the line of the program's settings that names the address, or the command of the
    service that listens."""
    own = (_REACHED.get(socket.address, socket.address) for socket in sockets)
    addresses = tuple(dict.fromkeys(bracketed(address) for address in own))
    words = ("sh", "-c", script, "sh", str(reason.port))
    other = parse_place((await machine.run(*words, timeout=_PATIENCE)).out)
    reason = replace(reason, elsewhere=addresses, service=other.unit.removesuffix(".service"))
    wanted = local_address(reason.host)
    # Others may ask the service at IPv4's address, where it listens there.
    is_moved = ":" not in wanted and all(address == "[::1]" for address in addresses)
    for path in other.unit_files if other.unit and is_moved else ():
        lines = (await machine.read(path, _MAX_FILE)).text.split("\n")
        starts = [line for line in lines if re.match(r"ExecStart=\S", line)]
        # A backslash at its end goes on with the next line (systemd.syntax(7)).
        command = with_local_address(starts[0], 0, wanted) if len(starts) == 1 else ""
        if command and not command.endswith("\\") and _is_shown(command):
            return replace(reason, command_lines=("ExecStart=", command))
    return await _with_own_line(machine, place, reason, addresses)


async def _with_own_line(
    machine: Machine, place: ProgramPlace, reason: ToldReason, addresses: tuple[str, ...]
) -> ToldReason:
    """Return it with the one line of the program's own settings that names the address, with the
    one at which its port is served."""
    files = [path for path in place.unit_files if path.startswith("/etc/")] if place.unit else []
    files += [f"{place.folder}/.env"] if place.folder.count("/") > 1 else []
    for path in files[:6]:
        lines = (await machine.read(path, _MAX_FILE)).text.split("\n")
        for number, line in enumerate(lines[:400], 1):
            new = with_local_address(line, reason.port, addresses[0])
            if new and place.unit and _is_shown(line):
                return replace(reason, file=path, number=number, line=line, new=new)
    return reason


def _is_shown(line: str) -> bool:
    """Return whether a line can be printed as it is."""
    return clean(line, 1000) == line and hide_values(line) == line


async def peer(machine: Machine, reason: ToldReason) -> ToldReason:
    """Return it with the unit that should listen, if one is installed and does not run: the usual
    one, or the only one in /etc that names the port."""
    display = reason.port - _VNC.start
    names = _UNITS.get(reason.port, ())
    if reason.port in _VNC:
        names = tuple(
            f"{name}@{mark}{display}"
            for name in ("vncserver", "tigervncserver")
            for mark in (":", "")
        )
    service = await _stopped(machine, names)
    if not service:
        result = await machine.run("sh", "-c", _NAMING, "sh", str(reason.port))
        own = [posixpath.basename(path) for path in result.out.split("\n") if path]
        others = [each.removesuffix(".service") for each in own if each != reason.unit]
        service = await _stopped(machine, tuple(others)) if len(others) == 1 else ""
    return replace(reason, service=service)


async def _stopped(machine: Machine, names: tuple[str, ...]) -> str:
    """Return the first of these units that is installed and does not run; "" for none."""
    if not names:
        return ""
    words = ("systemctl", "show", "-p", "Id", "-p", "LoadState", "-p", "ActiveState", "--")
    result = await machine.run(*words, *(f"{name}.service" for name in names))
    for block in result.out.split("\n\n"):
        facts = dict(line.partition("=")[::2] for line in block.split("\n"))
        if facts.get("LoadState") == "loaded" and facts.get("ActiveState") != "active":
            name = posixpath.basename(facts.get("Id", "")).removesuffix(".service")
            return name if name in names else ""
    return ""
