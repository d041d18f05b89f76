from dataclasses import replace

import pytest

from diagnose.checking.registry import load_check
from diagnose.checking.root_cause import explains
from diagnose.model import Command, Confidence, Edit, Manual, Severity, Where
from diagnose.model.applications import ReadSetting
from diagnose.model.backends import BackendVisit
from diagnose.model.program_logs import ProgramLine
from diagnose.model.services import UnitCorrection
from tests.checks.upstream.test_container_loopback import OWN
from tests.support.check_evidence import CHAT, SHOP, judge
from tests.support.haproxy_evidence import SERVER
from tests.support.report_builder import ANSWER
from tests.support.websocket_evidence import upgrade

CHECK = "upstream.application-log"
LINE = ProgramLine(
    message="OSError: [Errno 28] No space left on device", weight=3, endpoint="3000",
    process="python3", equivalent="journalctl -u shop.service",
)  # fmt: skip
WARNING = replace(LINE, message="WARNING: slow", weight=1)


def test_fires_with_the_line_that_says_most() -> None:
    (claim,) = judge(CHECK, replace(ANSWER, status=500), WARNING, LINE)
    assert claim.facts["message"] == LINE.message
    assert claim.facts["command"] == "journalctl -u shop.service"
    assert (claim.severity, claim.confidence) == (Severity.ERROR, Confidence.LIKELY)


def test_fires_and_tells_how_the_program_trusts_the_proxy() -> None:
    """Issue 117 of pillarjs/cookies."""
    message = "Error: Cannot send secure cookie over unencrypted connection"
    secure = replace(LINE, message=message, process="node")
    failed = replace(ANSWER, status=500)
    (claim,) = judge(CHECK, failed, secure)
    assert claim.fix
    assert claim.fix.steps == (Manual("trust-the-proxy", Where.APPLICATION),)
    (claim,) = judge(CHECK, failed, LINE)
    assert claim.fix
    assert claim.fix.steps == (Manual("read-the-log", Where.APPLICATION),)


@pytest.mark.parametrize(
    ("command", "since", "module"),
    [("'BZPOPMIN'", "5.0", ""), ("`GETDEL`, with args beginning with: `a`", "6.2", ""),
     ("'JSON.SET'", "", "RedisJSON")],
)  # fmt: skip
def test_fires_with_what_redis_does_not_know(command: str, since: str, module: str) -> None:
    """Issue 142 of nathantsoi/vue-native-websocket."""
    message = f"aioredis.errors.ReplyError: ERR unknown command {command}"
    closed = replace(upgrade(101, accepted=True), close_code=1011, ended="close")
    (claim,) = judge(CHECK, closed, replace(LINE, message=message), target=CHAT)
    assert (claim.facts["redis_since"], claim.facts["redis_module"]) == (since, module)
    assert claim.facts["code"] == 1011
    assert claim.fix is not None
    assert claim.fix.steps == (Manual("update-redis", Where.APPLICATION),)
    # An administrator may have renamed a command.
    renamed = replace(LINE, message="ERR unknown command 'CONFIG'")
    (claim,) = judge(CHECK, closed, renamed, target=CHAT)
    assert claim.fix is not None
    assert claim.fix.steps == (Manual("read-the-log", Where.APPLICATION),)


def test_fires_with_the_limit_by_which_gunicorn_ended_the_request() -> None:
    """gunicorn 27 answers 500 in the moment in which it ends the worker."""
    limit = ReadSetting(
        application="program", topic="timeout", key="--timeout", values=("30",),
        file="/etc/systemd/system/shop.service", number=2, line="ExecStart=/bin/gunicorn a:b",
        process="gunicorn", unit="shop.service",
    )  # fmt: skip
    ended = replace(LINE, message="[CRITICAL] WORKER TIMEOUT (pid:12)", process="gunicorn")
    (claim,) = judge(CHECK, replace(ANSWER, status=500), ended, limit)
    assert claim.fix is not None
    assert isinstance(claim.fix.steps[0], Edit)
    assert "+ExecStart=/bin/gunicorn --timeout 300 a:b" in claim.fix.steps[0].diff
    # What else is written in that time is not about the limit.
    (claim,) = judge(CHECK, replace(ANSWER, status=500), LINE, limit)
    assert claim.fix is not None
    assert claim.fix.steps == (Manual("read-the-log", Where.APPLICATION),)


