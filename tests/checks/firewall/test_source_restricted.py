from diagnose.model import Applicability, Confidence, Severity
from tests.support.check_evidence import judge
from tests.support.firewall_rules import connected, host, listening, nic
from tests.support.packets import (
    ACCEPT,
    CLIENT,
    DROP,
    REPLIES,
    answers,
    commands,
    dport,
    field,
    from_outside,
    nft,
    prefix,
    saved,
    served,
    undone,
)

CHECK = "firewall.source-restricted"
OFFICE = [field("ip", "saddr", prefix("192.0.2.0", 24)), dport(443), ACCEPT]
OTHERS = [dport(443), DROP]
REJECT = {"reject": {"type": "icmp", "expr": "port-unreachable"}}


def bans(*addresses: str) -> tuple[dict[str, object], ...]:
    return ({"name": "addr-set-nginx", "type": "ipv4_addr", "elem": list(addresses)},)


def test_fires_where_one_network_may_and_others_may_not() -> None:
    (claim,) = judge(CHECK, *served(nft(OFFICE, OTHERS)))
    assert claim.facts["sources"] == ("192.0.2.0/24",)
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, Severity.ERROR)
    assert commands(claim) == []
    assert answers(claim) == [
        ["nft insert rule inet filter input handle 3 ip saddr ADDRESS tcp dport 443 accept"],
        ["nft delete rule inet filter input handle 3"],
    ]
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.REVIEW


def test_fires_as_a_note_where_the_client_that_looks_is_one_of_them() -> None:
    observations = (host("ssh://web"), nic(), listening(443), connected(source="192.0.2.7"))
    (claim,) = judge(CHECK, *observations, nft(OFFICE, OTHERS))
    assert claim.severity is Severity.NOTE
    assert claim.facts["contradiction"] == ()


def test_fires_where_fail2ban_has_banned_the_client() -> None:
    rule = [dport(443), field("ip", "saddr", "@addr-set-nginx"), REJECT]
    banned = nft(rule, table="inet f2b-table", chain="f2b-chain", sets=bans(CLIENT, "192.0.2.9"))
    (claim,) = judge(CHECK, *from_outside(banned))
    assert claim.facts["client"] == CLIENT
    assert claim.facts["jail"] == "nginx"
    assert commands(claim) == [f"fail2ban-client set nginx unbanip {CLIENT}"]
    assert undone(claim) == [f"fail2ban-client set nginx banip {CLIENT}"]


def test_fires_where_fail2ban_bans_with_iptables() -> None:
    rules = (
        "-A INPUT -p tcp -m multiport --dports 80,443 -j f2b-nginx-http-auth",
        f"-A f2b-nginx-http-auth -s {CLIENT}/32 -j REJECT --reject-with icmp-port-unreachable",
        "-A f2b-nginx-http-auth -j RETURN",
    )
    (claim,) = judge(CHECK, *from_outside(saved(*rules, more=":f2b-nginx-http-auth - [0:0]\n")))
    assert commands(claim) == [f"fail2ban-client set nginx-http-auth unbanip {CLIENT}"]


def test_fires_where_the_client_is_in_a_set_of_ones_own() -> None:
    rule = [field("ip", "saddr", "@banned"), DROP]
    sets = ({"name": "banned", "type": "ipv4_addr", "elem": [CLIENT]},)
    (claim,) = judge(CHECK, *from_outside(nft(rule, sets=sets)))
    assert commands(claim) == [f"nft delete element inet filter banned {{ {CLIENT} }}"]


def test_fires_where_the_client_lies_in_a_banned_network() -> None:
    rule = [field("ip", "saddr", prefix("198.51.100.0", 24)), DROP]
    (claim,) = judge(CHECK, *from_outside(nft(rule)))
    assert commands(claim) == [
        f"nft insert rule inet filter input handle 2 ip saddr {CLIENT} tcp dport 443 accept"
    ]
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.REVIEW


def test_silent_where_others_are_banned() -> None:
    rule = [dport(443), field("ip", "saddr", "@addr-set-nginx"), REJECT]
    banned = nft(rule, table="inet f2b-table", chain="f2b-chain", sets=bans("192.0.2.9"))
    assert not judge(CHECK, *from_outside(banned))
    assert not judge(CHECK, *served(banned))


def test_silent_where_a_trusted_network_may_do_everything() -> None:
    """The port was not opened to some: it was opened to nobody."""
    trusted = [field("ip", "saddr", prefix("192.0.2.0", 24)), ACCEPT]
    observations = served(nft(REPLIES, trusted, policy="drop"))
    assert not judge(CHECK, *observations)
    assert judge("firewall.ruleset-blocks", *observations)


def test_silent_where_everybody_may() -> None:
    assert not judge(CHECK, *served(nft(OFFICE, [dport({"set": [80, 443]}), ACCEPT])))


def test_silent_where_a_private_address_is_open_to_its_neighbours() -> None:
    inner = "192.168.7.10"
    network = field("ip", "saddr", prefix("192.168.0.0", 16))
    observations = (host(), nic("eth0", inner), listening(443), connected(inner))
    for rules in ([network, ACCEPT], [network, dport(443), ACCEPT]):
        shut = nft(REPLIES, rules, policy="drop")
        assert not judge(CHECK, *observations, shut)
        assert not judge("firewall.ruleset-blocks", *observations, shut)
