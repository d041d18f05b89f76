"""cloud.no-public-address: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Confidence
from tests.support.aliyun_state import rule
from tests.support.check_evidence import REFUSED, judge
from tests.support.cloud_evidence import INSTANCE, cloud_machine, group_rules, silent
from tests.support.server_tcp_evidence import host, nic
from tests.support.tcp_evidence import attempt

CHECK = "cloud.no-public-address"
INSIDE = (host(), nic("eth0", "172.16.0.10"))


def test_fires_where_the_metadata_has_none_and_nobody_answers() -> None:
    (claim,) = judge(CHECK, *INSIDE, cloud_machine(), *silent())
    assert claim.confidence is Confidence.POSSIBLE


def test_fires_with_more_certainty_where_the_api_says_so() -> None:
    rules = group_rules(rule("ok", "443/443"), instance=replace(INSTANCE, public_addresses=()))
    (claim,) = judge(CHECK, *INSIDE, cloud_machine(), rules, *silent())
    assert claim.confidence is Confidence.LIKELY


def test_silent_where_the_api_knows_an_address() -> None:
    rules = group_rules(rule("ok", "443/443"))
    assert not judge(CHECK, *INSIDE, cloud_machine(), rules, *silent())


def test_silent_where_something_answers_there() -> None:
    """A load balancer has the address."""
    other = attempt(port=80, purpose="plain", failure=REFUSED)
    assert not judge(CHECK, *INSIDE, cloud_machine(), *silent(), other)


def test_silent_on_the_server_itself() -> None:
    """A load balancer often does not answer the servers behind it."""
    inside = (host("local"), nic("eth0", "172.16.0.10"))
    assert not judge(CHECK, *inside, cloud_machine(), *silent())


def test_silent_where_the_site_answers() -> None:
    assert not judge(CHECK, *INSIDE, cloud_machine(), attempt())


def test_silent_where_an_interface_has_a_public_address() -> None:
    inside = (host(), nic("eth0", "203.0.113.10"))
    assert not judge(CHECK, *inside, cloud_machine(), *silent())


def test_silent_where_the_instance_is_not_known() -> None:
    unknown = replace(cloud_machine(), instance=None, metadata="silent")
    assert not judge(CHECK, *INSIDE, unknown, *silent())
