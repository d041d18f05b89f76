"""upstream.program-outdated: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Applicability, Confidence, Severity
from diagnose.model.http import Exchange
from diagnose.model.pages import PageFileResponse
from diagnose.model.processes import Starter
from diagnose.model.program_logs import ProgramLine
from tests.support.check_evidence import judge
from tests.support.running_programs import SHOP, programs

CHECK = "upstream.program-outdated"
PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=500)
GONE = replace(SHOP, folder="/srv/releases/1", is_folder_gone=True)
REBUILT = replace(SHOP, changed=2000.0, changed_file="/srv/shop/.next/BUILD_ID")
EDITED = replace(SHOP, changed=2000.0, changed_file="/srv/shop/server.js")
LINE = ProgramLine(message="TypeError: x is undefined", weight=3, endpoint="3000", process="node")
CHUNK = PageFileResponse(
    page="https://shop.example.com/", file_kind="script", address="203.0.113.10", port=443,
    url="https://shop.example.com/_next/static/chunks/main-1.js", status=404,
)  # fmt: skip


def test_fires_where_its_folder_is_gone() -> None:
    (claim,) = judge(CHECK, programs(GONE), PAGE, LINE)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["folder"] == "/srv/releases/1"
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.REVIEW
    assert judge(CHECK, programs(replace(GONE, service="")), PAGE)


def test_fires_where_a_build_was_replaced() -> None:
    (claim,) = judge(CHECK, programs(REBUILT), PAGE)
    assert claim.confidence is Confidence.LIKELY
    well = replace(PAGE, status=200)
    (claim,) = judge(CHECK, programs(REBUILT), well, CHUNK)
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.LIKELY)


def test_fires_with_a_restart_of_a_program_that_no_service_has() -> None:
    by_hand = replace(REBUILT, service="", starter=Starter("command", "3000", "7-9", user="root"))
    (claim,) = judge(CHECK, programs(by_hand), PAGE)
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.REVIEW
    gone = replace(GONE, service="", starter=by_hand.starter)
    (claim,) = judge(CHECK, programs(gone), PAGE)
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_less_surely_where_nothing_shows_that_it_is_the_reason() -> None:
    (claim,) = judge(CHECK, programs(EDITED), PAGE)
    assert claim.confidence is Confidence.POSSIBLE
    missing = replace(LINE, message="Error: Cannot find module './old'")
    missing = replace(missing, message="Error: ENOENT: no such file, open 'views/a.html'")
    (claim,) = judge(CHECK, programs(EDITED), PAGE, missing)
    assert claim.confidence is Confidence.LIKELY


def test_silent_where_the_log_names_another_reason() -> None:
    refused = replace(LINE, message="Error: connect ECONNREFUSED 127.0.0.1:5432")
    for program in (REBUILT, EDITED):
        assert not judge(CHECK, programs(program), PAGE, refused)


def test_silent_where_it_is_young_or_everything_comes() -> None:
    assert not judge(CHECK, programs(SHOP), PAGE)
    young = replace(REBUILT, changed=1003.0)
    assert not judge(CHECK, programs(young), PAGE)
    for program in (GONE, REBUILT, EDITED):
        assert not judge(CHECK, programs(program), replace(PAGE, status=200))
        assert not judge(CHECK, programs(program), replace(PAGE, status=404))
