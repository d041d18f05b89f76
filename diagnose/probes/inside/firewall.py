"""Probes for firewalld: its runtime configuration, and its configuration after a reload."""

import asyncio
from collections.abc import Mapping
from typing import Any

from diagnose.model import Vantage
from diagnose.model.firewall import Firewalld, IpSet, Policy, PortRange, Zone
from diagnose.parsers.firewalld import (
    MAX_SET_ENTRIES,
    PolicyText,
    ServiceText,
    ZoneText,
    open_ports,
)
from diagnose.probes import ProbeContext, emit_not_observed, probe
from diagnose.probes.inside.firewalld_permanent import PermanentConfig, read_files
from diagnose.probes.inside.firewalld_runtime import (
    AccessDenied,
    NoReply,
    RuntimeConfig,
    ask_daemon,
)


@probe()
async def firewalld(ctx: ProbeContext) -> None:
    at = ctx.elapsed()
    try:
        runtime, permanent = await asyncio.gather(ask_daemon(ctx.machine), read_files(ctx.machine))
    except (AccessDenied, NoReply) as error:
        reason = "needs root" if isinstance(error, AccessDenied) else "the command failed"
        command = "sudo firewall-cmd --list-all-zones"
        emit_not_observed(ctx, "firewalld's zones", reason, command)
        return
    ctx.emit(_firewalld_state(ctx, at, runtime, permanent))
    if not runtime.running:
        return
    for configured in (runtime, permanent):
        _emit_configuration(ctx, at, configured)
    if not permanent.readable:
        command = "sudo firewall-cmd --permanent --list-all-zones"
        emit_not_observed(ctx, "firewalld's permanent configuration", "needs root", command)


def _firewalld_state(
    ctx: ProbeContext, at: float, runtime: RuntimeConfig, permanent: PermanentConfig
) -> Firewalld:
    return Firewalld(
        **_observation_fields(ctx, at, "firewall-cmd --state"),
        running=runtime.running,
        default_zone=runtime.default,
        panic=runtime.panic,
        version=runtime.version,
        services=_service_ports(runtime.services),
        permanent_default=permanent.default if permanent.readable else "",
        permanent_services=_service_ports(permanent.services),
        backend=permanent.backend,
        direct=runtime.direct,
        permanent_direct=permanent.direct,
        drifts=permanent.drifting and runtime.version.startswith("0."),
        caller=runtime.caller if ctx.machine.via != "local" else "",
    )


def _service_ports(
    services: Mapping[str, ServiceText],
) -> tuple[tuple[str, tuple[PortRange, ...]], ...]:
    return tuple((name, open_ports((), [name], services)) for name in sorted(services))


def _emit_configuration(
    ctx: ProbeContext, at: float, configured: RuntimeConfig | PermanentConfig
) -> None:
    permanent = isinstance(configured, PermanentConfig)
    command = f"firewall-cmd {'--permanent ' * permanent}"
    for zone in configured.zones:
        ctx.emit(
            Zone(
                **_observation_fields(ctx, at, f"{command}--zone={zone.name} --list-all"),
                **_common_fields(zone, configured.services, permanent),
                active=zone.active,
                default=zone.default,
                interfaces=zone.interfaces,
                sources=zone.sources,
            )
        )
    for policy in configured.policies:
        ctx.emit(
            Policy(
                **_observation_fields(ctx, at, f"{command}--info-policy={policy.name}"),
                **_common_fields(policy, configured.services, permanent),
                ingress=policy.ingress,
                egress=policy.egress,
            )
        )
    for name, entries in configured.ipsets.items():
        ctx.emit(
            IpSet(
                **_observation_fields(ctx, at, f"{command}--ipset={name} --get-entries"),
                name=name,
                permanent=permanent,
                entries=entries[:MAX_SET_ENTRIES],
                whole=len(entries) <= MAX_SET_ENTRIES,
            )
        )


def _common_fields(
    text: ZoneText | PolicyText, services: Mapping[str, ServiceText], permanent: bool
) -> dict[str, Any]:
    return {
        "name": text.name,
        "permanent": permanent,
        "target": text.target,
        "priority": text.priority,
        "services": text.services,
        "ports": text.ports,
        "opens": open_ports(text.ports, text.services, services),
        "rich_rules": text.rich_rules,
        "forward_ports": text.forward_ports,
    }


def _observation_fields(ctx: ProbeContext, at: float, command: str) -> dict[str, Any]:
    return {
        "vantage": Vantage.SERVER,
        "at": at,
        "took": ctx.elapsed() - at,
        "equivalent": command,
    }
