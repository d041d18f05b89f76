from dataclasses import replace
from typing import Literal

import pytest

from checks.http import endpoint_subjects
from diagnose.model import Applicability, Claim, Confidence, Edit, Observation, Severity
from diagnose.model.logs import RefusedHandshakes
from diagnose.model.pages import WebSocketPath
from diagnose.model.server import Listener, Listeners
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import CHAT, SHOP, judge
from tests.support.nginx_evidence import (
    BUILD,
    HOST,
    RUNNING,
    SITE,
    STOPPED,
    config,
    direct,
    front,
)
from tests.support.page_errors import page

CHECK = "websocket.upgrade-headers-missing"
MAP = "map $http_upgrade $hop {\n    default upgrade;\n    '' close;\n}\n"
#: A location of the WebSocket's own, with what the braces are filled with.
OWN = SITE.replace(
    "    location /",
    "    location /ws {\n        proxy_pass http://127.0.0.1:3000;\n%s    }\n\n    location /",
    1,
)
PASSED = (
    "        proxy_set_header Upgrade $http_upgrade;\n"
    '        proxy_set_header Connection "upgrade";\n'
)


def diff_of(text: str) -> str:
    (claim,) = judge(
        CHECK, config(text), BUILD, HOST, RUNNING, front(404), direct(101), target=CHAT
    )
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    return "\n".join(line for line in edit.diff.split("\n")[2:] if line[:1] in {"+", "-"})


def test_fires_for_certain_when_the_application_takes_what_nginx_does_not_pass_on() -> None:
    (claim,) = judge(
        CHECK, config(OWN % ""), BUILD, HOST, RUNNING, front(404), direct(101), target=CHAT
    )
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    assert diff_of(OWN % "") == (
        "+        proxy_http_version 1.1;\n"
        "+        proxy_set_header Upgrade $http_upgrade;\n"
        '+        proxy_set_header Connection "upgrade";'
    )


def test_fires_and_is_automatic_where_the_file_is_a_link() -> None:
    """Debian: sites-enabled leads to sites-available."""
    observation = config(OWN % "")
    linked = replace(
        observation,
        files=(replace(observation.files[0], real="/srv/nginx.conf"), *observation.files[1:]),
    )
    (claim,) = judge(CHECK, linked, BUILD, HOST, RUNNING, front(404), direct(101), target=CHAT)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert edit.path == "/srv/nginx.conf"


def test_fires_from_the_configuration_alone_where_a_websocket_was_asked_for() -> None:
    (claim,) = judge(CHECK, config(OWN % ""), target=CHAT)
    assert claim.confidence is Confidence.LIKELY


def test_fires_and_uses_the_map_that_is_there() -> None:
    assert "+        proxy_set_header Connection $hop;" in diff_of(MAP + OWN % "")


def test_fires_and_uses_a_map_whose_value_is_a_list() -> None:
    text = MAP.replace("upgrade;", '"keep-alive, Upgrade";', 1) + OWN % ""
    assert "+        proxy_set_header Connection $hop;" in diff_of(text)


def test_fires_and_brings_the_map_where_the_location_serves_pages_too() -> None:
    added = diff_of(SITE)
    assert added.startswith("+map $http_upgrade $connection_upgrade {\n")
    assert added.endswith("+        proxy_set_header Connection $connection_upgrade;")


def test_fires_and_keeps_the_headers_that_the_location_inherits() -> None:
    text = (OWN % "").replace("    location", "    proxy_set_header Host $host;\n\n    location", 1)
    assert "+        proxy_set_header Host $host;\n" in diff_of(text)


def test_fires_when_connection_is_close_or_empty_and_replaces_it() -> None:
    for wrong in ("close", '""'):
        line = f"        proxy_set_header Connection {wrong};\n"
        upgrade = "        proxy_set_header Upgrade $http_upgrade;\n"
        added = diff_of(OWN % (upgrade + line))
        assert f"-{line}" in f"{added}\n"
        assert '+        proxy_set_header Connection "upgrade";' in added


def test_fires_when_upgrade_lacks_the_sign_of_a_variable() -> None:
    wrong = "        proxy_set_header Upgrade http_upgrade;\n"
    added = diff_of(OWN % PASSED.replace("$http_upgrade", "http_upgrade"))
    assert f"-{wrong}" in f"{added}\n"
    assert "+        proxy_set_header Upgrade $http_upgrade;" in added
    assert "Connection" not in added


