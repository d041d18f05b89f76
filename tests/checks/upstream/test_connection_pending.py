from dataclasses import replace

from diagnose.model import Confidence, Failure
from diagnose.model.program_logs import PendingConnection
from tests.support.check_evidence import TIMEOUT, judge
from tests.support.report_builder import ANSWER

CHECK = "upstream.connection-pending"
PENDING = PendingConnection(
    endpoint="3000", process="node", pid=20, address="10.0.0.9", port=5432,
    equivalent="ss -tnp state syn-sent",
)  # fmt: skip
RESOLVER = replace(PENDING, address="10.0.0.53", port=53, is_dns=True)


def test_fires_where_the_page_does_not_come() -> None:
    for page in (replace(ANSWER, status=504), replace(ANSWER, status=None, failure=TIMEOUT)):
        (claim,) = judge(CHECK, page, PENDING)
        assert claim.confidence is Confidence.LIKELY
        assert claim.facts["peers"] == ("10.0.0.9:5432",)
        assert claim.facts["service"] == "PostgreSQL"


def test_a_question_to_a_name_server() -> None:
    (claim,) = judge(CHECK, replace(ANSWER, status=504), RESOLVER)
    assert claim.facts["resolver"]
    assert claim.facts["peers"] == ("10.0.0.53:53",)
    (claim,) = judge(CHECK, replace(ANSWER, status=504), RESOLVER, PENDING)
    assert not claim.facts["resolver"]


def test_silent_where_the_page_comes_or_is_refused() -> None:
    assert not judge(CHECK, ANSWER, PENDING)
    assert not judge(CHECK, replace(ANSWER, status=403), PENDING)
    reset = Failure("reset", "connection reset")
    assert not judge(CHECK, replace(ANSWER, status=None, failure=reset), PENDING)
    assert not judge(CHECK, replace(ANSWER, status=504))


def test_the_setting_of_the_unit_that_drops_its_packets() -> None:
    denied = replace(PENDING, setting="IPAddressDeny=any", unit="shop.service")
    (claim,) = judge(CHECK, replace(ANSWER, status=504), denied)
    assert claim.facts["setting"] == "IPAddressDeny=any"
