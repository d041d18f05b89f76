"""The address that a probe uses, chosen as blackbox_exporter does (prober/utils.go)."""

import asyncio
import time
from ipaddress import ip_address

from diagnose.exporter.modules import IpProtocol
from diagnose.exporter.probe import Probe
from diagnose.model.addresses import family_of
from diagnose.parsers.hostnames import is_address


async def choose_address(probe: Probe, host: str, protocol: IpProtocol, fallback: bool) -> str:
    """Resolve a host and set the metrics of the resolution. Return an address of the preferred
    protocol (IPv6 if none is named), of the other one if `fallback` allows it, or "" (logged; also
    if the module's `source_ip_address` is not an address)."""
    metrics = probe.metrics
    metrics.declare("probe_ip_protocol", "Specifies whether probe ip protocol is IP4 or IP6")
    metrics.declare(
        "probe_dns_lookup_time_seconds",
        "Returns the time taken for probe dns lookup in seconds",
    )
    metrics.declare(
        "probe_ip_addr_hash",
        "Specifies the hash of IP address. It's useful to detect if the IP address changes.",
    )
    started = time.monotonic()
    address = await find_address(probe, host, protocol, fallback)
    metrics.add("probe_dns_lookup_time_seconds", time.monotonic() - started)
    if address:
        metrics.set("probe_ip_protocol", family_of(address))
        metrics.set("probe_ip_addr_hash", address_hash(address))
    source = probe.module.source_ip_address
    if source and not is_address(source):
        probe.fail("Error parsing source ip address", "target", srcIP=source)
        return ""
    return address


async def find_address(probe: Probe, host: str, protocol: IpProtocol, fallback: bool) -> str:
    """Return an address of a host that may be probed, or "" (logged). Sets no metric."""
    address = await _resolve(probe, host, protocol, fallback)
    if address and (refusal := probe.net.refusal(address)):
        probe.fail("Target refused", "denied", target=host, err=refusal)
        return ""
    return address


async def _resolve(probe: Probe, host: str, protocol: IpProtocol, fallback: bool) -> str:
    preferred = 4 if protocol == "ip4" else 6
    families = (preferred, 10 - preferred) if fallback else (preferred,)
    if is_address(host):
        if family_of(host) in families:
            return host
        probe.fail("Resolution with IP protocol failed", "resolution", target=host)
        return ""
    results = await asyncio.gather(
        *(probe.net.resolve(host, family, timeout=120.0) for family in families)
    )
    addresses = [address for result in results for address in result.addresses]
    if not addresses:
        failure = next((result.failure for result in results if result.failure), None)
        error = failure.message if failure else "no address of this protocol"
        probe.fail("Resolution with IP protocol failed", "resolution", target=host, err=error)
        return ""
    probe.log.info("Resolved target address", target=host, ip=addresses[0])
    return addresses[0]


def address_hash(address: str) -> int:
    """Return the 32-bit FNV-1a hash of an address's bytes (RFC 9923)."""
    value = 0x811C9DC5
    for byte in ip_address(address.partition("%")[0]).packed:
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value
