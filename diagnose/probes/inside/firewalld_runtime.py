"""Reads firewalld's runtime configuration.

The daemon is queried over D-Bus (firewalld.dbus(5)): all queries together take as long as one
firewall-cmd, which spends most of its time starting Python. If dbus-send is missing, or the daemon
is too old for it (before 0.9), firewall-cmd is used.
"""

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, replace
from functools import partial
from typing import Any, TypeVar

from diagnose.machine import Machine
from diagnose.machine.script_files import read_script
from diagnose.model.frozen import frozen
from diagnose.parsers.firewalld import (
    MAX_SET_ENTRIES,
    PolicyText,
    ServiceText,
    ZoneText,
    cmd_output,
    dbus_output,
    named_services,
)
from diagnose.parsers.firewalld.config_files import service_file
from diagnose.parsers.sanitize import clean

FOLDERS = ("/etc/firewalld", "/usr/lib/firewalld")
#: Services that a site needs open; they are read even if no zone lists them.
WEB_SERVICES = ("http", "https")

RUNTIME_SCRIPT = read_script(__file__, "firewalld_runtime.sh")
SERVICES_SCRIPT = read_script(__file__, "firewalld_services.sh")

_DENIED = ("NotAuthorized", "AccessDenied", "Authorization failed", "authentication")

#: dbus-send(1) where no system bus runs. firewalld does not run without one.
_NO_BUS = re.compile(
    r"Failed to connect to socket .*: (No such file or directory|Connection refused)"
)

# What firewall-cmd prints where the bus refuses this user, or a daemon hangs (exit status 36).
_NO_REPLY = "DBUS_ERROR"

ReplyT = TypeVar("ReplyT")


class AccessDenied(Exception):
    """firewalld does not give this user the information."""


class NoReply(Exception):
    """firewalld, or the bus, did not answer: whether it runs is not known."""


@frozen
class RuntimeConfig:
    """The runtime configuration.

    `running` is False if there is no daemon. `caller` is the address of the SSH client, if any.
    """

    running: bool
    default: str = ""
    panic: bool = False
    version: str = ""
    zones: tuple[ZoneText, ...] = ()
    policies: tuple[PolicyText, ...] = ()
    ipsets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    services: Mapping[str, ServiceText] = field(default_factory=dict)
    direct: tuple[str, ...] = ()
    caller: str = ""


async def ask_daemon(machine: Machine) -> RuntimeConfig:
    """Return the runtime configuration. Raises AccessDenied if this user may not query it,
    and NoReply if there is no answer."""
    result = await machine.run("sh", "-c", RUNTIME_SCRIPT, "sh", str(MAX_SET_ENTRIES + 1))
    answers = _split_answers(result.out)
    caller = next((head[7:] for head in answers if head.startswith("caller ")), "")
    owner = answers.get("owner", "").rstrip()
    if owner.endswith("boolean false") or _NO_BUS.search(owner):
        return RuntimeConfig(False, caller=caller)
    try:
        runtime = await _from_bus(machine, answers)
    except (ValueError, KeyError):
        if any(marker in result.out for marker in _DENIED):
            raise AccessDenied from None
        runtime = await _from_command(machine)
    return replace(runtime, caller=clean(caller, 64))


def _split_answers(text: str) -> dict[str, str]:
    parts = re.split(r"^@ (.*)\n", text, flags=re.MULTILINE)
    return {head.strip(): body for head, body in zip(parts[1::2], parts[2::2], strict=True)}


async def _from_bus(machine: Machine, answers: Mapping[str, str]) -> RuntimeConfig:
    """Build the configuration from D-Bus answers; ValueError or KeyError if one is unusable."""
    default = clean(str(dbus_output.dbus_reply(answers["getDefaultZone"])), 64)
    # dbus-send prints an empty dictionary as an empty list.
    active = dbus_output.dbus_reply(answers["zone.getActiveZones"]) or {}
    zones = tuple(
        mark_zone(
            dbus_output.zone_settings(name, dbus_output.dbus_reply(answer)), default, name in active
        )
        for name, answer in _answers_to(answers, "zone.getZoneSettings2")
    )
    if not zones:
        raise ValueError("no zones")
    policies = tuple(
        dbus_output.policy_settings(name, dbus_output.dbus_reply(answer))
        for name, answer in _answers_to(answers, "policy.getPolicySettings")
    )
    return RuntimeConfig(
        running=True,
        default=default,
        panic=dbus_output.dbus_reply(answers["queryPanicMode"]) is True,
        version=clean(str(_read_or_default(_reply_reader(answers, "version"), "")), 20),
        zones=zones,
        policies=policies,
        ipsets={name: _entries(text) for name, text in _answers_to(answers, "ipset")},
        services=await _ask_services(machine, {*WEB_SERVICES, *named_services(*zones, *policies)}),
        direct=dbus_output.direct_rules(
            _read_or_default(_reply_reader(answers, "direct.getAllRules"), ()),
            _read_or_default(_reply_reader(answers, "direct.getAllPassthroughs"), ()),
        ),
    )