@pytest.mark.parametrize(
    ("message", "command", "expected"),
    [
        ("Error: connect ECONNREFUSED 127.0.0.1:5984", "docker logs web", "127.0.0.1:5984"),
        ("dial tcp [::1]:5432: connect: connection refused", "podman logs web", "[::1]:5432"),
        ("Error: connect ECONNREFUSED 172.18.0.3:5984", "docker logs web", ""),
        ("Error: connect ECONNREFUSED 127.0.0.1:5984", "journalctl -u web.service", ""),
    ],
)
def test_loopback_is_the_containers_own(message: str, command: str, expected: str) -> None:
    line = replace(LINE, message=message, equivalent=command)
    (claim,) = judge(CHECK, replace(ANSWER, status=500), line)
    assert claim.facts["own_address"] == expected
    step = "name-the-container" if expected else "read-the-log"
    assert claim.fix
    assert claim.fix.steps == (Manual(step, Where.APPLICATION),)


def test_silent_about_the_log_of_the_web_server_itself() -> None:
    """HAProxy in a container refuses a page by its rule, and logs a handshake that failed."""
    message = "203.0.113.9:4988 [29/Nov/2026:15:40:38] https/1: SSL handshake failure"
    line = replace(LINE, message=message, process="lb", equivalent="docker logs lb")
    refused = replace(ANSWER, status=403)
    assert not judge(CHECK, refused, line, replace(SERVER, container="lb"))
    assert judge(CHECK, refused, line, SERVER)


def test_silent_about_nginxs_own_line_in_the_log_of_its_container() -> None:
    """An image that holds an application beside nginx writes both into one log."""
    message = '2026/11/29 21:30:47 [error] 35#35: *7 open() "/srv/a" failed (2: No such file)'
    own = replace(LINE, message=message, process="proxy", equivalent="docker logs proxy")
    failed = replace(ANSWER, status=500)
    assert not judge(CHECK, failed, own, OWN)
    assert judge(CHECK, failed, replace(LINE, process="proxy"), OWN)


def test_plain_http_has_no_secure_cookie() -> None:
    message = "Error: Cannot send secure cookie over unencrypted connection"
    plain = replace(SHOP, scheme="http", port=80)
    failed = replace(ANSWER, status=500, url="http://shop.example.com/", port=80)
    claims = judge(CHECK, failed, replace(LINE, message=message), target=plain)
    assert [claim.facts["secure_cookie"] for claim in claims] == [False]


@pytest.mark.parametrize(
    ("status", "line", "severity"),
    [
        (400, LINE, Severity.WARNING),
        (400, WARNING, Severity.NOTE),
        (404, LINE, Severity.NOTE),
    ],
)
def test_a_refusal_of_a_page_weighs_less(
    status: int, line: ProgramLine, severity: Severity
) -> None:
    (claim,) = judge(CHECK, replace(ANSWER, status=status), line)
    assert claim.severity is severity


def test_a_note_for_a_page_where_the_line_is_about_a_websocket() -> None:
    line = replace(LINE, message="WARNING: Unsupported upgrade request.")
    (claim,) = judge(CHECK, replace(ANSWER, status=403), line)
    assert claim.severity is Severity.NOTE


def test_fires_for_a_websocket() -> None:
    line = replace(WARNING, message="WARNING: Unsupported upgrade request.")
    (claim,) = judge(CHECK, upgrade(404), line, target=CHAT)
    assert claim.severity is Severity.ERROR
    (claim,) = judge(CHECK, upgrade(404), WARNING, target=CHAT)
    assert claim.severity is Severity.NOTE, "it need not be about the WebSocket"


def test_silent_about_a_line_that_this_run_provoked() -> None:
    """The visitor is asked to log in, and a foreign Origin of this run is forbidden."""
    line = replace(LINE, message="HttpError: Forbidden")
    observations = (line, upgrade(401), upgrade(403, "other-scheme"))
    assert not judge(CHECK, *observations, target=CHAT)
    assert judge(CHECK, line, upgrade(403), upgrade(401, "no-origin"), target=CHAT)
    assert judge(CHECK, line, upgrade(401), upgrade(401, "other-scheme"), target=CHAT)


def test_fires_for_a_websocket_that_opens_and_ends_with_an_error() -> None:
    opened = replace(upgrade(101), accepted=True)
    assert judge(CHECK, replace(opened, close_code=1011), LINE, target=CHAT)
    assert not judge(CHECK, opened, LINE, target=CHAT)
    assert not judge(CHECK, replace(opened, close_code=1001), LINE, target=CHAT)


def test_a_note_where_the_application_answers_when_it_is_asked_directly() -> None:
    visit = BackendVisit(target="http://127.0.0.1:3000", requested="/", path="/", status=200)
    (claim,) = judge(CHECK, replace(ANSWER, status=502), LINE, visit)
    assert claim.severity is Severity.NOTE
    other = replace(visit, target="http://127.0.0.1:3001")
    (claim,) = judge(CHECK, replace(ANSWER, status=502), LINE, other)
    assert claim.severity is not Severity.NOTE


