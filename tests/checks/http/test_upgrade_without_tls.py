"""http.upgrade-without-tls: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Edit, Failure, Severity, Target
from diagnose.model.http import Exchange
from diagnose.model.pages import PagePort
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_evidence import loads, script

CHECK = "http.upgrade-without-tls"
PLAIN = "http://shop.example.com/"
PAGE = loads(script(f"{PLAIN}a.js"), url=PLAIN, upgrades=True)
REFUSED = PagePort(
    page=PLAIN, url="https://shop.example.com/a.js", address="203.0.113.10", port=443,
    failure=Failure("refused", "Connection refused", 111),
)  # fmt: skip


def test_fires_where_nothing_answers() -> None:
    (claim,) = judge(CHECK, PAGE, REFUSED)
    assert claim.facts["port"] == 443
    assert claim.facts["file"] == REFUSED.url


def test_takes_the_directive_out_where_the_server_sends_it() -> None:
    rules = "default-src 'self'; upgrade-insecure-requests"
    for policy, left in ((rules, "+    add_header Content-Security-Policy \"default-src 'self'\";"),
                         ("upgrade-insecure-requests", "-    add_header")):  # fmt: skip
        line = f'add_header Content-Security-Policy "{policy}";'
        site = f"server {{\n    listen 80;\n    server_name shop.example.com;\n    {line}\n}}\n"
        answer = Exchange(
            url=PLAIN, address="203.0.113.10", port=80, status=200,
            headers=(("Content-Security-Policy", policy),),
        )  # fmt: skip
        target = Target(PLAIN, "http", "shop.example.com", 80)
        (claim,) = judge(CHECK, RUNNING, config(site), answer, PAGE, REFUSED, target=target)
        assert claim.facts["corrected"]
        assert claim.fix
        assert isinstance(claim.fix.steps[0], Edit)
        assert left in claim.fix.steps[0].diff


def test_silent_where_tls_answers_or_the_page_upgrades_nothing() -> None:
    assert not judge(CHECK, PAGE, replace(REFUSED, failure=None, connected=True))
    assert not judge(CHECK, loads(script(f"{PLAIN}a.js"), url=PLAIN), REFUSED)
    assert not judge(CHECK, replace(PAGE, url="https://shop.example.com/"), REFUSED)


def test_fires_where_the_page_names_its_files_with_https() -> None:
    """After issue 1229 of nginx-proxy: port 443 is not forwarded."""
    page = loads(script(REFUSED.url), url=PLAIN)
    (claim,) = judge(CHECK, page, REFUSED)
    assert claim.facts["named"]
    (claim,) = judge(CHECK, loads(url=PLAIN, images=(REFUSED.url,)), REFUSED)
    assert claim.severity is Severity.NOTE or claim.severity is Severity.WARNING
    assert not judge(CHECK, page, replace(REFUSED, failure=Failure("certificate", "expired")))
    other = replace(REFUSED, url="https://shop.example.com:8443/b.js", port=8443)
    assert not judge(CHECK, page, other)


def test_silent_about_the_port_of_a_websocket() -> None:
    socket = replace(REFUSED, url="wss://shop.example.com:8080/app", port=8080)
    assert not judge(CHECK, PAGE, socket)
    assert judge("websocket.page-port", PAGE, socket)
    assert not judge("websocket.page-port", PAGE, REFUSED)
