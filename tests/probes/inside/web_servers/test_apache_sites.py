import asyncio
from dataclasses import replace

from diagnose.machine import CommandResult
from diagnose.model.web_servers import SiteRoute, SiteSocket, WebSite
from diagnose.parsers.apache.loading import ConfigSource, load
from diagnose.probes.inside.web_servers.apache_sites import completed_sites
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

RULES = "RewriteEngine On\nRewriteRule ^(.*)$ https://%{HTTP_HOST}/$1 [R=301,L]\n"
SHOP = WebSite(
    names=("shop.example.com",),
    sockets=(SiteSocket(443, tls=True),),
    root="/var/www/shop",
)

MAIN = "/etc/apache2/apache2.conf"
LOADED = load(
    MAIN, ConfigSource({MAIN: "<VirtualHost *:443>\n</VirtualHost>\n"}, {}), "/", {}, ("rewrite",)
)
PASSED = "RewriteEngine on\nRewriteRule ^viewer/(.*)$ http://localhost:8501/$1 [P]\n"


def complete(site: WebSite, htaccess: str = RULES, hosts: str = "") -> WebSite:
    files = {"/var/www/shop/.htaccess": htaccess}
    commands = {"getent hosts shop.example.com": CommandResult((), 0, hosts, "", 0.0)}
    ctx = Looking(RecordedMachine(commands, files))
    (completed,) = asyncio.run(completed_sites(ctx, (site,), LOADED))
    return completed


def test_the_redirect_of_an_htaccess_depends() -> None:
    (redirect,) = complete(SHOP).redirects
    assert (redirect.path, redirect.conditional) == ("/", True)
    assert redirect.file == "/var/www/shop/.htaccess"


def test_conditions_that_are_not_true_or_not_known_are_left_out() -> None:
    off = RULES.replace("RewriteRule", "RewriteCond %{HTTPS} off\nRewriteRule")
    assert complete(SHOP, off).redirects == ()
    unknown = RULES.replace("RewriteRule", "RewriteCond %{HTTP_COOKIE} x\nRewriteRule")
    assert complete(SHOP, unknown).redirects == ()


def test_no_htaccess_is_read_where_an_application_takes_all() -> None:
    proxied = WebSite(
        names=SHOP.names, sockets=SHOP.sockets, root=SHOP.root, routes=(SiteRoute("/", "http://a"),)
    )
    assert complete(proxied).redirects == ()


def test_a_name_in_virtualhost_is_looked_up() -> None:
    named = WebSite(names=SHOP.names, sockets=(SiteSocket(443, "shop.example.com"),))
    found = complete(named, hosts="127.0.1.1       shop.example.com\n")
    assert found.sockets[0].address == "127.0.1.1"
    assert complete(named).sockets[0].address == "shop.example.com"


def test_a_section_for_a_module_counts_where_the_module_is_loaded() -> None:
    section = f"<IfModule mod_rewrite.c>\n{RULES}</IfModule>\n"
    (redirect,) = complete(SHOP, section).redirects
    assert (redirect.path, redirect.line) == ("/", 3)
    assert complete(SHOP, section.replace("mod_rewrite", "mod_other")).redirects == ()


def test_the_route_of_an_htaccess_counts_where_apache_reads_it() -> None:
    placed = replace(SHOP, file=MAIN, line=1)
    (route,) = complete(replace(placed, reads_htaccess=True), PASSED).routes
    assert (route.path, route.line) == ("^/viewer/(.*)$", 2)
    assert (route.websocket, route.keeps_host) == (False, False)
    assert complete(placed, PASSED).routes == ()
