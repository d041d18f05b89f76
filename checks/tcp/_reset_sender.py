"""What on the server refused this run's connections although a program listens: a packet filter, or
the kernel, which found nothing at the port to which the packets were led.

The kernel counts the resets that it sends itself (/proc/net/snmp, OutRsts). Those of a packet
filter are not among them.
"""

from typing import Literal

from checks.tcp import ProbedPort, kernel_drops
from diagnose.model import Evidence, Observation
from diagnose.model.addresses import is_loopback
from diagnose.model.frozen import frozen
from diagnose.model.kernel import Counters
from diagnose.model.server import Listeners

COUNTER = "OutRsts"


@frozen(eq=False)
class ResetSender:
    """ "" if it is not known. `because` are the observations that show it."""

    name: Literal["filter", "kernel", ""] = ""
    because: tuple[Observation, ...] = ()


def reset_sender(evidence: Evidence, ports: tuple[ProbedPort, ...]) -> ResetSender:
    """Return what refused; nothing is concluded where no program listens, or on loopback only."""
    numbers = {port.attempts[0].port for port in ports}
    lists = evidence.good(Listeners)
    sockets = [socket for sockets in lists for number in numbers for socket in sockets.on(number)]
    if all(is_loopback(socket.address) for socket in sockets):
        return ResetSender()
    drops = kernel_drops(evidence, ports)
    if any(drop.by_netfilter for drop in drops):
        return ResetSender("filter", (*lists, *drops))
    if any(drop.reason == "NO_SOCKET" for drop in drops):
        return ResetSender("kernel", (*lists, *drops))
    return _by_counter(evidence, ports, lists)


def _by_counter(
    evidence: Evidence, ports: tuple[ProbedPort, ...], lists: tuple[Listeners, ...]
) -> ResetSender:
    """Compare the readings before and after an attempt that was refused by a reset."""
    readings = [
        counters for counters in evidence.good(Counters) if counters.get(COUNTER) is not None
    ]
    if len(readings) < 2:
        return ResetSender()
    first, last = readings[0], readings[-1]
    is_between = any(
        first.at + first.took <= attempt.at <= last.at and attempt.icmp is None
        for port in ports
        for attempt in port.attempts
    )
    if not is_between:
        return ResetSender()
    has_grown = (last.get(COUNTER) or 0) > (first.get(COUNTER) or 0)
    return ResetSender("kernel" if has_grown else "filter", (*lists, first, last))
