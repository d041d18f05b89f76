from dataclasses import replace

from diagnose.model import Claim, Observation
from diagnose.model.web_servers import SiteRoute, SiteSocket, WebServer, WebServerConfig, WebSite
from tests.support.check_evidence import judge as put
from tests.support.haproxy_evidence import page

CADDY = WebServer(product="caddy", pid=10, ports=(80, 443), config="/etc/caddy/Caddyfile")
ROUTE = SiteRoute("/", "unix//run/php/php-fpm.sock", "fcgi", socket="/run/php/php-fpm.sock")
SITE = WebSite(
    names=("shop.example.com",), sockets=(SiteSocket(443, tls=True),), routes=(ROUTE,),
    root="/srv/www",
)  # fmt: skip


def judge(
    *observations: Observation, site: WebSite = SITE, server: WebServer = CADDY
) -> list[Claim]:
    config = WebServerConfig(product=server.product, path=server.config, sites=(site,))
    return put("server.script-not-found", server, config, *observations)


def test_fires_where_php_fpm_says_that_the_file_is_not_there() -> None:
    (claim,) = judge(page(404, body="File not found.\n"))
    assert (claim.facts["root"], claim.facts["missing"]) == ("/srv/www", True)
    assert claim.facts["application"] == "/run/php/php-fpm.sock"


def test_fires_where_php_fpm_may_not_run_it() -> None:
    (claim,) = judge(page(403, body="Access denied.\n"))
    assert claim.facts["missing"] is False


def test_silent_for_other_words_other_servers_and_no_php() -> None:
    assert not judge(page(404, body="<h1>Not Found</h1>"))
    assert not judge(page(404, body="Access denied."))
    text = page(404, body="File not found.")
    assert not judge(text, site=replace(SITE, routes=(replace(ROUTE, scheme="http"),)))
    assert not judge(text, server=replace(CADDY, product="apache"))
