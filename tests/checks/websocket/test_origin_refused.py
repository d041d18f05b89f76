import json
from dataclasses import replace

import pytest

from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Manual,
    Observation,
    Severity,
    Subject,
    Target,
    Where,
)
from diagnose.model.applications import ReadSetting
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.program_logs import ProgramLine
from diagnose.model.server import Listeners
from tests.support import caddy_evidence
from tests.support.check_evidence import CHAT, judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config, direct
from tests.support.web_server_evidence import APACHE, HTTPS, LISTENING, apache_config
from tests.support.websocket_evidence import upgrade

CHECK = "websocket.origin-refused"
OPENS = upgrade(101, "no-origin", accepted=True)


def home(kind: str) -> Exchange:
    return Exchange(
        url="https://shop.example.com/",
        address="203.0.113.10",
        port=443,
        status=200,
        headers=(("Content-Type", kind),),
    )


def test_fires_where_it_opens_without_an_origin() -> None:
    (claim,) = judge(
        "websocket.origin-refused",
        upgrade(403),
        OPENS,
        home("text/html; charset=utf-8"),
        target=CHAT,
    )
    assert claim.confidence is Confidence.LIKELY
    assert claim.severity is None
    assert claim.facts["origin"] == "https://shop.example.com"


def test_warns_where_the_host_has_no_pages_of_its_own() -> None:
    (claim,) = judge(
        "websocket.origin-refused", upgrade(403), OPENS, home("application/json"), target=CHAT
    )
    assert claim.severity is Severity.WARNING
    polled = replace(CHAT, path="/socket.io/?EIO=3&transport=polling")
    observations = (upgrade(403), OPENS, home("application/json"))
    (claim,) = judge("websocket.origin-refused", *observations, target=polled)
    assert Subject(port=443, path=polled.path) in claim.covers, "its own 400 is a consequence"
    assert claim.severity is None


def test_silent_where_it_is_refused_without_an_origin_too() -> None:
    assert not judge(
        "websocket.origin-refused", upgrade(403), upgrade(403, "no-origin"), target=CHAT
    )


def test_silent_where_the_same_handshake_opens_when_it_is_repeated() -> None:
    for status in (403, 404):
        observations = (
            upgrade(status),
            OPENS,
            upgrade(101, "again", accepted=True),
            home("text/html"),
        )
        assert not judge("websocket.origin-refused", *observations, target=CHAT)
        assert not judge("websocket.unauthorized", *observations, target=CHAT)
        (claim,) = judge("websocket.not-upgraded", *observations, target=CHAT)
        assert claim.facts["sometimes"]


def test_silent_where_it_opens() -> None:
    assert not judge("websocket.origin-refused", upgrade(101, accepted=True), target=CHAT)


def test_fires_for_sure_where_the_visitors_host_is_all_it_takes() -> None:
    bare = SITE.replace("        proxy_set_header Host $host;\n", "")
    observations = (config(bare), BUILD, RUNNING, upgrade(403), OPENS, direct(403))
    (claim,) = judge(
        "websocket.origin-refused", *observations, direct(101, variant="visitor-host"), target=CHAT
    )
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["sent"] == "127.0.0.1:3000"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        proxy_set_header Host $host;\n" in edit.diff
    (claim,) = judge("websocket.origin-refused", *observations, target=CHAT)
    assert claim.confidence is not Confidence.CERTAIN


def test_fires_and_says_where_nginx_passes_the_host_of_the_visitor() -> None:
    """https://github.com/vercel/next.js/issues/77073: only the application's own list is left."""
    seen = (BUILD, RUNNING, upgrade(403), OPENS, direct(403))
    (claim,) = judge("websocket.origin-refused", config(SITE), *seen, target=CHAT)
    assert claim.facts["named"]
    bare = config(SITE.replace("        proxy_set_header Host $host;\n", ""))
    (claim,) = judge("websocket.origin-refused", bare, *seen, target=CHAT)
    assert not claim.facts["named"]


