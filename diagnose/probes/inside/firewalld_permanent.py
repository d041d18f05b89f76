"""What firewalld will do after a reload: its permanent configuration, read from its files, those
in /etc before those of the package (firewalld.zone(5))."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from pathlib import PurePosixPath
from typing import TypeVar

from diagnose.machine import Machine, Text
from diagnose.model.frozen import frozen
from diagnose.parsers.firewalld import PolicyText, ServiceText, ZoneText, wanted
from diagnose.parsers.firewalld.cmd_output import configuration
from diagnose.parsers.firewalld.config_files import (
    direct_rules,
    ipset_entries,
    policy_file,
    zone_file,
)
from diagnose.probes.inside.firewalld_runtime import ALWAYS, FOLDERS, marked, read_services

#: A set of addresses is read so far: the beginning of a long one is all that is taken.
_MOST_OF_SET = 64 * 1024

Made = TypeVar("Made")


@frozen
class Permanent:
    """What is configured; `readable` False where this user may not read it."""

    readable: bool
    default: str = ""
    backend: str = ""
    drifting: bool = False
    zones: tuple[ZoneText, ...] = ()
    policies: tuple[PolicyText, ...] = ()
    ipsets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    services: Mapping[str, ServiceText] = field(default_factory=dict)
    direct: tuple[str, ...] = ()


async def read_files(machine: Machine) -> Permanent:
    # The package's files come first: those of the administrator then take their places.
    folders = (*reversed(FOLDERS),)
    asked = [machine.read_all(f"{folder}/[zp]o*/*.xml") for folder in folders]
    asked += [machine.read_all(f"{folder}/ipsets/*.xml", _MOST_OF_SET) for folder in folders]
    fixed = [f"{FOLDERS[0]}/firewalld.conf", f"{FOLDERS[0]}/direct.xml"]
    found, (conf, direct) = await asyncio.gather(
        asyncio.gather(*asked), asyncio.gather(*map(machine.read, fixed))
    )
    read = [text for texts in found for text in texts]
    if any(text.failure and text.failure.kind == "denied" for text in (conf, *read)):
        return Permanent(False)
    texts = {_kind_and_name(text.path): text for text in read}
    settings = configuration(conf.text)
    default = settings.get("DefaultZone", "public")
    zones = tuple(
        marked(zone, default, bool(zone.interfaces or zone.sources))
        for zone in _made(texts, "zones", zone_file)
    )
    policies = tuple(_made(texts, "policies", policy_file))
    return Permanent(
        readable=bool(zones),
        default=default,
        backend=settings.get("FirewallBackend", "").lower(),
        drifting=settings.get("AllowZoneDrifting", "").lower() in {"yes", "true"},
        zones=zones,
        policies=policies,
        ipsets={
            name: ipset_entries(text.text)
            for (kind, name), text in texts.items()
            if kind == "ipsets"
        },
        services=await read_services(machine, {*ALWAYS, *wanted(*zones, *policies)}),
        direct=direct_rules(direct.text),
    )


def _kind_and_name(path: str) -> tuple[str, str]:
    """ "/etc/firewalld/zones/public.xml": zones, public."""
    place = PurePosixPath(path)
    return place.parent.name, place.stem


def _made(
    texts: Mapping[tuple[str, str], Text], kind: str, make: Callable[[str, str], Made]
) -> Iterator[Made]:
    for (its_kind, name), text in texts.items():
        if its_kind == kind:
            try:
                made = make(name, text.text)
            except (ValueError, IndexError):
                # firewalld passes over a file that it cannot read, too.
                continue
            yield made
