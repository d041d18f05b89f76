from dataclasses import replace

from diagnose.model import Applicability, Claim, Edit, Manual, Observation, Vantage, Where
from diagnose.model.containers import BindMount, ScriptContainer
from diagnose.model.web_servers import (
    ServerFile,
    SiteRoute,
    SiteSocket,
    WebServer,
    WebServerConfig,
    WebSite,
)
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


APACHE = replace(CADDY, product="apache", config="/etc/apache2/apache2.conf")
LINE = "ProxyPassMatch ^/(.*\\.php)$ fcgi://127.0.0.1:9000/var/www/old/$1"
OTHER = SiteRoute(
    "^/(.*\\.php)$", "fcgi://127.0.0.1:9000/var/www/old/$1", "fcgi", "127.0.0.1", 9000,
    backend_path="/var/www/old/$1", pattern=True, file="/etc/apache2/apache2.conf", line=1,
)  # fmt: skip


def sends(line: str, route: SiteRoute) -> Claim:
    config = WebServerConfig(
        product="apache", path=APACHE.config, sites=(replace(SITE, routes=(route,)),),
        files=(ServerFile(APACHE.config, f"{line}\n"),),
    )  # fmt: skip
    (claim,) = put("server.script-not-found", APACHE, config, page(404, body="File not found.\n"))
    return claim


def test_fires_where_apache_sends_another_folder_than_the_sites() -> None:
    claim = sends(LINE, OTHER)
    assert claim.facts["sent"] == "/var/www/old"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert isinstance(claim.fix.steps[0], Edit)
    assert "9000/srv/www/$1" in claim.fix.steps[0].diff


def test_fires_where_the_folder_ends_with_two_slashes() -> None:
    """Issue 3472 of facebook/hhvm: "fcgi://127.0.0.1:9000/var/www//$1"."""
    line = "ProxyPassMatch ^/(.+\\.(hh|php)(/.*)?)$ fcgi://127.0.0.1:9000/var/www//$1"
    claim = sends(line, replace(OTHER, backend_path="/var/www//$1"))
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
    assert "9000/srv/www/$1" in claim.fix.steps[0].diff


def test_fires_without_an_edit_where_the_line_is_written_otherwise() -> None:
    claim = sends(f'ProxyPassMatch "{LINE}"', OTHER)
    assert claim.fix
    assert claim.fix.steps == (Manual("own-folder", Where.SERVER),)


def test_silent_where_apache_sends_the_sites_folder() -> None:
    same = replace(OTHER, backend_path="/srv/www/$1")
    text = page(404, body="File not found.\n")
    assert not judge(text, site=replace(SITE, routes=(same,)), server=APACHE)


def test_silent_for_other_words_other_servers_and_no_php() -> None:
    assert not judge(page(404, body="<h1>Not Found</h1>"))
    assert not judge(page(404, body="Access denied."))
    text = page(404, body="File not found.")
    assert not judge(text, site=replace(SITE, routes=(replace(ROUTE, scheme="http"),)))
    assert not judge(text, server=replace(CADDY, product="apache"))


def test_fires_where_reverse_proxy_adds_no_index() -> None:
    """Issue 141 of Caddy."""
    route = replace(ROUTE, file=CADDY.config, line=1)
    denied = page(403, body="Access denied.\n")
    for line, is_bare in (("reverse_proxy 127.0.0.1:9000 {", True), ("php_fastcgi :9000", False)):
        config = WebServerConfig(
            product="caddy", path=CADDY.config, sites=(replace(SITE, routes=(route,)),),
            files=(ServerFile(CADDY.config, f"{line}\n"),),
        )  # fmt: skip
        (claim,) = put("server.script-not-found", CADDY, config, denied)
        assert claim.facts["lacks_index"] is is_bare


PUBLISHED = SiteRoute("/", "fcgi://127.0.0.1:9000", "fcgi", "127.0.0.1", 9000)
INSIDE = ScriptContainer(
    vantage=Vantage.SERVER, endpoint="127.0.0.1:9000", engine="docker", name="php",
    path="/srv/www/index.php", is_there=False, folder="/srv/www", source="/srv/www",
    compose="/srv/web/compose.yaml", service="php",
)  # fmt: skip
SAID = page(404, body="File not found.\n")


def test_fires_and_names_the_mount_that_the_container_lacks() -> None:
    """Issue 5453 of Caddy."""
    (claim,) = judge(SAID, INSIDE, site=replace(SITE, routes=(PUBLISHED,)))
    assert claim.fix
    assert claim.fix.steps == (Manual("mount-the-site", Where.SERVER),)
    assert (claim.facts["compose"], claim.facts["source"]) == ("/srv/web/compose.yaml", "/srv/www")
    mounted = replace(INSIDE, mounts=(BindMount("/var/www/html", "/srv/www"),))
    (claim,) = judge(SAID, mounted, site=replace(SITE, routes=(PUBLISHED,)))
    assert claim.fix
    assert claim.fix.steps == (Manual("path-inside", Where.SERVER),)
    assert claim.facts["seen"] == "/var/www/html"


def test_fires_behind_apache_only_where_the_container_lacks_the_script() -> None:
    site = replace(SITE, routes=(PUBLISHED,))
    assert judge(SAID, INSIDE, site=site, server=APACHE)
    assert not judge(SAID, replace(INSIDE, is_there=True), site=site, server=APACHE)
    assert not judge(SAID, site=site, server=APACHE)
