"""What lets Apache, HAProxy and Caddy listen in the other IP family, by their own lines."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Edit, Manual, Observation
from diagnose.model.web_servers import ServerFile
from tests.checks.listener.test_wrong_family import ADDRESS6, ipv4_only
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.check_evidence import judge
from tests.support.haproxy_evidence import SERVER as HAPROXY
from tests.support.haproxy_evidence import TEXT, config
from tests.support.web_server_evidence import APACHE, HTTPS, SITE, apache_config

PORTS = "/etc/apache2/ports.conf"


def changed(*observations: Observation) -> tuple[list[str], list[str]]:
    """Return the new rows and the commands of the fix; none of both if a person has to do it."""
    (claim,) = judge("listener.wrong-family", *ipv4_only(*observations), masked=False)
    assert claim.fix
    if isinstance(claim.fix.steps[0], Manual):
        return [], []
    assert claim.fix.applicability is Applicability.REVIEW
    edits = [step for step in claim.fix.steps if isinstance(step, Edit)]
    rows = [
        row[1:].strip()
        for edit in edits
        for row in edit.diff.splitlines()
        if row.startswith("+") and not row.startswith("+++")
    ]
    others = [step for step in claim.fix.steps if not isinstance(step, Edit)]
    return rows, [" ".join(getattr(step, "argv", ())) for step in others]


def apache(ports: str, site: str = HTTPS) -> Observation:
    known = apache_config(site)
    files = (ServerFile(PORTS, ports), ServerFile(SITE, site))
    return replace(known, files=files)


def test_fires_and_takes_the_address_from_apaches_listen() -> None:
    text = "Listen 0.0.0.0:80\n<IfModule ssl_module>\n\tListen 0.0.0.0:443 https\n</IfModule>\n"
    rows, commands = changed(APACHE, apache(text))
    assert rows == ["Listen 80", "Listen 443 https"]
    # A reload would open the second socket while the first is open.
    assert commands[-1] == "systemctl restart apache2"


def test_an_address_of_its_own_gets_the_published_one_beside_it() -> None:
    own = HTTPS.replace("*:443", "203.0.113.10:443")
    rows, _ = changed(APACHE, apache("Listen 80\nListen 203.0.113.10:443\n", own))
    assert rows == [
        f"Listen [{ADDRESS6}]:443",
        f"<VirtualHost 203.0.113.10:443 [{ADDRESS6}]:443>",
    ]


def test_the_bind_of_haproxy_gets_a_twin() -> None:
    rows, commands = changed(HAPROXY, config(TEXT))
    assert rows == ["bind [::]:443 v6only ssl crt /etc/haproxy/shop.pem"]
    assert commands[-1] == "systemctl reload haproxy"


def test_the_bind_of_caddy_takes_the_published_address() -> None:
    text = "shop.example.com {\n\tbind 203.0.113.10\n\treverse_proxy 127.0.0.1:3000\n}\n"
    rows, _ = changed(CADDY, caddy_config(text, document("a.example")))
    assert rows == [f"bind 203.0.113.10 [{ADDRESS6}]"]
    limited = text.replace("203.0.113.10", "tcp4/0.0.0.0")
    assert changed(CADDY, caddy_config(limited, document("a.example")))[0] == ["bind 0.0.0.0"]


@pytest.mark.parametrize("ports", ["Listen 80\n", "Listen 8443\nListen 127.0.0.1:8080\n"])
def test_silent_where_no_line_of_the_port_is_limited(ports: str) -> None:
    assert changed(APACHE, apache(ports)) == ([], [])