@pytest.mark.parametrize(
    "answer",
    [
        "Origin not allowed",
        "Forbidden: origin https://shop.example.com is not in the list",
        "cross-origin request",
        "Cross origin websockets not allowed",
        "websocket: request origin not allowed by Upgrader.CheckOrigin",
        "Invalid origin",
        "Invalid CORS request",
        "request Origin header value does not match",
        "origin_not_allowed: bad origin",
    ],
)
def test_fires_where_the_refusal_names_the_origin(answer: str) -> None:
    refusal = replace(upgrade(403, body=answer), origin="https://shop.example.com")
    (claim,) = judge("websocket.origin-refused", refusal, target=CHAT)
    assert not claim.facts["without"]


@pytest.mark.parametrize(
    "answer",
    [
        "Forbidden",
        "The origin server is down",
        "original request denied",
        "cors: Access-Control-Allow-Origin",
        "Token required",
    ],
)
def test_silent_where_the_refusal_does_not_name_it(answer: str) -> None:
    refusal = replace(upgrade(403, body=answer), origin="https://shop.example.com")
    assert not judge("websocket.origin-refused", refusal, target=CHAT)


def test_silent_about_the_origin_where_none_was_sent() -> None:
    assert not judge(
        "websocket.origin-refused", upgrade(403, body="Origin not allowed"), target=CHAT
    )


REFUSED = replace(upgrade(404), origin="https://shop.example.com")
NO_ORIGIN = upgrade(404, "no-origin")


def test_fires_where_the_other_scheme_opens_and_no_origin_does_not() -> None:
    """Action Cable: a request without an Origin is refused too."""
    other = upgrade(101, "other-scheme", accepted=True)
    (claim,) = judge("websocket.origin-refused", REFUSED, NO_ORIGIN, other, target=CHAT)
    assert claim.facts["scheme"]
    assert not claim.facts["without"]
    assert claim.confidence is Confidence.LIKELY, "it wants pages of this name"
    assert claim.severity is None


def test_fires_where_the_port_in_the_origin_opens() -> None:
    port = upgrade(101, "with-port", accepted=True)
    (claim,) = judge("websocket.origin-refused", REFUSED, NO_ORIGIN, port, target=CHAT)
    assert claim.facts["port"]


def test_fires_where_port_80_in_the_origin_opens_and_tells_the_port() -> None:
    port = upgrade(101, "plain-port", accepted=True)
    observations = (config(), BUILD, RUNNING, REFUSED, NO_ORIGIN, port)
    (claim,) = judge("websocket.origin-refused", *observations, target=CHAT)
    assert (claim.facts["plain_port"], claim.confidence) == (True, Confidence.LIKELY)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        proxy_set_header X-Forwarded-Port $server_port;" in edit.diff
    (claim,) = judge("websocket.origin-refused", REFUSED, NO_ORIGIN, port, target=CHAT)
    assert claim.fix
    assert [step.step for step in claim.fix.steps if isinstance(step, Manual)] == ["port"]


def test_fires_for_sure_where_the_visitors_scheme_is_all_it_takes() -> None:
    told = replace(direct(101, variant="forwarded"), url="ws://shop.example.com/ws")
    observations = (config(), BUILD, RUNNING, REFUSED, NO_ORIGIN, direct(404), told)
    (claim,) = judge("websocket.origin-refused", *observations, target=CHAT)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        proxy_set_header X-Forwarded-Proto $scheme;\n" in edit.diff


def test_fires_where_only_the_address_of_development_opens() -> None:
    own = replace(direct(101, variant="own-host"), origin="http://localhost:3000")
    observations = (config(), BUILD, RUNNING, REFUSED, NO_ORIGIN, direct(403), own)
    (claim,) = judge("websocket.origin-refused", *observations, target=CHAT)
    assert claim.facts["own_address"] == "http://localhost:3000"


