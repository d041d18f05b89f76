"""Sentences in the words of the server that answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.parsers.own_words import with_own_words
from diagnose.parsers.server_words import Product

APACHE = Product("apache", "apachectl -t", title="Apache", config="/etc/apache2/apache2.conf")
HAPROXY = Product("haproxy", "haproxy -c", title="HAProxy", config="/etc/haproxy/haproxy.cfg")
CADDY = Product("caddy", "caddy reload", title="Caddy", config="/etc/caddy/Caddyfile")


@pytest.mark.parametrize(
    ("text", "apache", "haproxy", "caddy"),
    [
        (
            "See a server block with it in `server_name` (`nginx -T | grep server_name`).",
            "See a `<VirtualHost>` with it in `ServerName` or `ServerAlias` (`apachectl -S`).",
            "See a rule of the frontend with it in `hdr(host)` "
            "(`grep -n 'hdr(host)' /etc/haproxy/haproxy.cfg`).",
            "See a site block with it in its address "
            "(`caddy adapt --config /etc/caddy/Caddyfile --pretty`).",
        ),
        (
            "nginx reads `/a`: `nginx -T | grep ssl_certificate`. Then reload nginx.",
            "Apache reads `/a`: `grep -rn SSLCertificateFile /etc/apache2`. Then reload Apache.",
            "HAProxy reads `/a`: `grep -rn crt /etc/haproxy/haproxy.cfg`. Then reload HAProxy.",
            "Caddy reads `/a`: `grep -rn tls /etc/caddy/Caddyfile`. Then reload Caddy.",
        ),
        (
            "`certbot --nginx -d a`, `certbot certonly --nginx -d a`, `certbot renew --nginx`",
            "`certbot --apache -d a`, `certbot certonly --apache -d a`, `certbot renew --apache`",
            "`certbot certonly -d a`, `certbot certonly -d a`, `certbot renew --nginx`",
            "`certbot certonly -d a`, `certbot certonly -d a`, `certbot renew --nginx`",
        ),
        (
            "让 nginx 监听该端口（`listen 80;`），然后重新加载 nginx。",
            "让 Apache 监听该端口（`Listen 80`），然后重新加载 Apache。",
            "让 HAProxy 监听该端口（`bind :80`），然后重新加载 HAProxy。",
            "让 Caddy 监听该端口（`http://NAME`），然后重新加载 Caddy。",
        ),
    ],
)
def test_the_words_of_each_server(text: str, apache: str, haproxy: str, caddy: str) -> None:
    assert with_own_words(text, APACHE) == apache
    assert with_own_words(text, HAPROXY) == haproxy
    assert with_own_words(text, CADDY) == caddy


def test_the_hook_of_a_renewal_has_a_command_of_the_server() -> None:
    text = "Reload nginx: `certbot renew --deploy-hook 'systemctl reload nginx'`."
    product = Product("apache", "apachectl -t && apachectl graceful", title="Apache")
    own = "Reload Apache: `certbot renew --deploy-hook 'apachectl graceful'`."
    assert with_own_words(text, product) == own
    quoted = Product("caddy", "caddy reload --config '/etc/my caddy'", title="Caddy")
    assert "'systemctl reload nginx'" in with_own_words(text, quoted)


@pytest.mark.parametrize(
    "text", ["nginx passes the request on.", "In nginx beside `proxy_pass`.", "`ingress-nginx`"]
)
def test_what_nginx_alone_does_stays(text: str) -> None:
    assert with_own_words(text, APACHE) == text


def test_a_server_without_words_here_keeps_the_text() -> None:
    text = "nginx reads `/a.pem`."
    assert with_own_words(text, Product("traefik", "traefik", title="Traefik")) == text


@given(st.text(max_size=300))
def test_any_text(text: str) -> None:
    assert isinstance(with_own_words(text, HAPROXY), str)