def test_silent_when_the_page_came_or_wants_a_login() -> None:
    assert not judge(CHECK, ANSWER, LINE)
    assert not judge(CHECK, replace(ANSWER, status=401), LINE)
    assert not judge(CHECK, replace(ANSWER, status=500))
    assert not judge(CHECK, replace(ANSWER, status=500), replace(LINE, message=""))


def test_the_setting_of_the_unit_that_forbids_what_the_line_says() -> None:
    line = replace(LINE, setting="ProtectSystem=strict", unit="shop.service")
    (claim,) = judge(CHECK, replace(ANSWER, status=500), line)
    assert claim.facts["setting"] == "ProtectSystem=strict"
    assert claim.fix is not None
    assert [step.step for step in claim.fix.steps if isinstance(step, Manual)] == ["allow-it"]


@pytest.mark.parametrize(
    "cause",
    ["websocket.origin-refused", "websocket.upgrade-headers-missing", "server.websocket-not-passed",
     "upstream.host-not-allowed"],
)  # fmt: skip
def test_a_cause_that_is_understood_explains_the_quoted_line(cause: str) -> None:
    assert explains(load_check(cause), load_check(CHECK))


def test_silent_a_cause_of_another_layer_does_not_explain_it() -> None:
    assert not explains(load_check("certificate.expired"), load_check(CHECK))


def test_fires_about_the_path_as_it_was_asked_for_and_shows_no_query() -> None:
    asked = replace(CHAT, websockets=("/live/websocket?token=secret",))
    path = "/live/websocket?token=secret"
    refused = replace(upgrade(403), url=f"wss://shop.example.com{path}", path=path)
    (claim,) = judge(CHECK, refused, LINE, target=asked)
    assert claim.about.path == "/live/websocket?token=secret"
    assert str(claim.about) == "443/tcp/live/websocket"
    assert claim.facts["paths"] == ("/live/websocket",)


def test_fires_and_gives_a_program_the_servers_list_of_authorities() -> None:
    message = "Error: unable to get local issuer certificate"
    untrusted = replace(LINE, message=message, process="node")
    lines = ("Environment=NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt",)
    correction = UnitCorrection(unit="shop", lines=lines)
    (claim,) = judge(CHECK, replace(ANSWER, status=500), untrusted, correction)
    assert claim.fix
    commands = [step.argv for step in claim.fix.steps if isinstance(step, Command)]
    assert commands[1][-1] == lines[0]
    assert commands[-1] == ("systemctl", "restart", "shop")
    assert claim.confidence is Confidence.LIKELY
    other = replace(correction, unit="mail")
    (claim,) = judge(CHECK, replace(ANSWER, status=500), untrusted, other)
    assert claim.fix
    assert claim.fix.steps == (Manual("read-the-log", Where.APPLICATION),)


ROOM = ReadSetting(
    application="program", topic="response-header-limit", process="java", unit="sso.service",
    key="server.tomcat.max-http-response-header-size", file="/srv/sso/application.properties",
    number=2, new="server.tomcat.max-http-response-header-size=64KB", added=True,
)  # fmt: skip


def test_fires_with_the_room_that_tomcat_needs_for_a_response() -> None:
    message = "org.apache.coyote.http11.HeadersTooLargeException: An attempt was made to write"
    line, failed = replace(LINE, message=message, process="java"), replace(ANSWER, status=500)
    (claim,) = judge(CHECK, failed, line, ROOM)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
    assert claim.facts["headers_place"]
    (claim,) = judge(CHECK, failed, line)
    assert claim.fix
    assert claim.fix.steps == (Manual("raise-the-header-limit", Where.APPLICATION),)
    # Another line has nothing to do with a setting that was read.
    (claim,) = judge(CHECK, failed, LINE, ROOM)
    assert claim.fix
    assert claim.fix.steps == (Manual("read-the-log", Where.APPLICATION),)


def test_fires_with_the_characters_that_tomcat_refused() -> None:
    message = "java.lang.IllegalArgumentException: Invalid character found in the request target"
    line, failed = replace(LINE, message=message, process="java"), replace(ANSWER, status=400)
    characters = replace(
        ROOM, topic="query-characters", key="server.tomcat.relaxed-query-chars",
        new="server.tomcat.relaxed-query-chars=|",
    )  # fmt: skip
    (claim,) = judge(CHECK, failed, line, characters)
    assert claim.facts["query_key"] == characters.key
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
