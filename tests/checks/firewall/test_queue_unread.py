"""firewall.queue-unread: when it fires, and when it is silent."""

import pytest

from diagnose.model.packet_paths import QueueReaders
from tests.support.check_evidence import judge
from tests.support.packets import ACCEPT, dport, from_outside, nft, saved, served

CHECK = "firewall.queue-unread"
SURICATA = saved("-A INPUT -j NFQUEUE --queue-num 0")
NOBODY = QueueReaders(numbers=())


@pytest.mark.parametrize(
    ("rules", "queues"),
    [
        (SURICATA, ("0",)),
        (saved("-A INPUT -p tcp -m tcp --dport 443 -j NFQUEUE"), ("0",)),
        (saved("-A INPUT -j NFQUEUE --queue-balance 2:3"), ("2", "3")),
        (nft([dport(443), {"queue": {"num": 7}}]), ("7",)),
    ],
    ids=["iptables", "no number", "several", "nft"],
)
def test_fires_where_no_program_reads(rules, queues) -> None:  # type: ignore[no-untyped-def]
    (claim,) = judge(CHECK, *served(rules), NOBODY)
    assert claim.facts["queues"] == queues
    assert judge(CHECK, *from_outside(rules), QueueReaders(numbers=(9,)))


def test_silent_where_a_program_reads() -> None:
    assert not judge(CHECK, *served(SURICATA), QueueReaders(numbers=(0,)))


def test_silent_where_the_rule_says_bypass() -> None:
    rule = saved("-A INPUT -j NFQUEUE --queue-num 0 --queue-bypass")
    assert not judge(CHECK, *served(rule), NOBODY)


def test_silent_where_the_rule_is_for_another_port_or_comes_too_late() -> None:
    other = nft([dport(8443), {"queue": {"num": 7}}])
    late = nft([dport(443), ACCEPT], [{"queue": {"num": 7}}])
    assert not judge(CHECK, *served(other), NOBODY)
    assert not judge(CHECK, *served(late), NOBODY)
