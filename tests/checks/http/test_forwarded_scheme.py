"""Whether the server in front tells the application the visitor's scheme."""

import pytest

from checks.http._forwarded_scheme import forwarded_scheme
from diagnose.model import Observation
from diagnose.model.server import Listener, Listeners
from diagnose.model.web_servers import (
    ServerFile,
    SiteRoute,
    SiteSocket,
    WebServerConfig,
    WebSite,
)
from tests.support.caddy_evidence import CADDY, caddy_config
from tests.support.check_evidence import evidence
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.traefik_evidence import TRAEFIK
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

HOST = "        proxy_set_header Host $host;\n"
APACHE_LINE = '    RequestHeader set X-Forwarded-Proto "https"\n'


def told(*observations: Observation) -> str:
    return forwarded_scheme(evidence(*observations), "/")


@pytest.mark.parametrize("value", ["$scheme", "https"])
def test_nginx_tells_it(value: str) -> None:
    line = f"        proxy_set_header X-Forwarded-Proto {value};\n"
    assert told(config(SITE.replace(HOST, HOST + line)), BUILD, RUNNING)


def test_nginx_tells_nothing_or_http() -> None:
    line = "        proxy_set_header X-Forwarded-Proto http;\n"
    assert told(config(SITE), BUILD, RUNNING) == ""
    assert told(config(SITE.replace(HOST, HOST + line)), BUILD, RUNNING) == ""


def test_apache_tells_it_where_a_line_says_so() -> None:
    text = HTTPS.replace("    ProxyPass /ws", f"{APACHE_LINE}    ProxyPass /ws")
    assert told(APACHE, apache_config(text))
    assert told(APACHE, apache_config()) == ""


def test_caddy_tells_it_by_itself() -> None:
    assert told(CADDY, caddy_config())


def traefik(middleware: str = "") -> WebServerConfig:
    file = "/etc/traefik/dynamic/shop.yml"
    route = SiteRoute("/", "http://127.0.0.1:3000", "http", "127.0.0.1", 3000, file=file, line=9)
    site = WebSite(("shop.example.com",), (SiteSocket(443, tls=True),), routes=(route,))
    return WebServerConfig(
        product="traefik", path=file, sites=(site,), files=(ServerFile(file, middleware),)
    )


def test_traefik_tells_it_by_itself_unless_a_middleware_may_say_another() -> None:
    assert told(TRAEFIK, traefik()) == "/etc/traefik/dynamic/shop.yml:9"
    assert told(TRAEFIK, traefik("customRequestHeaders: {X-Forwarded-Proto: http}")) == ""


def held_by(program: str) -> tuple[Listeners]:
    socket = Listener(address="127.0.0.1", port=3000, family=4, process=program)
    return (Listeners(sockets=(socket,)),)


TOLD = SITE.replace(HOST, HOST + "        proxy_set_header X-Forwarded-Proto https;\n")


@pytest.mark.parametrize("program", ["caddy", "frankenphp", "traefik"])
def test_a_server_between_that_replaces_the_field(program: str) -> None:
    assert told(config(TOLD), BUILD, RUNNING, *held_by(program)) == ""
    assert told(config(TOLD), BUILD, RUNNING, *held_by("node"))


def test_a_second_block_of_nginx_that_says_its_own_scheme() -> None:
    inner = "server { listen 127.0.0.1:3000; location / { proxy_pass http://127.0.0.1:9; FIELD } }"
    again = inner.replace("FIELD", "proxy_set_header X-Forwarded-Proto $scheme;")
    kept = inner.replace("FIELD", "proxy_set_header X-Forwarded-Proto $http_x_forwarded_proto;")
    assert told(config(f"{TOLD}\n{again}"), BUILD, RUNNING) == ""
    assert told(config(f"{TOLD}\n{kept}"), BUILD, RUNNING)
    assert told(config(f"{TOLD}\n{inner.replace('FIELD', '')}"), BUILD, RUNNING)
