from dataclasses import replace

import pytest

from diagnose.model import Applicability, Command, Confidence, Edit, Manual
from diagnose.model.http import Exchange
from diagnose.model.nginx import ConfigFile, NginxConfig
from diagnose.model.server import Listener, Listeners
from diagnose.model.sites import SiteFile
from diagnose.model.tls import Certificate, Handshake
from diagnose.model.web_servers import SiteSocket, WebServer, WebServerConfig, WebSite
from diagnose.parsers.nginx.config import parse
from tests.support.check_evidence import NOW, judge, texts
from tests.support.nginx_evidence import FILE, HOST, SITE, nginx_says

BLOG = SITE.replace("shop.example.com", "blog.example.com")
AVAILABLE = SiteFile(path="/etc/nginx/sites-available/shop", names=("shop.example.com",))


def config(text: str = BLOG, includes: str = "include conf.d/*.conf; ") -> NginxConfig:
    whole = f"http {{ {includes}\n{text}}}\n"
    return NginxConfig(path=FILE, main=parse(whole, FILE), files=(ConfigFile(FILE, whole, 0.0),))


def shown(name: str) -> Handshake:
    leaf = Certificate("CN=x", "CN=y", "1", NOW, NOW, "aa", dns_names=(name,))
    return Handshake(address="203.0.113.10", port=443, chain=(leaf,))


def argv(path: str, includes: str = "include conf.d/*.conf; ") -> tuple[str, ...]:
    site = SiteFile(path=path, names=("shop.example.com",))
    (claim,) = judge(
        "nginx.site-not-included", config(includes=includes), site, shown("blog.example.com"), HOST
    )
    assert claim.fix
    step = claim.fix.steps[0]
    return step.argv if isinstance(step, Command) else ()


def test_fires_with_a_link_into_the_folder_that_is_read() -> None:
    both = "include conf.d/*.conf; include sites-enabled/*; "
    path = AVAILABLE.path
    assert argv(path) == ("ln", "-s", path, "/etc/nginx/conf.d/shop.conf")
    assert argv(path, both) == ("ln", "-s", path, "/etc/nginx/sites-enabled/shop")


def test_fires_with_another_name_where_the_folder_is_right() -> None:
    folder = "/etc/nginx/conf.d"
    for name in ("shop", "shop.conf.disabled", "shop.conf~"):
        assert argv(f"{folder}/{name}") == ("mv", "-n", f"{folder}/{name}", f"{folder}/shop.conf")


def test_fires_with_an_include_where_no_folder_is_read() -> None:
    (claim,) = judge(
        "nginx.site-not-included", config(includes=""), AVAILABLE, shown("blog.example.com")
    )
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
    assert f"include {AVAILABLE.path};\n" in claim.fix.steps[0].diff
    assert claim.facts["patterns"] == ()
    said = texts("nginx.site-not-included", claim)
    assert any(f"nginx reads only {FILE}, which includes no file." in text for text in said)
    assert any(f"nginx 只读取 {FILE}，它没有包含任何文件。" in text for text in said)


def test_fires_when_nothing_listens() -> None:
    (claim,) = judge("nginx.site-not-included", config(""), AVAILABLE, Listeners())
    assert claim.confidence is Confidence.CERTAIN


def test_silent_where_visitors_get_the_page_by_a_tunnel() -> None:
    plain = config("")
    nobody = Listeners(sockets=())
    page = Exchange(url="https://shop.example.com/", address="203.0.113.80", port=443, status=200)
    assert judge("nginx.site-not-included", plain, AVAILABLE, nobody, HOST)
    assert not judge("nginx.site-not-included", plain, AVAILABLE, nobody, page, HOST)


def test_fires_when_another_sites_page_comes() -> None:
    page = Exchange(url="https://shop.example.com/", address="x", port=443, status=200)
    (claim,) = judge("nginx.site-not-included", config(), AVAILABLE, page)
    assert claim.confidence is Confidence.LIKELY


NGINX_404 = "<center><h1>404 Not Found</h1></center><hr><center>nginx</center>"
UNNAMED = "server { listen 443 ssl; root /var/www/html; }\n"


def test_fires_when_nginx_finds_nothing_in_place_of_an_enabled_site() -> None:
    """Issue 94 of h5bp/server-configs-nginx: no `include sites-enabled/*`."""
    url = "https://shop.example.com/app"
    page = Exchange(url=url, address="x", port=443, status=404, body=NGINX_404)
    enabled = SiteFile(path="/etc/nginx/sites-enabled/shop", names=("shop.example.com",))
    (claim,) = judge("nginx.site-not-included", config(UNNAMED), enabled, page)
    assert claim.confidence is Confidence.LIKELY
    assert not judge("nginx.site-not-included", config(UNNAMED), AVAILABLE, page)
    own = replace(page, body="<h1>Not Found</h1>")
    assert not judge("nginx.site-not-included", config(UNNAMED), enabled, own)


def test_fires_without_a_remedy_where_the_file_is_another_nginx_s() -> None:
    site = SiteFile(path="/www/server/panel/vhost/nginx/shop.conf", names=("shop.example.com",))
    (claim,) = judge("nginx.site-not-included", config(), site, shown("blog.example.com"))
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


