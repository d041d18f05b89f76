"""Which rules about a port name where a connection comes from."""

import json

import pytest

from diagnose.parsers.netfilter.ruleset import LoadedRuleset
from diagnose.parsers.netfilter.sources import SourceRule, source_rules
from tests.support.packets import ACCEPT, DROP, dport, field, prefix, ruleset, state

OFFICE = field("ip", "saddr", prefix("192.0.2.0", 24))


def saved(*rules: str, chains: str = "") -> str:
    lines = "\n".join(rules)
    heads = "".join(f":{name} ACCEPT [0:0]\n" for name in ("INPUT", "FORWARD", "OUTPUT"))
    return f"*filter\n{heads}{chains}{lines}\nCOMMIT\n"


def of_nft(*rules: list, **fields) -> tuple[SourceRule, ...]:  # type: ignore[no-untyped-def,type-arg]
    return source_rules(LoadedRuleset({"nft": ruleset(*rules, **fields)}), (443,), ("eth0",))


def of_iptables(*rules: str, chains: str = "", sets: str = "") -> tuple[SourceRule, ...]:
    texts = {"iptables": saved(*rules, chains=chains), "ipset": sets}
    return source_rules(LoadedRuleset(texts), (443,), ("eth0",))


def test_a_network_that_may() -> None:
    (rule,) = of_nft([OFFICE, dport(443), ACCEPT], policy="drop")
    assert (rule.names, rule.effect, rule.port, rule.family) == (
        ("192.0.2.0/24",), "accept", True, "ip",
    )  # fmt: skip


def test_a_network_that_may_not_at_any_port() -> None:
    (rule,) = of_nft([OFFICE, DROP])
    assert (rule.effect, rule.port) == ("refuse", False)


def test_the_reverse_of_a_network() -> None:
    (rule,) = of_nft([field("ip", "saddr", prefix("192.0.2.0", 24), "!="), dport(443), DROP])
    assert rule.effect == "refuse"


@pytest.mark.parametrize(
    "rule",
    [
        [OFFICE, dport(22), ACCEPT],
        [OFFICE, field("udp", "dport", 443), ACCEPT],
        [OFFICE, state("established"), ACCEPT],
        [field("ip", "saddr", prefix("0.0.0.0", 0)), dport(443), DROP],
        [field("ip", "saddr", prefix("127.0.0.0", 8)), DROP],
        [dport(443), DROP],
        [OFFICE, {"counter": {"packets": 0, "bytes": 0}}],
    ],
    ids=["another port", "another protocol", "replies", "everybody", "nobody", "all", "counted"],
)
def test_others_are_left_out(rule: list[object]) -> None:
    assert of_nft(rule) == ()


@pytest.mark.parametrize("network", [("2002:a00::", 24), ("::ffff:0:0", 96), ("::", 96)])
def test_addresses_that_no_visitor_has(network: tuple[str, int]) -> None:
    """firewalld refuses them by itself (RFC 3964)."""
    assert of_nft([field("ip6", "saddr", prefix(*network)), DROP]) == ()


def test_everybody_in_two_halves() -> None:
    halves = {"set": [prefix("0.0.0.0", 1), prefix("128.0.0.0", 1)]}
    assert of_nft([field("ip", "saddr", halves), dport(443), DROP]) == ()


def test_a_set_of_bans_counts_while_it_is_empty() -> None:
    sets = ({"name": "addr-set-nginx", "type": "ipv4_addr"},)
    (rule,) = of_nft([dport(443), field("ip", "saddr", "@addr-set-nginx"), DROP], sets=sets)
    assert rule.names == ("@addr-set-nginx",)


def test_a_pair_of_address_and_port() -> None:
    left = {"concat": [{"payload": {"protocol": "ip", "field": "saddr"}},
                       {"payload": {"protocol": "tcp", "field": "dport"}}]}  # fmt: skip

    def pair(port: int) -> list[object]:
        right = {"set": [{"concat": ["192.0.2.1", port]}]}
        return [{"match": {"op": "==", "left": left, "right": right}}, ACCEPT]

    assert len(of_nft(pair(443))) == 1
    assert of_nft(pair(22)) == ()


