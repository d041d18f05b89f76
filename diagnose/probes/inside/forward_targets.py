"""The machines to which rules of the packet filter redirect the target's port: whether they take a
connection, and whether the kernel passes packets on at all. The server's own connections pass no
PREROUTING chain, so that the run cannot see there what visitors get.
"""

import re
import shlex
from collections.abc import Iterator

from diagnose.model import Vantage
from diagnose.model.addresses import bracketed, is_loopback
from diagnose.model.packet_paths import ForwardTarget
from diagnose.model.server import Interface, interface_addresses
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.whole_numbers import whole_number
from diagnose.probes import ProbeContext, emit_not_observed

#: Most targets, and seconds for a connection.
MAX_TARGETS, PATIENCE = 2, 4

#: `--to-destination ADDRESS:PORT` of iptables, and "dnat" in nft's JSON with its address and port.
_OF_IPTABLES = re.compile(
    r"--to-destination (\[[0-9a-fA-F:.]+\]|[0-9.]+|[0-9a-fA-F:]+)(?::(\d{1,5}))?"
)
_PORTS = re.compile(r"(! )?--dports? ([\d:,]{1,200})(?= |$)")
_OF_NFT = re.compile(r'"dnat": \{"[^{}]{0,80}?"?addr": "([0-9a-fA-F:.]+)"(?:, "port": (\d{1,5}))?')


async def emit_targets(ctx: ProbeContext, rules: str) -> None:
    at, own = ctx.elapsed(), interface_addresses(ctx.observed(Interface))
    for address, port in list(_targets(rules, ctx.target.port))[:MAX_TARGETS]:
        if address in own or is_loopback(address):
            continue
        if not ctx.further_requests.begin(f"the redirect to {address}:{port}"):
            continue
        url = f"https://{bracketed(address)}:{port}/"
        words = ("curl", "-sk", "-o", "/dev/null", "--noproxy", "*", "-m", str(PATIENCE + 1))
        argv = (*words, "--connect-timeout", str(PATIENCE), "-w", "%{time_connect}", url)
        result = await ctx.machine.run(*argv, timeout=PATIENCE + 3)
        setting = await ctx.machine.read("/proc/sys/net/ipv4/ip_forward", 10)
        target = ctx.emit(
            ForwardTarget(
                vantage=Vantage.SERVER,
                at=at,
                took=ctx.elapsed() - at,
                equivalent=shlex.join(argv),
                address=address,
                port=port,
                is_reached=re.search(r"[1-9]", result.out) is not None,
                is_forwarding={"0": False, "1": True}.get(setting.text.strip()),
            )
        )
        if target.is_reached and target.is_forwarding:
            emit_not_observed(
                ctx,
                f"the requests at {ctx.target.url}",
                "rules redirect the port to another machine, for visitors alone",
                f"diagnose {ctx.target.url}",
            )


def _targets(rules: str, port: int) -> Iterator[tuple[str, int]]:
    """Yield the addresses and ports of redirects that may take a port, each once, those to the same
    port first. Without a port a redirect keeps it."""
    rows = "\n".join(row for row in rules.split("\n") if _may_take(row, port))
    matches = (*_OF_IPTABLES.finditer(rows), *_OF_NFT.finditer(rows))
    pairs = ((match[1].strip("[]"), whole_number(match[2] or "") or port) for match in matches)
    known = dict.fromkeys(pair for pair in pairs if is_address(pair[0]))
    yield from sorted(known, key=lambda pair: pair[1] != port)


def _may_take(row: str, port: int) -> bool:
    """Return whether a rule of iptables is for a port (iptables-extensions(8), "tcp", "multiport");
    True where it names none."""
    match = _PORTS.search(row)
    if match is None:
        return True
    ranges = (part.partition(":") for part in match[2].split(","))
    pairs = ((whole_number(low) or 0, whole_number(high or low) or 0) for low, _, high in ranges)
    return any(low <= port <= high for low, high in pairs) is not bool(match[1])
