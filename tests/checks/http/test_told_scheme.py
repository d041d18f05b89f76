"""Whether the server in front tells the application the visitor's scheme."""

import pytest

from checks.http._told_scheme import told_scheme
from diagnose.model import Observation
from tests.support.caddy_evidence import CADDY, caddy_config
from tests.support.check_evidence import evidence
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

HOST = "        proxy_set_header Host $host;\n"
APACHE_LINE = '    RequestHeader set X-Forwarded-Proto "https"\n'


def told(*observations: Observation) -> str:
    return told_scheme(evidence(*observations), "/")


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
