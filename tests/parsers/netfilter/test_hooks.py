"""From hook to hook, and from packet to packet."""

from diagnose.parsers.netfilter import Host
from tests.support.netfilter_expectations import (
    ACCEPT,
    DROP,
    ask,
    chain,
    dport,
    field,
    match,
    meta,
    rule,
    rules,
    state,
    table,
)

FLAGS = field("tcp flags")
PROHIBITED = {"reject": {"type": "icmpx", "expr": "admin-prohibited"}}


def test_a_rejection_that_does_not_get_out_is_lost() -> None:
    out = chain("output", policy="drop")
    said = ask(rules(table(chain(), rule(PROHIBITED)), table(out, name="out")))
    assert (said.verdict, said.lost, said.chain) == ("reject", True, "input")
    assert ask(rules(table(chain(), rule(state("new"), PROHIBITED)), table(
        out, rule(state("related"), ACCEPT, chain="output"), name="out",
    ))).lost is False  # fmt: skip


def test_the_answer_may_be_stopped() -> None:
    said = ask(rules(table(chain("output", policy="drop"))))
    assert (said.verdict, said.packet, said.hook) == ("drop", "reply", "output")
    assert ask(rules(table(
        chain("output", policy="drop"), rule(state("established"), ACCEPT, chain="output"),
    ))).verdict == "accept"  # fmt: skip


def test_the_last_packet_may_be_stopped() -> None:
    """The client believes that it is connected; the server's program never hears of it."""
    first = match({"&": [FLAGS, {"|": ["syn", "ack"]}]}, "syn")
    said = ask(rules(table(chain(policy="drop"), rule(first, ACCEPT))))
    assert (said.verdict, said.packet, said.policy) == ("drop", "ack", True)
    rest = rule(match(FLAGS, "ack", "in"), ACCEPT)
    assert ask(rules(table(chain(policy="drop"), rule(first, ACCEPT), rest))).verdict == "accept"


def test_the_machine_itself_comes_over_lo() -> None:
    read = rules(table(chain(policy="drop"), rule(match(meta("iif"), "lo"), ACCEPT)))
    assert ask(read, "203.0.113.10", interface="lo").verdict == "accept"
    assert ask(read).verdict == "drop"
    out = rules(table(chain("output"), rule(match(meta("oifname"), "lo"), DROP, chain="output")))
    assert ask(out, "203.0.113.10", interface="lo").packet == "syn"
    assert ask(out).verdict == "accept"


def test_to_a_loopback_address_is_a_martian() -> None:
    to = {"dnat": {"family": "ip", "addr": "127.0.0.1", "port": 8080}}
    nat = table(
        chain("prerouting", type="nat", prio=-100), rule(dport(443), to, chain="prerouting")
    )
    said = ask(rules(nat))
    assert (said.verdict, said.how) == ("drop", "route_localnet")
    assert said.rule == "tcp dport 443 dnat ip to 127.0.0.1:8080"


def hooks_of(interface: str = "eth0") -> list[str]:
    """The hooks at which a rule that drops everything stops a connection's first packet."""
    hooks = ("ingress", "prerouting", "input", "forward", "output", "postrouting", "egress")
    asked = []
    for hook in hooks:
        device = {"dev": interface} if hook in {"ingress", "egress"} else {}
        read = rules(table(chain(hook, **device), rule(DROP, chain=hook)))
        said = ask(read, "203.0.113.10" if interface == "lo" else "198.51.100.7", 443, interface)
        if (said.verdict, said.packet) == ("drop", "syn"):
            asked.append(said.hook)
    return asked


def test_the_hooks_that_a_first_packet_passes() -> None:
    assert hooks_of() == ["ingress", "prerouting", "input"]
    assert hooks_of("lo") == ["ingress", "prerouting", "input", "output", "postrouting", "egress"]


def test_the_interface_is_known_only_where_the_packet_has_one() -> None:
    came = match(meta("iifname"), "eth0")
    assert ask(rules(table(chain(), rule(came, DROP)))).verdict == "drop"
    out = rules(table(chain("output"), rule(came, DROP, chain="output")))
    assert ask(out).verdict == "accept"


def test_where_a_packet_leads_that_may_be_local_or_not_is_unknown() -> None:
    somewhere = {"dnat": {"family": "ip", "addr": {"range": ["203.0.113.9", "203.0.113.11"]}}}
    nat = chain("prerouting", type="nat", prio=-100)
    said = ask(
        rules(table(nat, rule(somewhere, chain="prerouting"))),
        host=Host((("eth0", "203.0.113.10/24"),)),
    )
    assert (said.verdict, said.unknown) == ("unknown", ("dnat",))