def test_silent_where_the_application_accepts_what_nginx_sends() -> None:
    """Its direct answer is the control: without its refusal, another Origin proves nothing."""
    own = replace(direct(101, variant="own-host"), origin="http://localhost:3000")
    assert not judge("websocket.origin-refused", config(), REFUSED, direct(101), own, target=CHAT)


def test_silent_where_other_origins_are_refused_too() -> None:
    observations = [upgrade(404, variant) for variant in ("no-origin", "other-scheme", "with-port")]
    assert not judge("websocket.origin-refused", REFUSED, *observations, target=CHAT)


def test_certain_where_the_forwarded_host_decides() -> None:
    text = SITE.replace("Host $host;", "Host $host;\n proxy_set_header X-Forwarded-Host app;")
    observations = (upgrade(403), direct(403), direct(101, variant="forwarded-host"), config(text))
    (claim,) = judge(
        "websocket.origin-refused", *observations, BUILD, RUNNING, home("text/html"), target=CHAT
    )
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+ proxy_set_header X-Forwarded-Host $host;\n" in edit.diff


def test_a_demand_for_a_login_is_past_the_comparison_of_the_origin() -> None:
    """code-server compares the Origin before it asks for the password."""
    text = SITE.replace(
        "Host $host;", "Host $host;\n proxy_set_header X-Forwarded-Host $host:$server_port;"
    )
    observations = (upgrade(403), direct(403), config(text), BUILD, RUNNING, home("text/html"))
    (claim,) = judge(
        "websocket.origin-refused",
        *observations,
        direct(401, variant="forwarded-host"),
        target=CHAT,
    )
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["login"] == 401
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
    other = direct(403, variant="forwarded-host")
    assert not judge("websocket.origin-refused", *observations, other, target=CHAT)


def test_fires_where_a_request_without_an_origin_is_asked_to_log_in() -> None:
    observations = (upgrade(403), upgrade(401, "no-origin"), home("text/html"))
    (claim,) = judge("websocket.origin-refused", *observations, target=CHAT)
    assert (claim.confidence, claim.facts["login"]) == (Confidence.LIKELY, 401)
    assert not judge("websocket.unauthorized", *observations, target=CHAT)
    unsteady = upgrade(401, "again")
    assert not judge("websocket.origin-refused", *observations, unsteady, target=CHAT)


def test_silent_where_everybody_is_asked_to_log_in() -> None:
    observations = (upgrade(401), upgrade(401, "no-origin"), upgrade(403, "with-port"))
    assert not judge("websocket.origin-refused", *observations, home("text/html"), target=CHAT)


def closed(observation: Upgrade) -> Upgrade:
    """Opened, and closed at once for a policy."""
    return replace(observation, ended="close", close_code=1008)


def test_fires_where_the_application_closes_at_once_and_stays_with_the_visitors_host() -> None:
    front = closed(upgrade(101, accepted=True))
    named = direct(101, variant="visitor-host")
    observations = (config(SITE), BUILD, RUNNING, front, home("text/html"))
    (claim,) = judge(
        "websocket.origin-refused",
        *observations,
        closed(direct(101)),
        named,
        target=CHAT,
        masked=False,
    )
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["code"] == 1008
    assert claim.fix
    other = closed(named)
    assert not judge(
        "websocket.origin-refused", *observations, closed(direct(101)), other, target=CHAT
    )


def test_nginx_s_own_origin_is_taken_out() -> None:
    line = "proxy_set_header Origin http://$proxy_host;"
    text = SITE.replace("proxy_set_header Host $host;", f"proxy_set_header Host $host; {line}")
    shown = (upgrade(403), OPENS, home("text/html"), RUNNING, BUILD)
    (claim,) = judge("websocket.origin-refused", *shown, config(text), target=CHAT)
    assert claim.facts["changed"] == "proxy_set_header Origin http://$proxy_host"
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
    for other in (line.replace("http://$proxy_host", "$http_origin"), line.replace("Origin", "A")):
        (claim,) = judge(
            "websocket.origin-refused", *shown, config(text.replace(line, other)), target=CHAT
        )
        assert not claim.facts["changed"]


