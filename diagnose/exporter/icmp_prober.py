"""The prober "icmp": one echo request. Source: blackbox_exporter, prober/icmp.go."""

import time

from diagnose.exporter.addresses import choose_address
from diagnose.exporter.probe import Probe
from diagnose.model.addresses import family_of
from diagnose.net.error_mapping import failure_of
from diagnose.net.ping import EchoRequest, ping

#: Bytes of the payload if the module says nothing.
_PAYLOAD_SIZE = 28


async def probe_icmp(probe: Probe) -> bool:
    """Return whether the probe succeeded."""
    module, metrics = probe.module.icmp, probe.metrics
    metrics.declare_labelled("probe_icmp_duration_seconds", "Duration of icmp request by phase")
    for phase in ("resolve", "setup", "rtt"):
        metrics.set("probe_icmp_duration_seconds", 0, phase=phase)
    started = time.monotonic()
    address = await choose_address(
        probe, probe.target, module.preferred_ip_protocol, module.ip_protocol_fallback
    )
    metrics.set("probe_icmp_duration_seconds", time.monotonic() - started, phase="resolve")
    if not address:
        return False
    request = EchoRequest(
        address,
        module.payload_size or _PAYLOAD_SIZE,
        module.ttl or None,
        module.dont_fragment,
        module.source_ip_address,
    )
    try:
        reply = await ping(request, timeout=120.0)
    except OSError as error:
        failure = failure_of(error)
        return probe.fail("Error listening to socket", failure.kind, err=failure.message)
    metrics.set("probe_icmp_duration_seconds", reply.setup, phase="setup")
    metrics.set("probe_icmp_duration_seconds", reply.took, phase="rtt")
    if reply.hop_limit is not None:
        _declare_hop_limit(probe, reply.hop_limit, family_of(address))
    return True


def _declare_hop_limit(probe: Probe, hop_limit: int, family: int) -> None:
    probe.metrics.declare(
        "probe_icmp_reply_hop_limit", f"Replied packet hop limit (TTL for ipv{family})"
    )
    probe.metrics.set("probe_icmp_reply_hop_limit", hop_limit)
