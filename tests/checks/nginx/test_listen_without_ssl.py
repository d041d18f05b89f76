from dataclasses import replace

from diagnose.model import Applicability, Confidence, Edit, Target
from diagnose.model.tls import Handshake
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import SITE, config

PLAIN = SITE.replace("443 ssl", "443")
SPOKE_HTTP = Handshake(address="203.0.113.10", port=443, received="HTTP/1.1 400 Bad Request")
SPOKE_TLS = Handshake(address="203.0.113.10", port=443, protocol="TLSv1.3")


def test_fires_and_adds_the_word() -> None:
    (claim,) = judge("nginx.listen-without-ssl", config(PLAIN), SPOKE_HTTP)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    assert isinstance(claim.fix.steps[0], Edit)
    assert "+    listen 443 ssl;\n" in claim.fix.steps[0].diff


def test_fires_once_for_both_families() -> None:
    both = PLAIN.replace("listen 443;", "listen 443;\n    listen [::]:443;")
    (claim,) = judge("nginx.listen-without-ssl", config(both), SPOKE_HTTP)
    assert claim.facts["listens"] == ("listen 443;", "listen [::]:443;")
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
    assert "+    listen [::]:443 ssl;\n" in claim.fix.steps[0].diff


def test_fires_and_asks_for_the_certificate_where_none_is_named() -> None:
    (claim,) = judge("nginx.listen-without-ssl", config("server { listen 443; }\n"))
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_when_another_block_gives_the_socket_ssl() -> None:
    other = "server {\n listen 443 ssl;\n server_name blog.example.com;\n ssl_certificate b;\n}\n"
    assert not judge("nginx.listen-without-ssl", config(PLAIN + other))


def test_silent_when_tls_is_spoken_there() -> None:
    assert not judge("nginx.listen-without-ssl", config(PLAIN), SPOKE_TLS)


def test_fires_for_the_ip_family_that_has_plain_http() -> None:
    """Issue 1804 of turnkeylinux/tracker: the second of two lines lacks the word."""
    mixed = SITE.replace("listen 443 ssl;", "listen 443 ssl;\n    listen [::]:443;")
    spoke = replace(SPOKE_HTTP, address="2001:db8:2::10")
    (claim,) = judge("nginx.listen-without-ssl", config(mixed), SPOKE_TLS, spoke)
    assert claim.facts["listens"] == ("listen [::]:443;",)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
    assert "+    listen [::]:443 ssl;\n" in claim.fix.steps[0].diff


def test_silent_where_the_plain_ip_family_was_not_asked_or_a_proxy_has_it() -> None:
    mixed = SITE.replace("listen 443 ssl;", "listen 443 ssl;\n    listen [::]:443;")
    over_ipv6 = replace(SPOKE_TLS, address="2001:db8:2::10")
    assert not judge("nginx.listen-without-ssl", config(mixed), SPOKE_TLS)
    assert not judge("nginx.listen-without-ssl", config(mixed), SPOKE_TLS, over_ipv6)


def test_silent_on_the_port_of_http() -> None:
    target = Target("https://shop.example.com:80/", "https", "shop.example.com", 80)
    plain = config("server { listen 80; server_name shop.example.com; }\n")
    assert not judge("nginx.listen-without-ssl", plain, target=target)


def test_silent_where_no_scheme_was_given_and_nothing_is_meant_for_tls() -> None:
    target = Target("shop.example.com:81", "https", "shop.example.com", 81)
    spoke = replace(SPOKE_HTTP, port=81)
    bare = "server {\n listen 81;\n server_name shop.example.com;\n}\n"
    assert not judge("nginx.listen-without-ssl", config(bare), spoke, target=target)
    meant = bare.replace("listen 81;", "listen 81;\n ssl_certificate a;\n")
    assert judge("nginx.listen-without-ssl", config(meant), spoke, target=target)
    written = replace(target, input="https://shop.example.com:81/")
    assert judge("nginx.listen-without-ssl", config(bare), spoke, target=written)