def test_fires_with_the_link_set_right_that_led_nowhere() -> None:
    said = nginx_says('open() "/etc/nginx/conf.d/shop.conf" failed (2: No such file or directory)')
    (claim,) = judge("nginx.site-not-included", config(""), AVAILABLE, Listeners(), said)
    assert claim.fix
    step = claim.fix.steps[0]
    assert isinstance(step, Command)
    assert step.argv == ("ln", "-sfn", AVAILABLE.path, "/etc/nginx/conf.d/shop.conf")
    assert claim.fix.applicability is Applicability.AUTOMATIC
    said = nginx_says('open() "/etc/nginx/conf.d/blog.conf" failed (2: No such file or directory)')
    (claim,) = judge("nginx.site-not-included", config(""), AVAILABLE, Listeners(), said)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW


def test_silent_when_the_configuration_has_to_be_mended_first() -> None:
    said = nginx_says('unknown directive "x" in /etc/nginx/nginx.conf:3')
    assert not judge("nginx.site-not-included", config(""), AVAILABLE, Listeners(), said)


def test_silent_when_a_block_has_the_name() -> None:
    assert not judge("nginx.site-not-included", config(SITE), AVAILABLE, shown("blog.example.com"))


def test_silent_when_the_default_block_serves_the_site() -> None:
    own = SITE.replace("server_name shop.example.com", "server_name _")
    page = Exchange(url="https://shop.example.com/", address="x", port=443, status=200)
    assert not judge(
        "nginx.site-not-included", config(own), AVAILABLE, shown("shop.example.com"), page
    )


def test_silent_when_something_else_listens_there() -> None:
    other = Listeners(sockets=(Listener(address="0.0.0.0", port=443, family=4),))
    assert not judge("nginx.site-not-included", config(""), AVAILABLE, other)


def test_fires_and_is_sure_of_one_file_that_nobody_put_aside() -> None:
    def how(*names: str) -> Applicability:
        found = [
            SiteFile(path=f"/etc/nginx/sites-available/{name}", names=("shop.example.com",))
            for name in names
        ]
        (claim,) = judge(
            "nginx.site-not-included", config(), *found, shown("blog.example.com"), HOST
        )
        assert claim.fix
        return claim.fix.applicability

    assert how("shop") is Applicability.AUTOMATIC
    assert how("shop", "shop.bak") is Applicability.AUTOMATIC
    assert how("shop", "shop2") is Applicability.REVIEW
    assert how("shop.bak") is Applicability.REVIEW


def test_silent_where_nginx_reads_a_block_with_the_name_and_a_certificate() -> None:
    """It has lost its `listen 443 ssl`; the file in sites-available is an old one."""
    certificate = "server_name shop.example.com;\n    ssl_certificate shop.pem;"
    own = SITE.replace("listen 443 ssl;", "").replace("server_name shop.example.com;", certificate)
    observations = (AVAILABLE, shown("blog.example.com"), HOST)
    assert not judge("nginx.site-not-included", config(BLOG + own), *observations)
    redirect = "server { listen 80; server_name shop.example.com; return 301 https://$host/; }\n"
    assert judge("nginx.site-not-included", config(BLOG + redirect), *observations)


def test_fires_for_the_file_of_a_project_and_a_person_links_it() -> None:
    site = replace(AVAILABLE, path="/srv/shop/nginx/ssl.conf")
    (claim,) = judge(
        "nginx.site-not-included", config(), site, shown("blog.example.com"), HOST, masked=False
    )
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    (step,) = claim.fix.steps
    assert isinstance(step, Manual)
    assert step.commands
    assert isinstance(step.commands[0], Command)
    assert step.commands[0].argv == (
        "ln", "-s", "/srv/shop/nginx/ssl.conf", "/etc/nginx/conf.d/ssl.conf",
    )  # fmt: skip


def test_silent_about_the_file_of_a_project_where_another_page_alone_comes() -> None:
    page = Exchange(
        url="https://shop.example.com/", address="203.0.113.10", port=443, status=200,
        body="<title>Welcome to nginx!</title>",
    )  # fmt: skip
    shop = shown("shop.example.com")
    assert judge("nginx.site-not-included", config(), AVAILABLE, shop, page, HOST)
    project = replace(AVAILABLE, path="/srv/shop/nginx/ssl.conf")
    assert not judge("nginx.site-not-included", config(), project, shop, page, HOST)


CADDY = WebServer(product="caddy", unit="caddy", state="failed", enabled=True)


def sites_of_caddy(*names: str) -> WebServerConfig:
    socket = SiteSocket(443, tls=True)
    site = WebSite(file="/etc/caddy/Caddyfile", line=1, names=names, sockets=(socket,))
    return WebServerConfig(product="caddy", path=site.file, sites=(site,), listens=(socket,))


@pytest.mark.parametrize(
    ("server", "names", "is_silent"),
    [
        (CADDY, ("shop.example.com",), True),
        (replace(CADDY, state="active", pid=10, ports=(443,)), ("shop.example.com",), True),
        (replace(CADDY, state="inactive"), ("shop.example.com",), True),
        (replace(CADDY, state="inactive", enabled=False), ("shop.example.com",), False),
        (replace(CADDY, file_state="masked"), ("shop.example.com",), False),
        (CADDY, ("blog.example.com",), False),
        (CADDY, ("*",), False),
    ],
)
def test_silent_where_another_server_is_meant_to_serve_the_name(
    server: WebServer, names: tuple[str, ...], is_silent: bool
) -> None:
    claims = judge(
        "nginx.site-not-included",
        config(""),
        AVAILABLE,
        Listeners(),
        server,
        sites_of_caddy(*names),
    )
    assert bool(claims) is not is_silent
