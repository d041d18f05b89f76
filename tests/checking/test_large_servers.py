"""A server with very much of everything is judged in linear time: the lines that run are counted
for some and for four times as many."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from diagnose.checking.conclusion import conclude
from diagnose.model import Evidence, Observation, Vantage
from diagnose.model.netfilter import Ruleset
from diagnose.model.server import Interface, Listener, Listeners
from diagnose.parsers.netfilter import Packet, decide, iptables, traversal
from tests.support.check_evidence import NOW, REFUSED, SHOP, TIMEOUT
from tests.support.lines_run import lines_run
from tests.support.nginx_evidence import BUILD, HOST, RUNNING, config, nginx_says
from tests.support.tcp_evidence import attempt

SOME = 60


def server_blocks(count: int) -> tuple[Observation, ...]:
    block = (
        "server {{ listen 443 ssl; server_name s{}.example.com; location / {{ return 200; }} }}\n"
    )
    return (attempt(failure=REFUSED), config("".join(map(block.format, range(count)))))


def listeners(count: int) -> tuple[Observation, ...]:
    sockets = (
        Listener(address="0.0.0.0", port=1000 + number, family=4, pid=number, process="node")
        for number in range(count)
    )
    return (attempt(failure=REFUSED), config(), Listeners(sockets=tuple(sockets)))


def saved_rules(count: int, matches: str) -> str:
    rules = (
        f"-A INPUT -s 10.{number // 256}.{number % 256}.7/32 {matches}" for number in range(count)
    )
    end = "-A INPUT -p tcp -m tcp --dport 443 -j DROP"
    return "\n".join(("*filter", ":INPUT ACCEPT [0:0]", *rules, end, "COMMIT", ""))


def bans(count: int) -> tuple[Observation, ...]:
    text = saved_rules(count, "-p tcp -m tcp --dport 22 -j DROP")
    return (attempt(failure=TIMEOUT), Ruleset(tool="iptables", text=text))


def elements(count: int) -> tuple[Observation, ...]:
    adds = "".join(f"add bad 10.{number // 256}.{number % 256}.7\n" for number in range(count))
    text = saved_rules(0, "").replace("-A", "-A INPUT -m set --match-set bad src -j DROP\n-A", 1)
    return (
        attempt(failure=TIMEOUT),
        Ruleset(tool="ipset", text=f"create bad hash:ip family inet\n{adds}"),
        Ruleset(tool="iptables", text=text),
    )


@pytest.mark.parametrize("make", [server_blocks, listeners, bans, elements])
def test_four_times_as_much_takes_four_times_as_long(
    make: Callable[[int], tuple[Observation, ...]],
) -> None:
    def judged(count: int) -> int:
        interface = Interface(
            vantage=Vantage.SERVER, name="eth0", up=True, addresses=("203.0.113.10",)
        )
        seen = (HOST, BUILD, RUNNING, nginx_says(), interface, *make(count))
        evidence = Evidence(SHOP, NOW, seen)
        assert conclude(evidence).crashes == ()
        return lines_run(lambda: conclude(evidence))

    few, many = judged(SOME), judged(4 * SOME)
    assert many < 4.5 * few, (few, many)


def test_rules_that_would_take_too_long_are_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of these splits the sources, and all parts go through the rules that follow."""
    rules = iptables.parse_tables(saved_rules(100, "-j LOG"), "", "")
    packet = Packet(source=None, destination="203.0.113.10", port=443, interface="eth0")
    assert decide(rules, packet).verdict == "drop"
    monkeypatch.setattr(traversal, "MAX_RULES", 1000)
    decision = decide(rules, replace(packet, source_port=50000))  # the first answer is kept
    assert decision.unknown == ("too many rules",) or any(
        other.decision.unknown == ("too many rules",) for other in decision.others
    )
