import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.parsers.site_words import has_site

NAME = "shop.example.com"


@pytest.mark.parametrize(
    ("product", "text"),
    [
        (
            "nginx",
            "server {\n  listen 443 ssl;\n  server_name www.example.com shop.example.com;\n}\n",
        ),
        ("apache", "<VirtualHost *:443>\n  ServerName shop.example.com\n</VirtualHost>\n"),
        ("apache", "ServerAlias www.example.com shop.example.com\n"),
        ("caddy", "shop.example.com {\n\treverse_proxy app:3000\n}\n"),
        ("caddy", "https://shop.example.com {\n}\n"),
        ("caddy", "www.example.com, shop.example.com {\n}\n"),
        ("haproxy", "global\nfrontend web\n  bind :443 ssl crt /certs/a.pem\n"),
        ("traefik", "http:\n  routers:\n    shop:\n      rule: Host(`shop.example.com`)\n"),
    ],
)
def test_a_text_with_the_site(product: str, text: str) -> None:
    assert has_site(product, text, NAME)


@pytest.mark.parametrize(
    ("product", "text"),
    [
        ("nginx", "server_name old.shop.example.com;\n"),
        ("nginx", "# server_name shop.example.com;\n"),
        ("nginx", "add_header Link https://shop.example.com;\n"),
        ("apache", "Redirect / https://shop.example.com/\n"),
        ("caddy", "example.com {\n\tredir https://shop.example.com{uri}\n}\n"),
        ("caddy", "# shop.example.com {\n"),
        ("haproxy", "backend app\n  server a app:3000\n"),
        ("traefik", "rule: Host(`example.com`)\n"),
        ("envoy", "shop.example.com {\n"),
    ],
)
def test_a_text_without_it(product: str, text: str) -> None:
    assert not has_site(product, text, NAME)


@given(st.sampled_from(["nginx", "apache", "caddy", "haproxy", "traefik", ""]), st.text())
def test_any_text(product: str, text: str) -> None:
    assert has_site(product, text, NAME) in {True, False}
    assert not has_site(product, text, "")
