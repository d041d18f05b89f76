"""firewalld: what it does now, and what it would do after a reload."""

import asyncio
from collections.abc import Mapping
from typing import Any

from diagnose.model import Unseen, Vantage
from diagnose.model.firewall import Firewalld, IpSet, Policy, PortRange, Zone
from diagnose.parsers.firewalld import MOST_OF_SET, PolicyText, ServiceText, ZoneText, opened
from diagnose.probes import Look, probe
from diagnose.probes.inside.firewalld_permanent import Permanent, read_files
from diagnose.probes.inside.firewalld_runtime import Denied, Runtime, ask_daemon


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
    for configured in (runtime, permanent):
        _see(look, at, configured)
    if not permanent.readable:
        command = "sudo firewall-cmd --permanent --list-all-zones"
        _unseen(look, "firewalld's permanent configuration", command)


def _unseen(look: Look, what: str, enable: str) -> None:
    look.see(
        Unseen(vantage=Vantage.SERVER, at=look.now(), what=what, why="needs root", enable=enable)
    )


def _daemon(look: Look, at: float, runtime: Runtime, permanent: Permanent) -> Firewalld:
    return Firewalld(
        **_seen(look, at, "firewall-cmd --state"),
        running=runtime.running,
        default_zone=runtime.default,
        panic=runtime.panic,
        version=runtime.version,
        services=_known(runtime.services),
        permanent_default=permanent.default if permanent.readable else "",
        permanent_services=_known(permanent.services),
        backend=permanent.backend,
        direct=runtime.direct,
        permanent_direct=permanent.direct,
        drifts=permanent.drifting and runtime.version.startswith("0."),
        caller=runtime.caller if look.machine.via != "local" else "",
    )


def _known(services: Mapping[str, ServiceText]) -> tuple[tuple[str, tuple[PortRange, ...]], ...]:
    return tuple((name, opened((), [name], services)) for name in sorted(services))


def _see(look: Look, at: float, configured: Runtime | Permanent) -> None:
    permanent = isinstance(configured, Permanent)
    command = f"firewall-cmd {'--permanent ' * permanent}"
    for zone in configured.zones:
        look.see(
            Zone(
                **_seen(look, at, f"{command}--zone={zone.name} --list-all"),
                **_common(zone, configured.services, permanent),
                active=zone.active,
                default=zone.default,
                interfaces=zone.interfaces,
                sources=zone.sources,
            )
        )
    for policy in configured.policies:
        look.see(
            Policy(
                **_seen(look, at, f"{command}--info-policy={policy.name}"),
                **_common(policy, configured.services, permanent),
                ingress=policy.ingress,
                egress=policy.egress,
            )
        )
    for name, entries in configured.ipsets.items():
        look.see(
            IpSet(
                **_seen(look, at, f"{command}--ipset={name} --get-entries"),
                name=name,
                permanent=permanent,
                entries=entries[:MOST_OF_SET],
                whole=len(entries) <= MOST_OF_SET,
            )
        )


def _common(
    text: ZoneText | PolicyText, services: Mapping[str, ServiceText], permanent: bool
) -> dict[str, Any]:
    return {
        "name": text.name,
        "permanent": permanent,
        "target": text.target,
        "priority": text.priority,
        "services": text.services,
        "ports": text.ports,
        "opens": opened(text.ports, text.services, services),
        "rich_rules": text.rich_rules,
        "forward_ports": text.forward_ports,
    }


def _seen(look: Look, at: float, command: str) -> dict[str, Any]:
    return {
        "vantage": Vantage.SERVER,
        "at": at,
        "took": look.now() - at,
        "equivalent": command,
    }
