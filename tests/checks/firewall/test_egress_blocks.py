from tests.support.check_evidence import judge
from tests.support.packets import (
    ACCEPT,
    DROP,
    REPLIES,
    commands,
    dport,
    field,
    nft,
    saved,
    served,
)

CHECK = "firewall.egress-blocks"
ANSWERS = [field("tcp", "sport", 443), DROP]


def test_fires_where_what_leaves_the_port_is_dropped() -> None:
    (claim,) = judge(CHECK, *served(nft(ANSWERS, hook="output", chain="output")))
    assert claim.facts["hook"] == "output"
    assert commands(claim) == ["nft delete rule inet filter output handle 2"]


def test_fires_where_the_policy_lets_no_answers_out() -> None:
    rules = ("-A OUTPUT -o lo -j ACCEPT", "-A OUTPUT -p tcp -m tcp --sport 80 -j ACCEPT")
    observation = saved(*rules)
    text = observation.text.replace(":OUTPUT ACCEPT", ":OUTPUT DROP")
    (claim,) = judge(CHECK, *served(type(observation)(tool="iptables", text=text)))
    assert claim.facts["ports"] == ("443/tcp",)
    accept = "-p tcp -m tcp --sport 443 -m conntrack --ctstate ESTABLISHED -j ACCEPT"
    assert commands(claim) == [f"iptables -A OUTPUT {accept}"]


def test_silent_where_answers_get_out() -> None:
    rules = (REPLIES, [dport(53), ACCEPT])
    assert not judge(CHECK, *served(nft(*rules, hook="output", policy="drop")))


def test_silent_where_connections_out_are_dropped() -> None:
    assert not judge(CHECK, *served(nft([dport(443), DROP], hook="output")))


def test_silent_where_the_question_does_not_even_come_in() -> None:
    assert not judge(CHECK, *served(nft([dport({"set": [80, 443]}), DROP])))


def test_fires_and_names_the_port_where_conntrack_has_not_looked_yet() -> None:
    raw = saved("-A OUTPUT -o eth0 -p tcp -j DROP")
    text = raw.text.replace("*filter", "*raw")
    (claim,) = judge(CHECK, *served(type(raw)(tool="iptables", text=text)))
    assert commands(claim) == [
        "iptables -t raw -I OUTPUT 1 -p tcp -m multiport --sports 443,80 -j ACCEPT"
    ]
