"""http.program-limit: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Applicability, Claim, Command, Confidence, Observation, Severity
from diagnose.model.http import Exchange
from diagnose.model.program_logs import ProgramBan
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge

CHECK, TOLD = "http.program-limit", "http.program-limit-told"
PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=200)
BANNED = replace(
    PAGE, status=403,
    body="Your IP address has been banned after too many failed authentication attempts.",
)  # fmt: skip
POOL = "FATAL:  sorry, too many clients already"


def told(text: str, *observations: Observation) -> list[Claim]:
    target = replace(SHOP, symptom=Symptom("program-limit", text))
    claims = [*judge(CHECK, *observations, target=target, masked=False)]
    return claims or judge(TOLD, *observations, target=target, masked=False)


def test_fires_on_a_page_with_a_programs_own_words() -> None:
    (claim,) = judge(CHECK, BANNED)
    assert (claim.confidence, claim.severity) == (Confidence.CERTAIN, None)
    assert (claim.facts["program"], claim.facts["ban"]) == ("qBittorrent", True)


def test_fires_on_a_pool_without_an_address() -> None:
    (claim,) = told(POOL, replace(PAGE, status=500))
    assert (claim.facts["pool"], claim.facts["visitor"]) == (True, "")


def test_fires_and_deletes_the_decision_of_crowdsec() -> None:
    page = replace(PAGE, status=403, body="<title>CrowdSec Ban</title>")
    (claim,) = told("CrowdSec Ban for 198.51.100.10", page)
    assert claim.fix is not None
    (step,) = claim.fix.steps
    assert isinstance(step, Command)
    assert step.argv == ("cscli", "decisions", "delete", "--ip", "198.51.100.10")
    assert claim.fix.applicability is Applicability.REVIEW


def test_fires_as_a_note_on_a_limit_of_requests_and_louder_for_who_asks() -> None:
    page = replace(PAGE, status=429, body="Retry later\n")
    (claim,) = judge(CHECK, page)
    assert claim.severity is Severity.NOTE
    (asked,) = told("429 Too Many Requests", page)
    assert asked.severity is Severity.WARNING


def test_silent_on_a_page_that_is_shown() -> None:
    assert not judge(CHECK, replace(BANNED, status=200))


def test_silent_on_words_that_many_programs_share() -> None:
    assert not judge(CHECK, replace(PAGE, status=403, body="403: Forbidden"))
    assert not told("403 Forbidden", PAGE)


LIST = "192.0.2.44:\n  banned_at: '2026-11-20'\n198.51.100.10:\n  banned_at: '2026-12-01'\n"
BAN = ProgramBan(
    limit="homeassistant", message="Banned IP 198.51.100.10 for too many login attempts",
    endpoint="8123", source="log", process="hass", address="198.51.100.10",
    list_file="/srv/hass/ip_bans.yaml", list_text=LIST, unit="home-assistant.service",
)  # fmt: skip


def test_fires_and_restarts_a_program_that_keeps_bans_in_its_memory() -> None:
    ban = replace(BAN, limit="qbittorrent", message=BANNED.body, source="page", list_file="",
                  container="qb", engine="docker", unit="")  # fmt: skip
    (claim,) = judge(CHECK, BANNED, ban)
    step = claim.fix.steps[0] if claim.fix else None
    assert isinstance(step, Command)
    assert step.argv == ("docker", "restart", "qb")
