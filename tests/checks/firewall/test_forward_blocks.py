from dataclasses import replace

from diagnose.model import Applicability, Manual
from diagnose.model.netfilter import Ruleset
from tests.support.check_evidence import TIMEOUT, judge
from tests.support.firewall_rules import connected, host, listening, nic, remedy
from tests.support.nat_rules import DNAT, saved
from tests.support.packets import nft

BRIDGE = replace(nic("docker0", "172.17.0.1", default=()), networks=("172.17.0.0/16",))
AROUND = (host(), nic(), BRIDGE, listening(443, process="docker-proxy"), connected(failure=TIMEOUT))
USER = "-A FORWARD -j DOCKER-USER\n"


def test_fires_where_dockers_own_chain_for_users_drops() -> None:
    lines = f"{USER}-A DOCKER-USER -i eth0 -j DROP\n"
    (claim,) = judge("firewall.forward-blocks", *AROUND, saved(DNAT, ("DOCKER-USER",), lines))
    assert (claim.facts["to"], claim.facts["drops"]) == ("172.17.0.2:8443", True)
    assert remedy(claim) == [
        "iptables -I DOCKER-USER 1 -d 172.17.0.2 -p tcp -m tcp --dport 8443 -j ACCEPT"
    ]


def test_fires_where_ufw_lets_in_but_not_through() -> None:
    lines = "-A FORWARD -j ufw-user-forward\n-A ufw-user-forward -j DROP\n"
    given = saved(DNAT, ("ufw-user-forward", "ufw-user-input"), lines)
    (claim,) = judge("firewall.forward-blocks", *AROUND, given)
    assert remedy(claim) == ["ufw route allow proto tcp from any to 172.17.0.2 port 8443"]


def test_fires_with_a_step_of_hand_where_another_program_wrote_the_rule() -> None:
    lines = "-A FORWARD -j KUBE-FORWARD\n-A KUBE-FORWARD -j DROP\n"
    (claim,) = judge("firewall.forward-blocks", *AROUND, saved(DNAT, ("KUBE-FORWARD",), lines))
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.MANUAL


def dropping(lines: str) -> Ruleset:
    """Docker's rules behind a forward chain that drops what it does not know."""
    given = saved(lines=lines)
    return replace(given, text=given.text.replace(":FORWARD ACCEPT", ":FORWARD DROP"))


def test_fires_and_opens_both_ways_where_nothing_lets_replies_through() -> None:
    (claim,) = judge("firewall.forward-blocks", *AROUND, dropping(""))
    assert remedy(claim) == [
        "iptables -A FORWARD -d 172.17.0.2 -p tcp -m tcp --dport 8443 -j ACCEPT",
        "iptables -A FORWARD -s 172.17.0.2 -p tcp -m tcp --sport 8443"
        " -m conntrack --ctstate ESTABLISHED -j ACCEPT",
    ]


def test_fires_and_opens_one_way_where_replies_pass() -> None:
    known = "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
    (claim,) = judge("firewall.forward-blocks", *AROUND, dropping(known))
    assert remedy(claim) == [
        "iptables -A FORWARD -d 172.17.0.2 -p tcp -m tcp --dport 8443 -j ACCEPT"
    ]


def test_fires_with_the_zone_of_the_bridge_where_firewalld_is_old() -> None:
    """Issue 534 of firewalld: it rejects what Docker forwards, and has no StrictForwardPorts."""
    rules = nft(
        [{"reject": {"type": "icmpx", "expr": "admin-prohibited"}}], table="inet firewalld",
        chain="filter_FORWARD", hook="forward",
    )  # fmt: skip
    (claim,) = judge("firewall.forward-blocks", *AROUND, saved(), rules)
    assert not claim.facts["strict"]
    assert claim.facts["device"] == "docker0"
    assert claim.fix
    assert [step.step for step in claim.fix.steps if isinstance(step, Manual)] == [
        "zone-of-the-bridge"
    ]


FORWARDING = ":FORWARD DROP [0:0]\n:DOCKER - [0:0]"
DOCKER = (
    "-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
    "-A FORWARD -o docker0 -j DOCKER\n"
    "-A FORWARD -i docker0 ! -o docker0 -j ACCEPT\n"
    "-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 8443 -j ACCEPT\n"
)


def test_silent_behind_dockers_own_policy() -> None:
    given = dropping(DOCKER)
    given = replace(given, text=given.text.replace(":FORWARD DROP [0:0]", FORWARDING))
    assert not judge("firewall.forward-blocks", *AROUND, given)


def test_silent_where_the_interface_behind_is_not_known() -> None:
    """A run that read no routes but the default one."""
    given = dropping(DOCKER)
    given = replace(given, text=given.text.replace(":FORWARD DROP [0:0]", FORWARDING))
    around = (host(), nic(), listening(443, process="docker-proxy"), connected(failure=TIMEOUT))
    assert not judge("firewall.forward-blocks", *around, given)


def test_silent_where_it_passes_or_is_not_led_anywhere() -> None:
    assert not judge("firewall.forward-blocks", *AROUND, saved())
    other = "-A FORWARD -p tcp -m tcp --dport 9999 -j DROP\n"
    assert not judge("firewall.forward-blocks", *AROUND, saved(lines=other))
    assert not judge("firewall.forward-blocks", *AROUND, saved("", lines="-A FORWARD -j DROP\n"))
