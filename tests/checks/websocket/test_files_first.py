"""websocket.files-first: when it fires, and when it is silent."""

import pytest

from diagnose.model import Applicability, Claim, Confidence
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


def test_silent_where_a_cache_may_have_the_page() -> None:
    cached = TRIES.replace(FORWARD, f"proxy_cache pages; {FORWARD}")
    assert not judge(CHECK, config(cached), *SEEN, front(200), direct(101), target=CHAT)
    assert judge(CHECK, config(cached), *SEEN, front(403), direct(101), target=CHAT, masked=False)
    off = cached.replace("proxy_cache pages", "proxy_cache off")
    assert judge(CHECK, config(off), *SEEN, front(200), direct(101), target=CHAT)


def test_silent_without_try_files_and_where_it_opens() -> None:
    assert not judge(CHECK, config(SITE), *SEEN, front(200), direct(101), target=CHAT)
    assert not judge(CHECK, config(TRIES), *SEEN, front(101), direct(101), target=CHAT)


def test_silent_where_no_file_is_looked_for() -> None:
    only = TRIES.replace("try_files $uri $uri/ @app", "try_files @none @app")
    assert not judge(CHECK, config(only), *SEEN, front(200), direct(101), target=CHAT)


def refused(status: int, text: str = TRIES) -> Claim:
    (claim,) = judge(
        CHECK, config(text), *SEEN, front(status), direct(101), target=CHAT, masked=False
    )
    return claim


@pytest.mark.parametrize("status", [301, 403])
def test_fires_and_writes_the_location_where_nobody_misses_a_page(status: int) -> None:
    claim = refused(status)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = str(claim.fix.steps[0]).replace("\\n", "\n")
    assert "+    location = /ws {" in edit
    assert "+        proxy_set_header Upgrade $http_upgrade;" in edit


@pytest.mark.parametrize(
    "rule", ["deny all;", "auth_basic shop;", "if ($arg_key = '') { return 403; }"]
)
def test_fires_and_leaves_a_location_with_rules_of_its_own_to_a_person(rule: str) -> None:
    text = TRIES.replace("/ws { try", f"/ws {{ {rule} try")
    claim = refused(403, text)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_and_leaves_a_page_and_an_exact_location_to_a_person() -> None:
    for claim in (refused(200), refused(301, TRIES.replace("location /ws", "location = /ws"))):
        assert claim.fix
        assert claim.fix.applicability is Applicability.MANUAL
