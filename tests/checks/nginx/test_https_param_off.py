"""nginx.https-param-off: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Confidence, Edit
from diagnose.model.http import Exchange
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import page
from tests.support.page_evidence import loads, script

CHECK = "nginx.https-param-off"
OFF = "fastcgi_param HTTPS off;"
SITE = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    root /srv/www;
    location / {
        try_files $uri /index.php$is_args$args;
    }
    location ~ ^/index\\.php(/|$) {
        fastcgi_pass unix:/run/php/php-fpm.sock;
        fastcgi_param HTTPS off;
    }
}
"""


def redirect(location: str) -> Exchange:
    return replace(page(302), headers=(("Location", location),))


PLAIN = redirect("http://shop.example.com/login")


def test_fires_on_a_redirect_and_passes_on_what_visitors_use() -> None:
    (claim,) = judge(CHECK, RUNNING, config(SITE), PLAIN, masked=False)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        fastcgi_param HTTPS $https if_not_empty;\n" in edit.diff


def test_fires_on_addresses_in_the_page() -> None:
    mixed = loads(script("http://shop.example.com/app.js"))
    assert judge(CHECK, RUNNING, config(SITE), page(200), mixed, masked=False)


@pytest.mark.parametrize(
    ("text", "exchange"),
    [
        (SITE, redirect("https://shop.example.com/login")),
        (SITE, redirect("http://www.example.net/")),
        (SITE.replace(OFF, "fastcgi_param HTTPS $https if_not_empty;"), PLAIN),
        (SITE.replace(OFF, f"{OFF} fastcgi_param HTTPS on;"), PLAIN),
        (SITE.replace("443 ssl", "443"), PLAIN),
        (SITE.replace("fastcgi_pass unix:/run/php/php-fpm.sock", "proxy_pass http://a"), PLAIN),
    ],
    ids=["https", "another site", "passed on", "on is last", "no TLS", "no FastCGI"],
)
def test_silent_without_the_symptom_or_the_line(text: str, exchange: Exchange) -> None:
    assert not judge(CHECK, RUNNING, config(text), exchange, masked=False)


ITSELF = redirect("https://shop.example.com/")
PASSED = "fastcgi_param HTTPS $https if_not_empty;"


def test_fires_on_a_loop_of_a_program_that_forces_https() -> None:
    text = SITE.replace(OFF, f"{PASSED} {OFF}")
    (claim,) = judge(CHECK, RUNNING, config(text), ITSELF, masked=False)
    assert claim.facts["loop"]
    assert claim.confidence is Confidence.LIKELY


MAP = "map $http_x_forwarded_proto $https_on { default off; https on; }\n"


@pytest.mark.parametrize(
    "text",
    [
        SITE.replace("HTTPS off", "HTTPS $http_x_forwarded_proto"),
        MAP + SITE.replace("HTTPS off", "HTTPS $https_on"),
    ],
    ids=["field", "map"],
)
def test_fires_on_a_field_that_visitors_do_not_send(text: str) -> None:
    (claim,) = judge(CHECK, RUNNING, config(text), ITSELF, masked=False)
    assert claim.facts["variable"]
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        fastcgi_param HTTPS $https if_not_empty;\n" in edit.diff


@pytest.mark.parametrize("value", ["$fe_https", "$scheme", "$http_x_own"])
def test_silent_on_a_variable_that_is_not_known_or_says_https(value: str) -> None:
    text = SITE.replace("HTTPS off", f"HTTPS {value}")
    assert not judge(CHECK, RUNNING, config(text), ITSELF, masked=False)


@pytest.mark.parametrize(
    "text",
    [
        SITE.replace(OFF, f"{OFF} {PASSED}"),
        SITE.replace("try_files $uri /index.php$is_args$args", "proxy_pass http://127.0.0.1:3000"),
        SITE.replace("443 ssl", "443"),
    ],
    ids=["passed on last", "another program answers", "no TLS"],
)
def test_silent_on_a_loop_of_which_php_is_not_the_reason(text: str) -> None:
    assert not judge(CHECK, RUNNING, config(text), ITSELF, masked=False)


BEHIND = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    location / {
        proxy_pass http://127.0.0.1:8080;
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-Proto https;
    }
}
server {
    listen 127.0.0.1:8080;
    server_name shop.example.com;
    location / {
        fastcgi_pass unix:/run/php/php-fpm.sock;
        fastcgi_param HTTPS $https if_not_empty;
    }
}
"""


def test_fires_for_a_page_with_http_addresses_of_a_block_behind() -> None:
    written = loads(script("http://shop.example.com/app.js"))
    (claim,) = judge(CHECK, RUNNING, config(BEHIND), page(200), written, masked=False)
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        fastcgi_param HTTPS on;\n" in edit.diff


def test_silent_where_the_block_behind_says_on_or_a_redirect_is_told_otherwise() -> None:
    written = loads(script("http://shop.example.com/app.js"))
    on = BEHIND.replace("$https if_not_empty", "on")
    assert not judge(CHECK, RUNNING, config(on), page(200), written, masked=False)
    assert not judge(CHECK, RUNNING, config(BEHIND), PLAIN, masked=False)
