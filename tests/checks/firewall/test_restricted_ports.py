"""What was closed on purpose stays closed: where rules name a source, a person decides, and a
remedy that a program may carry out opens its port and nothing else."""

import pytest

from diagnose.model import Applicability, Claim, Observation
from diagnose.model.firewall import PortRange
from tests.checks.firewall.test_ufw_port_closed import everybody, ufw
from tests.support.check_evidence import judge
from tests.support.firewall_rules import (
    ADDRESS,
    HTTP,
    HTTPS,
    SSH,
    both,
    connected,
    firewalld,
    host,
    ipset,
    listening,
    nic,
    policies,
    remedy,
    server,
    zone,
)
from tests.support.packets import (
    ACCEPT,
    CLIENT,
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
)

SIX = "2001:db8::10"

OFFICE = [field("ip", "saddr", prefix("192.0.2.0", 24)), dport(443), ACCEPT]

OPEN_22 = [dport(22), ACCEPT]


def question(claim: Claim) -> list[list[str]]:
    """The answers that may be typed; none is chosen, and no program chooses."""
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert commands(claim) == []
    return answers(claim)


def both_families(*observations: Observation) -> tuple[Observation, ...]:
    six = connected(SIX)
    return (host(), nic("eth0", ADDRESS, SIX), listening(80, 443), connected(), six, *observations)


def test_over_ipv6_too_it_is_the_office_that_may() -> None:
    rules = nft(REPLIES, OPEN_22, OFFICE, policy="drop")
    assert not judge("firewall.ruleset-blocks", *both_families(rules))
    (claim,) = judge("firewall.source-restricted", *both_families(rules))
    assert claim.facts["sources"] == ("192.0.2.0/24",)
    narrow, wide = question(claim)
    assert narrow == [
        "nft add rule inet filter input ip saddr ADDRESS tcp dport 443 accept",
        "nft add rule inet filter input ip6 saddr ADDRESS tcp dport 443 accept",
    ]
    assert wide == ["nft add rule inet filter input tcp dport 443 accept"]


def test_over_ipv6_alone_as_well() -> None:
    """IPv4 is not among the target's addresses."""
    seen = (host(), nic("eth0", ADDRESS, SIX), listening(443), connected(SIX))
    rules = nft(REPLIES, OFFICE, policy="drop")
    (claim,) = judge("firewall.source-restricted", *seen, rules)
    assert not judge("firewall.ruleset-blocks", *seen, rules)
    assert question(claim)


def test_where_everybody_gets_in_over_ipv4_ipv6_is_blocked_and_still_asked_about() -> None:
    rules = nft(OFFICE, [field("ip", "version", 4), dport(443), ACCEPT], policy="drop")
    assert not judge("firewall.source-restricted", *both_families(rules))
    (claim,) = judge("firewall.ruleset-blocks", *both_families(rules))
    assert question(claim)


def test_a_client_that_is_known_is_let_in_alone() -> None:
    rules = nft(REPLIES, OPEN_22, OFFICE, policy="drop")
    (claim,) = judge("firewall.source-restricted", *from_outside(rules))
    assert commands(claim) == [
        f"nft add rule inet filter input ip saddr {CLIENT} tcp dport 443 accept"
    ]
    assert answers(claim) == [["nft add rule inet filter input tcp dport 443 accept"]]
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW


def test_where_some_are_banned_from_a_closed_port() -> None:
    """An accept before the jump would let them in for good."""
    chain = ":f2b-nginx - [0:0]\n"
    rules = (
        "-A INPUT -p tcp -m multiport --dports 80,443 -j f2b-nginx",
        "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT",
        "-A f2b-nginx -j RETURN",
    )
    (claim,) = judge("firewall.ruleset-blocks", *served(saved(*rules, policy="DROP", more=chain)))
    narrow, wide = question(claim)
    assert narrow == ["iptables -A INPUT -s ADDRESS -p tcp -m multiport --dports 443,80 -j ACCEPT"]
    assert wide == ["iptables -A INPUT -p tcp -m multiport --dports 443,80 -j ACCEPT"]


