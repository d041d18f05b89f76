"""host.ipv6-address-missing: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Confidence, Vantage
from diagnose.model.dns import Resolution
from diagnose.model.kernel import Kernel
from diagnose.model.server import Interface
from diagnose.model.tcp import Connection
from tests.support.check_evidence import judge

CHECK = "host.ipv6-address-missing"
ETH0 = Interface(
    vantage=Vantage.SERVER,
    name="eth0",
    up=True,
    addresses=("203.0.113.10", "fe80::1"),
    default=(4,),
)
ON = Kernel(vantage=Vantage.SERVER)
A = Resolution(name="shop.example.com", family=4, addresses=("203.0.113.10",))
AAAA = Resolution(name="shop.example.com", family=6, addresses=("2001:db8::10",))


def test_fires_where_the_server_has_only_a_link_local_address() -> None:
    (claim,) = judge(CHECK, ON, ETH0, A, AAAA)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["published"] == ("2001:db8::10",)


def test_silent_where_the_server_has_an_address_or_a_route() -> None:
    own = replace(ETH0, addresses=("203.0.113.10", "2001:db8::99"))
    assert not judge(CHECK, ON, own, A, AAAA)
    assert not judge(CHECK, ON, replace(ETH0, default=(4, 6)), A, AAAA)


def test_silent_where_it_is_another_machine_or_turned_off_or_replies() -> None:
    assert not judge(CHECK, ON, ETH0, replace(A, addresses=("192.0.2.80",)), AAAA)
    assert not judge(CHECK, ON, ETH0, A)
    off = Kernel(vantage=Vantage.SERVER, ipv6_off=("all", "eth0"))
    assert not judge(CHECK, off, ETH0, A, AAAA)
    live = Connection(address="2001:db8::10", port=443, family=6)
    assert not judge(CHECK, ON, ETH0, A, AAAA, live)
