from dataclasses import replace

from diagnose.model import Claim, Edit, Manual
from diagnose.model.backends import InnerSiteAnswer
from diagnose.model.http import Exchange
from diagnose.model.web_servers import (
    ServerFile,
    SiteSocket,
    WebServer,
    WebServerConfig,
    WebSite,
)
from tests.support.check_evidence import judge
from tests.support.haproxy_evidence import SERVER as HAPROXY
from tests.support.haproxy_evidence import TEXT as TEXT_OF_HAPROXY
from tests.support.haproxy_evidence import config as haproxy_config
from tests.support.nginx_evidence import RUNNING, SITE, config

CHECK = "server.inner-name-missing"
FILE = "/etc/caddy/Caddyfile"
TEXT = "http://lcoalhost:3000 {\n\tbind 127.0.0.1\n\tfile_server\n}\n"
BLANK = Exchange(
    url="https://shop.example.com/", address="203.0.113.10", port=443, method="GET", status=200
)
CADDY = WebServer(product="caddy", pid=9, config=FILE, ports=(2019, 3000))
INNER = WebSite(
    names=("lcoalhost",), sockets=(SiteSocket(3000, "127.0.0.1"),), file=FILE, line=1, end=4
)
LOST = InnerSiteAnswer(place="127.0.0.1:3000", path="/", name="shop.example.com", status=200)
SHOWN = replace(LOST, name="lcoalhost", is_page=True)


def caddy(*sites: WebSite) -> WebServerConfig:
    files = (ServerFile(FILE, TEXT),)
    return WebServerConfig(product="caddy", path=FILE, sites=sites, files=files)


def claims(
    *answers: InnerSiteAnswer, page: Exchange = BLANK, sites: tuple[WebSite, ...] = (INNER,)
) -> list[Claim]:
    return judge(CHECK, RUNNING, config(SITE), CADDY, caddy(*sites), page, *answers)


def test_fires_where_the_page_comes_with_the_sites_own_name_alone() -> None:
    (claim,) = claims(LOST, SHOWN, LOST)
    assert (claim.facts["site_name"], claim.facts["front"]) == ("lcoalhost", "nginx")
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+http://lcoalhost:3000, http://shop.example.com:3000 {\n" in edit.diff


def test_fires_by_hand_where_several_names_may_be_meant() -> None:
    near = replace(INNER, names=("shopp.example.com",), line=9)
    other = replace(INNER, names=("blog.example.com",))
    shown = replace(SHOWN, name="shopp.example.com")
    (claim,) = claims(LOST, shown, LOST, sites=(other, near))
    assert claim.facts["site_name"] == "shopp.example.com"
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)
    assert not claims(LOST, shown, LOST, sites=(other, replace(near, names=("wiki.example.com",))))


def test_silent_without_the_control() -> None:
    assert not claims(LOST, LOST)
    assert not claims(LOST, SHOWN)
    assert not claims(LOST, replace(SHOWN, is_page=False), LOST)


def test_silent_where_a_site_takes_the_name() -> None:
    for names in (("shop.example.com",), ("*",), ("lcoalhost", "*.example.com")):
        assert not claims(LOST, SHOWN, LOST, sites=(replace(INNER, names=names),))


def test_silent_where_the_site_has_a_page() -> None:
    assert not claims(LOST, SHOWN, LOST, page=replace(BLANK, body="<p>Tea.</p>"))
    # An application's own words.
    refused = replace(BLANK, status=404, body='{"error": "not found"}')
    lost = replace(LOST, status=404)
    assert not claims(lost, SHOWN, lost, page=refused)


BLOCKS = """\
server { listen 127.0.0.1:8080; server_name _; return 404; }
server { listen 127.0.0.1:8080; server_name localhost; root /srv; }
"""
NOT_FOUND = (
    "<html><head><title>404 Not Found</title></head><body><center><h1>404 Not Found</h1></center>"
    "<hr><center>nginx</center></body></html>"
)


def behind_haproxy(blocks: str) -> list[Claim]:
    text = TEXT_OF_HAPROXY.replace("127.0.0.1:3000", "127.0.0.1:8080")
    lost = InnerSiteAnswer(place="127.0.0.1:8080", path="/", name="shop.example.com", status=404)
    shown = replace(lost, name="localhost", status=200, is_page=True)
    page = replace(BLANK, status=404, body=NOT_FOUND)
    front = haproxy_config(text)
    return judge(CHECK, RUNNING, config(blocks), HAPROXY, front, page, lost, shown, lost)


def test_fires_for_the_default_block_of_nginx_behind_another_server() -> None:
    (claim,) = behind_haproxy(BLOCKS)
    assert (claim.facts["server"], claim.facts["front"]) == ("nginx", "HAProxy")
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "server_name localhost shop.example.com;" in edit.diff


def test_silent_for_a_name_that_may_be_another_sites() -> None:
    """Who asks for a name that no block has may be meant to get 404."""
    assert not behind_haproxy(BLOCKS.replace("localhost", "blog.example.org"))
    assert not behind_haproxy(BLOCKS.replace("localhost", "shop.example.com"))