def test_bans_from_another_port_do_not_matter() -> None:
    rules = (
        "-A INPUT -p tcp -m multiport --dports 22 -j f2b-sshd",
        "-A f2b-sshd -s 192.0.2.66/32 -j REJECT",
        "-A f2b-sshd -j RETURN",
        "-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT",
    )
    observation = saved(*rules, policy="DROP", more=":f2b-sshd - [0:0]\n")
    (claim,) = judge("firewall.ruleset-blocks", *served(observation))
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_a_rule_of_ufw_for_the_office() -> None:
    chains = ":ufw-user-input - [0:0]\n"
    allow = "-A ufw-user-input -s 192.0.2.0/24 -p tcp -m tcp --dport 443 -j ACCEPT"
    observation = saved("-A INPUT -j ufw-user-input", allow, policy="DROP", more=chains)
    (claim,) = judge("firewall.source-restricted", *served(observation))
    assert question(claim)[0] == ["ufw allow from ADDRESS to any port 443 proto tcp"]


def test_a_rule_of_ufw_about_more_ports_stays() -> None:
    deny = ("-A ufw-user-input -p tcp -m multiport --dports 443,8443 -j DROP",)
    tuples = (everybody("deny", "tcp", "443,8443"), everybody("allow", "tcp", "80"))
    (claim,) = judge("firewall.ufw-port-closed", *served(*ufw(*deny, tuples=tuples)))
    assert commands(claim) == ["ufw prepend allow 443/tcp"]


def test_ufw_that_would_open_more_with_ipv6_is_read_first() -> None:
    from tests.support.packets import file

    six = saved(policy="DROP", tool="ip6tables")
    allows = "".join(f"### tuple ### allow tcp {port} ::/0 any ::/0 in\n" for port in (22, 443))
    files = (
        file("/etc/ufw/ufw.conf", "ENABLED=yes\n"),
        file("/etc/default/ufw", "IPV6=no\n"),
        file("/etc/ufw/user6.rules", allows),
    )
    seen = (host(), nic("eth0", ADDRESS, SIX), listening(443), connected(SIX), six, *files)
    (claim,) = judge("firewall.ufw-port-closed", *seen)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW


def test_only_this_port_s_answers_get_out() -> None:
    rules = ([field("tcp", "sport", 80), ACCEPT],)
    (claim,) = judge("firewall.egress-blocks", *served(nft(*rules, hook="output", policy="drop")))
    assert commands(claim) == [
        "nft add rule inet filter input tcp sport 443 ct state established accept"
    ]


def test_answers_that_only_some_get() -> None:
    rules = ([field("ip", "daddr", prefix("192.0.2.0", 24)), ACCEPT],)
    seen = served(nft(*rules, hook="output", policy="drop"))
    (claim,) = judge("firewall.egress-blocks", *seen)
    assert "ip daddr ADDRESS tcp sport" in question(claim)[0][0]


def test_a_source_zone_that_opens_it_is_the_office() -> None:
    zones = (*both("public", SSH, HTTP, interfaces=("eth0",)),
             *both("office", SSH, HTTPS, sources=("192.0.2.0/24",)))  # fmt: skip
    for check in ("firewall.port-closed", "firewall.wrong-zone"):
        assert not judge(check, *server(*zones))
    (claim,) = judge("firewall.source-restricted", *server(*zones))
    assert claim.facts["sources"] == ("192.0.2.0/24",)
    narrow, wide = question(claim)
    assert 'family="ipv4" source address="ADDRESS"' in narrow[0]
    assert wide[0] == "firewall-cmd --zone=public --add-service=https"


def test_a_rich_rule_for_the_office_and_ipv6() -> None:
    office = 'rule family="ipv4" source address="192.0.2.0/24" service name="https" accept'
    zones = both("public", SSH, HTTP, interfaces=("eth0",), rich_rules=(office,))
    seen = (host(), firewalld(), nic("eth0", ADDRESS, SIX), listening(443), connected(SIX), *zones)
    assert not judge("firewall.port-closed", *seen)
    (claim,) = judge("firewall.source-restricted", *seen)
    assert question(claim)


