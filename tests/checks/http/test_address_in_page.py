"""http.address-in-page: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Applicability, Failure, Severity
from diagnose.model.pages import PagePort
from tests.support.certificates import leaf
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import config
from tests.support.page_errors import page
from tests.support.page_evidence import HERE, SITE, loads, script, sheet

CHECK = "http.address-in-page"
SHEET = f"https://{HERE}/app.css"
PAGE = loads(sheet(SHEET), script("/own.js"))
PORT = PagePort(
    page=f"{SITE}/", url=SHEET, address=HERE, port=443, connected=True,
    certificate=leaf(dns_names=("shop.example.com",)),
)  # fmt: skip


def test_fires_where_the_certificate_names_no_address() -> None:
    (claim,) = judge(CHECK, PAGE, PORT)
    assert claim.facts["url"] == SHEET
    assert claim.severity is Severity.ERROR, "it is the only style sheet"


def test_fires_for_an_image_and_for_a_websocket() -> None:
    image = f"https://{HERE}/logo.png"
    (claim,) = judge(CHECK, loads(images=(image,)), replace(PORT, url=image))
    assert claim.severity is Severity.WARNING
    socket = replace(PORT, url=f"wss://{HERE}/ws", script=f"{SITE}/app.js")
    (claim,) = judge(CHECK, PAGE, socket)
    assert claim.facts["socket"]


def test_fires_where_the_server_refuses_a_visitor_without_a_name() -> None:
    refused = replace(PORT, certificate=None, failure=Failure("alert", "unrecognized name", 112))
    (claim,) = judge(CHECK, PAGE, refused)
    assert claim.facts["message"] == "unrecognized name"


def test_names_the_line_that_tells_the_application_the_address() -> None:
    text = f"""server {{ listen 443 ssl; server_name shop.example.com;
      location / {{ proxy_pass http://127.0.0.1:3000; proxy_set_header Host {HERE}; }} }}"""
    (claim,) = judge(CHECK, PAGE, PORT, config(text), page(200))
    assert claim.facts["place"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_silent_where_the_certificate_names_the_address() -> None:
    named = leaf(dns_names=("shop.example.com",), addresses=(HERE,))
    assert not judge(CHECK, PAGE, replace(PORT, certificate=named))


def test_silent_where_nothing_is_known_of_the_certificate() -> None:
    closed = replace(
        PORT, connected=False, certificate=None, failure=Failure("timeout", "timed out")
    )
    assert not judge(CHECK, PAGE, closed)
    unread = replace(leaf(dns_names=()), unread=("names",))
    assert not judge(CHECK, PAGE, replace(PORT, certificate=unread))


def test_silent_about_another_port_of_the_name() -> None:
    url = f"{SITE}:8443/app.css"
    assert not judge(CHECK, PAGE, replace(PORT, url=url, port=8443))
