"""Rules are equal until somebody changes them."""

from dataclasses import replace

from diagnose.model.netfilter import Ruleset
from tests.support.history_evidence import changed, nft, said


def rule(handle: int, packets: int, verdict: str = "accept", chain: str = "input") -> object:
    counter = {"counter": {"packets": packets, "bytes": packets}}
    return {"rule": {"chain": chain, "handle": handle, "expr": [counter, {verdict: None}]}}


def a_set(*elements: str, **fields: object) -> object:
    return {"set": {"table": "filter", "name": "bad", "elem": list(elements), **fields}}


def test_counters_and_handles_are_no_change_of_rules() -> None:
    assert not changed((nft(rule(3, 10)),), (nft(rule(9, 99)),))


def test_another_verdict_another_order_and_another_rule_are() -> None:
    accept, drop = rule(1, 1), rule(2, 1, "drop")
    assert said((nft(accept),), (nft(drop),)) == ["the packet filter's rules (nft) changed"]
    assert changed((nft(accept, drop),), (nft(drop, accept),))
    assert said((nft(accept),), (nft(accept, drop),)) == ["the packet filter's rules (nft): 1 → 2"]


def test_whom_the_rules_have_locked_out_for_a_while_is_no_change() -> None:
    bans = (a_set("192.0.2.1", flags=["timeout"]), rule(1, 0, "drop", "f2b-sshd"))
    more = (a_set("192.0.2.7", flags="dynamic"),)
    assert not changed((nft(),), (nft(bans[1]),))
    assert not changed(
        (nft(a_set("192.0.2.1", flags=["timeout"])),), (nft(a_set(flags=["timeout"])),)
    )
    assert not changed((nft(*more),), (nft(a_set(flags="dynamic")),))
    assert not changed((nft(a_set("192.0.2.1", "::1")),), (nft(a_set("::1", "192.0.2.1")),))
    assert changed((nft(a_set("192.0.2.1")),), (nft(a_set("192.0.2.2")),))


def test_iptables_is_compared_without_its_comments_and_counters() -> None:
    text = "# Generated on {day}\n*filter\n:INPUT DROP [{n}:{n}]\n[{n}:9] -A INPUT -j ACCEPT\n"
    before = Ruleset(tool="iptables", text=text.format(day="Monday", n=1))
    assert not changed((before,), (replace(before, text=text.format(day="Friday", n=22)),))
    opened = replace(before, text=before.text.replace("INPUT DROP", "INPUT ACCEPT"))
    assert changed((before,), (opened,))
    banned = replace(before, text=f"{before.text}[0:0] -A f2b-sshd -s 192.0.2.1/32 -j DROP\n")
    assert not changed((before,), (banned,))


def test_sets_of_addresses_are_compared_by_what_lasts() -> None:
    made = "create bad hash:ip family inet hashsize {size} maxelem 65536 initval 0x{size}\n"
    before = Ruleset(tool="ipset", text=f"{made.format(size=1024)}add bad ::1\nadd bad ::2\n")
    after = f"{made.format(size=2048)}add bad ::2\nadd bad ::1\nadd bad ::9 timeout 60\n"
    assert not changed((before,), (replace(before, text=after),))
    assert changed((before,), (replace(before, text=before.text.replace("::2", "::3")),))


def test_rules_that_are_no_json_are_compared_as_they_stand() -> None:
    before = Ruleset(tool="nft", text="no")
    assert changed((before,), (replace(before, text="[" * 99_999),))
    assert not changed((before,), (before,))
