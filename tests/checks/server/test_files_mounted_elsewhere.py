"""server.files-mounted-elsewhere: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Confidence, Edit, Manual, Severity
from diagnose.model.containers import BindMount, NginxContainer, SiteMounts
from diagnose.model.http import Exchange
from diagnose.model.nginx import ConfigFile, NginxConfig
from diagnose.parsers.nginx.config import parse
from tests.support.check_evidence import SHOP, judge, texts

CHECK = "server.files-mounted-elsewhere"
PATH = "/etc/nginx/conf.d/shop.conf"
SITE = BindMount("/usr/share/nginx/html", "/srv/shop/html")
CONF = BindMount("/etc/nginx/conf.d", "/srv/shop/conf.d")
OWN = NginxContainer(
    pid=10, engine="docker", digest="5e" * 32, name="web", image="nginx:1.27", mounts=(SITE, CONF)
)
PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=404)
APART = SiteMounts(folder="/var/www/site", exists=False, found=("/usr/share/nginx/html",))
EMPTY = SiteMounts(folder=SITE.point, exists=True, is_empty=True, source=SITE.source)
DEEP = replace(SHOP, path="/media/a.png")


def config(lines: str = "root /var/www/site;") -> NginxConfig:
    text = f"server {{\n  listen 443 ssl;\n  server_name shop.example.com;\n  {lines}\n}}\n"
    return NginxConfig(path=PATH, main=parse(text, PATH), files=(ConfigFile(PATH, text),))


def test_fires_and_lets_root_name_the_mounted_folder() -> None:
    (claim,) = judge(CHECK, OWN, APART, PAGE, config())
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+  root /usr/share/nginx/html;" in edit.diff
    # The file is edited where the server has it.
    assert edit.path == "/srv/shop/conf.d/shop.conf" or edit.path == PATH


def test_fires_with_the_volume_where_the_file_is_the_images_or_php_is_told_the_folder() -> None:
    php = "root /var/www/site; location ~ \\.php$ { fastcgi_pass php:9000; }"
    for own, lines in (
        (replace(OWN, mounts=(SITE,)), "root /var/www/site;"),
        (OWN, php),
        (OWN, "root /var/www/site; location /a { root /var/www/site/; }"),
    ):
        (claim,) = judge(CHECK, own, APART, PAGE, config(lines))
        assert claim.fix
        assert isinstance(claim.fix.steps[0], Manual)
        assert any("/srv/shop/html:/var/www/site:ro" in text for text in texts(CHECK, claim))


def test_fires_for_an_empty_folder() -> None:
    (claim,) = judge(CHECK, OWN, EMPTY, replace(PAGE, status=403))
    assert (claim.confidence, claim.facts["source"]) == (Confidence.CERTAIN, SITE.source)
    assert any(SITE.source in text for text in texts(CHECK, claim))
    (claim,) = judge(CHECK, OWN, replace(EMPTY, beside="/srv/shop/dist"), PAGE)
    volume = "/srv/shop/dist:/usr/share/nginx/html:ro"
    assert any(volume in text for text in texts(CHECK, claim))


def test_fires_as_a_warning_for_a_file_of_an_empty_folder() -> None:
    """Nobody may have uploaded anything yet."""
    asked = replace(PAGE, url="https://shop.example.com/media/a.png")
    (claim,) = judge(CHECK, OWN, EMPTY, asked, target=DEEP)
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, Severity.WARNING)


def test_silent_where_the_page_comes_or_several_folders_have_it() -> None:
    assert not judge(CHECK, OWN, APART, replace(PAGE, status=200))
    assert not judge(CHECK, OWN, APART, replace(PAGE, status=502))
    assert not judge(CHECK, OWN, replace(APART, found=("/srv/a", "/srv/b")), PAGE)
    assert not judge(CHECK, OWN, PAGE)


def test_silent_about_an_empty_folder_of_the_image() -> None:
    assert not judge(CHECK, OWN, replace(EMPTY, source=""), PAGE)
