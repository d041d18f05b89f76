"""server.other-requests-failed: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Manual, Severity
from diagnose.model.backends import BackendVisit
from diagnose.model.logs import FailedRequests, LoggedRequestError
from diagnose.model.program_logs import ProgramRefusal
from diagnose.model.server import Listeners
from tests.support.check_evidence import judge
from tests.support.haproxy_evidence import SERVER
from tests.support.haproxy_evidence import config as haproxy_config
from tests.support.page_errors import page
from tests.support.web_server_evidence import APACHE, LISTENING, apache_config

CHECK = "server.other-requests-failed"
FAILED = FailedRequests(
    file="/var/log/apache2/access.log", method="POST", path="/api", status=500, written="at 18:01",
    is_from_page=True, server="apache", equivalent="tail -n 1000 /var/log/apache2/access.log",
)  # fmt: skip
AGAIN = replace(page(502), url="https://shop.example.com/api", purpose="logged")
WHY = LoggedRequestError(
    server="apache", log="/var/log/apache2/error.log", method="POST", path="/api", status=500,
    message="(13)Permission denied: /srv/a.txt", reason="logged",
)  # fmt: skip
NOBODY = Listeners(sockets=LISTENING.sockets[:2])


def severities(*observations: object) -> list[Severity | None]:
    claims = judge(CHECK, APACHE, apache_config(), page(200), *observations)  # type: ignore[arg-type]
    return [claim.severity for claim in claims]


def test_fires_on_an_error_that_a_page_of_the_site_met() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(), page(200), FAILED)
    assert claim.severity is None
    assert claim.facts["server"] == "Apache"
    assert claim.facts["url"] == "https://shop.example.com/api"


def test_fires_as_a_note_on_what_may_be_meant_over_or_rare() -> None:
    for failure in (
        replace(FAILED, status=413),
        replace(FAILED, is_from_page=False, times=2),
        replace(FAILED, status=404, method="GET"),
        replace(FAILED, status=502),
        replace(FAILED, status=503, is_from_page=False, times=9),
    ):
        assert severities(failure) == [Severity.NOTE]
    assert severities(replace(FAILED, is_from_page=False, times=3)) == [None]


def test_fires_on_what_no_site_is_made_for_and_on_answers_that_come_too_late() -> None:
    assert severities(replace(FAILED, status=504)) == [None]
    assert severities(replace(FAILED, status=413, times=3)) == [None]
    assert severities(replace(FAILED, status=413, times=3, is_from_page=False)) == [Severity.NOTE]


def test_fires_on_an_upload_that_the_server_no_longer_waited_for() -> None:
    stalled = replace(FAILED, method="PATCH", status=408, is_from_page=False)
    (claim,) = judge(CHECK, APACHE, apache_config(), page(200), stalled)
    assert (claim.severity, claim.facts["stalled"]) == (None, True)
    assert claim.fix is not None
    assert [step.step for step in claim.fix.steps if isinstance(step, Manual)] == ["wait-longer"]


def test_fires_on_what_fails_again() -> None:
    failure = replace(FAILED, method="GET", status=502, is_from_page=False)
    assert severities(failure, AGAIN) == [None]
    told = replace(failure, status=503)
    assert severities(told, replace(AGAIN, status=503)) == [Severity.NOTE]


def test_silent_where_it_succeeds_now_or_another_server_wrote_it() -> None:
    failure = replace(FAILED, method="GET", status=502)
    assert severities(failure, replace(AGAIN, status=200)) == []
    assert severities(replace(FAILED, server="nginx")) == []


def test_an_application_that_does_not_listen_is_the_cause() -> None:
    observations = (APACHE, apache_config(), page(200), NOBODY, replace(FAILED, status=503))
    (claim,) = judge("server.application-down", *observations)
    assert claim.about.path == "/api"


def test_quotes_what_the_error_log_says_about_the_request() -> None:
    failure = replace(FAILED, is_from_page=False)
    (claim,) = judge(CHECK, APACHE, apache_config(), page(200), failure, WHY)
    assert claim.facts["why"] == "(13)Permission denied: /srv/a.txt"
    assert claim.severity is None
    assert WHY in claim.because


def test_the_rule_of_a_firewall_is_a_fault_where_a_page_of_the_site_met_it() -> None:
    rule = replace(WHY, status=403, reason="firewall", rule="942100", message="SQL Injection")
    failure = replace(FAILED, status=403)
    (claim,) = judge(CHECK, APACHE, apache_config(), page(200), failure, rule)
    assert (claim.severity, claim.facts["rule"]) == (None, "942100")
    attack = replace(failure, is_from_page=False)
    (claim,) = judge(CHECK, APACHE, apache_config(), page(200), attack, rule)
    assert claim.severity is Severity.NOTE


def test_another_requests_reason_is_not_quoted() -> None:
    other = replace(WHY, path="/other")
    (claim,) = judge(CHECK, APACHE, apache_config(), page(200), FAILED, other)
    assert not claim.facts["why"]


GOT = replace(FAILED, method="GET", path="/orders", status=404, times=3)
VISIT = BackendVisit(
    target="http://127.0.0.1:3000/", requested="/orders", path="/orders", status=404
)  # fmt: skip
WORDS = ProgramRefusal(
    endpoint="3000", process="node", method="POST", path="/api", status=500,
    message="POST /api 500 TypeError: x", equivalent="journalctl -u shop -n 1000",
)  # fmt: skip


def test_says_that_the_application_answered_where_it_wrote_so_or_answers_so_itself() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(), page(200), FAILED, WORDS)
    assert (claim.facts["application"], claim.facts["written"]) == (True, WORDS.message)
    assert claim.facts["pass"] == "ProxyPass / http://127.0.0.1:3000/"
    assert claim.fix is not None
    assert [step.step for step in claim.fix.steps if isinstance(step, Manual)] == [
        "ask-the-application"
    ]
    (claim,) = judge(CHECK, APACHE, apache_config(), page(200), GOT, VISIT)
    assert claim.facts["application"] is True
    (claim,) = judge(CHECK, APACHE, apache_config(), page(200), GOT, replace(VISIT, status=200))
    assert claim.facts["application"] is False
    # What Apache itself wrote comes first.
    (claim,) = judge(CHECK, APACHE, apache_config(), page(200), FAILED, WHY, WORDS)
    assert claim.facts["application"] is False


def test_says_that_the_application_answered_by_haproxys_state() -> None:
    failure = replace(FAILED, server="haproxy", ending="--NI")
    (claim,) = judge(CHECK, SERVER, haproxy_config(), page(200), failure)
    assert claim.facts["application"] is True
    for ending in ("PR--", "SC--", "LR--", "sH--"):
        (claim,) = judge(
            CHECK, SERVER, haproxy_config(), page(200), replace(failure, ending=ending)
        )
        assert claim.facts["application"] is False
