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


def test_silent_for_one_neighbour_of_the_servers_own_network() -> None:
    own = replace(WIDE, network="203.0.113.0/24", visitors=("203.0.113.8",))
    assert not judge(CHECK, host(), nic(), own, connected())
