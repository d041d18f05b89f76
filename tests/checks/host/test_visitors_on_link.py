"""host.visitors-on-link: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Confidence, Severity, Vantage
from diagnose.model.server import LostReplies
from tests.support.check_evidence import TIMEOUT, judge
from tests.support.firewall_rules import connected, host, nic

CHECK = "host.visitors-on-link"
BRIDGE = LostReplies(
    vantage=Vantage.SERVER, device="br-1a2b3c", network="198.51.100.0/24",
    visitors=("198.51.100.20",),
)  # fmt: skip
WIDE = replace(BRIDGE, device="eth0", network="198.0.0.0/8", is_default=True)


def test_fires_where_a_bridge_has_the_visitors_network() -> None:
    (claim,) = judge(CHECK, host(), nic(), BRIDGE, connected())
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.LIKELY)
    assert (claim.facts["bridge"], claim.facts["wide"]) == (True, False)


def test_fires_as_an_error_where_this_visitor_gets_no_reply() -> None:
    silent = connected(source="198.51.100.20", failure=TIMEOUT)
    (claim,) = judge(CHECK, host("ssh://web"), nic(), BRIDGE, silent)
    assert claim.severity is Severity.ERROR


def test_fires_where_the_netmask_is_too_wide() -> None:
    (claim,) = judge(CHECK, host(), nic(), WIDE, connected())
    assert claim.facts["wide"] is True
    own = replace(WIDE, network="203.0.113.0/24", visitors=("203.0.113.8", "203.0.113.9"))
    assert judge(CHECK, host(), nic(), own, connected())


def test_fires_for_the_visitor_of_the_run_with_the_network_of_the_project() -> None:
    told = replace(
        BRIDGE, device="br-5f2c1a2b3c4d", network="192.168.96.0/20", visitors=("192.168.100.3",),
        is_told=True, engine_network="shop_default", project="shop",
    )  # fmt: skip
    (claim,) = judge(CHECK, host(), nic(), told, connected())
    assert claim.severity is Severity.ERROR
    assert (claim.facts["engine"], claim.facts["project"]) == ("shop_default", "shop")
    assert claim.facts["pool"] == "10.213.0.0/16"
    used = replace(nic("wg0", "10.213.4.1"), networks=("10.213.4.0/24",))
    (claim,) = judge(CHECK, host(), nic(), used, told, connected())
    assert claim.facts["pool"] == "10.214.0.0/16"


def test_silent_for_a_neighbour_that_is_switched_off_on_a_bridge_of_a_person() -> None:
    told = replace(BRIDGE, device="br-lan", is_told=True)
    assert not judge(CHECK, host(), nic(), told, connected())


def test_silent_for_one_neighbour_of_the_servers_own_network() -> None:
    own = replace(WIDE, network="203.0.113.0/24", visitors=("203.0.113.8",))
    assert not judge(CHECK, host(), nic(), own, connected())
