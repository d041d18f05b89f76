"""server.field-misspelt: when it fires, and when it is silent."""

from typing import Any

import pytest

from diagnose.model import Applicability, Confidence
from diagnose.model.web_servers import WebServer, WebServerConfig
from tests.support import caddy_evidence as caddy
from tests.support import haproxy_evidence as haproxy
from tests.support.check_evidence import judge
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.field-misspelt"


def apache(line: str) -> tuple[WebServer, WebServerConfig]:
    return APACHE, apache_config(HTTPS.replace("    ProxyPass ", f"    {line}\n    ProxyPass ", 1))


def haproxies(line: str) -> tuple[WebServer, WebServerConfig]:
    text = haproxy.TEXT.replace("backend app\n", f"backend app\n    {line}\n")
    return haproxy.SERVER, haproxy.config(text)


def caddies(line: str) -> tuple[WebServer, WebServerConfig]:
    proxy = f"reverse_proxy 127.0.0.1:3000 {{\n\t\t{line}\n\t}}"
    site = f"shop.example.com {{\n\ttls /etc/ssl/shop.pem /etc/ssl/shop.key\n\t{proxy}\n}}\n"
    return caddy.CADDY, caddy.caddy_config(site)


@pytest.mark.parametrize(
    ("evidence", "written", "corrected"),
    [
        (
            apache('RequestHeader set X-Forward-Proto "https"'),
            "X-Forward-Proto",
            'RequestHeader set X-Forwarded-Proto "https"',
        ),
        (
            haproxies("http-request set-header X-Fowarded-Proto https if { ssl_fc }"),
            "X-Fowarded-Proto",
            "http-request set-header X-Forwarded-Proto https if { ssl_fc }",
        ),
        (
            caddies("header_up X_Real_IP {remote_host}"),
            "X_Real_IP",
            "header_up X-Real-IP {remote_host}",
        ),
    ],
)
def test_fires_and_corrects_the_name(evidence: Any, written: str, corrected: str) -> None:
    (claim,) = judge(CHECK, *evidence, masked=False)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["written"] == written
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert corrected in str(claim.fix.steps[0])


@pytest.mark.parametrize(
    "evidence",
    [
        apache('RequestHeader set X-Forwarded-Proto "https"'),
        apache('RequestHeader set X-Forwarded-Protocol "https"'),
        apache("RequestHeader unset X-Forward-Proto"),
        haproxies("http-request set-header X-Forwarded-Port %[dst_port]"),
        haproxies("http-request set-header X-SSL-Client-CN %{+Q}[ssl_c_s_dn(cn)]"),
        caddies("header_up X-Own 1"),
    ],
)
def test_silent_where_the_name_is_right_or_another_one(evidence: Any) -> None:
    assert not judge(CHECK, *evidence, masked=False)