def test_silent_when_the_headers_are_passed_on() -> None:
    assert not judge(CHECK, config(OWN % PASSED), front(400), direct(101), target=CHAT)
    inherited = (OWN % "").replace("    location", PASSED + "    location", 1)
    assert not judge(CHECK, config(inherited), front(400), direct(101), target=CHAT)


def test_silent_when_the_websocket_works() -> None:
    assert not judge(CHECK, config(OWN % ""), front(101), target=CHAT)


def test_silent_when_the_application_itself_refuses() -> None:
    assert not judge(CHECK, config(OWN % ""), front(404), direct(404), target=CHAT)


def test_silent_when_nobody_asks_for_a_websocket() -> None:
    assert not judge(CHECK, config())


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 426, 500])
def test_no_status_decides_but_the_comparison(status: int) -> None:
    observations = (config(OWN % ""), BUILD, HOST, RUNNING, front(status), direct(101))
    (claim,) = judge(CHECK, *observations, target=CHAT)
    assert claim.confidence is Confidence.CERTAIN


def test_a_rule_of_the_proxys_own_proves_nothing() -> None:
    page = replace(front(403), body="<hr><center>nginx/1.26.3</center>")
    (claim,) = judge(CHECK, config(OWN % ""), page, direct(101), target=CHAT)
    assert claim.confidence is Confidence.LIKELY


def test_fires_for_a_path_of_the_page_and_knows_a_library_that_does_without() -> None:
    observations = (config(OWN % ""), BUILD, HOST, RUNNING, front(400), direct(101))
    named = WebSocketPath(source="https://shop.example.com/", path="/ws")
    (claim,) = judge(CHECK, *observations, named, target=SHOP)
    assert (claim.confidence, claim.severity) == (Confidence.CERTAIN, None)
    (claim,) = judge(CHECK, *observations, replace(named, library="Socket.IO"), target=SHOP)
    assert claim.severity is Severity.WARNING
    assert claim.facts["library"] == "Socket.IO"
    (claim,) = judge(CHECK, *observations, replace(named, library="Socket.IO"), target=CHAT)
    assert claim.severity is None


def test_fires_and_explains_the_page_that_closes_without_an_upgrade() -> None:
    def covers(page_status: int, *handshakes: Observation) -> bool:
        text, failed = config(OWN % ""), page(page_status)
        (claim,) = judge(CHECK, text, BUILD, *handshakes, failed, target=CHAT)
        return bool(set(endpoint_subjects([failed])) & set(claim.covers))

    assert covers(502, front(502), direct(101))
    assert not covers(502, front(502))
    assert not covers(404, front(404), direct(101))


def opened_by(
    name: str, path: str, need: Literal["", "required", "optional"], opens: bool = False
) -> WebSocketPath:
    source = "https://shop.example.com/"
    return WebSocketPath(source=source, path=path, library=name, need=need, opens=opens)


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404])
def test_fires_for_a_known_application_that_wants_a_login_first(status: int) -> None:
    observations = (config(OWN % ""), BUILD, HOST, RUNNING, direct(status))
    (claim,) = judge(CHECK, *observations, opened_by("n8n", "/ws", "required"), target=SHOP)
    # A path that the application does not know may be that of another version.
    severity = Severity.NOTE if status == 404 else None
    confidence = Confidence.POSSIBLE if status == 404 else Confidence.LIKELY
    assert (claim.confidence, claim.severity) == (confidence, severity)
    assert claim.facts["name"] == "n8n"
    assert claim.facts["login"] == (status if status not in {400, 404} else "")


def test_fires_for_a_known_application_that_was_not_asked() -> None:
    (claim,) = judge(CHECK, config(OWN % ""), opened_by("n8n", "/ws", "required"), target=SHOP)
    assert claim.confidence is Confidence.LIKELY


def test_fires_as_a_warning_where_a_known_application_works_without() -> None:
    (claim,) = judge(CHECK, config(OWN % ""), opened_by("Grafana", "/ws", "optional"), target=SHOP)
    assert claim.severity is Severity.WARNING
    assert claim.facts["optional"]


