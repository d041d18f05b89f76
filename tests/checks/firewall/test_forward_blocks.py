from diagnose.model import Applicability
from tests.support.check_evidence import TIMEOUT, judge
from tests.support.firewall_rules import connected, host, listening, nic, remedy
from tests.support.nat_rules import DNAT, saved

AROUND = (host(), nic(), listening(443, process="docker-proxy"), connected(failure=TIMEOUT))
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


def test_silent_where_it_passes_or_is_not_led_anywhere() -> None:
    assert not judge("firewall.forward-blocks", *AROUND, saved())
    other = "-A FORWARD -p tcp -m tcp --dport 9999 -j DROP\n"
    assert not judge("firewall.forward-blocks", *AROUND, saved(lines=other))
    assert not judge("firewall.forward-blocks", *AROUND, saved("", lines="-A FORWARD -j DROP\n"))
