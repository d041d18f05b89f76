from dataclasses import replace

import pytest

from diagnose.model import Applicability, Confidence, Edit, Manual
from tests.support.check_evidence import judge
from tests.support.front_evidence import CLOUDFLARE, EDGE, behind, edge_handshake, edge_page
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import LOG_READ, logged

CHECK = "nginx.front-address-denied"
SITE = """\
server {
    listen 80;
    server_name shop.example.com;
    allow 198.51.100.7;
    deny all;
    location / {
        proxy_pass http://127.0.0.1:3000;
    }
}
"""
LINE = replace(logged("access forbidden by rule"), client=EDGE)
REFUSED = edge_page(403, headers=CLOUDFLARE)


@pytest.mark.parametrize(
    ("rules", "listed"),
    [("    allow 198.51.100.7;\n    deny all;\n", False), (f"    deny {EDGE};\n", True)],
)
def test_fires_when_the_rule_is_met_by_the_proxy(rules: str, listed: bool) -> None:
    text = SITE.replace("    allow 198.51.100.7;\n    deny all;\n", rules)
    observations = behind(edge_handshake(), REFUSED, RUNNING, config(text), LOG_READ, LINE)
    (claim,) = judge(CHECK, *observations)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["listed"] is listed
    assert claim.facts["front"] == EDGE
    assert claim.fix
    (step,) = claim.fix.steps
    assert isinstance(step, Manual)
    assert not step.commands, "a CDN has many addresses"


def test_fires_and_takes_the_visitors_address_from_the_machine_in_front() -> None:
    page = replace(REFUSED, headers=())
    observations = behind(edge_handshake(), page, RUNNING, config(SITE), LOG_READ, LINE)
    (claim,) = judge(CHECK, *observations)
    assert claim.fix
    (step,) = claim.fix.steps
    assert isinstance(step, Manual)
    diff = str(step.commands[0]).replace("\\n", "\n")
    assert f"+    set_real_ip_from {EDGE};\n+    real_ip_header X-Forwarded-For;\n" in diff


def test_silent_when_the_visitors_address_is_taken() -> None:
    real = f"    set_real_ip_from {EDGE};\n    real_ip_header X-Forwarded-For;\n"
    text = SITE.replace("    allow", f"{real}    allow")
    visitor = replace(LINE, client="192.0.2.55")
    for line in (LINE, visitor):
        observations = behind(edge_handshake(), REFUSED, RUNNING, config(text), LOG_READ, line)
        assert not judge(CHECK, *observations)


def test_silent_without_a_machine_in_front() -> None:
    """The server's own address is refused: this run's request of itself."""
    page = replace(REFUSED, address="203.0.113.10", headers=())
    line = replace(LINE, client="203.0.113.10")
    assert not judge(CHECK, *behind(page, RUNNING, config(SITE), LOG_READ, line))
    assert not judge(CHECK, *behind(page, RUNNING, config(SITE), LOG_READ, LINE))


def test_silent_when_the_front_refuses_by_itself_or_the_page_came() -> None:
    observations = (edge_handshake(), RUNNING, config(SITE), LOG_READ)
    assert not judge(CHECK, *behind(*observations, REFUSED)), "nginx wrote no line"
    assert not judge(CHECK, *behind(*observations, edge_page(200), LINE))


INNER = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    location / {
        proxy_pass http://127.0.0.1:8080;
    }
}
server {
    listen 127.0.0.1:8080;
    server_name shop.example.com;
    allow 198.51.100.0/24;
    deny all;
}
"""
OWN_PAGE = replace(REFUSED, address="203.0.113.10", headers=())
OWN_LINE = replace(LINE, client="127.0.0.1")


@pytest.mark.parametrize("realip", ["", "    set_real_ip_from 10.0.0.0/8;\n"])
def test_fires_when_an_inner_block_meets_the_proxy_on_this_server(realip: str) -> None:
    text = INNER.replace("    allow", f"{realip}    allow")
    observations = behind(OWN_PAGE, RUNNING, config(text), LOG_READ, OWN_LINE)
    (claim,) = judge(CHECK, *observations)
    assert claim.facts["inner"] is True
    assert claim.facts["taken"] == (("10.0.0.0/8",) if realip else ())
    assert claim.confidence is Confidence.CERTAIN


def test_silent_when_the_inner_block_allows_the_proxy_or_nobody() -> None:
    for text in (
        INNER.replace("198.51.100.0/24", "127.0.0.1"),
        INNER.replace("    allow 198.51.100.0/24;\n", ""),
    ):
        assert not judge(CHECK, *behind(OWN_PAGE, RUNNING, config(text), LOG_READ, OWN_LINE))


def inner_diff(text: str) -> str:
    observations = behind(OWN_PAGE, RUNNING, config(text), LOG_READ, OWN_LINE)
    (claim,) = judge(CHECK, *observations, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    return "\n".join(step.diff for step in claim.fix.steps if isinstance(step, Edit))


def test_fires_and_the_inner_block_takes_the_visitors_address() -> None:
    diff = inner_diff(INNER)
    assert "+    set_real_ip_from 127.0.0.1;\n+    real_ip_header X-Forwarded-For;" in diff
    assert "+        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;" in diff


def test_fires_and_leaves_the_lines_that_are_right() -> None:
    sent = "    proxy_set_header X-Forwarded-For $remote_addr;\n        proxy_pass"
    real = "    real_ip_header X-Forwarded-For;\n    allow"
    text = INNER.replace("proxy_pass", sent).replace("    allow", real)
    diff = inner_diff(text)
    assert "real_ip_header" not in diff.replace(" real_ip_header", "")
    assert diff.count("+    ") == 1


def test_fires_and_keeps_the_addresses_that_the_block_inherits() -> None:
    real = "set_real_ip_from 10.0.0.0/8;\nset_real_ip_from 192.0.2.0/24;\n"
    diff = inner_diff(real + INNER)
    assert "+    set_real_ip_from 10.0.0.0/8;\n+    set_real_ip_from 192.0.2.0/24;\n" in diff
    assert "+    set_real_ip_from 127.0.0.1;" in diff


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    allow", "    real_ip_header X-Real-IP;\n    allow"),
        ("proxy_pass", "proxy_set_header X-Forwarded-For $http_x_real_ip;\n        proxy_pass"),
    ],
)
def test_fires_and_leaves_other_headers_to_a_person(old: str, new: str) -> None:
    text = INNER.replace(old, new)
    observations = behind(OWN_PAGE, RUNNING, config(text), LOG_READ, OWN_LINE)
    (claim,) = judge(CHECK, *observations)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_about_the_servers_own_visit_where_the_header_is_taken() -> None:
    """The visitor is the server itself, which the list does not allow."""
    real = "    set_real_ip_from 127.0.0.1;\n    real_ip_header X-Forwarded-For;\n    allow"
    text, line = INNER.replace("    allow", real), replace(LINE, client="203.0.113.10")
    assert not judge(CHECK, *behind(OWN_PAGE, RUNNING, config(text), LOG_READ, line))
