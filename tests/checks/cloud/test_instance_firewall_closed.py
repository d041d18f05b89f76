"""cloud.instance-firewall-closed: when it fires, and when it is silent."""

from tests.support.aliyun_state import CONSOLE_DEFAULT
from tests.support.check_evidence import judge
from tests.support.cloud_evidence import firewall_rules, group_rules, silent

CHECK = "cloud.instance-firewall-closed"
SSH = {"RuleId": "f22", "RuleProtocol": "TCP", "Port": "22", "SourceCidrIp": "0.0.0.0/0"}
HTTPS = SSH | {"RuleId": "f443", "Port": "443"}


def test_fires_where_no_rule_opens_the_port() -> None:
    (claim,) = judge(CHECK, firewall_rules(SSH), *silent())
    assert claim.facts["instance"] == "swas-1"
    assert not claim.facts["rules"]


def test_fires_for_a_rule_that_drops() -> None:
    (claim,) = judge(CHECK, firewall_rules(HTTPS, HTTPS | {"Policy": "drop"}), *silent())
    assert claim.facts["rules"] == ("`drop TCP 443 0.0.0.0/0`",)


def test_silent_where_a_rule_opens_it() -> None:
    assert not judge(CHECK, firewall_rules(SSH, HTTPS), *silent())


def test_silent_for_a_security_group() -> None:
    assert not judge(CHECK, group_rules(*CONSOLE_DEFAULT), *silent())