def test_a_rich_rule_for_the_office_before_one_that_rejects_the_rest() -> None:
    rules = (
        'rule priority="-1" family="ipv4" source address="192.0.2.0/24" '
        'service name="https" accept',
        'rule service name="https" reject',
    )
    zones = both("public", SSH, HTTPS, interfaces=("eth0",), rich_rules=rules)
    assert not judge("firewall.rich-rule", *server(*zones))
    (claim,) = judge("firewall.source-restricted", *server(*zones))
    assert question(claim)


@pytest.mark.parametrize(
    "more",
    [
        both("drop", target="DROP", sources=("192.0.2.66",)),
        (*both("drop", target="DROP", sources=("ipset:bad",)), *ipset("bad", "192.0.2.66")),
        both("dmz", SSH, rich_rules=('rule family="ipv4" source address="192.0.2.66" drop',)),
        policies("guard", rich_rules=('rule family="ipv4" source address="192.0.2.6" reject',),
                 priority=-5),
    ],
    ids=["a ban", "a set of bans", "a rich rule", "a policy's rule"],
)  # fmt: skip
def test_whatever_names_a_source_makes_it_a_question(more: tuple[Observation, ...]) -> None:
    zones = both("public", SSH, HTTP, interfaces=("eth0",))
    (claim,) = judge("firewall.port-closed", *server(*zones, *more))
    narrow, wide = question(claim)
    assert 'source address="ADDRESS"' in narrow[0]
    assert "--add-service=https" in wide[0]


def test_a_direct_rule_that_names_a_source() -> None:
    zones = both("public", SSH, HTTP, interfaces=("eth0",))
    rule = "ipv4 filter INPUT 0 -s 192.0.2.66 -j DROP"
    (claim,) = judge("firewall.port-closed", *server(*zones, direct=(rule,)))
    assert question(claim)


def test_a_zone_for_everybody_names_nobody() -> None:
    zones = (*both("public", SSH, HTTP, interfaces=("eth0",)),
             *both("work", SSH, HTTP, sources=("0.0.0.0/0",)))  # fmt: skip
    (claim,) = judge("firewall.source-zone", *server(*zones))
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_a_reload_that_would_open_more_is_not_made() -> None:
    now = zone("public", SSH, HTTP, interfaces=("eth0",))
    later = zone("public", SSH, HTTP, HTTPS, PortRange(3306, 3306, "tcp"), permanent=True)
    (claim,) = judge("firewall.not-reloaded", *server(now, later))
    assert remedy(claim) == ["firewall-cmd --zone=public --add-service=https"]


def test_a_service_that_means_more_is_not_used() -> None:
    wide = (("https", (HTTPS, PortRange(8443, 8443, "tcp"))), ("http", (HTTP,)))
    zones = both("public", SSH, HTTP, interfaces=("eth0",))
    (claim,) = judge("firewall.port-closed", *server(*zones, services=wide))
    assert remedy(claim)[0] == "firewall-cmd --permanent --zone=public --add-port=443/tcp"


def test_a_rich_rule_about_more_ports_stays() -> None:
    rule = 'rule port port="440-450" protocol="tcp" drop'
    zones = both("public", SSH, HTTPS, interfaces=("eth0",), rich_rules=(rule,))
    (claim,) = judge("firewall.rich-rule", *server(*zones))
    before = '--add-rich-rule=rule priority="-1" port port="443" protocol="tcp" accept'
    assert remedy(claim) == [
        f"firewall-cmd --zone=public {before}",
        f"firewall-cmd --permanent --zone=public {before}",
    ]
    assert claim.facts["excepted"]


def test_a_policy_for_other_zones_too_is_read_first() -> None:
    zones = (*both("public", SSH, HTTPS, interfaces=("eth0",), active=True),
             *both("dmz", SSH, interfaces=("eth1",), active=True))  # fmt: skip
    (claim,) = judge("firewall.policy", *server(*zones, *policies("guard", target="REJECT")))
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
