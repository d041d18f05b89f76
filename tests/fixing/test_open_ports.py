"""A port that was open before a fix stays open: by the rules of before and after."""

import pytest

from diagnose.fixing import open_ports
from diagnose.model import Report, Vantage
from diagnose.model.netfilter import Ruleset
from diagnose.model.server import Interface, Listener, Listeners
from tests.support.check_evidence import evidence
from tests.support.packets import ACCEPT, dport, field, prefix, ruleset

SERVER, CLIENT = "203.0.113.10", "198.51.100.7"
NIC = Interface(vantage=Vantage.SERVER, name="eth0", up=True, addresses=(SERVER,), default=(4,))
OFFICE = field("ip", "saddr", prefix("198.51.100.0", 24))


def report(*rules: list, sockets: tuple[Listener, ...], seen: bool = True) -> Report:  # type: ignore[type-arg]
    text = ruleset(*rules, policy="drop")
    looks = [Ruleset(vantage=Vantage.SERVER, tool="nft", text=text)] if seen else []
    return Report(evidence(NIC, Listeners(vantage=Vantage.SERVER, sockets=sockets), *looks))


def listener(port: int, address: str = "0.0.0.0") -> Listener:
    return Listener(address=address, port=port, family=4)


def opens(*ports: int) -> list:  # type: ignore[type-arg]
    return [[dport(port), ACCEPT] for port in ports]


def test_a_port_that_a_reload_forgot() -> None:
    before = report(*opens(22, 80), sockets=(listener(22), listener(80)))
    after = report(*opens(80, 443), sockets=(listener(22), listener(80)))
    assert (
        open_ports.closed_port_error(before, after)
        == f"port 22 at {SERVER} was open and is shut now"
    )


def test_for_the_administrator_only() -> None:
    before = report([OFFICE, dport(22), ACCEPT], sockets=(listener(22),))
    after = report(*opens(443), sockets=(listener(22),))
    assert open_ports.closed_port_error(before, after) is None
    shut = open_ports.closed_port_error(before, after, CLIENT)
    assert shut == f"port 22 at {SERVER} was open to {CLIENT} and is shut now"


OPEN = report(*opens(22), sockets=(listener(22),))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (OPEN, report(*opens(22, 443), sockets=(listener(22),))),
        (OPEN, report(sockets=())),
        (report(*opens(22), sockets=(listener(22, "127.0.0.1"),)), report(sockets=(listener(22),))),
        (report(sockets=(listener(22),)), report(sockets=(listener(22),))),
        (OPEN, report(sockets=(listener(22),), seen=False)),
    ],
    ids=["stays open", "nobody listens any more", "loopback", "was shut before", "not seen"],
)
def test_nothing_that_was_open_is_shut(before: Report, after: Report) -> None:
    assert open_ports.closed_port_error(before, after, CLIENT) is None
