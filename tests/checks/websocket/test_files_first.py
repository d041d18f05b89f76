"""websocket.files-first: when it fires, and when it is silent."""

from diagnose.model import Confidence
from tests.support.check_evidence import CHAT, judge
from tests.support.nginx_evidence import BUILD, HOST, RUNNING, SITE, config, direct, front

CHECK = "websocket.files-first"
FORWARD = (
    "proxy_pass http://127.0.0.1:3000; proxy_http_version 1.1;"
    ' proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";'
)
TRIES = SITE.replace(
    "    location /",
    f"    location /ws {{ try_files $uri $uri/ @app; }}\n    location @app {{ {FORWARD} }}\n"
    "\n    location /",
    1,
)
SEEN = (BUILD, HOST, RUNNING)


def test_fires_where_a_file_is_found_before_the_application() -> None:
    (claim,) = judge(CHECK, config(TRIES), *SEEN, front(200), direct(101), target=CHAT)
    assert claim.facts["try_files"] == "try_files $uri $uri/ @app"
    assert claim.facts["fallback"] == "@app"
    assert claim.confidence is Confidence.LIKELY


def test_silent_where_the_application_refuses_or_was_not_asked() -> None:
    assert not judge(CHECK, config(TRIES), *SEEN, front(200), direct(404), target=CHAT)
    assert not judge(CHECK, config(TRIES), *SEEN, front(200), target=CHAT)


def test_silent_where_the_named_location_loses_the_upgrade() -> None:
    lost = TRIES.replace(
        " proxy_set_header Upgrade $http_upgrade;", ' proxy_set_header Upgrade "";'
    )
    assert not judge(CHECK, config(lost), *SEEN, front(200), direct(101), target=CHAT)


def test_silent_without_try_files_and_where_it_opens() -> None:
    assert not judge(CHECK, config(SITE), *SEEN, front(200), direct(101), target=CHAT)
    assert not judge(CHECK, config(TRIES), *SEEN, front(101), direct(101), target=CHAT)


def test_silent_where_no_file_is_looked_for() -> None:
    only = TRIES.replace("try_files $uri $uri/ @app", "try_files @none @app")
    assert not judge(CHECK, config(only), *SEEN, front(200), direct(101), target=CHAT)
