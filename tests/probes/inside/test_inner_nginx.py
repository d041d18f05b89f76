"""The nginx behind the server that has the target's port."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Observation
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.nginx import InnerNginx
from diagnose.model.server import Listener, Listeners
from diagnose.probes.inside import inner_nginx as probes
from tests.support.fake_context import Looking
from tests.support.nginx_evidence import config as nginx_config
from tests.support.recorded_machine import RecordedMachine
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

SITE = apache_config(HTTPS.replace("127.0.0.1:3000/", "127.0.0.1:8080/"))
NGINX = Listener(address="127.0.0.1", port=8080, family=4, pid=9, process="nginx")
LISTENING = Listeners(sockets=(NGINX,))
PAGE = Exchange(
    url="https://shop.example.com/", address="203.0.113.10", port=443, status=502, purpose="target"
)
MOVED = replace(PAGE, status=301, headers=(("Location", "http://shop.example.com:8080/a/"),))
REFUSED = Upgrade(
    url="wss://shop.example.com/", path="/", address="203.0.113.10", port=443, status=400
)


def seen(*before: Observation) -> tuple[InnerNginx, ...]:
    looking = Looking(RecordedMachine({}))
    looking.observations += before
    probe: Any = probes.after_a_page
    asyncio.run(probe.work(looking, PAGE))
    return looking.observed(InnerNginx)


@pytest.mark.parametrize("failed", [PAGE, MOVED, REFUSED])
def test_seen_after_a_failure(failed: Observation) -> None:
    (inner,) = seen(APACHE, SITE, LISTENING, nginx_config(), failed)
    assert (inner.address, inner.port, inner.product) == ("127.0.0.1", 8080, "apache")
    assert inner.host == "127.0.0.1", "without ProxyPreserveHost"


def test_not_looked_for_where_visitors_have_their_page() -> None:
    within = replace(MOVED, headers=(("Location", "https://shop.example.com/login"),))
    for page in (replace(PAGE, status=200), within):
        assert not seen(APACHE, SITE, LISTENING, nginx_config(), page)


def test_not_where_another_program_has_the_port_behind() -> None:
    other = Listeners(sockets=(replace(NGINX, process="node"),))
    assert not seen(APACHE, SITE, other, nginx_config(), PAGE)
    assert not seen(APACHE, apache_config(), LISTENING, nginx_config(), PAGE)
    assert not seen(replace(APACHE, ports=(8080,)), SITE, LISTENING, nginx_config(), PAGE)
    assert not seen(APACHE, SITE, LISTENING, PAGE)