def test_a_map_of_verdicts_by_address() -> None:
    key = {"payload": {"protocol": "ip", "field": "saddr"}}
    data = {"set": [["192.0.2.1", {"drop": None}]]}
    (rule,) = of_nft([dport(443), {"vmap": {"key": key, "data": data}}])
    assert (rule.names, rule.effect) == (("192.0.2.1",), "refuse")


def test_the_interface_of_another_network() -> None:
    def door(name: str) -> list[object]:
        left = {"meta": {"key": "iifname"}}
        return [dport(443), {"match": {"op": "==", "left": left, "right": name}}, ACCEPT]

    assert [one.names for one in of_nft(door("wg0"))] == [("wg0",)]
    assert of_nft(door("eth0")) == ()
    assert of_nft(door("lo")) == ()


def test_the_other_way_round_where_answers_go_out() -> None:
    rule = [field("ip", "daddr", prefix("192.0.2.0", 24)), field("tcp", "sport", 443), ACCEPT]
    assert len(of_nft(rule, hook="output")) == 1
    assert of_nft(rule) == ()


def test_a_chain_of_bans_counts_while_nobody_is_banned() -> None:
    chain = ":f2b-nginx - [0:0]\n"
    jump = "-A INPUT -p tcp -m multiport --dports 80,443 -j f2b-nginx"
    (rule,) = of_iptables(jump, "-A f2b-nginx -j RETURN", chains=chain)
    assert rule.effect == "refuse"
    ssh = "-A INPUT -p tcp -m multiport --dports 22 -j f2b-nginx"
    banned = "-A f2b-nginx -s 192.0.2.66/32 -j REJECT"
    assert of_iptables(ssh, banned, "-A f2b-nginx -j RETURN", chains=chain) == ()


def test_a_source_in_one_chain_and_the_port_in_the_next() -> None:
    (rule,) = of_iptables(
        "-A INPUT -s 192.0.2.0/24 -j office",
        "-A office -p tcp -m tcp --dport 443 -j ACCEPT",
        "-A office -p tcp -m tcp --dport 22 -j ACCEPT",
        chains=":office - [0:0]\n",
    )
    assert (rule.names, rule.port) == (("192.0.2.0/24",), True)


@pytest.mark.parametrize(
    "match",
    [
        "-s 192.0.2.0/24",
        "-m iprange --src-range 192.0.2.1-192.0.2.9",
        "-m set --match-set office src",
        "-m geoip --source-country DE",
        "-m mac --mac-source 02:00:00:00:00:01",
        "-m recent --rcheck --name KNOCKED --mask 255.255.255.255 --rsource",
    ],
)
def test_each_way_in_which_iptables_names_a_source(match: str) -> None:
    rules = of_iptables(f"-A INPUT {match} -p tcp -m tcp --dport 443 -j ACCEPT")
    assert [rule.effect for rule in rules] == ["accept"]


@pytest.mark.parametrize(
    "match",
    [
        "-i lo",
        "-m limit --limit 5/sec",
        "-m connlimit --connlimit-above 20",
        "-m recent --update --seconds 60 --hitcount 20 --name web --rsource",
        "-d 203.0.113.10/32",
    ],
)
def test_limits_and_destinations_name_none(match: str) -> None:
    assert of_iptables(f"-A INPUT {match} -p tcp -m tcp --dport 443 -j ACCEPT") == ()


def test_chains_that_lead_in_a_circle_end() -> None:
    circle = ("-A INPUT -j one", "-A one -j two", "-A two -j one", "-A two -s 192.0.2.1 -j DROP")
    assert len(of_iptables(*circle, chains=":one - [0:0]\n:two - [0:0]\n")) == 1


def test_of_thousands_of_bans_a_few_are_enough() -> None:
    bans = [f"-A INPUT -s 198.51.{n // 256}.{n % 256}/32 -j DROP" for n in range(20_000)]
    assert 0 < len(of_iptables(*bans)) < 100


def test_what_makes_no_sense_is_no_error() -> None:
    odd = json.dumps({"nftables": [{"rule": {"family": "inet", "expr": [{"match": {}}]}}]})
    assert source_rules(LoadedRuleset({"nft": odd}), (443,)) == ()
