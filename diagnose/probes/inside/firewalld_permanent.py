"""Reads firewalld's permanent configuration, which applies after a reload, from its files.

Files in /etc take precedence over those of the package (firewalld.zone(5)).
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from pathlib import PurePosixPath
from typing import TypeVar

from diagnose.machine import FileContent, Machine
from diagnose.model.frozen import frozen
from diagnose.parsers.firewalld import PolicyText, ServiceText, ZoneText, named_services
from diagnose.parsers.firewalld.cmd_output import configuration
from diagnose.parsers.firewalld.config_files import (
    direct_rules,
    ipset_entries,
    policy_file,
    zone_file,
)
from diagnose.probes.inside.firewalld_runtime import FOLDERS, WEB_SERVICES, mark_zone, read_services

#: Maximum bytes read of an address set; longer ones are truncated.
_MAX_SET_BYTES = 64 * 1024

DefinitionT = TypeVar("DefinitionT")


@frozen
class PermanentConfig:
    """The permanent configuration. `readable` is False if this user may not read it."""

    readable: bool
    default: str = ""
    backend: str = ""
    drifting: bool = False
    zones: tuple[ZoneText, ...] = ()
    policies: tuple[PolicyText, ...] = ()
    ipsets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    services: Mapping[str, ServiceText] = field(default_factory=dict)
    direct: tuple[str, ...] = ()


async def read_files(machine: Machine) -> PermanentConfig:
    """Read the configuration that firewalld loads at its next start (firewalld.dirs(5)). It is not
    `readable` if a file is closed to this user, or without any zone."""
    # The package's files come first, so that those of the administrator replace them.
    folders = (*reversed(FOLDERS),)
    pending_reads = [machine.read_all(f"{folder}/[zp]o*/*.xml") for folder in folders]
    pending_reads += [
        machine.read_all(f"{folder}/ipsets/*.xml", _MAX_SET_BYTES) for folder in folders
    ]
    file_paths = [f"{FOLDERS[0]}/firewalld.conf", f"{FOLDERS[0]}/direct.xml"]
    groups, (conf, direct) = await asyncio.gather(
        asyncio.gather(*pending_reads), asyncio.gather(*map(machine.read, file_paths))
    )
    contents = [content for texts in groups for content in texts]
    if any(content.failure and content.failure.kind == "denied" for content in (conf, *contents)):
        return PermanentConfig(False)
    texts = {_kind_and_name(content.path): content for content in contents}
    settings = configuration(conf.text)
    default = settings.get("DefaultZone", "public")
    zones = tuple(
        mark_zone(zone, default, bool(zone.interfaces or zone.sources))
        for zone in _parse_files(texts, "zones", zone_file)
    )
    policies = tuple(_parse_files(texts, "policies", policy_file))
    return PermanentConfig(
        readable=bool(zones),
        default=default,
        backend=settings.get("FirewallBackend", "").lower(),
        drifting=settings.get("AllowZoneDrifting", "").lower() in {"yes", "true"},
        zones=zones,
        policies=policies,
        ipsets={
            name: ipset_entries(content.text)
            for (kind, name), content in texts.items()
            if kind == "ipsets"
        },
        services=await read_services(machine, {*WEB_SERVICES, *named_services(*zones, *policies)}),
        direct=direct_rules(direct.text),
    )


def _kind_and_name(path: str) -> tuple[str, str]:
    """Return kind and name: "zones" and "public" for "/etc/firewalld/zones/public.xml"."""
    file_path = PurePosixPath(path)
    return file_path.parent.name, file_path.stem


def _parse_files(
    texts: Mapping[tuple[str, str], FileContent],
    kind: str,
    parse: Callable[[str, str], DefinitionT],
) -> Iterator[DefinitionT]:
    for (its_kind, name), content in texts.items():
        if its_kind == kind:
            try:
                definition = parse(name, content.text)
            except (ValueError, IndexError):
                # firewalld also ignores a file that it cannot parse.
                continue
            yield definition
