from dataclasses import replace

import pytest

from diagnose.model import Severity
from diagnose.model.nginx import CertificateFile
from diagnose.model.server import Listeners
from diagnose.model.tcp import Connection
from diagnose.model.tls import Certificate, Handshake
from tests.support.check_evidence import CHAT, NOW, REFUSED, SHOP, judge
from tests.support.nginx_evidence import LOADED, RUNNING, SITE, config, direct, front, nginx_says
from tests.support.upstream_evidence import page

WEBSOCKET = SITE.replace(
    "$host;",
    '$host;\n proxy_set_header Upgrade $http_upgrade;\n proxy_set_header Connection "upgrade";',
)
NEWER = config(changed=LOADED + 60)


def test_fires_when_nginx_should_listen_and_does_not() -> None:
    refused = Connection(address="203.0.113.10", port=443, family=4, failure=REFUSED)
    (claim,) = judge("nginx.reload-needed", RUNNING, NEWER, nginx_says(), Listeners(), refused)
    assert claim.severity is None


def test_fires_when_plain_http_comes() -> None:
    plain = Handshake(address="203.0.113.10", port=443, received="HTTP/1.1 400 Bad Request")
    (claim,) = judge("nginx.reload-needed", RUNNING, NEWER, nginx_says(), plain)
    assert claim.severity is None


def test_fires_when_another_certificate_is_served_than_the_file_holds() -> None:
    leaf = Certificate("CN=x", "CN=y", "1", NOW, NOW, "aa")
    served = Handshake(address="203.0.113.10", port=443, chain=(leaf,))
    file = CertificateFile(path="/etc/nginx/shop.pem", sha256="bb")
    (claim,) = judge("nginx.reload-needed", RUNNING, NEWER, nginx_says(), served, file)
    assert claim.severity is None


def test_fires_when_the_websocket_would_be_passed_on() -> None:
    newer = config(WEBSOCKET, LOADED + 60)
    (claim,) = judge(
        "nginx.reload-needed", RUNNING, newer, nginx_says(), front(400), direct(101), target=CHAT
    )
    assert claim.severity is None


@pytest.mark.parametrize(
    ("text", "body", "severity"),
    [
        (SITE, "<title>Welcome to nginx!</title>", None),
        (SITE, "<title>Shop</title>", Severity.NOTE),
        (SITE.replace("proxy_pass http://127.0.0.1:3000;", "root /srv;"),
         "<title>Welcome to nginx!</title>", Severity.NOTE),
    ],
    ids=["the default page", "the site's", "from files"],
)  # fmt: skip
def test_fires_where_the_default_page_comes_in_place_of_the_application(
    text: str, body: str, severity: Severity | None
) -> None:
    newer = config(text, LOADED + 60)
    (claim,) = judge("nginx.reload-needed", RUNNING, newer, nginx_says(), page(200, body))
    assert claim.severity is severity


SCRIPTS = SITE.replace(
    "proxy_pass http://127.0.0.1:3000;", "root /srv; try_files $uri $uri/ /index.php?$args;"
).replace(
    "    location /", "    location ~ \\.php$ { fastcgi_pass 127.0.0.1:9000; }\n    location /", 1
)


@pytest.mark.parametrize(
    "text",
    [
        SCRIPTS,
        SCRIPTS.replace("try_files $uri $uri/ /index.php?$args;", "index index.php index.html;"),
    ],
    ids=["try_files", "index"],
)
def test_fires_where_the_default_page_comes_in_place_of_a_script(text: str) -> None:
    welcome = page(200, "<title>Welcome to nginx!</title>")
    newer = config(text, LOADED + 60)
    (claim,) = judge("nginx.reload-needed", RUNNING, newer, nginx_says(), welcome)
    assert claim.severity is None
    assert not judge("nginx.reload-needed", RUNNING, config(text), nginx_says(), welcome)


def test_fires_as_a_note_when_nothing_would_be_otherwise() -> None:
    (claim,) = judge("nginx.reload-needed", RUNNING, NEWER, nginx_says())
    assert claim.severity is Severity.NOTE


def test_silent_when_the_files_are_older() -> None:
    assert not judge("nginx.reload-needed", RUNNING, config(), nginx_says())


def test_silent_when_the_files_would_not_load() -> None:
    assert not judge("nginx.reload-needed", RUNNING, NEWER, nginx_says("unexpected end of file"))


def test_fires_for_what_a_refused_configuration_would_correct() -> None:
    """nginx.config-invalid explains it: nothing can be loaded yet."""
    refused = nginx_says('unknown directive "proxy_passs" in /etc/nginx/nginx.conf:9')
    welcome = page(200, "<title>Welcome to nginx!</title>")
    (claim,) = judge("nginx.reload-needed", RUNNING, NEWER, refused, welcome)
    assert claim.severity is None
    assert not judge("nginx.reload-needed", RUNNING, NEWER, refused, page(200))


def test_silent_where_the_files_have_other_blocks_than_meant() -> None:
    refused = nginx_says('unexpected "}" in /etc/nginx/nginx.conf:9')
    welcome = page(200, "<title>Welcome to nginx!</title>")
    assert not judge("nginx.reload-needed", RUNNING, NEWER, refused, welcome)


STRAY = "location /api/ {\n    proxy_pass http://127.0.0.1:3000;\n}\n"
NOT_ALLOWED = '"location" directive is not allowed here in /etc/nginx/nginx.conf:2'


@pytest.mark.parametrize(("path", "explained"), [("/api/", True), ("/about", False)])
def test_fires_on_the_page_of_a_location_that_stands_outside_of_its_block(
    path: str, explained: bool
) -> None:
    """nginx refuses the file, and goes on without the location."""
    newer = config(SITE.replace("location /", "location = /") + STRAY, LOADED + 60)
    target = replace(SHOP, path=path)
    missing = replace(page(404, ""), url=f"https://shop.example.com{path}")
    claims = judge(
        "nginx.reload-needed", RUNNING, newer, nginx_says(NOT_ALLOWED), missing, target=target
    )
    assert bool(claims) is explained
