"""How a packet goes through the chains, and where it ends."""

from diagnose.parsers.netfilter.address_sets import Region
from diagnose.parsers.netfilter.packet import Packet
from diagnose.parsers.netfilter.rules import Base, Chain, Rule, Rules, Table, Verdict
from diagnose.parsers.netfilter.topology import HookEntry, Topology
from diagnose.parsers.netfilter.traversal import Outcome, PacketState
from tests.support.netfilter_expectations import (
    ACCEPT,
    RETURN,
    ask,
    called,
    chain,
    dport,
    rule,
    rules,
    table,
)

ANYBODY: Region = ((0, 99),)


def syn(destination: str = "203.0.113.10", port: int = 443) -> PacketState:
    return PacketState(Topology(Rules(), Packet(None, destination, port, "eth0")), ANYBODY)


def enter(state: PacketState, base: Base, **called_chains: Chain) -> None:
    """Put the packet into an empty base chain of a table that has these chains too."""
    first = Chain("first", (), base)
    chains = {"first": first, **called_chains}
    state.hook = base.hook
    state.enter_base_chain(HookEntry(0, Table("ip", "t", chains), first, base), first)


DROPPING = Base("filter", "input", 0, "drop")
ACCEPTING = Base("filter", "input", 0)


def test_a_policy_decides_where_no_rule_does() -> None:
    said = ask(rules(table(chain(policy="drop"), rule(dport(80), ACCEPT))))
    assert (said.verdict, said.policy, said.chain, said.packet) == ("drop", True, "input", "syn")
    assert (said.family, said.table, said.hook, said.handle) == ("inet", "t", "input", None)


def test_an_accept_ends_its_own_chain_only() -> None:
    first = table(chain(prio=-10), rule(dport(443), ACCEPT), name="first")
    second = table(chain(policy="drop"), name="second")
    assert ask(rules(first, second)).table == "second"


def test_jump_comes_back_and_goto_does_not() -> None:
    for kind, verdict in (("jump", "accept"), ("goto", "drop")):
        read = rules(table(
            called("sub"), chain(policy="drop"), rule({kind: {"target": "sub"}}), rule(ACCEPT),
            rule(dport(80), ACCEPT, chain="sub"),
        ))  # fmt: skip
        assert ask(read).verdict == verdict


def test_return_in_a_base_chain_is_its_policy() -> None:
    assert ask(rules(table(chain(policy="drop"), rule(RETURN), rule(ACCEPT)))).policy


def test_a_chain_that_calls_itself_ends() -> None:
    read = rules(table(called("sub"), chain(), rule({"jump": {"target": "sub"}}),
                       rule({"jump": {"target": "sub"}}, chain="sub")))  # fmt: skip
    assert ask(read).verdict == "unknown"


def test_a_copy_goes_its_own_way() -> None:
    one = syn()
    other = one.copy()
    other.fields["meta mark"] = 7
    other.header["dport"] = 8443
    other.connection.mark = 7
    other.connection.translated_in["dst"] = "prerouting"
    other.answers["a step"] = True
    assert (one.fields["meta mark"], one.header["dport"], one.connection.mark) == (0, 443, 0)
    assert (one.connection.translated_in, one.answers) == ({}, {})


def test_the_reply_has_the_addresses_the_other_way_round_and_translated() -> None:
    packet = syn()
    there, back = packet.header["daddr"], packet.header["saddr"]
    packet.send("reply")
    assert (packet.header["saddr"], packet.header["sport"]) == (there, 443)
    assert packet.header["daddr"] is back
    packet.connection.dnat_to = (0x0A000001, 8443)
    packet.send("reply")
    assert (packet.fields["ip saddr"], packet.fields["tcp sport"]) == (0x0A000001, 8443)


def test_the_end_of_a_chain_goes_back_to_where_it_was_called() -> None:
    packet, jump = syn(), Rule((), "jump sub")
    enter(packet, DROPPING, sub=Chain("sub"))
    assert packet.apply_verdict(Verdict("jump", "sub"), jump) is None
    assert packet.chain is not None
    assert (packet.chain.name, len(packet.stack)) == ("sub", 1)
    assert packet.leave_chain() is None
    assert (packet.chain.name, packet.rule_index, packet.stack) == ("first", 1, ())
    ended = packet.leave_chain()
    assert isinstance(ended, Outcome)
    assert (ended.decision.verdict, ended.decision.policy, ended.region) == ("drop", True, ANYBODY)


def test_an_accepting_policy_lets_the_packet_go_on() -> None:
    packet = syn()
    enter(packet, ACCEPTING)
    assert packet.leave_chain() is None
    assert packet.chain is None


def test_a_jump_to_a_chain_that_is_not_there_is_unknown() -> None:
    packet = syn()
    enter(packet, ACCEPTING)
    ended = packet.apply_verdict(Verdict("jump", "gone"), Rule((), "jump gone"))
    assert isinstance(ended, Outcome)
    assert (ended.decision.verdict, ended.decision.unknown) == ("unknown", ("gone",))


def test_the_new_destination_is_written_as_an_address_and_a_port() -> None:
    four, six = syn(), syn("2001:db8:2::10")
    assert four.destination() == ""
    four.connection.dnat_to = (0x0A000001, (80, 89))
    six.connection.dnat_to = (0xFD << 120 | 1, 443)
    assert (four.destination(), six.destination()) == ("10.0.0.1:80-89", "[fd00::1]:443")
