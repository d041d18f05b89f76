"""http.flexible-tls: when it fires, and when it is silent."""

import pytest

from diagnose.model import Confidence, Edit, Manual, Observation
from diagnose.model.nginx import NginxConfig
from diagnose.model.web_servers import ServerFile, WebServer, WebServerConfig
from diagnose.parsers.nginx.config import parse
from tests.support.check_evidence import judge, texts
from tests.support.front_evidence import (
    CLOUDFLARE,
    URL,
    behind,
    edge_handshake,
    edge_page,
    local,
    redirecting,
)
from tests.support.nginx_evidence import RUNNING
from tests.support.nginx_evidence import config as nginx_config
from tests.support.redirect_evidence import PLAIN
from tests.support.web_server_evidence import APACHE, apache_config

CHECK = "http.flexible-tls"
LOOP = edge_page(301, headers=(("Location", URL),))
AT_CLOUDFLARE = edge_page(301, headers=(*CLOUDFLARE, ("Location", URL)))


def test_fires_where_the_server_redirects_over_http_and_not_over_https() -> None:
    main = parse(f"http {{ {PLAIN} }}", "n.conf")
    config = NginxConfig(path="n.conf", main=main)
    observations = behind(edge_handshake(), LOOP, local(), redirecting(), config)
    (claim,) = judge(CHECK, *observations, masked=False)
    assert claim.confidence is Confidence.LIKELY
    assert str(claim.facts["rule"]).startswith("n.conf:")
    assert claim.fix
    assert [step.step for step in claim.fix.steps if isinstance(step, Manual)] == [
        "full-tls",
        "forwarded-proto",
    ]


APACHE_PLAIN = """\
<VirtualHost *:80>
    ServerName shop.example.com
    RewriteEngine On
    RewriteCond %{HTTPS} !=on
    RewriteCond %{HTTP:http_x_forwarded_proto} !https
    RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [L,R=301]
</VirtualHost>
"""


def test_fires_and_names_the_field_that_apache_asks_for() -> None:
    """Page 129912d10c of serverdevworker: the field is called X-Forwarded-Proto."""
    observations = behind(edge_handshake(), LOOP, redirecting(), apache_config(APACHE_PLAIN))
    (claim,) = judge(CHECK, *observations, masked=False)
    assert str(claim.facts["rule"]).endswith(":6")
    assert claim.facts["field"] == "http_x_forwarded_proto"
    right = APACHE_PLAIN.replace("http_x_forwarded_proto", "X-Forwarded-Proto")
    observations = behind(edge_handshake(), LOOP, redirecting(), apache_config(right))
    (claim,) = judge(CHECK, *observations, masked=False)
    assert claim.facts["field"] == ""


def test_fires_where_the_server_has_no_https_at_all() -> None:
    (claim,) = judge(CHECK, *behind(edge_handshake(), AT_CLOUDFLARE, redirecting()))
    assert claim.fix
    first = claim.fix.steps[0]
    assert isinstance(first, Manual)
    assert first.step == "https-here"


def test_fires_with_an_edit_of_the_line_where_no_cdn_ends_tls() -> None:
    plain = APACHE_PLAIN.replace("    RewriteCond %{HTTP:http_x_forwarded_proto} !https\n", "")
    observations = behind(edge_handshake(), LOOP, redirecting(), APACHE, apache_config(plain))
    (claim,) = judge(CHECK, *observations, masked=False)
    assert claim.fix
    first = claim.fix.steps[0]
    assert isinstance(first, Manual)
    assert first.step == "forwarded-proto"
    edit = first.commands[0]
    assert isinstance(edit, Edit)
    assert "+    RewriteCond %{HTTP:X-Forwarded-Proto} !https" in edit.diff
    # With two conditions on TLS, a person writes it.
    other = plain.replace("    RewriteRule", "    RewriteCond %{HTTPS} off\n    RewriteRule")
    observations = behind(edge_handshake(), LOOP, redirecting(), APACHE, apache_config(other))
    (claim,) = judge(CHECK, *observations, masked=False)
    assert claim.fix
    assert not any(step.commands for step in claim.fix.steps if isinstance(step, Manual))


def test_fires_from_outside_where_a_cdn_redirects_to_itself() -> None:
    (claim,) = judge(CHECK, AT_CLOUDFLARE)
    assert claim.facts["product"] == "Cloudflare"


def test_silent_from_outside_without_a_sign_of_a_cdn() -> None:
    assert not judge(CHECK, LOOP)


def test_silent_where_the_server_loops_over_https_too() -> None:
    own = local(status=301, headers=(("Location", URL),))
    assert not judge(CHECK, *behind(edge_handshake(), LOOP, own, redirecting()))


