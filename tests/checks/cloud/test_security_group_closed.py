"""cloud.security-group-closed: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.checking.registry import load_check
from diagnose.checking.root_cause import findings
from diagnose.model import Applicability, Confidence, Manual, Severity, Vantage, Where
from diagnose.model.server import PassedPort
from diagnose.model.visitor import Visitor
from tests.support.aliyun_state import CONSOLE_DEFAULT, rule
from tests.support.check_evidence import judge
from tests.support.cloud_evidence import INSTANCE, firewall_rules, group_rules, silent
from tests.support.server_tcp_evidence import ADDRESS, ADDRESS6, capture, host, kernel, nic
from tests.support.tcp_evidence import HERE, attempt

CHECK = "cloud.security-group-closed"
OFFICE = rule("office", "443/443", SourceCidrIp="192.0.2.0/24")


def test_fires_for_the_group_that_the_console_makes() -> None:
    (claim,) = judge(CHECK, group_rules(*CONSOLE_DEFAULT), *silent())
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["groups"] == ("sg-web",)
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.MANUAL
    (step,) = claim.fix.steps
    assert isinstance(step, Manual)
    assert (step.step, step.where) == ("open-all", Where.CLOUD_CONSOLE)
    assert step.url == "https://ecs.console.aliyun.com/securityGroup/region/cn-hangzhou"
    assert "AuthorizeSecurityGroup" in step.commands[0].argv  # type: ignore[union-attr]


def test_fires_for_certain_where_the_server_saw_no_packet() -> None:
    inside = (host(), nic(), kernel())
    (claim,) = judge(CHECK, *inside, group_rules(*CONSOLE_DEFAULT), *silent(), capture())
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["absent"]


def test_fires_on_the_server_where_nobody_tried_it_from_outside() -> None:
    inside = (host("local"), nic())
    (claim,) = judge(CHECK, *inside, group_rules(*CONSOLE_DEFAULT), attempt())
    assert (claim.severity, claim.confidence) == (Severity.ERROR, Confidence.LIKELY)


def test_fires_for_ipv6_alone() -> None:
    instance = replace(INSTANCE, public_addresses=(ADDRESS, ADDRESS6))
    rules = group_rules(rule("ok", "443/443"), instance=instance)
    (claim,) = judge(CHECK, rules, attempt(), *silent(ADDRESS6))
    assert claim.facts["family"] == "IPv6"
    assert claim.severity is Severity.WARNING


def test_fires_with_the_rules_that_miss() -> None:
    (claim,) = judge(CHECK, group_rules(rule("u", "443/443", IpProtocol="UDP")), *silent())
    assert claim.facts["near"] == ("`Accept 1 UDP 443/443 0.0.0.0/0`",)


def test_fires_for_the_visitor_who_is_named() -> None:
    visitor = Visitor(address="198.51.100.7")
    (claim,) = judge(CHECK, visitor, group_rules(OFFICE), *silent(), masked=False)
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix is not None
    assert [step.step for step in claim.fix.steps if isinstance(step, Manual)] == [
        "open-visitor", "open-all",
    ]  # fmt: skip


def test_fires_for_this_machine_where_only_others_get_in() -> None:
    (claim,) = judge(CHECK, group_rules(OFFICE), *silent(), masked=False)
    assert claim.facts["visitor"] == HERE[4]


def test_fires_as_possible_where_nobody_knows_the_visitors_address() -> None:
    behind_nat = [replace(each, source="192.168.1.5") for each in silent()]
    (claim,) = judge(CHECK, group_rules(OFFICE), *behind_nat, masked=False)
    assert claim.confidence is Confidence.POSSIBLE
    assert claim.facts["open_to"] == ("192.0.2.0/24",)


def test_fires_without_a_command_where_a_service_owns_the_group() -> None:
    (claim,) = judge(CHECK, group_rules(*CONSOLE_DEFAULT, owner="1234"), *silent())
    assert claim.fix is not None
    (step,) = claim.fix.steps
    assert isinstance(step, Manual)
    assert (step.step, step.commands) == ("ask-owner", ())


def test_fires_with_the_console_alone_where_the_provider_is_not_here() -> None:
    instance = replace(INSTANCE, provider="aliyun-other")
    (claim,) = judge(CHECK, group_rules(instance=instance), *silent(), masked=False)
    assert claim.fix is not None
    (step,) = claim.fix.steps
    assert isinstance(step, Manual)
    assert step.url == "https://ecs.console.aliyun.com/securityGroup"


def test_explains_the_silence() -> None:
    observations = (group_rules(*CONSOLE_DEFAULT), *silent())
    (claim,), (silence,) = judge(CHECK, *observations), judge("tcp.timeout", *observations)
    cause, symptom = findings([(load_check("tcp.timeout"), silence), (load_check(CHECK), claim)])
    assert (cause.check.id, symptom.explained_by) == (CHECK, cause.id)


def test_silent_where_the_port_opens() -> None:
    assert not judge(CHECK, group_rules(*CONSOLE_DEFAULT), attempt())


def test_silent_where_the_rule_is_there() -> None:
    assert not judge(CHECK, group_rules(rule("ok", "443/443")), *silent())


def test_silent_where_the_address_is_not_the_instances_own() -> None:
    """A load balancer's: its sources are others than the visitors."""
    assert not judge(CHECK, group_rules(*CONSOLE_DEFAULT), *silent("203.0.113.99"))


def test_silent_where_our_packets_arrive() -> None:
    inside = (host(), nic(), kernel())
    packets = capture(HERE[4])
    assert not judge(CHECK, *inside, group_rules(*CONSOLE_DEFAULT), *silent(), packets)


def test_silent_where_a_rule_could_not_be_read() -> None:
    unread = rule("pl", "443/443", SourceCidrIp="", SourcePrefixListId="pl-1")
    assert not judge(CHECK, group_rules(unread), *silent())


def test_silent_for_a_visitor_who_gets_in() -> None:
    visitor = Visitor(address="192.0.2.7")
    assert not judge(CHECK, visitor, group_rules(OFFICE), *silent(), masked=False)


def test_silent_for_a_simple_application_server() -> None:
    assert not judge(CHECK, firewall_rules(), *silent())


def test_a_port_that_visitors_do_not_need_is_not_opened_first() -> None:
    passed = PassedPort(
        vantage=Vantage.SERVER, port=443, server="HAProxy", url="https://shop.example.com:8443/"
    )
    (claim,) = judge(CHECK, group_rules(*CONSOLE_DEFAULT), *silent(), passed)
    assert claim.fix
    assert [getattr(step, "step", "") for step in claim.fix.steps] == ["use-the-site", "open-all"]
    assert claim.fix.applicability is Applicability.MANUAL
