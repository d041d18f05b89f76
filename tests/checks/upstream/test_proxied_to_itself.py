"""upstream.proxied-to-itself: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability
from tests.support.check_evidence import SHOP, judge
from tests.support.firewall_rules import listening, nic
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.upstream_evidence import page
from tests.support.upstreams import tried

CHECK = "upstream.proxied-to-itself"
OWN = "https://shop.example.com"
TEXT = SITE.replace("http://127.0.0.1:3000", OWN)
REACHED = tried(OWN, "203.0.113.10", host="shop.example.com", port=443)


def test_fires_where_the_sites_own_name_is_passed_on_to() -> None:
    (claim,) = judge(CHECK, config(TEXT), BUILD, RUNNING, page(502), REACHED, nic())
    assert claim.facts["target"] == OWN
    assert claim.location
    programs = (listening(443), listening(8000, process="node"))
    (claim,) = judge(CHECK, config(TEXT), BUILD, RUNNING, page(502), REACHED, nic(), *programs)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "+        proxy_pass http://127.0.0.1:8000;" in str(claim.fix.steps[0]).replace(
        "\\n", "\n"
    )


def test_fires_over_loopback() -> None:
    text = SITE.replace("http://127.0.0.1:3000", "https://127.0.0.1")
    reached = tried("https://127.0.0.1", port=443)
    assert judge(CHECK, config(text), page(400), reached, nic())


def test_silent_where_it_works_or_the_name_leads_elsewhere() -> None:
    assert not judge(CHECK, config(TEXT), page(200), REACHED, nic())
    elsewhere = tried(OWN, "203.0.113.99", host="shop.example.com", port=443)
    assert not judge(CHECK, config(TEXT), page(502), elsewhere, nic())


def test_silent_where_another_block_of_the_same_nginx_answers() -> None:
    inner = "server {\n    listen 443 ssl;\n    server_name 127.0.0.1;\n    return 500;\n}\n"
    text = SITE.replace("http://127.0.0.1:3000", "https://127.0.0.1").replace(
        "        proxy_set_header Host $host;\n", ""
    )
    reached = tried("https://127.0.0.1", port=443)
    assert not judge(CHECK, config(text + inner), page(500), reached, nic())


PLAIN = "http://shop.example.com"
PLAIN_TEXT = SITE.replace("http://127.0.0.1:3000", PLAIN)
LOOP = replace(page(301), headers=(("Location", SHOP.url),))
TO_80 = tried(PLAIN, "203.0.113.10", host="shop.example.com", port=80)
PORT_80 = (
    "server {\n    listen 80;\n    server_name shop.example.com;\n"
    "    return 301 https://$host$request_uri;\n}\n"
)
BY_CERTBOT = (
    "server {\n    if ($host = shop.example.com) {\n        return 301 https://$host$request_uri;\n"
    "    }\n    listen 80;\n    server_name shop.example.com;\n    return 404;\n}\n"
)
BY_SCHEME = (
    "server {\n    listen 8080;\n    server_name shop.example.com;\n    if ($scheme = http) {\n"
    "        return 301 https://$host$request_uri;\n    }\n    root /srv;\n}\n"
)


@pytest.mark.parametrize("block", [PORT_80, BY_CERTBOT])
def test_fires_where_the_redirect_to_https_answers(block: str) -> None:
    (claim,) = judge(CHECK, config(PLAIN_TEXT + block), BUILD, RUNNING, LOOP, TO_80, nic())
    assert claim.facts["redirect"] != claim.facts["place"]


def test_silent_where_an_inner_block_looks_at_the_scheme() -> None:
    text = SITE.replace("http://127.0.0.1:3000", "http://127.0.0.1:8080") + BY_SCHEME
    reached = tried("http://127.0.0.1:8080", port=8080)
    assert not judge(CHECK, config(text), BUILD, RUNNING, LOOP, reached, nic())


def test_silent_where_an_application_on_port_80_of_another_machine_redirects() -> None:
    away = tried(PLAIN, "203.0.113.99", host="shop.example.com", port=80)
    assert not judge(CHECK, config(PLAIN_TEXT + PORT_80), BUILD, RUNNING, LOOP, away, nic())


def test_fires_where_the_redirect_leads_to_the_name_in_proxy_pass() -> None:
    text = SITE.replace("http://127.0.0.1:3000", "http://localhost").replace(
        "        proxy_set_header Host $host;\n", ""
    )
    away = replace(page(301), headers=(("Location", "https://localhost/"),))
    reached = tried("http://localhost", port=80)
    (claim,) = judge(CHECK, config(text + PORT_80), BUILD, RUNNING, away, reached, nic())
    assert claim.facts["redirect"]
    assert claim.facts["loop"] is False


def test_silent_where_an_inner_block_redirects_to_its_login() -> None:
    inner = PORT_80.replace("listen 80", "listen 8080").replace("$request_uri", "/login")
    text = SITE.replace("http://127.0.0.1:3000", "http://127.0.0.1:8080") + inner
    login = replace(page(301), headers=(("Location", "https://shop.example.com/login"),))
    reached = tried("http://127.0.0.1:8080", port=8080)
    assert not judge(CHECK, config(text), BUILD, RUNNING, login, reached, nic())


@pytest.mark.parametrize(("port", "cookie"), [(3001, ""), (80, "session=1; Secure")])
def test_silent_where_an_inner_block_redirects_once_for_a_cookie(port: int, cookie: str) -> None:
    """A browser that sends the cookie back gets the page."""
    text = PLAIN_TEXT.replace(PLAIN, f"http://127.0.0.1:{port}")
    inner = (
        f"server {{\n    listen {port};\n    server_name shop.example.com;\n"
        "    return 302 https://$host$request_uri;\n}\n"
    )
    answer = replace(LOOP, headers=(*LOOP.headers, ("Set-Cookie", cookie))) if cookie else LOOP
    reached = tried(f"http://127.0.0.1:{port}", port=port)
    assert not judge(CHECK, config(text + inner), answer, reached, nic())
