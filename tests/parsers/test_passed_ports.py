import pytest

from diagnose.model import Vantage
from diagnose.model.web_servers import SiteRoute, SiteSocket, WebServerConfig, WebSite
from diagnose.parsers.nginx.config import parse
from diagnose.parsers.passed_ports import nginx_sites, server_sites, stream_sites

NAME = "shop.example.com"
TLS = f"listen 80; listen 443 ssl; server_name {NAME};"


def of_nginx(text: str, port: int = 3100, addresses: tuple[str, ...] = ()) -> list[str]:
    main = parse(text, "/etc/nginx/nginx.conf")
    where = (main, port, NAME, addresses)
    sites = sorted((*nginx_sites(*where), *stream_sites(*where)), key=lambda site: site.rank(NAME))
    return [site.url for site in sites]


@pytest.mark.parametrize(
    ("text", "url"),
    [
        (f"http {{ server {{ {TLS} location / {{ proxy_pass http://127.0.0.1:3100; }} }} }}",
         f"https://{NAME}/"),
        (f"http {{ server {{ {TLS} location /api/ {{ proxy_pass http://localhost:3100/; }} }} }}",
         f"https://{NAME}/api/"),
        (f"http {{ upstream app {{ server 127.0.0.1:3100; }} server {{ {TLS} "
         "location ~ x { proxy_pass http://app; } } }", f"https://{NAME}/"),
        ("http { server { listen 8443 ssl; server_name api.example.com; "
         "location / { proxy_pass http://10.0.0.5:3100; } } }", "https://api.example.com:8443/"),
        (f"http {{ server {{ {TLS} location / {{ fastcgi_pass 127.0.0.1:3100; }} }} }}",
         f"https://{NAME}/"),
        ("stream { server { listen 443; proxy_pass 127.0.0.1:3100; } }", f"https://{NAME}/"),
    ],
)  # fmt: skip
def test_the_site_that_passes_on_to_the_port(text: str, url: str) -> None:
    assert of_nginx(text, addresses=("10.0.0.5",))[:1] == [url]


@pytest.mark.parametrize(
    "text",
    [
        f"http {{ server {{ {TLS} location / {{ proxy_pass http://127.0.0.1:3101; }} }} }}",
        f"http {{ server {{ {TLS} location / {{ proxy_pass http://10.0.0.9:3100; }} }} }}",
        f"http {{ server {{ {TLS} location / {{ proxy_pass http://unix:/run/app; }} }} }}",
        "http { server { listen 3100; location / { proxy_pass http://127.0.0.1:3100; } } }",
        "stream { server { listen 3100; proxy_pass 127.0.0.1:3100; } }",
        "stream { server { proxy_pass; } }",
    ],
)
def test_no_site_passes_on_to_another_port_or_machine(text: str) -> None:
    assert not of_nginx(text)


def test_sites_of_other_servers() -> None:
    route = SiteRoute("/", "http://127.0.0.1:3100/", host="127.0.0.1", port=3100)
    sockets = (SiteSocket(80), SiteSocket(443, tls=True))
    site = WebSite(names=(NAME,), sockets=sockets, routes=(route,), file="/etc/a.conf", line=3)
    balanced = WebSite(
        sockets=(SiteSocket(80),), routes=(SiteRoute("/", "", members=("127.0.0.1:3101",)),)
    )
    config = WebServerConfig(
        vantage=Vantage.SERVER, product="apache", path="/etc/a.conf", sites=(site, balanced)
    )
    (found,) = server_sites(config, 3100, NAME, ())
    assert (found.url, found.file, found.line) == (f"https://{NAME}/", "/etc/a.conf", 3)
    assert [other.url for other in server_sites(config, 3101, NAME, ())] == [f"http://{NAME}/"]
    assert not list(server_sites(config, 443, NAME, ()))
