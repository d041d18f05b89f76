"""websocket.prefix-kept: when it fires, and when it is silent."""

from diagnose.model import Applicability, Confidence, Edit
from tests.support.check_evidence import CHAT, judge
from tests.support.nginx_evidence import BUILD, HOST, RUNNING, SITE, config, direct, front

CHECK = "websocket.prefix-kept"
#: A location of the WebSocket's own whose proxy_pass has no path.
KEPT = SITE.replace(
    "    location /",
    "    location /ws {\n"
    "        proxy_pass http://127.0.0.1:3000;\n"
    "        proxy_http_version 1.1;\n"
    "        proxy_set_header Upgrade $http_upgrade;\n"
    '        proxy_set_header Connection "upgrade";\n'
    "    }\n\n    location /",
    1,
)
BARE = direct(101, variant="bare-path")
SEEN = (config(KEPT), BUILD, HOST, RUNNING)


def test_fires_and_keeps_what_is_below_the_path() -> None:
    (claim,) = judge(CHECK, *SEEN, front(404), direct(404), BARE, target=CHAT)
    assert claim.confidence is Confidence.CERTAIN
    assert (claim.facts["path"], claim.facts["bare"]) == ("/ws", "/")
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        rewrite ^/ws/?(.*)$ /$1 break;\n" in edit.diff
    assert "proxy_redirect" not in edit.diff, "a WebSocket's answer is no redirect"
    assert claim.fix.applicability is Applicability.REVIEW


def test_fires_and_adds_the_slash_below_a_folder() -> None:
    text = KEPT.replace("location /ws {", "location = /ws {")
    (claim,) = judge(CHECK, config(text), *SEEN[1:], front(404), direct(404), BARE, target=CHAT)
    assert claim.fix
    assert "+        proxy_pass http://127.0.0.1:3000/;\n" in str(claim.fix.steps[0]).replace(
        "\\n", "\n"
    )


def test_fires_and_leaves_other_paths_of_the_location_to_a_person() -> None:
    text = KEPT.replace("location /ws {", "location ^~ /w {").replace("/w {", "/ws {")
    (claim,) = judge(
        CHECK, config(text.replace("3000;", "3000$request_uri;", 1)), BUILD, HOST, RUNNING,
        front(404), direct(404), BARE, target=CHAT,
    )  # fmt: skip
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_when_nginx_only_adds_the_slash_of_its_location() -> None:
    """Issue 2 of openimsdk/openim-h5-demo: `location /msg_gateway/`, and the page asks without the
    slash. The application is not asked."""
    observations = (config(KEPT.replace("location /ws {", "location /ws/ {")), BUILD, HOST, RUNNING)
    assert not judge(CHECK, *observations, front(301), direct(404), BARE, target=CHAT)


def test_silent_when_the_application_refuses_both_paths_or_the_site_accepts() -> None:
    refused = direct(404, variant="bare-path")
    assert not judge(CHECK, *SEEN, front(404), direct(404), refused, target=CHAT)
    assert not judge(CHECK, *SEEN, front(101), direct(101), target=CHAT)
    assert not judge(CHECK, *SEEN, front(404), direct(404), target=CHAT)