def test_silent_where_the_server_heeds_the_visitors_protocol() -> None:
    answered = redirecting(status=200, headers=())
    assert not judge(CHECK, *behind(edge_handshake(), LOOP, local(), answered))


def test_silent_where_the_page_is_not_redirected_to_itself() -> None:
    elsewhere = edge_page(301, headers=(*CLOUDFLARE, ("Location", f"{URL}en/")))
    assert not judge(CHECK, elsewhere)


@pytest.mark.parametrize("product", ["apache", "haproxy", "caddy"])
def test_each_web_server_gets_its_own_words(product: str) -> None:
    """On a machine with HAProxy nginx's `listen` helps nobody."""
    words = {
        "apache": ("<VirtualHost *:443>", "RewriteCond"),
        "haproxy": ("bind :443 ssl crt", "!{ ssl_fc }"),
        "caddy": ("without `http://`", "redir @plain"),
    }
    server = WebServerConfig(product=product, path="/etc/x.conf")  # type: ignore[arg-type]
    (claim,) = judge(CHECK, *behind(edge_handshake(), AT_CLOUDFLARE, redirecting()), server)
    said = "\n".join(texts(CHECK, claim))
    assert "listen 443 ssl" not in said
    for name, (here, forwarded) in words.items():
        assert (here in said) is (name == product)
        assert (forwarded in said) is (name == product)


@pytest.mark.parametrize(
    ("option", "is_written"),
    [("", True), (" {\n\t\ttrusted_proxies 10.0.0.0/8\n\t}", False)],
)
def test_caddy_tells_its_program_the_visitors_scheme(option: str, is_written: bool) -> None:
    """Issue 20 of dawarich-app/atlas: Caddy trusts no machine in front."""
    path = "/etc/caddy/Caddyfile"
    file = ServerFile(path, f":80 {{\n\treverse_proxy 127.0.0.1:4000{option}\n}}\n")
    config = WebServerConfig(product="caddy", path=path, files=(file,))
    server = WebServer(product="caddy", pid=10, binary="/usr/bin/caddy", config=path, ports=(80,))
    seen = behind(edge_handshake(), LOOP, redirecting(), server, config)
    (claim,) = judge(CHECK, *seen, masked=False)
    steps = claim.fix.steps if claim.fix else ()
    texts_of = "".join(str(step) for step in steps)
    assert ("header_up X-Forwarded-Proto https" in texts_of) is is_written
    # Caddy answers well over https: the redirect is its own.
    seen = behind(edge_handshake(), LOOP, local(), redirecting(), server, config)
    (claim,) = judge(CHECK, *seen, masked=False)
    assert "header_up" not in str(claim.fix)


PHP = redirecting(headers=(("Location", URL), ("X-Powered-By", "PHP/8.2.7")))
PHP_SITE = """\
server {
    listen 80;
    server_name shop.example.com;
    root /var/www/wp;
    location / {
        try_files $uri $uri/ /index.php?$args;
    }
    location ~ \\.php$ {
        fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
        fastcgi_pass 127.0.0.1:9000;
    }
}
"""


def php_step(*seen: Observation) -> Manual:
    (claim,) = judge(CHECK, *behind(edge_handshake(), LOOP, *seen), masked=False)
    assert claim.fix
    steps = [step for step in claim.fix.steps if isinstance(step, Manual)]
    return next(step for step in steps if step.step in {"php-https", "forwarded-proto"})


def test_php_gets_the_visitors_scheme_from_the_field_of_the_front() -> None:
    """WordPress redirects by itself, by the variable HTTPS."""
    step = php_step(PHP, nginx_config(PHP_SITE), RUNNING)
    assert step.step == "php-https"
    edit = step.commands[0]
    assert isinstance(edit, Edit)
    assert '+    if ($http_x_forwarded_proto = "https") { set $https_in_front on; }' in edit.diff
    assert "+        fastcgi_param HTTPS $https_in_front if_not_empty;" in edit.diff


def test_apache_gives_php_the_scheme_by_a_line() -> None:
    site = "<VirtualHost *:80>\n    ServerName shop.example.com\n</VirtualHost>\n"
    step = php_step(PHP, APACHE, apache_config(site))
    assert step.step == "php-https"
    assert 'SetEnvIf X-Forwarded-Proto "^https$" HTTPS=on' in str(step.commands[0])


def test_another_program_or_a_location_that_inherits_its_lines_is_left_to_a_person() -> None:
    assert php_step(redirecting(), nginx_config(PHP_SITE), RUNNING).step == "forwarded-proto"
    bare = "        fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;\n"
    text = PHP_SITE.replace(bare, "")
    assert php_step(PHP, nginx_config(text), RUNNING).step == "forwarded-proto"
