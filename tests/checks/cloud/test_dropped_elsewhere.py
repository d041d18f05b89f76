"""cloud.dropped-elsewhere: when it fires, and when it is silent."""

from diagnose.checking.registry import load_check
from diagnose.checking.root_cause import findings
from diagnose.model import Confidence
from tests.support.aliyun_state import CONSOLE_DEFAULT, rule
from tests.support.check_evidence import judge
from tests.support.cloud_evidence import group_rules, silent
from tests.support.server_tcp_evidence import PUBLISHED, capture, host, kernel, nic
from tests.support.tcp_evidence import HERE

CHECK = "cloud.dropped-elsewhere"
INSIDE = (PUBLISHED, host(), nic(), kernel())
OPEN = group_rules(rule("ok", "443/443"))


def test_fires_where_the_rules_allow_it_and_nothing_arrives() -> None:
    (claim,) = judge(CHECK, *INSIDE, OPEN, *silent(), capture())
    assert claim.confidence is Confidence.LIKELY


def test_explains_that_nothing_arrives() -> None:
    """The general page advises to open the security group, which is open."""
    observations = (*INSIDE, OPEN, *silent(), capture())
    (claim,), (general,) = judge(CHECK, *observations), judge("tcp.never-arrives", *observations)
    raised = [(load_check("tcp.never-arrives"), general), (load_check(CHECK), claim)]
    cause, symptom = findings(raised)
    assert (cause.check.id, symptom.explained_by) == (CHECK, cause.id)


def test_silent_where_packets_arrive() -> None:
    assert not judge(CHECK, *INSIDE, OPEN, *silent(), capture(HERE[4]))


def test_silent_where_nobody_watched() -> None:
    assert not judge(CHECK, *INSIDE, OPEN, *silent())


def test_silent_where_the_rules_deny_it() -> None:
    assert not judge(CHECK, *INSIDE, group_rules(*CONSOLE_DEFAULT), *silent(), capture())