def test_fires_and_says_what_another_server_in_front_passes_on() -> None:
    seen = (upgrade(403), OPENS, APACHE, LISTENING)
    kept = apache_config(HTTPS.replace("SSLEngine on", "SSLEngine on\n    ProxyPreserveHost On"))
    (claim,) = judge("websocket.origin-refused", kept, *seen, target=CHAT)
    assert (claim.facts["named"], claim.facts["front"]) == (True, "Apache")
    (claim,) = judge("websocket.origin-refused", apache_config(), *seen, target=CHAT)
    assert not claim.facts["named"]


NO_PAGE = "Page not found"
CABLE = replace(upgrade(404, body=NO_PAGE, through="application"), address="127.0.0.1", port=3000)


def test_fires_where_action_cable_refuses_a_whole_handshake() -> None:
    usual = replace(upgrade(404, "usual-port", body=NO_PAGE), origin="https://shop.example.com")
    (claim,) = judge(CHECK, upgrade(404, body=NO_PAGE), CABLE, usual, target=CHAT)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["page_origin"] == "https://shop.example.com"
    assert claim.fix
    assert claim.fix.steps == (Manual("cable", Where.SERVER),)


def test_certain_where_the_application_writes_that_it_refuses_this_origin() -> None:
    line = ProgramLine(
        message="Request origin not allowed: https://shop.example.com", weight=1, endpoint="3000"
    )
    seen = upgrade(404, body=NO_PAGE), CABLE
    (claim,) = judge(CHECK, *seen, line, target=CHAT)
    assert claim.confidence is Confidence.CERTAIN
    other = replace(line, message="Request origin not allowed: https://other.example.com")
    (claim,) = judge(CHECK, *seen, other, target=CHAT)
    assert claim.confidence is Confidence.LIKELY


def test_silent_where_only_the_site_answers_so() -> None:
    """Its proxy may have lost the upgrade."""
    assert not judge(CHECK, upgrade(404, body=NO_PAGE), target=CHAT)
    other = replace(CABLE, body="Not found")
    assert not judge(CHECK, upgrade(404, body=NO_PAGE), other, target=CHAT)


def test_fires_where_the_message_before_the_close_frame_names_the_origin() -> None:
    """n8n closes with 1008 and no reason."""
    closed = replace(
        upgrade(101, accepted=True),
        ended="close", close_code=1008, last_words="Invalid origin!",
        origin="https://shop.example.com",
    )  # fmt: skip
    (claim,) = judge(CHECK, closed, home("text/html"), target=CHAT)
    assert claim.facts["close_reason"] == "Invalid origin!"
    for other in (
        replace(closed, last_words='{"type":"hello"}'),
        replace(closed, close_code=1000),
    ):
        assert not judge(CHECK, other, home("text/html"), target=CHAT)


def test_fires_where_another_origin_stays_open_and_this_one_is_closed_for_a_policy() -> None:
    closed = replace(upgrade(101, accepted=True), ended="close", close_code=1008)
    (claim,) = judge(CHECK, closed, OPENS, home("text/html"), target=CHAT)
    assert claim.facts["without"]
    both = replace(OPENS, ended="close", close_code=1008)
    assert not judge(CHECK, closed, both, home("text/html"), target=CHAT)


OWN = Target("wss://shop.example.com:8443/ws", "wss", "shop.example.com", 8443, "/ws", ("/ws",))


def at_own_port(*observations: Observation) -> list[Claim]:
    origin = "https://shop.example.com:8443"
    seen = replace(upgrade(403), origin=origin, port=8443)
    usual = replace(upgrade(101, "usual-port", accepted=True), port=8443)
    page = replace(home("text/html"), url=f"{origin}/", port=8443)
    return judge(CHECK, seen, usual, page, *observations, target=OWN)


def test_certain_where_the_host_has_lost_the_port() -> None:
    lines = SITE.replace("listen 443", "listen 8443")
    refused, opens = direct(403), direct(101, variant="visitor-host")
    (claim,) = at_own_port(refused, opens, config(lines), BUILD, RUNNING)
    assert claim.confidence is Confidence.CERTAIN
    assert (claim.facts["lost_port"], claim.facts["host_variable"]) == (8443, "$http_host")


