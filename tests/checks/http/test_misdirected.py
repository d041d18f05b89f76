from dataclasses import replace

import pytest

from diagnose.model import Applicability, Edit, Fix
from diagnose.model.web_servers import SiteRoute
from tests.support.caddy_evidence import CADDY, caddy_config
from tests.support.caddy_evidence import CONFIG as CADDY_FILE
from tests.support.check_evidence import judge
from tests.support.haproxy_evidence import SERVER, TEXT, config
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, HTTPS, LISTENING, apache_config

CHECK = "http.misdirected"


def test_fires_on_421_and_names_the_server() -> None:
    page = replace(ANSWER, status=421, headers=(("Server", "Apache/2.4.65 (Debian)"),))
    (claim,) = judge(CHECK, page)
    assert claim.facts["server"] == "Apache/2.4.65 (Debian)"


def test_silent_on_other_answers() -> None:
    for status in (200, 400, 404, 502):
        assert not judge(CHECK, replace(ANSWER, status=status))


def test_fires_and_lets_haproxy_send_the_name() -> None:
    page = replace(ANSWER, status=421)
    text = TEXT.replace("3000 check", "3000 ssl verify none")
    (claim,) = judge(CHECK, SERVER, config(text), page)
    assert claim.facts["places"] == ("/etc/haproxy/haproxy.cfg:10",)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    (edit,) = (step for step in claim.fix.steps if isinstance(step, Edit))
    assert (
        "+    server a 127.0.0.1:3000 ssl verify none sni req.hdr(host),field(1,:)\n" in edit.diff
    )


@pytest.mark.parametrize(
    ("words", "version"),
    [
        ("ssl verify none sni str(shop.example.com)", "3.0.11"),
        ("ssl verify none", "3.3.1"),
        ("check", "3.0.11"),
    ],
)
def test_fires_without_an_edit_where_haproxy_sends_a_name_or_no_tls(
    words: str, version: str
) -> None:
    text = TEXT.replace("3000 check", f"3000 {words}")
    server = replace(SERVER, version=version)
    (claim,) = judge(CHECK, server, config(text), replace(ANSWER, status=421))
    assert not claim.facts["places"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


CADDYFILE = """\
shop.example.com {
\treverse_proxy https://127.0.0.1:8443 {
\t\ttransport http {
\t\t\ttls_insecure_skip_verify
\t\t}
\t}
}
"""


def caddy_fix(text: str, route: SiteRoute, *names: str) -> Fix:
    own = caddy_config(text)
    site = replace(own.sites[0], names=names or ("shop.example.com",), routes=(route,))
    page = replace(ANSWER, status=421)
    (claim,) = judge(CHECK, CADDY, LISTENING, replace(own, sites=(site,)), page, masked=False)
    assert claim.fix
    return claim.fix


TLS = SiteRoute("/", "https://127.0.0.1:8443", "https", "127.0.0.1", 8443, file=CADDY_FILE, line=2)


def test_fires_and_lets_caddy_send_the_name() -> None:
    name = "tls_server_name shop.example.com"
    other = CADDYFILE.replace("tls_insecure_skip_verify", "tls_server_name a.example.org")
    for text, route in (
        (CADDYFILE, TLS),
        (
            CADDYFILE.replace("\t\ttransport http {\n\t\t\ttls_insecure_skip_verify\n\t\t}\n", ""),
            TLS,
        ),
        ("shop.example.com {\n\treverse_proxy https://127.0.0.1:8443\n}\n", TLS),
        (other, replace(TLS, server_name="a.example.org")),
    ):
        fix = caddy_fix(text, route)
        assert fix.applicability is Applicability.REVIEW
        (edit,) = fix.edits
        assert f"\t\t\t{name}\n" in edit.diff
        assert "+" in edit.diff


def test_fires_without_an_edit_where_caddy_sends_it_or_has_several_names() -> None:
    for route in (replace(TLS, server_name="shop.example.com"), replace(TLS, scheme="http")):
        assert caddy_fix(CADDYFILE, route).applicability is Applicability.MANUAL
    fix = caddy_fix(CADDYFILE, TLS, "shop.example.com", "www.example.com")
    assert fix.applicability is Applicability.MANUAL


def test_fires_and_lets_apache_send_the_host() -> None:
    text = HTTPS.replace("http://127.0.0.1:3000/", "https://127.0.0.1:8443/")
    text = text.replace("ProxyPreserveHost On", "ProxyPreserveHost Off")
    page = replace(ANSWER, status=421)
    (claim,) = judge(CHECK, APACHE, apache_config(text), page, masked=False)
    assert claim.facts["proxy"] == "Apache"
    assert claim.fix
    (edit,) = claim.fix.edits
    assert "ProxyPreserveHost On" in edit.diff
