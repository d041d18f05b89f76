"""nginx.script-name-missing: when it fires, and when it is silent."""

from diagnose.checking.registry import load_check
from diagnose.model import Applicability
from diagnose.model.http import ResponseBody
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import page

PHP = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    root /var/www/shop;
    location / {
        try_files $uri /index.php;
    }
    location ~ \\.php$ {
        fastcgi_param QUERY_STRING $query_string;
        fastcgi_pass unix:/run/php/php-fpm.sock;
    }
}
"""
NAME = "        fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;\n"
NAMED = PHP.replace("        fastcgi_pass", f"{NAME}        fastcgi_pass")
CHECK = "nginx.script-name-missing"


def body(received: int) -> ResponseBody:
    return ResponseBody(
        url="https://shop.example.com/",
        address="203.0.113.10",
        port=443,
        status=200,
        received=received,
    )


def test_fires_on_an_empty_page_and_adds_the_line() -> None:
    (claim,) = judge(CHECK, RUNNING, config(PHP), page(200), body(0))
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    assert claim.facts["location"] == "location ~ \\.php$"


def test_fires_without_an_edit_where_the_parameters_are_inherited() -> None:
    line = "        fastcgi_param QUERY_STRING $query_string;\n"
    inherited = PHP.replace(line, "").replace("    root", line + "    root")
    (claim,) = judge(CHECK, RUNNING, config(inherited), page(200), body(0))
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_on_a_page_and_with_the_parameter() -> None:
    assert not judge(CHECK, RUNNING, config(PHP), page(200), body(10))
    assert not judge(CHECK, RUNNING, config(NAMED), page(200), body(0))


def test_silent_on_a_program_that_is_not_php() -> None:
    other = (
        PHP.replace("\\.php$", "\\.cgi$")
        .replace("php/php-fpm", "app")
        .replace("/index.php", "/a.cgi")
    )
    assert not judge(CHECK, RUNNING, config(other), page(200), body(0))


def test_explains_the_empty_page() -> None:
    assert "http.blank-page" in load_check(CHECK).explains
