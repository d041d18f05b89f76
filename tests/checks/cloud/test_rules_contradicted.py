"""cloud.rules-contradicted: when it fires, and when it is silent."""

from tests.support.aliyun_state import CONSOLE_DEFAULT, rule
from tests.support.check_evidence import judge
from tests.support.cloud_evidence import group_rules, silent
from tests.support.server_tcp_evidence import capture, host, kernel, nic
from tests.support.tcp_evidence import HERE

CHECK = "cloud.rules-contradicted"
INSIDE = (host(), nic(), kernel())


def test_fires_where_packets_arrive_that_the_rules_deny() -> None:
    rules = group_rules(*CONSOLE_DEFAULT)
    assert judge(CHECK, *INSIDE, rules, *silent(), capture(HERE[4]))


def test_silent_where_none_arrive() -> None:
    assert not judge(CHECK, *INSIDE, group_rules(*CONSOLE_DEFAULT), *silent(), capture())


def test_silent_where_the_rules_allow_it() -> None:
    rules = group_rules(rule("ok", "443/443"))
    assert not judge(CHECK, *INSIDE, rules, *silent(), capture(HERE[4]))
