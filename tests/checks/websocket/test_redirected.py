from dataclasses import replace

import pytest

from diagnose.model import Applicability, Confidence, Edit, Severity, Target
from diagnose.model.symptom import Symptom
from tests.support import haproxy_evidence as haproxy
from tests.support.caddy_evidence import CADDY, caddy_config
from tests.support.check_evidence import CHAT, judge
from tests.support.nginx_evidence import BUILD, HOST, RUNNING, SITE, config, direct
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config
from tests.support.websocket_evidence import upgrade


def test_fires_on_a_slash_too_few() -> None:
    (claim,) = judge(
        "websocket.redirected",
        upgrade(301, headers=(("Location", "https://shop.example.com/ws/"),)),
        target=CHAT,
    )
    assert claim.facts["slash"]


def test_the_path_has_no_query() -> None:
    target = replace(CHAT, websockets=("/ws?user=1",))
    moved = upgrade(301, headers=(("Location", "https://shop.example.com/ws/?user=1"),))
    (claim,) = judge("websocket.redirected", replace(moved, path="/ws?user=1"), target=target)
    assert claim.facts["path"] == "/ws"
    assert claim.facts["slash"]


@pytest.mark.parametrize(
    "location",
    ["/login", "https://shop.example.com/oauth2/authorize?id=1", "/users/sign_in?next=/ws"],
)
def test_a_login_page_is_what_many_applications_answer_without_a_session(location: str) -> None:
    moved = upgrade(302, headers=(("Location", location),))
    (claim,) = judge("websocket.redirected", moved, target=CHAT)
    assert (claim.facts["login"], claim.facts["slash"]) == (True, False)
    assert (claim.severity, claim.confidence) == (Severity.NOTE, Confidence.LIKELY)
    symptom = Symptom("websocket", "Unexpected response code: 302", 302)
    (claim,) = judge("websocket.redirected", moved, target=replace(CHAT, symptom=symptom))
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.LIKELY)
    (claim,) = judge("websocket.redirected", replace(moved, authenticated=True), target=CHAT)
    assert (claim.severity, claim.confidence) == (None, Confidence.CERTAIN), "it has a session"


@pytest.mark.parametrize("path", ["/auth/ws", "/ws"])
def test_a_slash_behind_the_path_is_no_login(path: str) -> None:
    moved = upgrade(301, headers=(("Location", f"https://shop.example.com{path}/"),))
    target = replace(CHAT, websockets=(path,))
    (claim,) = judge("websocket.redirected", replace(moved, path=path), target=target)
    assert (claim.facts["login"], claim.confidence) == (False, Confidence.CERTAIN)


def test_fires_on_ws_that_is_sent_to_https() -> None:
    target = Target("ws://shop.example.com/ws", "ws", "shop.example.com", 80, "/ws", ("/ws",))
    (claim,) = judge(
        "websocket.redirected",
        upgrade(301, headers=(("Location", "https://shop.example.com/ws"),)),
        target=target,
    )
    assert claim.facts["secure"]


def test_silent_where_it_opens() -> None:
    assert not judge("websocket.redirected", upgrade(101, accepted=True), target=CHAT)


def test_silent_without_a_place_to_go() -> None:
    assert not judge("websocket.redirected", upgrade(304), upgrade(301), target=CHAT)


OWN = "    location /ws/ {\n        proxy_pass http://127.0.0.1:3000;\n    }\n\n    location /"


def test_the_location_takes_the_path_without_its_slash() -> None:
    moved = upgrade(301, headers=(("Location", "https://shop.example.com/ws/"),))
    observations = (config(SITE.replace("    location /", OWN, 1)), BUILD, HOST, RUNNING, moved)
    (claim,) = judge("websocket.redirected", *observations, direct(101), target=CHAT)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "-    location /ws/ {\n+    location /ws {\n" in edit.diff
    (claim,) = judge("websocket.redirected", *observations, direct(404), target=CHAT)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    assert claim.facts["block"] == "location /ws/"
    assert claim.location


MOVED = upgrade(302, headers=(("Location", "https://shop.example.com/play/"),))


@pytest.mark.parametrize(
    ("line", "mended"),
    [
        (
            "\thandle /ws/* {\n\t\treverse_proxy 127.0.0.1:3000\n\t}",
            "+\t@websocket_path path /ws /ws/*\n+\thandle @websocket_path {\n",
        ),
        (
            "\t@live path /ws/*\n\treverse_proxy @live 127.0.0.1:3000",
            "+\t@live path /ws /ws/*\n",
        ),
        (
            "\treverse_proxy /ws/* 127.0.0.1:3000",
            "+\treverse_proxy @websocket_path 127.0.0.1:3000\n",
        ),
    ],
)
def test_a_rule_of_caddy_for_what_is_below_takes_the_path_too(line: str, mended: str) -> None:
    own = caddy_config(f"shop.example.com {{\n{line}\n\tredir * /play/ 302\n}}\n")
    (claim,) = judge("websocket.redirected", CADDY, own, MOVED, target=CHAT)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert mended in edit.diff


@pytest.mark.parametrize(
    "line",
    [
        "\t@ws path /ws /ws/*\n\treverse_proxy @ws 127.0.0.1:3000",
        "\treverse_proxy /api/* 127.0.0.1:3000",
        "\treverse_proxy /ws/* 127.0.0.1:3000\n\thandle /ws/* {\n\t}",
    ],
)
def test_no_edit_where_the_rule_takes_the_path_or_is_not_known(line: str) -> None:
    own = caddy_config(f"shop.example.com {{\n{line}\n}}\n")
    (claim,) = judge("websocket.redirected", CADDY, own, MOVED, target=CHAT)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_a_rule_of_apache_and_of_haproxy_takes_the_path_too() -> None:
    passed = HTTPS.replace(
        "ProxyPass /ws ws://127.0.0.1:3000/ws", "ProxyPass /ws/ ws://127.0.0.1:3000/ws/"
    )
    (claim,) = judge("websocket.redirected", APACHE, apache_config(passed), MOVED, target=CHAT)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    ProxyPass /ws ws://127.0.0.1:3000/ws\n" in edit.diff
    (claim,) = judge("websocket.redirected", APACHE, apache_config(), MOVED, target=CHAT)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL, "that line takes it"
    for rule, added in (
        ("    acl live path_beg /ws/\n    use_backend app if live\n", "+    acl live path /ws\n"),
        (
            "    use_backend app if { path_beg /ws/ }\n",
            "+    use_backend app if { path_beg /ws/ } || { path /ws }\n",
        ),
    ):
        text = haproxy.TEXT.replace("    default_backend", f"{rule}    default_backend", 1)
        given = (haproxy.SERVER, haproxy.config(text), MOVED)
        (claim,) = judge("websocket.redirected", *given, target=CHAT)
        assert claim.fix
        edit = claim.fix.steps[0]
        assert isinstance(edit, Edit)
        assert added in edit.diff
