"""http.port-lost-in-page: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Applicability, Failure, Target
from diagnose.model.http import Exchange
from diagnose.model.pages import PagePort
from tests.support.check_evidence import REFUSED, judge
from tests.support.nginx_evidence import config
from tests.support.page_evidence import HERE, SITE, loads, sheet

CHECK = "http.port-lost-in-page"
OWN = f"{SITE}:8443/"
TARGET = Target(OWN, "https", "shop.example.com", 8443)
PAGE = loads(sheet("/app.css"), url=OWN)
PORT = PagePort(page=OWN, url=f"{SITE}/app.css", address=HERE, port=443, failure=REFUSED)
VISIT = Exchange(url=OWN, address=HERE, port=8443, status=200, purpose="target")
SERVER = """server { listen 8443 ssl; server_name shop.example.com;
  location / { proxy_pass http://127.0.0.1:3000; proxy_set_header Host $host; } }"""


def test_fires_where_nothing_answers_at_the_port_of_the_files() -> None:
    (claim,) = judge(CHECK, PAGE, PORT, target=TARGET)
    assert (claim.facts["port"], claim.facts["own_port"]) == (443, 8443)


def test_fires_where_the_port_has_no_tls() -> None:
    plain = replace(PORT, connected=True, failure=Failure("protocol", "wrong version number"))
    (claim,) = judge(CHECK, PAGE, plain, target=TARGET)
    assert claim.facts["tls"]


def test_fires_on_a_link_that_lacks_the_port() -> None:
    page = replace(loads(url=OWN), portless=(f"{SITE}/login",))
    (claim,) = judge(CHECK, page, replace(PORT, url=f"{SITE}/login"), target=TARGET)
    assert claim.facts["linked"]
    (claim,) = judge(CHECK, PAGE, PORT, target=TARGET)
    assert not claim.facts["linked"]


def test_names_the_line_that_loses_the_port() -> None:
    (claim,) = judge(CHECK, PAGE, PORT, VISIT, config(SERVER), target=TARGET)
    assert claim.facts["value"] == "shop.example.com"
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_fires_on_a_page_over_http() -> None:
    own = "http://shop.example.com:8080/"
    target = Target(own, "http", "shop.example.com", 8080)
    plain = replace(PORT, page=own, url="http://shop.example.com/app.css", port=80)
    page = loads(sheet("http://shop.example.com/app.css"), url=own)
    (claim,) = judge(CHECK, page, plain, target=target)
    assert (claim.facts["port"], claim.facts["own_port"]) == (80, 8080)
    assert not judge(CHECK, page, replace(plain, connected=True, failure=None), target=target)
    assert not judge(CHECK, page, replace(PORT, page=own), target=target)


def test_silent_where_the_port_answers() -> None:
    assert not judge(CHECK, PAGE, replace(PORT, connected=True, failure=None), target=TARGET)
    certificate = replace(PORT, connected=True, failure=Failure("certificate", "expired", 10))
    assert not judge(CHECK, PAGE, certificate, target=TARGET)


def test_silent_about_a_websocket_and_an_address() -> None:
    socket = replace(PORT, url="wss://shop.example.com/ws")
    assert not judge(CHECK, PAGE, socket, target=TARGET)
    assert not judge(CHECK, PAGE, replace(PORT, url=f"https://{HERE}/app.css"), target=TARGET)
