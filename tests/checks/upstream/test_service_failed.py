from dataclasses import replace

from diagnose.model import Confidence, Severity
from diagnose.model.program_logs import FailedUnit
from diagnose.model.server import Listeners
from tests.support.check_evidence import judge
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import LISTENING

CHECK = "upstream.service-failed"
PAGE = replace(ANSWER, status=502)
UNIT = FailedUnit(
    unit="shop", state="failed", endpoint="3000", message="Error: Cannot find module 'x'",
    is_local=True, equivalent="journalctl -b -n 60 -u shop",
)  # fmt: skip
MAIL = replace(UNIT, unit="mail", is_local=False)


def test_fires_for_the_only_one_of_the_administrators() -> None:
    (claim,) = judge(CHECK, PAGE, UNIT)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["message"] == UNIT.message


def test_fires_for_the_one_that_names_the_port_and_is_certain() -> None:
    (claim,) = judge(CHECK, PAGE, MAIL, replace(UNIT, names_endpoint=True))
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["unit"] == "shop"


def test_fires_for_a_program_of_pm2_with_its_commands() -> None:
    program = replace(UNIT, manager="pm2", state="", equivalent="tail -n 60 /root/x-error.log")
    (claim,) = judge(CHECK, PAGE, program)
    assert (claim.facts["manager"], claim.facts["restart"]) == ("pm2", "pm2 restart shop")
    (claim,) = judge(CHECK, PAGE, replace(program, manager="supervisor"))
    assert claim.facts["state_command"] == "supervisorctl status shop"
    (claim,) = judge(CHECK, PAGE, UNIT)
    assert claim.facts["manager"] == ""


def test_silent_when_several_failed_or_another_ones() -> None:
    assert not judge(CHECK, PAGE, UNIT, MAIL)
    assert not judge(CHECK, PAGE, MAIL)


def test_silent_when_the_application_answers() -> None:
    assert not judge(CHECK, ANSWER, replace(UNIT, names_endpoint=True))
    assert not judge(CHECK, replace(ANSWER, status=500), UNIT)


def test_a_note_where_nothing_listens_on_the_sites_own_port() -> None:
    own = replace(UNIT, endpoint="443")
    (claim,) = judge(CHECK, Listeners(), own)
    assert (claim.severity, claim.confidence) == (Severity.NOTE, Confidence.POSSIBLE)
    (claim,) = judge(CHECK, Listeners(), replace(own, names_endpoint=True))
    assert claim.confidence is Confidence.LIKELY
    assert not judge(CHECK, LISTENING, own)
    assert not judge(CHECK, Listeners(), replace(own, is_local=False))
