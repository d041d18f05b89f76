from dataclasses import replace

from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import LOG_READ, logged, page

SITE = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    root /var/www/shop;
    location / {
        fastcgi_pass unix:/run/php/php-fpm.sock;
    }
}
"""
SAID = (
    'FastCGI sent in stderr: "Primary script unknown" while reading response header from upstream'
)
UNKNOWN = replace(logged(SAID), upstream="fastcgi://unix:/run/php/php-fpm.sock:")


def test_fires_and_names_the_folder() -> None:
    (claim,) = judge(
        "upstream.script-not-found", RUNNING, config(SITE), LOG_READ, UNKNOWN, page(404)
    )
    assert claim.facts["folder"] == "/var/www/shop"
    assert claim.location
    assert claim.location.line == 5


def test_fires_when_php_refuses_the_ending() -> None:
    text = "FastCGI sent in stderr: \"Access to the script '/var/www/shop' has been denied (see "
    line = logged(text + 'security.limit_extensions)" while reading response header')
    (claim,) = judge("upstream.script-not-found", RUNNING, config(SITE), LOG_READ, line, page(403))
    assert claim.facts["denied"]


def test_silent_when_php_only_warns() -> None:
    line = logged('FastCGI sent in stderr: "PHP message: PHP Warning:  Undefined variable"')
    assert not judge("upstream.script-not-found", RUNNING, config(SITE), LOG_READ, line, page(404))


def test_silent_when_the_page_answers() -> None:
    assert not judge(
        "upstream.script-not-found", RUNNING, config(SITE), LOG_READ, UNKNOWN, page(200)
    )
