"""server.caddy-proxy-untrusted: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

from diagnose.model import Applicability, Confidence, Edit
from tests.support.caddy_evidence import CADDY, caddy_config
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import page
from tests.support.page_evidence import loads, sheet

CHECK = "server.caddy-proxy-untrusted"
BEHIND = replace(CADDY, ports=(8080, 2019))
SITE = "http://shop.example.com:8080 {\n\treverse_proxy 127.0.0.1:3000\n}\n"
LOOP = replace(page(301), headers=(("Location", "https://shop.example.com/"),))


def seen(text: str = SITE, header: str = "https", port: int = 8080) -> tuple[Any, ...]:
    block = (
        "server {\n listen 443 ssl;\n server_name shop.example.com;\n location / {\n"
        f"  proxy_pass http://127.0.0.1:{port};\n  proxy_set_header X-Forwarded-Proto {header};\n"
        " }\n}\n"
    )
    return RUNNING, config(block), BEHIND, caddy_config(text)


def test_fires_and_writes_the_option() -> None:
    (claim,) = judge(CHECK, *seen(), LOOP)
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert isinstance(claim.fix.steps[0], Edit)
    assert "+\t\ttrusted_proxies private_ranges" in claim.fix.steps[0].diff


def test_fires_and_adds_to_the_block_that_is_there() -> None:
    opened = SITE.replace("3000\n", "3000 {\n\t\theader_up X-A b\n\t}\n")
    (claim,) = judge(CHECK, *seen(opened), LOOP)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
    assert "3000 {\n+\t\ttrusted_proxies" in claim.fix.steps[0].diff


def test_silent_where_caddy_trusts_or_nginx_asks_another() -> None:
    trusting = "{\n\tservers {\n\t\ttrusted_proxies static private_ranges\n\t}\n}\n" + SITE
    assert not judge(CHECK, *seen(trusting), LOOP)
    assert not judge(CHECK, *seen(port=3000), LOOP)
    assert not judge(CHECK, *seen(header="http"), LOOP)
    assert not judge(CHECK, *seen(), page(200))


def test_fires_where_the_page_names_itself_with_http() -> None:
    style = sheet("http://shop.example.com/app.css")
    (claim,) = judge(CHECK, *seen(), page(200), loads(style))
    assert claim.facts["loop"] is False
    login = "https://login.example.org/?redirect_uri=http%3A%2F%2Fshop.example.com%2F"
    assert judge(CHECK, *seen(), replace(page(302), headers=(("Location", login),)), masked=False)
    own = sheet("https://shop.example.com/app.css")
    assert not judge(CHECK, *seen(), page(200), loads(own))
