"""What tests of these checks see inside the server."""

from typing import Any

from diagnose.model import Failure, Host, Vantage
from diagnose.model.dns import Resolution
from diagnose.model.kernel import (
    Arrival,
    Capture,
    Counter,
    Counters,
    HalfOpen,
    Kernel,
    KernelDrop,
    Queue,
    Queues,
)
from diagnose.model.server import Interface
from tests.support.tcp_evidence import HERE

ADDRESS, ADDRESS6, SECOND = "203.0.113.10", "2001:db8:2::10", "192.0.2.10"
PUBLISHED = Resolution(name="shop.example.com", family=4, addresses=(ADDRESS,))
FAR, FAR6 = "198.41.0.4", "2001:503:ba3e::2:30"


def host(via: str = "ssh://web") -> Host:
    return Host(vantage=Vantage.SERVER, hostname="web", role="server", via=via, privileged=True)


def nic(name: str = "eth0", *addresses: str, default: tuple[int, ...] = (4, 6)) -> Interface:
    held = addresses or (ADDRESS, ADDRESS6)
    return Interface(vantage=Vantage.SERVER, name=name, up=True, addresses=held, default=default)


def kernel(**more: Any) -> Kernel:
    return Kernel(vantage=Vantage.SERVER, **{"client": HERE[4], "longest_queue": 4096, **more})


def counters(tracked: int | None = None, at: float = 0.0, **values: int) -> Counters:
    found = tuple(Counter(name.replace("_", " "), value) for name, value in values.items())
    return Counters(vantage=Vantage.SERVER, at=at, values=found, tracked=tracked)


def queues(*found: Queue, **more: Any) -> Queues:
    return Queues(vantage=Vantage.SERVER, queues=found, **more)


def capture(*sources: str, at: float = 4.0, took: float = 4.6, complete: bool = True) -> Capture:
    return Capture(
        vantage=Vantage.SERVER, at=at, took=took, port=443, sources=sources, complete=complete
    )


def half_open(*sources: str) -> HalfOpen:
    return HalfOpen(vantage=Vantage.SERVER, port=443, sources=sources)


def arrival(
    address: str = SECOND, device: str = "eth1", source: str = FAR, said: str | None = None
) -> Arrival:
    """Dropped, unless nothing is said against it."""
    failure = Failure("unreachable", said) if said else None
    return Arrival(
        vantage=Vantage.SERVER, source=source, address=address, device=device, failure=failure
    )


def kernel_drop(reason: str = "NETFILTER_DROP", **more: Any) -> KernelDrop:
    """The kernel dropped a SYN of this run."""
    values = {"address": ADDRESS, "interface": "eth0", "function": "nft_do_chain"}
    return KernelDrop(
        vantage=Vantage.SERVER, port=443, source=HERE[4], reason=reason, **values | more
    )
