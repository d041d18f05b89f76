import json

import pytest

from diagnose.parsers.netfilter import nft
from diagnose.parsers.netfilter.rules import (
    Base,
    Limit,
)
from tests.support.netfilter_expectations import (
    ACCEPT,
    ask,
    chain,
    field,
    match,
    meta,
    rule,
    rules,
    table,
)


def steps(*expr: dict[str, object]) -> tuple[object, ...]:
    read = rules(table(chain(), rule(*expr)))
    return read.tables[0].chains["input"].rules[0].steps


def test_nothing_is_an_empty_ruleset() -> None:
    assert nft.parse_ruleset("").tables == ()
    assert nft.parse_ruleset('{"nftables": [{"metainfo": {"version": "1.1.3"}}]}').tables == ()


@pytest.mark.parametrize("text", ["table inet t {}", "[]", '{"nftables": 1}', '{"nftables": [1]}',
                                  '{"nftables": [{"chain": {}}]}'])  # fmt: skip
def test_anything_else_is_an_error(text: str) -> None:
    with pytest.raises(ValueError):
        nft.parse_ruleset(text)


def test_a_base_chain_and_one_that_is_called() -> None:
    read = rules(table(chain(prio=-10, policy="drop"), {"chain": {"name": "sub"}}))
    chains = read.tables[0].chains
    assert chains["input"].base == Base("filter", "input", -10, "drop")
    assert chains["sub"].base is None


def test_tables_of_other_worlds_are_left_out() -> None:
    assert rules(table(family="arp"), table(family="bridge"), table(family="ip")).tables[0].family


def test_a_named_limit_knows_whether_it_is_over() -> None:
    lax = {"limit": {"name": "lax", "rate": 2, "per": "second", "inv": True}}
    read = rules(table(lax, chain(), rule({"limit": "lax"})))
    assert read.tables[0].chains["input"].rules[0].steps == (Limit('limit name "lax"', True),)


def test_a_set_that_cannot_be_read_makes_its_matches_unknown() -> None:
    odd = {"set": {"name": "s", "type": "ipv4_addr", "elem": [{"new": "form"}]}}
    said = ask(rules(table(odd, chain(), rule(match(field("ip saddr"), "@s"), ACCEPT))))
    assert said.verdict == "accept", "whatever is in it"
    said = ask(
        rules(table(odd, chain(policy="drop"), rule(match(field("ip saddr"), "@s"), ACCEPT)))
    )
    assert (said.verdict, said.unknown) == ("unknown", ("@s",))


def test_a_rule_is_written_as_nft_writes_it() -> None:
    expr = [
        match(meta("iifname"), {"set": ["eth0", "eth1"]}),
        match(field("ip saddr"), {"prefix": {"addr": "10.0.0.0", "len": 8}}, "!="),
        match({"ct": {"key": "state"}}, ["established", "new"], "in"),
        match({"&": [field("tcp flags"), {"|": ["syn", "ack"]}]}, "syn"),
        {"counter": {"packets": 1, "bytes": 60}},
        {"vmap": {"key": field("tcp dport"), "data": {"set": [[80, ACCEPT]]}}},
        {"reject": {"type": "icmpx", "expr": "admin-prohibited"}},
    ]
    body = {"family": "inet", "table": "t", "chain": "c", "handle": 3, "expr": expr}
    text = json.dumps({"nftables": [
        {"table": {"family": "inet", "name": "t"}},
        {"chain": {"family": "inet", "table": "t", "name": "c"}},
        {"rule": body | {"comment": "hello"}},
    ]})  # fmt: skip
    (read,) = nft.parse_ruleset(text).tables[0].chains["c"].rules
    assert read.text == (
        "meta iifname { eth0, eth1 } ip saddr != 10.0.0.0/8 ct state established,new "
        "tcp flags & (syn | ack) == syn counter tcp dport vmap { 80 : accept } "
        'reject with icmpx admin-prohibited comment "hello"'
    )
    assert (read.handle, read.comment) == (3, "hello")
