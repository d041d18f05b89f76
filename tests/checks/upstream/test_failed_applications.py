from dataclasses import replace

from checks.upstream._failed_applications import (
    FailedApplication,
    failed_application_claim,
    failed_applications,
)
from diagnose.model import Confidence, Observation
from tests.support.check_evidence import CHAT, TIMEOUT, evidence
from tests.support.nginx_evidence import direct, front
from tests.support.upstreams import DIRECT, PAGE, proxied, tried

SILENT = tried(asked=True, failure=TIMEOUT, took=10.0)


def failed(*observations: Observation) -> list[FailedApplication]:
    seen = evidence(proxied(DIRECT), *observations, target=CHAT)
    return list(failed_applications(seen, {"timeout"}))


def test_an_application_has_its_paths_and_the_line_that_leads_there() -> None:
    (application,) = failed(replace(SILENT, path="/"), replace(SILENT, path="/b"))
    assert (application.endpoints, application.paths) == (("127.0.0.1:3000",), ("/", "/b"))
    assert application.pass_directive is not None
    assert application.pass_directive.args == (DIRECT,)


def test_one_server_that_responds_is_enough() -> None:
    well = tried(asked=True, port=3001, status=200)
    assert failed(SILENT, well) == []
    assert failed(tried(failure=TIMEOUT)) == []


def test_a_websocket_counts_where_it_fails_at_the_front_too() -> None:
    silent = replace(direct(None), failure=TIMEOUT)
    (application,) = failed(front(504), silent)
    assert (application.endpoints, application.paths) == (("127.0.0.1:3000",), ("/ws",))
    assert failed(front(101), silent) == []


def test_a_claim_is_certain_once_the_front_responded() -> None:
    for page, confidence in ((PAGE, Confidence.CERTAIN), (None, Confidence.LIKELY)):
        seen = evidence(proxied(DIRECT), SILENT, *([page] if page else []))
        (application,) = failed_applications(seen, {"timeout"})
        claim = failed_application_claim(seen, application, "look", {"waited": 10})
        assert claim.confidence is confidence
        assert (claim.facts["status"], claim.facts["waited"]) == (502 if page else "", 10)
