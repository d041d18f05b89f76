"""A web server behind another one is asked with both names only where no site answered."""

import asyncio
from dataclasses import replace
from typing import Any

from diagnose.model.backends import InnerSiteAnswer
from diagnose.model.http import Exchange
from diagnose.model.web_servers import SiteSocket, WebServer, WebServerConfig, WebSite
from diagnose.probes.inside import backend_hosts as probes
from tests.probes.inside.test_backend_schemes import Application
from tests.support.fake_context import Looking
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

PAGE = Exchange(
    url="https://shop.example.com/", address="203.0.113.10", port=443, status=200, purpose="target"
)
CADDY = WebServer(product="caddy", pid=9, ports=(3000,))
INNER = WebSite(names=("lcoalhost",), sockets=(SiteSocket(3000, "127.0.0.1"),))


def ask(page: Exchange, site: WebSite = INNER, front: Any = None) -> list[str]:
    looking: Any = Looking(Application())
    inner = WebServerConfig(product="caddy", path="/c", sites=(site,))
    front = front or apache_config(HTTPS.replace("ProxyPass", "ProxyPreserveHost On\nProxyPass", 1))
    looking.observations += [APACHE, front, CADDY, inner]
    probe: Any = probes.host_of_page
    asyncio.run(probe.work(looking, looking.emit(page)))
    return [answer.name for answer in looking.observed(InnerSiteAnswer)]


def test_both_names_are_asked_after_a_page_without_a_byte() -> None:
    assert ask(PAGE) == ["shop.example.com", "lcoalhost", "shop.example.com"]


def test_nobody_is_asked_where_a_page_came_or_a_site_has_the_name() -> None:
    assert ask(replace(PAGE, body="<p>Tea.</p>")) == []
    assert ask(PAGE, replace(INNER, names=("shop.example.com",))) == []
    assert ask(PAGE, replace(INNER, sockets=(SiteSocket(3001, "127.0.0.1"),))) == []