def _answers_to(answers: Mapping[str, str], method: str) -> Iterable[tuple[str, str]]:
    """Return pairs of argument and answer for a method."""
    for head, answer in answers.items():
        answered_method, _, name = head.partition(" ")
        if answered_method == method:
            yield name, answer


def _reply_reader(answers: Mapping[str, str], head: str) -> Callable[[], Any]:
    return lambda: dbus_output.dbus_reply(answers.get(head, ""))


def _read_or_default(read: Callable[[], ReplyT], default: ReplyT) -> ReplyT:
    try:
        return read()
    except ValueError:
        return default


def _entries(text: str) -> tuple[str, ...]:
    return tuple(clean(line, 128) for line in text.splitlines()[: MAX_SET_ENTRIES + 1])


def mark_zone(zone: ZoneText, default: str, active: bool) -> ZoneText:
    return replace(zone, default=zone.name == default, active=active or zone.name == default)


async def _ask_services(machine: Machine, names: set[str]) -> dict[str, ServiceText]:
    """Return the definitions in use of these services, and of the services they include."""
    definitions: dict[str, ServiceText] = {}
    while names:
        result = await machine.run("sh", "-c", SERVICES_SCRIPT, "sh", *sorted(names))
        for head, answer in _split_answers(result.out).items():
            # A service without a definition opens no port.
            reader = partial(_service, answer)
            definitions[head.removeprefix("service ")] = _read_or_default(reader, ServiceText())
        included = {name for service in definitions.values() for name in service.includes}
        names = included - definitions.keys() if names <= definitions.keys() else set()
    return definitions


def _service(answer: str) -> ServiceText:
    return dbus_output.service_settings(dbus_output.dbus_reply(answer))


async def _from_command(machine: Machine) -> RuntimeConfig:
    # Each firewall-cmd takes a fifth of a second of Python: only a daemon that answers gets more.
    zones = await machine.run("firewall-cmd", "--list-all-zones")
    if zones.failure is not None:
        if any(marker in zones.err + zones.out for marker in _DENIED):
            raise AccessDenied
        if _NO_REPLY in zones.err + zones.out:
            raise NoReply
        return RuntimeConfig(False)
    options = ("--get-default-zone", "--list-all-policies", "--query-panic")
    default, policies, panic = await asyncio.gather(
        *(machine.run("firewall-cmd", option) for option in options)
    )
    name = clean(default.out, 64)
    zone_texts = tuple(
        mark_zone(zone, name, zone.active) for zone in cmd_output.list_all_zones(zones.out)
    )
    policy_texts = cmd_output.list_all_policies(policies.out) if policies.failure is None else ()
    services = await read_services(
        machine, {*WEB_SERVICES, *named_services(*zone_texts, *policy_texts)}
    )
    return RuntimeConfig(
        running=True,
        default=name,
        panic=panic.out.strip() == "yes",
        zones=zone_texts,
        policies=policy_texts,
        services=services,
    )


async def read_services(machine: Machine, names: set[str]) -> dict[str, ServiceText]:
    """Return the definitions of these services and of those they include, from the files."""
    definitions: dict[str, ServiceText] = {}
    while names:
        ordered = sorted(names)
        paths = [f"{folder}/services/{name}.xml" for name in ordered for folder in FOLDERS]
        texts = await asyncio.gather(*map(machine.read, paths))
        for name, own, shipped in zip(ordered, texts[::2], texts[1::2], strict=True):
            text = own if own.failure is None else shipped
            definitions[name] = _read_or_default(partial(service_file, text.text), ServiceText())
        names = {
            name for service in definitions.values() for name in service.includes
        } - definitions.keys()
    return definitions
