"""A packet from anybody: what most of the Internet gets, and who gets something else."""

from diagnose.parsers.netfilter import Decision
from tests.support.netfilter_expectations import (
    ACCEPT,
    DROP,
    RETURN,
    SITE6,
    ask,
    chain,
    dport,
    field,
    match,
    meta,
    network,
    rule,
    rules,
    saddr,
    table,
)

RESET = {"reject": {"type": "tcp reset"}}


def other_sources(said: Decision) -> list[tuple[str, tuple[str, ...], int]]:
    return [(other.decision.verdict, other.sources, other.omitted) for other in said.others]


def test_everybody_alike() -> None:
    said = ask(rules(table(chain(policy="drop"), rule(dport(443), ACCEPT))), None)
    assert (said.verdict, said.others) == ("accept", ())


def test_open_to_some_sources_only() -> None:
    office = saddr({"set": ["198.51.100.7", network("192.0.2.0", 24)]})
    said = ask(rules(table(chain(policy="drop"), rule(office, dport(443), ACCEPT, handle=4))), None)
    assert (said.verdict, said.policy) == ("drop", True)
    assert other_sources(said) == [("accept", ("192.0.2.0/24", "198.51.100.7"), 0)]
    assert said.others[0].decision.handle == 4


def test_a_banned_address() -> None:
    banned = {"set": {"name": "banned", "type": "ipv4_addr", "elem": ["192.0.2.8"]}}
    said = ask(rules(table(banned, chain(), rule(saddr("@banned"), RESET))), None)
    assert said.verdict == "accept"
    assert other_sources(said) == [("reject", ("192.0.2.8",), 0)]


def test_a_thousand_banned_addresses_are_counted() -> None:
    listed = [f"192.0.{at // 100}.{at % 100 * 2}" for at in range(1000)]
    said = ask(rules(table(chain(), rule(saddr({"set": listed}), DROP))), None)
    ((verdict, some, more),) = other_sources(said)
    assert (verdict, len(some), more) == ("drop", 16, 984)


def test_all_but_one_network() -> None:
    said = ask(rules(table(chain(), rule(saddr(network("10.0.0.0", 8), "!="), DROP))), None)
    assert said.verdict == "drop"
    assert other_sources(said) == [("accept", ("10.0.0.0/8",), 0)]


def test_a_verdict_map_by_source_parts_them() -> None:
    data = [[network("10.0.0.0", 8), ACCEPT], ["192.0.2.8", RETURN], ["*", DROP]]
    vmap = {"vmap": {"key": field("ip saddr"), "data": {"set": data}}}
    said = ask(rules(table(chain(), rule(vmap))), None)
    assert said.verdict == "drop"
    assert other_sources(said) == [("accept", ("10.0.0.0/8", "192.0.2.8"), 0)]


def test_pairs_of_address_and_port() -> None:
    pair = {"concat": [field("ip saddr"), field("tcp dport")]}
    listed = {"set": [{"concat": ["192.0.2.8", 443]}, {"concat": ["192.0.2.9", 80]}]}
    read = rules(table(chain(policy="drop"), rule(match(pair, listed), ACCEPT)))
    assert other_sources(ask(read, None)) == [("accept", ("192.0.2.8",), 0)]
    assert other_sources(ask(read, None, port=22)) == []


def test_what_the_answer_goes_to_is_the_same_source() -> None:
    to = match(field("ip daddr"), network("192.0.2.0", 24))
    said = ask(rules(table(chain("output"), rule(to, DROP, chain="output"))), None)
    assert said.verdict == "accept"
    assert [other.decision.packet for other in said.others] == ["reply"]


def test_two_rules_for_one_network_are_one_answer() -> None:
    half = rule(saddr(network("0.0.0.0", 1)), ACCEPT)
    other = rule(saddr(network("128.0.0.0", 1)), ACCEPT)
    said = ask(rules(table(chain(policy="drop"), half, other)), None)
    assert (said.verdict, said.others) == ("accept", ())


def test_what_is_unknown_for_some_is_known_for_the_others() -> None:
    dice = match({"numgen": {"mode": "random", "mod": 2, "offset": 0}}, 0)
    said = ask(rules(table(chain(), rule(saddr(network("10.0.0.0", 8)), dice, DROP))), None)
    assert said.verdict == "accept"
    assert other_sources(said) == [("unknown", ("10.0.0.0/8",), 0)]


def test_ipv6_and_the_machine_itself() -> None:
    own = match(field("ip6 saddr"), network("2001:db8:9::", 48))
    read = rules(table(chain(policy="drop"), rule(own, ACCEPT),
                       rule(match(meta("iifname"), "lo"), ACCEPT)))  # fmt: skip
    said = ask(read, None, to=SITE6)
    assert said.verdict == "drop"
    assert other_sources(said) == [("accept", ("2001:db8:9::/48",), 0)]
    assert ask(read, None, to=SITE6, interface="lo").verdict == "accept"
