"""http.program-limit-told: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Applicability, Claim, Command, Confidence, Edit, Observation, Severity
from diagnose.model.http import Exchange
from diagnose.model.logs import LogLine
from diagnose.model.program_logs import ProgramBan
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import BUILD, HOST, RUNNING, config

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


def test_fires_on_a_message_with_the_address() -> None:
    (claim,) = told("Banned IP 172.18.0.5 for too many login attempts", PAGE)
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, Severity.WARNING)
    assert (claim.facts["visitor"], claim.facts["proxied"]) == ("172.18.0.5", True)


def test_fires_as_a_note_on_a_pool_whose_page_is_answered() -> None:
    (claim,) = told(POOL, PAGE)
    assert (claim.severity, claim.facts["untried"]) == (Severity.NOTE, True)


def test_fires_where_the_log_has_the_ports() -> None:
    text = "connect() to 127.0.0.1:3000 failed (99: Cannot assign requested address)"
    line = LogLine(
        file="/var/log/nginx/error.log", when=1.0, level="crit", pid=1, text=text, errno=99
    )
    (claim,) = told(text, PAGE, line)
    assert claim.severity is Severity.WARNING


LIST = "192.0.2.44:\n  banned_at: '2026-11-20'\n198.51.100.10:\n  banned_at: '2026-12-01'\n"
BAN = ProgramBan(
    limit="homeassistant", message="Banned IP 198.51.100.10 for too many login attempts",
    endpoint="8123", source="log", process="hass", address="198.51.100.10",
    list_file="/srv/hass/ip_bans.yaml", list_text=LIST, unit="home-assistant.service",
)  # fmt: skip


def test_fires_on_a_ban_of_the_log_and_takes_the_address_out_of_the_list() -> None:
    (claim,) = told("403: Forbidden", PAGE, BAN)
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, Severity.WARNING)
    assert claim.fix is not None
    edit, restart = claim.fix.steps
    assert isinstance(edit, Edit)
    assert "-198.51.100.10:\n-  banned_at: '2026-12-01'" in edit.diff
    assert "-192.0.2.44" not in edit.diff
    assert isinstance(restart, Command)
    assert restart.argv == ("systemctl", "restart", "home-assistant")


def test_fires_with_certainty_for_the_visitor_who_is_named() -> None:
    (claim,) = told("403 for 198.51.100.10", PAGE, BAN)
    assert claim.confidence is Confidence.CERTAIN


def test_fires_and_leaves_a_list_that_is_not_known_to_a_person() -> None:
    (claim,) = told("403: Forbidden", PAGE, replace(BAN, list_file="", list_text=""))
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_about_a_ban_of_another_visitor() -> None:
    assert not told("403 for 198.51.100.99", PAGE, BAN)


def test_silent_about_several_bans_unless_a_visitor_is_named() -> None:
    other = replace(BAN, message=BAN.message.replace("198.51.100.10", "192.0.2.44"),
                    address="192.0.2.44")  # fmt: skip
    assert not told("403: Forbidden", PAGE, other, BAN)
    (claim,) = told("403 for 198.51.100.10", PAGE, other, BAN)
    assert claim.facts["visitor"] == "198.51.100.10"


def test_silent_about_a_ban_without_a_message() -> None:
    assert not judge(CHECK, PAGE, BAN)
    assert not judge(TOLD, PAGE, BAN)


def test_silent_on_words_that_many_programs_share() -> None:
    assert not told("403 Forbidden", PAGE)


LOGGED = "[2026-12-01 21:10:11.001][vaultwarden::api][ERROR] Too many login requests. IP: 127.0.0.1"


def site(inside: str) -> tuple[Observation, ...]:
    text = (
        "server {\n    listen 443 ssl;\n    server_name shop.example.com;\n    location / {\n"
        f"{inside}        proxy_pass http://127.0.0.1:8222;\n    }}\n}}\n"
    )
    return (HOST, BUILD, RUNNING, config(text), PAGE)


def test_fires_where_nginx_does_not_send_the_field_that_the_program_reads() -> None:
    passed = "        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n"
    (claim,) = told(LOGGED, *site(passed))
    assert (claim.severity, claim.facts["visitor"]) == (Severity.WARNING, "127.0.0.1")
    assert claim.fix is not None
    (edit,) = [step for step in claim.fix.steps if isinstance(step, Edit)]
    assert "+        proxy_set_header X-Real-IP $remote_addr;" in edit.diff
    # It is sent now: the line is older, or the program has another setting.
    (claim,) = told(LOGGED, *site("        proxy_set_header X-Real-IP $remote_addr;\n"))
    assert claim.severity is Severity.NOTE
    # A visitor's own address.
    (claim,) = told(LOGGED.replace("127.0.0.1", "198.51.100.7"), *site(passed))
    assert claim.severity is Severity.NOTE
