from dataclasses import replace

import pytest

from diagnose.model import Confidence, Failure
from diagnose.model.tls import Handshake
from tests.support.check_evidence import judge
from tests.support.haproxy_evidence import SERVER, TEXT, config
from tests.support.report_builder import ANSWER

CHECK = "server.haproxy-client-timeout"
CUT = Handshake(
    address="203.0.113.10",
    port=443,
    server_name="shop.example.com",
    failure=Failure("closed", "connection closed"),
)
LATE = replace(ANSWER, status=None, failure=Failure("reset", "connection reset"))


def _text(value: str) -> str:
    return TEXT.replace("frontend web\n", f"frontend web\n    timeout client {value}\n")


@pytest.mark.parametrize(
    ("value", "written"), [("60", "60s"), ("60ms", "60s"), ("500ms", "60s"), ("5", "5s")]
)
def test_fires_for_less_than_a_second(value: str, written: str) -> None:
    for cut in (CUT, LATE):
        (claim,) = judge(CHECK, SERVER, config(_text(value)), cut, masked=False)
        assert claim.confidence is Confidence.LIKELY
        assert claim.fix
        assert f"+    timeout client {written}\n" in claim.fix.edits[0].diff


def test_silent_for_a_usual_time_and_without_a_cut() -> None:
    for value in ("60s", "60000", "1m", "0"):
        assert not judge(CHECK, SERVER, config(_text(value)), CUT)
    assert not judge(CHECK, SERVER, config(_text("60")), ANSWER)
    other = replace(CUT, failure=Failure("refused", "refused"))
    assert not judge(CHECK, SERVER, config(_text("60")), other)
