from dataclasses import replace

import pytest

from diagnose.model import Applicability, Edit, Failure
from tests.support.check_evidence import judge
from tests.support.haproxy_evidence import SERVER, TEXT, attempt, config, page, status

CHECK = "server.haproxy-no-server"
TIMEOUT = Failure("timeout", "timed out")


def test_fires_for_a_server_in_maintenance() -> None:
    (claim,) = judge(CHECK, SERVER, config(), page(), status("MAINT", ""), attempt())
    assert claim.facts["maintenance"]
    assert not claim.facts["in_file"]
    disabled = config(TEXT.replace("3000 check", "3000 check disabled"))
    (claim,) = judge(CHECK, SERVER, disabled, page())
    assert claim.facts["in_file"]
    (claim,) = judge(CHECK, SERVER, config(), page(), status("MAINT (resolution)", ""), attempt())
    assert claim.facts["unresolved"]


@pytest.mark.parametrize(
    ("check", "reason"), [("L7RSP", "check_content"), ("L7TOUT", "check_slow")]
)
def test_fires_for_a_health_check_of_a_working_application(check: str, reason: str) -> None:
    (claim,) = judge(CHECK, SERVER, config(), page(), status("DOWN", check, 200), attempt())
    assert claim.facts[reason]


def test_fires_for_a_health_check_of_another_port() -> None:
    other = config(TEXT.replace("3000 check", "3000 check port 9999"))
    (claim,) = judge(CHECK, SERVER, other, page(), status("DOWN", "L4CON", None), attempt())
    assert claim.facts["check_port_number"] == "9999"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert isinstance(claim.fix.steps[0], Edit)
    assert "+    server a 127.0.0.1:3000 check\n" in claim.fix.steps[0].diff


def test_fires_for_an_application_elsewhere_that_cannot_be_reached() -> None:
    far = config(TEXT.replace("127.0.0.1", "192.0.2.7"))
    lost = replace(attempt(status=None, address="192.0.2.7"), failure=TIMEOUT)
    (claim,) = judge(CHECK, SERVER, far, page(), status("DOWN", "L4TOUT", None), lost)
    assert claim.facts["unreachable"]


def test_silent_when_a_server_is_used_or_the_reason_is_another() -> None:
    assert not judge(CHECK, SERVER, config(), page(), status("UP", "L7OK", 200), attempt())
    assert not judge(CHECK, SERVER, config(), page(), status("DOWN", "L7STS", 404), attempt())
    refused = replace(attempt(status=None), failure=Failure("refused", "Connection refused"))
    assert not judge(CHECK, SERVER, config(), page(), status("DOWN", "L4CON", None), refused)
    assert not judge(CHECK, SERVER, config(), page(200), status("MAINT", ""), attempt())
