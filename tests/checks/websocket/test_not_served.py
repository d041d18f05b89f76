"""websocket.not-served: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Confidence, Edit, Manual, Where
from diagnose.model.http import Upgrade
from tests.support.check_evidence import CHAT, judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.websocket_evidence import upgrade

CHECK = "websocket.not-served"
FRONT = upgrade(404, body="Not Found")
DIRECT = replace(
    upgrade(404, body="Not Found", through="application"), address="127.0.0.1", port=3000
)


def plain(server: str = "", status: int = 404, body: str = "Not Found") -> Upgrade:
    headers = (("server", server),) if server else ()
    return replace(DIRECT, variant="plain", status=status, body=body, headers=headers)


@pytest.mark.parametrize(
    ("server", "kind"),
    [
        ("uvicorn", "uvicorn"),
        ("gunicorn", "wsgi"),
        ("Werkzeug/3.0", "wsgi"),
        ("nginx", "proxy"),
        ("", "unknown"),
    ],
)
def test_fires_on_the_same_answer_and_names_the_server(server: str, kind: str) -> None:
    (claim,) = judge(CHECK, FRONT, DIRECT, plain(server), target=CHAT)
    assert claim.facts[kind]
    assert claim.facts["application"] == "127.0.0.1:3000"


def test_fires_where_only_a_number_differs() -> None:
    one, other = (f"no page at {number}" for number in (1, 2))
    direct = replace(DIRECT, body=one)
    assert judge(CHECK, FRONT, direct, plain(body=other), target=CHAT)


def test_silent_where_the_answers_differ() -> None:
    assert not judge(CHECK, FRONT, DIRECT, plain(status=426), target=CHAT)
    # Masked, both bodies are the same stand-in.
    assert not judge(CHECK, FRONT, DIRECT, plain(body="Other page"), target=CHAT, masked=False)


def test_silent_where_the_application_accepts_another_handshake() -> None:
    accepted = replace(upgrade(101, "visitor-host", accepted=True, through="application"))
    assert not judge(CHECK, FRONT, DIRECT, plain(), accepted, target=CHAT)


def test_silent_where_the_application_misses_the_upgrade() -> None:
    words = "Missing Upgrade header"
    direct = replace(DIRECT, status=400, body=words)
    assert not judge(CHECK, FRONT, direct, plain(status=400, body=words), target=CHAT)


def test_silent_where_an_inner_proxy_refuses_the_request_itself() -> None:
    page = "<center>Request Header Or Cookie Too Large</center><center>nginx</center>"
    direct = replace(DIRECT, status=400, body=page)
    assert not judge(CHECK, FRONT, direct, plain("nginx", 400, page), target=CHAT)


def test_silent_where_the_application_misses_what_its_own_client_sends() -> None:
    """Jenkins at /wsagents/: without an agent's name it answers 400, with Upgrade and without."""
    front, direct = (replace(each, status=400, body="") for each in (FRONT, DIRECT))
    assert not judge(CHECK, front, direct, plain(status=400, body=""), target=CHAT)
    assert judge(CHECK, front, direct, plain("gunicorn", 400, ""), target=CHAT)
    (claim,) = judge("websocket.not-upgraded", front, direct, target=CHAT)
    assert (claim.facts["direct"], claim.facts["open"]) == ("127.0.0.1", False)


def test_silent_without_the_ordinary_request() -> None:
    assert not judge(CHECK, FRONT, DIRECT, target=CHAT)


def test_fires_on_501_of_the_application_itself() -> None:
    front, direct = replace(FRONT, status=501), replace(DIRECT, status=501)
    (claim,) = judge(CHECK, front, direct, target=CHAT)
    assert claim.facts["missing"]
    assert not judge(CHECK, FRONT, direct, target=CHAT)
    assert not judge(CHECK, front, replace(direct, status=404), target=CHAT)


def at_id(of: Upgrade) -> Upgrade:
    return replace(of, path="/ws?ticket=a1")


