from dataclasses import replace

import pytest

from diagnose.model import Confidence
from diagnose.model.nginx import UpstreamTry
from tests.support.check_evidence import CHAT, REFUSED, SHOP, judge
from tests.support.nginx_evidence import SITE, config, front
from tests.support.upstream_evidence import page

CHECK = "websocket.unsupported-gateway"


def site(directive: str) -> str:
    gateway = f"    location /ws {{\n        {directive}\n    }}\n\n    location /"
    return SITE.replace("    location /", gateway, 1)


UWSGI = site("uwsgi_pass 127.0.0.1:9999;")


def test_fires_for_fastcgi_whatever_is_answered() -> None:
    text = site("fastcgi_pass unix:/run/php.sock;")
    (claim,) = judge(CHECK, config(text), front(404), target=CHAT)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["directive"] == "fastcgi_pass unix:/run/php.sock"
    assert judge(CHECK, config(text), target=CHAT)


@pytest.mark.parametrize("status", [400, 404, 502])
def test_fires_for_uwsgi_less_sure(status: int) -> None:
    (claim,) = judge(CHECK, config(UWSGI), front(status), page(200), target=CHAT)
    assert claim.confidence is Confidence.LIKELY


def test_silent_when_the_program_takes_the_connection_over() -> None:
    assert not judge(CHECK, config(UWSGI), front(101), target=CHAT)


def test_silent_of_a_program_whose_handshake_nobody_saw() -> None:
    assert not judge(CHECK, config(UWSGI), target=CHAT)


@pytest.mark.parametrize("status", [301, 401, 403, 429])
def test_silent_when_something_came_before_the_gateway(status: int) -> None:
    assert not judge(CHECK, config(UWSGI), front(status), target=CHAT)


def test_silent_when_the_whole_site_is_down() -> None:
    assert not judge(CHECK, config(UWSGI), front(502), page(502), target=CHAT)


def test_silent_when_the_location_proxies() -> None:
    assert not judge(CHECK, config(), front(404), target=CHAT)


def test_silent_when_another_application_that_was_asked_for_is_down() -> None:
    tried = UpstreamTry(
        target="http://127.0.0.1:3000", host="127.0.0.1", port=3000, failure=REFUSED
    )
    both = replace(SHOP, websockets=("/ws",))
    assert not judge(CHECK, config(UWSGI), front(404), page(502), tried, target=both)
    own = replace(tried, target="127.0.0.1:9999", port=9999, path="/ws")
    assert judge(CHECK, config(UWSGI), front(502), page(200), own, target=both)