def test_silent_when_a_known_application_has_no_such_websocket() -> None:
    known = opened_by("n8n", "/ws", "required")
    for status in (200, 426, 502):
        assert not judge(CHECK, config(OWN % ""), direct(status), known, target=SHOP)
    assert not judge(CHECK, config(OWN % PASSED), direct(401), known, target=SHOP)
    assert not judge(CHECK, config(OWN % ""), front(101), known, target=SHOP)


def test_silent_when_one_that_opens_without_a_login_is_refused_by_the_application() -> None:
    known = opened_by("Odoo", "/ws", "required", opens=True)
    observations = (config(OWN % ""), BUILD, HOST, RUNNING)
    for status in (400, 403, 404):
        assert not judge(CHECK, *observations, direct(status), known, target=SHOP)
    for handshakes in ((direct(101),), ()):
        assert judge(CHECK, *observations, *handshakes, known, target=SHOP)


def test_fires_where_the_page_or_the_user_names_it_and_a_login_comes_first() -> None:
    observations = (config(OWN % ""), BUILD, HOST, RUNNING, direct(401))
    (claim,) = judge(CHECK, *observations, opened_by("", "/ws", ""), target=SHOP)
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, Severity.WARNING)
    (claim,) = judge(CHECK, *observations, front(401), target=CHAT)
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, None)
    assert not judge(CHECK, config(OWN % PASSED), direct(401), front(401), target=CHAT)
    assert not judge(CHECK, *observations, target=SHOP)


BEHIND = SITE.replace("127.0.0.1:3000", "127.0.0.1:8080").replace("$host;", f"$host;\n{PASSED}")
INNER = """\
server {
    listen 127.0.0.1:8080;
    server_name shop.example.com;
    location / {
        proxy_pass http://127.0.0.1:3000;
%s    }
}
"""


def test_fires_on_the_block_behind_the_one_that_passes_the_upgrade_on() -> None:
    seen = (BUILD, HOST, RUNNING, front(426))
    (claim,) = judge(CHECK, config(BEHIND + INNER % ""), *seen, target=CHAT)
    assert claim.confidence is Confidence.LIKELY
    assert claim.location
    assert "127.0.0.1:8080;" in claim.location.excerpt[0]
    assert not judge(CHECK, config(BEHIND + INNER % PASSED), *seen, target=CHAT)
    assert not judge(CHECK, config(BEHIND), *seen, target=CHAT)
    (claim,) = judge(CHECK, config(BEHIND + INNER % ""), *seen[:3], front(505), target=CHAT)
    assert not judge(CHECK, config(BEHIND + INNER % ""), *seen[:3], front(500), target=CHAT)


def test_fires_on_the_block_that_another_machine_asks_over_http() -> None:
    """It ends the visitors' TLS: nothing here has their port."""
    plain = INNER.replace("127.0.0.1:8080", "80")
    listening = Listeners(
        sockets=(Listener(address="0.0.0.0", port=80, family=4, process="nginx"),)
    )
    seen = (BUILD, HOST, RUNNING, listening)
    (claim,) = judge(CHECK, config(plain % ""), *seen, front(505), target=CHAT)
    assert claim.confidence is Confidence.LIKELY
    assert not judge(CHECK, config(plain % PASSED), *seen, front(505), target=CHAT)
    assert not judge(CHECK, config(plain % ""), *seen, front(403), target=CHAT)


def test_fires_where_visitors_who_logged_in_got_another_answer_than_this_run() -> None:
    visitors = RefusedHandshakes(
        file="/var/log/nginx/access.log", path="/ws", status=400, written=""
    )
    observations = (config(OWN % ""), BUILD, HOST, RUNNING, visitors)
    for status in (401, 302, 200, 101):
        (claim,) = judge(CHECK, *observations, direct(status), target=SHOP)
        assert (claim.confidence, claim.severity) == (Confidence.LIKELY, Severity.WARNING)
        assert (claim.facts["visitors"], claim.facts["log"]) == (400, visitors.file)


@pytest.mark.parametrize("status", [400, 404, 500, None])
def test_silent_where_the_application_refuses_visitors_as_it_refuses_this_run(
    status: int | None,
) -> None:
    visitors = RefusedHandshakes(file="/log", path="/ws", status=status or 400, written="")
    own = direct(status) if status else None
    observations = [config(OWN % ""), BUILD, HOST, RUNNING, visitors, *([own] if own else [])]
    assert not judge(CHECK, *observations, target=SHOP)