def test_silent_where_the_path_may_belong_to_a_connection_that_has_ended() -> None:
    target = replace(CHAT, websockets=("/ws?ticket=a1",))
    told = at_id(FRONT), at_id(DIRECT), at_id(plain())
    assert not judge(CHECK, *told, target=target)
    opens = at_id(upgrade(101, "without-id", accepted=True))
    assert not judge(CHECK, *told, opens, target=target)
    assert not judge("websocket.not-upgraded", *told, opens, target=target)


def test_fires_where_it_is_refused_without_its_id_too() -> None:
    target = replace(CHAT, websockets=("/ws?ticket=a1",))
    told = at_id(FRONT), at_id(DIRECT), at_id(plain())
    assert judge(CHECK, *told, at_id(upgrade(404, "without-id")), target=target)


def test_silent_where_action_cable_refuses_a_whole_handshake() -> None:
    words = "Page not found"
    seen = replace(FRONT, body=words), replace(DIRECT, body=words), plain(body=words)
    assert not judge(CHECK, *seen, target=CHAT)


def elsewhere(path: str) -> Upgrade:
    accepted = upgrade(101, "other-path", accepted=True, through="application")
    return replace(accepted, url=f"ws://shop.example.com{path}")


def test_fires_and_asks_for_the_path_at_which_the_application_has_its_websocket() -> None:
    missing = replace(FRONT, status=501), replace(DIRECT, status=501)
    at_path = SITE.replace("location / {", "location /ws {")
    seen = *missing, BUILD, RUNNING, config(at_path)
    (claim,) = judge(CHECK, *seen, elsewhere("/chat"), target=CHAT)
    assert claim.facts["opens"] == "/chat"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        proxy_pass http://127.0.0.1:3000/chat;\n" in edit.diff
    (claim,) = judge(CHECK, *seen, elsewhere("/chat"), elsewhere("/"), target=CHAT)
    assert claim.facts["opens"] == ""
    everywhere = *missing, BUILD, RUNNING, config(SITE)
    (claim,) = judge(CHECK, *everywhere, elsewhere("/chat"), target=CHAT)
    assert claim.facts["opens"] == "/chat"
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_certain_in_the_words_of_vaultwarden() -> None:
    """Issue 1092 of vaultwarden: the hub at the port of the pages."""
    words = (
        '{"ErrorModel":{"Message":"\'/notifications/hub\' '
        "should be proxied to the websocket server "
        'or notifications won\'t work. Go to the README for more info.","Object":"error"}}'
    )
    front, direct = (replace(each, status=400, body=words) for each in (FRONT, DIRECT))
    asked = plain("Rocket", 400, words)
    (claim,) = judge(CHECK, front, direct, asked, target=CHAT, masked=False)
    assert claim.confidence is Confidence.CERTAIN
    assert (claim.facts["vaultwarden"], claim.facts["host"]) == (True, "127.0.0.1")
    assert claim.fix
    assert claim.fix.steps[0] == Manual("vaultwarden", Where.APPLICATION)


def test_a_block_that_loses_the_upgrade_is_no_application() -> None:
    """Issue 181 of vi/websocat: nginx passes the WebSocket on to a block of its own."""
    inner = "server { listen 127.0.0.1:3000; location / { proxy_pass http://127.0.0.1:1234; %s } }"
    upgrade_lines = (
        "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; "
        'proxy_set_header Connection "upgrade";'
    )
    for line, causes in (("", ("websocket.upgrade-headers-missing",)), (upgrade_lines, ())):
        front = (
            "server { listen 443 ssl; server_name shop.example.com; "
            f"location / {{ proxy_pass http://127.0.0.1:3000; {upgrade_lines} }} }}\n"
        )
        files = config(f"{front}{inner % line}\n")
        (claim,) = judge(CHECK, FRONT, DIRECT, plain("nginx"), files, RUNNING, BUILD, target=CHAT)
        assert claim.consequence_of == causes
