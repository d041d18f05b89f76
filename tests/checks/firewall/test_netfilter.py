from checks.firewall._netfilter import NetfilterView, decide, netfilter_view
from diagnose.model.visitor import Visitor
from tests.support.check_evidence import evidence
from tests.support.firewall_rules import connected, host, listening, nic
from tests.support.packets import CLIENT, DROP, dport, field, nft, prefix, served

OFFICE = [field("ip", "saddr", prefix("192.0.2.0", 24)), dport(443), {"accept": None}]


def test_the_rules_of_one_run_are_read_once() -> None:
    seen = evidence(*served(nft()))
    assert netfilter_view(seen) is netfilter_view(seen)


def test_a_translated_address_is_the_servers_own_private_one() -> None:
    view = NetfilterView(evidence(host("ssh://web"), nic("eth0", "10.0.0.5"), connected()))
    ((address, packet),) = view.packets(443)
    assert (address, packet.destination, packet.interface) == ("203.0.113.10", "10.0.0.5", "eth0")


def test_a_name_that_leads_to_another_machine_gives_no_packet() -> None:
    observations = (host("ssh://web"), nic("eth0", "198.51.100.77"), connected())
    assert list(NetfilterView(evidence(*observations)).packets(443)) == []


def test_without_a_known_address_a_packet_comes_to_the_servers_own() -> None:
    (packet,) = NetfilterView(evidence(host(), nic("eth0", "10.0.0.5"))).packets(443)
    assert packet[0] == ""
    assert packet[1].destination == "10.0.0.5"


def test_the_visitor_of_the_run_is_judged_by_its_own_address() -> None:
    view = NetfilterView(evidence(*served(nft(OFFICE, [DROP])), Visitor(address="192.0.2.7")))
    assert view.blockages(443) == ()
    assert view.admits(443, "192.0.2.7")
    assert not view.admits(443, CLIENT)


def test_the_sources_that_are_let_in_while_strangers_are_not() -> None:
    view = NetfilterView(evidence(*served(nft(OFFICE, [DROP]))))
    assert view.allowlisted_sources(443) == ("192.0.2.0/24",)
    open_to_all = NetfilterView(evidence(*served(nft(OFFICE))))
    assert open_to_all.allowlisted_sources(443) == ()


def test_without_rules_everybody_is_let_in() -> None:
    view = NetfilterView(evidence(host(), nic(), listening(443)))
    verdicts = {decide(view.ruleset.rules, packet).verdict for _, packet in view.packets(443)}
    assert verdicts == {"accept"}
