from dataclasses import replace

from diagnose.model import Confidence, Edit
from diagnose.model.http import Exchange
from diagnose.model.site_folders import SiteFolder
from diagnose.model.web_servers import SiteRoute, WebServerConfig
from tests.support.caddy_evidence import CADDY, CONFIG, caddy_config, document
from tests.support.check_evidence import SHOP, judge

CHECK = "server.caddy-index-passed-over"
TEXT = """\
shop.example.com {
	root * /srv/www
	php_fastcgi unix//run/php/php-fpm.sock
	file_server
}
"""
ROUTE = SiteRoute(
    "/", "fcgi://unix//run/php/php-fpm.sock", scheme="fcgi", pattern=True, file=CONFIG, line=3
)
DOCS = replace(SHOP, path="/docs/")
PAGE = Exchange(url="https://shop.example.com/docs/", address="203.0.113.10", port=443, status=404)
FOLDER = SiteFolder(
    path="/srv/www",
    requested="/docs/",
    exists=True,
    page_exists=True,
    index_files=("index.html",),
)


def config(text: str = TEXT, route: SiteRoute = ROUTE) -> WebServerConfig:
    base = caddy_config(text, document("shop.example.com"))
    sites = tuple(replace(site, routes=(route,), root="/srv/www") for site in base.sites)
    return replace(base, sites=sites)


def test_fires_and_leads_folders_to_their_page() -> None:
    (claim,) = judge(CHECK, CADDY, config(), FOLDER, PAGE, target=DOCS)
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    edit, *_ = claim.fix.steps
    assert isinstance(edit, Edit)
    assert "+\trewrite @folders_of_pages {path}index.html\n \tphp_fastcgi" in edit.diff


def test_silent_where_php_has_the_folder_or_nobody_has() -> None:
    own = replace(FOLDER, index_files=("index.html", "index.php"))
    assert not judge(CHECK, CADDY, config(), own, PAGE, target=DOCS)
    empty = replace(FOLDER, index_files=())
    assert not judge(CHECK, CADDY, config(), empty, PAGE, target=DOCS)
    assert not judge(CHECK, CADDY, config(), FOLDER, replace(PAGE, status=200), target=DOCS)


def test_silent_without_php() -> None:
    text = TEXT.replace("php_fastcgi unix//run/php/php-fpm.sock", "reverse_proxy 127.0.0.1:3000")
    assert not judge(CHECK, CADDY, config(text), FOLDER, PAGE, target=DOCS)
