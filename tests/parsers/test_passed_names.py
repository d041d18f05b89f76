"""Where the configuration of a web server passes requests on to."""

import pytest

from diagnose.model import Vantage
from diagnose.model.web_servers import Product, SiteRoute, WebServerConfig, WebSite
from diagnose.parsers.nginx.config import parse
from diagnose.parsers.passed_names import nginx_passes_to, sites_pass_to

NGINX = """
upstream shop { server 10.0.0.5:3000; server [2001:db8::7]:3000; }
server { location / { proxy_pass http://shop; } location /a { set $to app:8000; } }
"""


@pytest.mark.parametrize(
    ("host", "port", "is_passed"),
    [
        ("app", 0, True), ("app", 8000, True), ("app", 5432, False), ("ap", 0, False),
        ("10.0.0.5", 3000, True), ("10.0.0.5", 5432, False), ("0.0.0.5", 0, False),
        ("shop", 0, True), ("db", 0, False),
    ],
)  # fmt: skip
def test_lines_of_nginx(host: str, port: int, is_passed: bool) -> None:
    assert nginx_passes_to(parse(NGINX, "nginx.conf"), host, port) is is_passed


@pytest.mark.parametrize("product", ["apache", "caddy", "haproxy", "traefik"])
def test_routes_and_members_of_another_web_server(product: Product) -> None:
    route = SiteRoute("/", "http://app:8000", host="app", port=8000, members=("b:1", "[::1]:2"))
    server = WebServerConfig(
        vantage=Vantage.SERVER, product=product, path="/etc/x", sites=(WebSite(routes=(route,)),)
    )
    assert all(sites_pass_to((server,), *place) for place in (("app", 0), ("b", 1), ("::1", 2)))
    assert not any(sites_pass_to((server,), *place) for place in (("app", 5432), ("db", 0)))
