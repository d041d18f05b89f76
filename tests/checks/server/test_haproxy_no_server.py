from dataclasses import replace

import pytest

from diagnose.model import Applicability, Edit, Failure
from diagnose.model.haproxy import HaproxyStatus
from diagnose.model.tls import Handshake
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


PASSED_ON = (
    "frontend web\n    mode tcp\n    bind :443\n    default_backend app\n"
    "backend app\n    mode tcp\n    option httpchk\n    server a 127.0.0.1:8443 check\n"
)
CLOSED = Handshake(
    address="203.0.113.10", port=443, failure=Failure("closed", "the connection was closed")
)


def test_fires_for_a_plain_health_check_of_a_server_that_gets_the_tls_of_visitors() -> None:
    passed_on = config(PASSED_ON)
    (claim,) = judge(CHECK, SERVER, passed_on, CLOSED, page(None), status(code=400), attempt())
    assert claim.facts["check_ssl"]
    assert claim.facts["tcp"]
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert "+    server a 127.0.0.1:8443 check check-ssl verify none\n" in edit.diff
    own = config(PASSED_ON.replace("check\n", "check check-ssl verify none\n"))
    assert not judge(CHECK, SERVER, own, CLOSED, page(None), status(code=400), attempt())
    ends = config(PASSED_ON.replace(":443", ":443 ssl crt /a.pem"))
    assert not judge(CHECK, SERVER, ends, CLOSED, page(None), status(code=400), attempt())
    assert not judge(CHECK, SERVER, passed_on, page(None), status(code=400), attempt())


SERVER_LINE = "    server a 127.0.0.1:3000 check\n"


def test_fires_for_a_backend_without_servers() -> None:
    (claim,) = judge(CHECK, SERVER, config(TEXT.replace(SERVER_LINE, "")), page())
    assert claim.facts["empty"] is True
    assert claim.facts["place"] == "/etc/haproxy/haproxy.cfg:8"


@pytest.mark.parametrize(
    "line",
    [
        "server-template a 3 app.internal:80",
        "http-request return status 503",
        "http-request redirect location /x",
        "option transparent",
        "errorfile 503 /etc/haproxy/maintenance.http",
    ],
)
def test_silent_for_a_backend_that_answers_without_a_server(line: str) -> None:
    text = TEXT.replace(SERVER_LINE, f"    {line}\n")
    assert not judge(CHECK, SERVER, config(text), page())


@pytest.mark.parametrize(
    ("options", "state", "reason"),
    [
        ("check weight 0", status("UP", "L4OK", None), "drained"),
        ("check check-ssl verify none", status("DOWN", "L6RSP", None), "check_plain"),
        ("check check-ssl verify none", status("DOWN", "L6TOUT", None), "check_plain"),
    ],
)
def test_takes_the_words_away_that_keep_a_server_out(
    options: str, state: HaproxyStatus, reason: str
) -> None:
    text = TEXT.replace("3000 check", f"3000 {options}")
    (claim,) = judge(CHECK, SERVER, config(text), page(), state, attempt())
    assert claim.facts[reason]
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    server a 127.0.0.1:3000 check" in edit.diff


def test_silent_where_one_server_has_a_weight() -> None:
    text = TEXT.replace("3000 check", "3000 weight 0\n    server b 127.0.0.1:3001")
    assert not judge(CHECK, SERVER, config(text), page(), attempt())
