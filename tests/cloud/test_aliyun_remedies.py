"""What is printed for each situation, and what must not be (R01 to R09 of the specification)."""

import json
import shlex
from typing import Any

from diagnose.cloud.aliyun.ecs import AliyunEcs
from diagnose.cloud.aliyun.rules import firewall_rule_set, rule_set
from diagnose.cloud.aliyun.swas import AliyunSwas
from diagnose.cloud.evaluation import INTERNET4, INTERNET6, Flow, evaluate
from diagnose.cloud.provider import Remedy
from diagnose.model.cloud import CloudInstance, RuleSet, SecurityGroup
from tests.support.aliyun_state import CONSOLE_DEFAULT, rule

WHERE = CloudInstance("aliyun-ecs", "cn-hangzhou", "i-1", groups=("sg-web",))


def group(*rules: dict[str, Any], owner: str = "", acl: dict[str, Any] | None = None) -> RuleSet:
    layers = rule_set([{"SecurityGroupId": "sg-web", "Permissions": rules}], acl).layers
    return RuleSet(layers, (SecurityGroup("sg-web", "", owner),), "nacl-1" if acl else "")


def remedy(rules: RuleSet, visitor: str = "", source: str = INTERNET4) -> Remedy:
    flow = Flow(443, visitor or source)
    return AliyunEcs().remedy(evaluate(rules, flow), flow, rules, WHERE, visitor)


def commands(answer: Remedy) -> list[str]:
    return [shlex.join(change.argv) for change in answer.changes]


def test_r01_closed_by_default_is_opened_at_priority_1_for_this_port_alone() -> None:
    (command,) = commands(remedy(group(*CONSOLE_DEFAULT)))
    assert command == (
        "aliyun ecs AuthorizeSecurityGroup --RegionId cn-hangzhou --SecurityGroupId sg-web"
        " --IpProtocol tcp --PortRange 443/443 --SourceCidrIp 0.0.0.0/0 --Policy accept"
        " --Priority 1 --NicType intranet --Description https"
    )


def test_r02_a_drop_is_outranked() -> None:
    (command,) = commands(remedy(group(rule("no", "443/443", "Drop", Priority="50"))))
    assert "--Priority 49 " in command


def test_r02_drops_of_single_networks_stay_before_the_new_rule() -> None:
    blocked = rule("bad", "443/443", "Drop", Priority="9", SourceCidrIp="198.51.100.0/24")
    (command,) = commands(remedy(group(blocked)))
    assert "--Priority 100 " in command


def test_r03_a_drop_of_priority_1_is_taken_away() -> None:
    answer = remedy(group(rule("sgr-no", "443/443", "Drop"), rule("ok", "443/443", Priority="2")))
    assert [change.kind for change in answer.changes] == ["remove-rule"]
    (command,) = commands(answer)
    assert "RevokeSecurityGroup" in command
    assert "sgr-no" in command


def test_r03_a_rule_without_an_id_has_no_command() -> None:
    nameless = rule("", "443/443", "Drop")
    (change,) = remedy(group(nameless)).changes
    assert (change.kind, change.argv) == ("remove-rule", ())
    assert change.subject == "Drop 1 TCP 443/443 0.0.0.0/0"


def test_r04_ipv6_has_its_own_option() -> None:
    (command,) = commands(remedy(group(rule("ok", "443/443")), source=INTERNET6))
    assert "--Ipv6SourceCidrIp ::/0" in command
    assert "--SourceCidrIp" not in command


def test_r05_the_group_of_a_service_gets_no_command() -> None:
    (change,) = remedy(group(*CONSOLE_DEFAULT, owner="1234")).changes
    assert (change.kind, change.argv, change.subject) == ("ask-owner", (), "1234")


def test_r06_an_acl_that_denies_leads_to_the_acl() -> None:
    entry = {"Policy": "drop", "Protocol": "tcp", "Port": "443/443", "SourceCidrIp": "0.0.0.0/0"}
    answer = remedy(group(rule("ok", "443/443"), acl={"IngressAclEntries": [entry]}))
    (change,) = answer.changes
    assert (change.kind, change.argv) == ("change-acl", ())
    assert change.subject == "drop tcp 443/443 0.0.0.0/0"
    assert "nacl-1" in answer.url
    assert "securityGroup" not in answer.url


def test_r07_the_visitor_alone_comes_first() -> None:
    office = rule("off", "443/443", SourceCidrIp="203.0.113.0/24")
    narrow, wide = commands(remedy(group(office), "198.51.100.7"))
    assert "--SourceCidrIp 198.51.100.7/32" in narrow
    assert "--SourceCidrIp 0.0.0.0/0" in wide


def test_a_visitor_on_a_list_of_blocked_ones_is_let_in_alone() -> None:
    blocked = rule("bad", "443/443", "Drop", Priority="9", SourceCidrIp="198.51.100.0/24")
    (command,) = commands(
        remedy(group(blocked, rule("ok", "443/443", Priority="20")), "198.51.100.7")
    )
    assert "--SourceCidrIp 198.51.100.7/32" in command
    assert "--Priority 8 " in command


def test_r09_a_simple_application_server_has_a_firewall() -> None:
    rules = firewall_rule_set([{"RuleProtocol": "TCP", "Port": "22"}])
    flow = Flow(443)
    where = CloudInstance("aliyun-swas", "cn-hangzhou", "swas-1")
    answer = AliyunSwas().remedy(evaluate(rules, flow), flow, rules, where, "")
    assert commands(answer) == [
        "aliyun swas-open CreateFirewallRule --RegionId cn-hangzhou --InstanceId swas-1"
        " --RuleProtocol TCP --Port 443"
    ]
    assert "firewall" in answer.url


def test_r09_a_rule_with_a_source_takes_the_call_for_several() -> None:
    rules = firewall_rule_set([{"RuleProtocol": "TCP", "Port": "443", "SourceCidrIp": "192.0.2.1"}])
    flow = Flow(443, "198.51.100.7")
    where = CloudInstance("aliyun-swas", "cn-hangzhou", "swas-1")
    answer = AliyunSwas().remedy(evaluate(rules, flow), flow, rules, where, "198.51.100.7")
    narrow, wide = answer.changes
    assert narrow.argv[2] == "CreateFirewallRules"
    assert json.loads(narrow.argv[-1]) == [
        {"RuleProtocol": "TCP", "Port": "443", "SourceCidrIp": "198.51.100.7/32"}
    ]
    assert wide.argv[2] == "CreateFirewallRule"


def test_what_an_api_names_is_quoted_in_addresses() -> None:
    odd = CloudInstance("aliyun-swas", "r/../x", "?a=b#c")
    assert AliyunSwas().console_url(odd).count("#") == 1
