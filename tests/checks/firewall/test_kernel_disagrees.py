"""firewall.kernel-disagrees: when it fires, and when it is silent."""

from typing import Any

from diagnose.model import Confidence, Failure, Observation, Severity, Unseen, Vantage
from diagnose.model.kernel import KernelDrop
from diagnose.model.netfilter import Ruleset
from tests.support.check_evidence import TIMEOUT, judge, texts
from tests.support.firewall_rules import ADDRESS, connected, host, nic
from tests.support.packets import ACCEPT, CLIENT, DROP, dport, nft, saved

CHECK = "firewall.kernel-disagrees"
OPEN = nft([dport(443), ACCEPT])


def drop(reason: str = "NETFILTER_DROP", **fields: Any) -> KernelDrop:
    values: dict[str, Any] = {"address": ADDRESS, "interface": "eth0", "function": "nft_do_chain"}
    return KernelDrop(
        vantage=Vantage.SERVER, port=443, source=CLIENT, reason=reason, **values | fields
    )


def dropped_by_kernel(*rules: Observation, **fields: Any) -> tuple[Observation, ...]:
    return host(), nic(), connected(failure=TIMEOUT), drop(**fields), *rules


def test_fires_where_all_rules_accept_and_netfilter_dropped() -> None:
    (claim,) = judge(CHECK, *dropped_by_kernel(OPEN))
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, None)
    assert claim.facts["kernel"] == "NETFILTER_DROP, nft_do_chain"
    assert any("nfnetlink_queue" in text or "queue" in text for text in texts(CHECK, claim))


def test_fires_as_a_note_where_a_rule_drops_and_the_kernel_took_it_in() -> None:
    (claim,) = judge(CHECK, *dropped_by_kernel(nft([dport(443), DROP]), reason="NO_SOCKET"))
    assert claim.severity is Severity.NOTE


def test_fires_once_for_replies() -> None:
    (claim,) = judge(CHECK, *dropped_by_kernel(OPEN, packet="reply"), drop(packet="reply", count=2))
    assert (claim.facts["replies"], claim.facts["count"]) == (True, 3)


def test_silent_where_both_say_the_same() -> None:
    assert not judge(CHECK, *dropped_by_kernel(nft([dport(443), DROP])))
    assert not judge(CHECK, *dropped_by_kernel(saved("-A INPUT -p tcp -m tcp --dport 443 -j DROP")))
    assert not judge(CHECK, *dropped_by_kernel(OPEN, reason="NO_SOCKET"))


def test_silent_where_the_rules_do_not_decide_alone() -> None:
    limit = "-A INPUT -p tcp -m tcp --dport 443 -m limit --limit 5/sec -j ACCEPT"
    assert not judge(CHECK, *dropped_by_kernel(saved(limit, "-A INPUT -p tcp -j DROP")))
    queue = "-A INPUT -p tcp -m tcp --dport 443 -j NFQUEUE --queue-num 1"
    assert not judge(CHECK, *dropped_by_kernel(saved(queue)))


def test_silent_where_a_list_of_rules_could_not_be_read() -> None:
    unread = Ruleset(
        vantage=Vantage.SERVER, tool="iptables-legacy", failure=Failure("denied", "needs root")
    )
    assert not judge(CHECK, *dropped_by_kernel(OPEN, unread))
    why = "iptables-legacy-save is not installed"
    missing = Unseen(vantage=Vantage.SERVER, what="the rules of iptables-legacy", why=why)
    assert not judge(CHECK, *dropped_by_kernel(OPEN, missing))


def test_silent_where_another_part_of_the_kernel_dropped() -> None:
    assert not judge(CHECK, *dropped_by_kernel(OPEN, reason="IP_RPFILTER"))