def test_silent_where_upgrades_are_passed_on_and_visitors_who_logged_in_were_refused() -> None:
    visitors = RefusedHandshakes(file="/log", path="/ws", status=404, written="")
    assert not judge(CHECK, config(OWN % PASSED), visitors, direct(401), target=SHOP)
    elsewhere = RefusedHandshakes(file="/log", path="/other", status=404, written="")
    assert not judge(CHECK, config(OWN % ""), elsewhere, direct(401), target=SHOP)


PLAIN = SITE.replace("        proxy_set_header Upgrade $http_upgrade;\n", "")
FAILS = Symptom("websocket", "使用nginx反代后websocket连接失败")


def reported(text: str, *observations: Observation, symptom: Symptom = FAILS) -> list[Claim]:
    target = replace(SHOP, symptom=symptom)
    return judge(CHECK, config(text), BUILD, HOST, RUNNING, *observations, target=target)


def test_fires_where_a_person_writes_of_a_websocket_and_no_location_passes_one_on() -> None:
    (claim,) = reported(PLAIN, page(200))
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, Severity.WARNING)
    assert claim.facts["unknown"] is True
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    (claim,) = reported(PLAIN, page(200), opened_by("", "/ws", ""), direct(404))
    assert (claim.facts["path"], claim.facts["unknown"]) == ("/ws", False)


@pytest.mark.parametrize(
    "symptom",
    [
        Symptom("websocket-closed", "WebSocket closes after 60 seconds"),
        Symptom("websocket-status", "WebSocket handshake: Unexpected response code: 502", 502),
        Symptom("websocket", "Messages do not appear"),
        Symptom("websocket", "WebSocket connection to 'wss://live.example.com/' failed"),
        Symptom("websocket", "WebSocket connection to 'wss://shop.example.com:8443/' failed"),
        Symptom("websocket", "The WebSocket is working, and messages do not appear"),
        Symptom("slow", "The site is slow since it uses a WebSocket"),
        Symptom("other", "no WebSocket errors, but pictures are missing"),
        Symptom("websocket", "the WebSocket problem is solved, thank you"),
        Symptom("websocket", "the WebSocket was broken, now it works"),
        Symptom("websocket", "websocket已经好了"),
    ],
    ids=["cut", "502", "no word of one", "other host", "other port", "works", "other kind", "none",
         "solved", "works by now", "solved in Chinese"],
)  # fmt: skip
def test_silent_where_the_words_are_of_something_else(symptom: Symptom) -> None:
    assert not reported(PLAIN, page(200), symptom=symptom)


def test_silent_where_the_site_has_another_reason_or_place_for_its_websocket() -> None:
    assert not reported(PLAIN)
    assert not reported(PLAIN, page(502))
    assert not reported(PLAIN, replace(page(200), mentions=("wss://live.example.com/",)))
    assert not reported(PLAIN, page(200), front(101))
    assert not reported(OWN % PASSED, page(200))
    other = PLAIN.replace(
        "    location /",
        "    location /api { proxy_pass http://127.0.0.1:4000; }\n    location /",
        1,
    )
    assert not reported(other, page(200))
    files = PLAIN.replace("proxy_pass http://127.0.0.1:3000;", "root /srv/www;")
    assert not reported(files, page(200))
    assert not judge(CHECK, config(PLAIN), BUILD, HOST, RUNNING, page(200), target=SHOP)


@pytest.mark.parametrize(
    "words",
    [
        "the WebSocket problem is not solved",
        "the websocket is broken. The login now works",
        "how can the websocket error be fixed?",
        "websocket还没解决",
    ],
)
def test_fires_where_the_words_are_of_a_fault_that_is_there(words: str) -> None:
    assert reported(PLAIN, page(200), symptom=Symptom("websocket", words))


def test_silent_where_nginx_does_not_run_and_another_program_answers() -> None:
    sockets = Listeners(sockets=(Listener(address="0.0.0.0", family=4, port=443, process="node"),))
    seen = (config(OWN % ""), BUILD, HOST, front(404), direct(101))
    assert not judge(CHECK, *seen, STOPPED, sockets, target=CHAT)