def test_only_possible_where_the_whole_host_is_passed_on() -> None:
    """A page at the usual port may be what opens it."""
    lines = SITE.replace("listen 443", "listen 8443").replace("Host $host", "Host $http_host")
    (claim,) = at_own_port(direct(403), config(lines), BUILD, RUNNING)
    assert claim.confidence is Confidence.POSSIBLE


def test_likely_where_caddy_sends_the_host_without_the_port() -> None:
    text = (
        "shop.example.com:8443 {\n\ttls /etc/ssl/shop.pem /etc/ssl/shop.key\n"
        "\treverse_proxy 127.0.0.1:3000 {\n\t\theader_up Host {host}\n\t}\n}\n"
    )
    document = json.loads(
        json.dumps(caddy_evidence.document("shop.example.com")).replace("443", "8443")
    )
    server = replace(caddy_evidence.CADDY, ports=(8443,))
    web = replace(caddy_evidence.WEB, port=8443)
    observations = (
        caddy_evidence.caddy_config(text, document),
        server,
        Listeners(sockets=(web, caddy_evidence.APPLICATION)),
    )
    (claim,) = at_own_port(*observations)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["changed_host"] == "header_up Host {host}"
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)


def test_the_programs_own_address_is_put_right_where_it_was_read() -> None:
    """Issue 205 of plausible/community-edition: it compares the Origin with BASE_URL."""
    read = ReadSetting(
        application="plausible", topic="public_url", key="BASE_URL", source="variable",
        values=("http://localhost:8000",), wanted="https://shop.example.com",
        file="/srv/p/compose.yml", number=8, line="      - BASE_URL=http://localhost:8000",
        new="      - BASE_URL=https://shop.example.com", container="plausible", engine="docker",
        load=("docker", "compose", "-f", "/srv/p/compose.yml", "up", "-d", "plausible"),
    )  # fmt: skip
    seen = (upgrade(403), OPENS, home("text/html"))
    (claim,) = judge(CHECK, *seen, read, target=CHAT, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "+      - BASE_URL=https://shop.example.com\n" in claim.fix.edits[0].diff
    right = replace(read, values=("https://shop.example.com",))
    (claim,) = judge(CHECK, *seen, right, target=CHAT, masked=False)
    assert claim.fix
    assert not claim.fix.edits


def test_the_origin_comes_into_the_list_of_the_source() -> None:
    read = ReadSetting(
        application="rails", topic="websocket_origin", key="allowed_request_origins",
        source="nowhere",
        file="/srv/shop/config/environments/production.rb", number=9, line="  a = ['b']",
        new="  a = ['https://shop.example.com', 'b']", unit="puma.service",
    )  # fmt: skip
    (claim,) = judge(CHECK, upgrade(404, body=NO_PAGE), CABLE, read, target=CHAT)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert isinstance(claim.fix.steps[0], Edit)
    (claim,) = judge(CHECK, upgrade(404, body=NO_PAGE), CABLE, target=CHAT)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual), "nothing was read"


def test_phoenix_names_the_origin_on_a_line_of_its_own() -> None:
    path = "/live/websocket?vsn=2.0.0"
    target = replace(CHAT, path=path, websockets=(path,))
    seen = [
        replace(each, path=path)
        for each in (upgrade(403), replace(upgrade(101, "no-origin", accepted=True), origin=""))
    ]
    line = ProgramLine(
        message="[error] Could not check origin for Phoenix.Socket transport.",
        weight=1, endpoint="3000",
    )  # fmt: skip
    (claim,) = judge(CHECK, *seen, line, target=target)
    assert (claim.confidence, claim.severity) == (Confidence.CERTAIN, None)
    (claim,) = judge(CHECK, *seen, target=target)
    assert claim.confidence is Confidence.LIKELY
