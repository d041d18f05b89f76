from dataclasses import replace

import pytest

from diagnose.model import Applicability, Confidence, Edit
from diagnose.model.backends import BackendHandshake, BackendVisit
from diagnose.model.http import Upgrade
from diagnose.model.logs import FailedRequests, ServerRequestError
from diagnose.model.web_servers import WebServerConfig
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.certificates import leaf
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER as HAPROXY
from tests.support.haproxy_evidence import TEXT
from tests.support.haproxy_evidence import config as haproxy_config
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.backend-tls-fails"
FAILED = replace(ANSWER, status=502)
SECURE = HTTPS.replace("http://127.0.0.1:3000", "https://127.0.0.1:3443")
OWN = leaf(dns_names=("app.internal",))
SHAKEN = BackendHandshake(
    target="https://127.0.0.1:3443/",
    host="127.0.0.1",
    port=3443,
    server_name="127.0.0.1",
    verify_code=18,
    verify_text="self-signed certificate",
    chain=(OWN,),
)


def apache(*lines: str) -> WebServerConfig:
    """Apache with a TLS backend, and these lines in the virtual host."""
    own = "".join(f"    {line}\n" for line in ("SSLProxyEngine on", *lines))
    return apache_config(SECURE.replace("    SSLEngine on\n", f"    SSLEngine on\n{own}"))


def caddy_document(**transport: object) -> dict[str, object]:
    """Caddy's site with `transport http` and these settings of its TLS."""
    made = document("shop.example.com", dial="127.0.0.1:3443")
    site = made["apps"]["http"]["servers"]["srv0"]["routes"][0]  # type: ignore[index]
    proxy = site["handle"][0]["routes"][0]["handle"][0]
    proxy["transport"] = {"protocol": "http", "tls": transport}
    return made


def caddy(**transport: object) -> WebServerConfig:
    text = "shop.example.com {\n\treverse_proxy https://127.0.0.1:3443\n}\n"
    return caddy_config(text, caddy_document(**transport))


def test_fires_for_a_name_that_the_certificate_has_not() -> None:
    (claim,) = judge(CHECK, APACHE, apache(), FAILED, SHAKEN)
    assert claim.facts["name_differs"]
    assert claim.facts["names"] == ("app.internal",)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def kept(host: str, *lines: str) -> WebServerConfig:
    own = "".join(f"    {line}\n" for line in ("SSLProxyEngine on", *lines))
    return apache_config(
        HTTPS.replace("http://127.0.0.1:3000", f"https://{host}:3443").replace(
            "    SSLEngine on\n", f"    SSLEngine on\n{own}"
        )
    )


def shaken(host: str, *names: str) -> BackendHandshake:
    return replace(
        SHAKEN, target=f"https://{host}:3443/", host=host, server_name=host, verify_code=0,
        chain=(leaf(dns_names=names),),
    )  # fmt: skip


def test_fires_where_apache_compares_the_name_of_the_visitor() -> None:
    host = "app.example.net"
    config = kept(host, "ProxyPreserveHost On")
    (claim,) = judge(CHECK, APACHE, config, FAILED, shaken(host, host), masked=False)
    assert claim.facts["kept_host"]
    assert claim.facts["wanted"] == "shop.example.com"
    assert claim.fix
    assert "+    ProxyPreserveHost Off" in claim.fix.edits[0].diff


def test_fires_and_does_not_compare_the_name_in_the_own_network() -> None:
    config = kept("app.internal", "ProxyPreserveHost On")
    observed = (FAILED, shaken("app.internal", "app.internal"))
    (claim,) = judge(CHECK, APACHE, config, *observed, masked=False)
    assert claim.facts["check_off"]
    assert claim.fix
    assert "+    SSLProxyCheckPeerName off" in claim.fix.edits[0].diff
    chained = kept("app.internal", "ProxyPreserveHost On", "SSLProxyVerify require")
    (claim,) = judge(CHECK, APACHE, chained, *observed, masked=False)
    assert not claim.facts["check_off"], "the comparison protects something here"


@pytest.mark.parametrize("lines", [(), ("ProxyPreserveHost On", "SSLProxyCheckPeerName off")])
def test_silent_where_the_name_fits_or_is_not_compared(lines: tuple[str, ...]) -> None:
    handshake = shaken("app.internal", "app.internal")
    assert not judge(CHECK, APACHE, kept("app.internal", *lines), FAILED, handshake)


def test_silent_where_the_certificate_is_for_the_host_that_apache_sends() -> None:
    config = kept("app.internal", "ProxyPreserveHost On")
    handshake = shaken("app.internal", "shop.example.com")
    assert not judge(CHECK, APACHE, config, FAILED, handshake)


@pytest.mark.parametrize(
    ("line", "host", "added"),
    [
        (
            "\treverse_proxy https://127.0.0.1:3443",
            "127.0.0.1",
            "+\t\ttransport http {\n+\t\t\ttls_server_name app.internal\n+\t\t}\n+\t}\n",
        ),
        (
            "\treverse_proxy https://192.0.2.7:3443",
            "192.0.2.7",
            "+\t\theader_up Host app.internal\n+\t\ttransport http {\n",
        ),
        (
            "\treverse_proxy https://192.0.2.7:3443 {\n\t\theader_up X-A 1\n\t}",
            "192.0.2.7",
            "+\t\theader_up Host app.internal\n+\t\ttransport http {\n",
        ),
    ],
)
def test_fires_for_another_name_and_writes_it_for_caddy(line: str, host: str, added: str) -> None:
    made = document("shop.example.com", dial=f"{host}:3443")
    site = made["apps"]["http"]["servers"]["srv0"]["routes"][0]  # type: ignore[index]
    site["handle"][0]["routes"][0]["handle"][0]["transport"] = {"protocol": "http", "tls": {}}
    config = caddy_config(f"shop.example.com {{\n{line}\n}}\n", made)
    shaken = replace(
        SHAKEN, target=f"https://{host}:3443", host=host, server_name=host, verify_code=0
    )
    (claim,) = judge(CHECK, CADDY, config, FAILED, shaken, masked=False)
    assert claim.facts["name_differs"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert added in edit.diff
    assert ("header_up Host" in edit.diff) is (host != "127.0.0.1")


def test_fires_with_words_where_caddy_has_a_transport() -> None:
    line = "\treverse_proxy https://127.0.0.1:3443 {\n\t\ttransport http {\n\t\t\ttls\n\t\t}\n\t}"
    config = caddy_config(f"shop.example.com {{\n{line}\n}}\n", caddy_document())
    shaken = replace(SHAKEN, target="https://127.0.0.1:3443", verify_code=0)
    (claim,) = judge(CHECK, CADDY, config, FAILED, shaken)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_for_a_certificate_that_nobody_trusts() -> None:
    shaken = replace(SHAKEN, target="https://127.0.0.1:3443")
    (claim,) = judge(CHECK, CADDY, caddy(), FAILED, shaken, replace(shaken))
    assert claim.facts["untrusted"]
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+\t\t\ttls_insecure_skip_verify\n" in edit.diff
    assert claim.facts["other_name"] == "app.internal"
    (claim,) = judge(CHECK, APACHE, apache("SSLProxyVerify require"), FAILED, SHAKEN)
    assert claim.facts["untrusted"]
    assert claim.facts["other_name"] == "app.internal"
    named = replace(SHAKEN, chain=(leaf(dns_names=(), addresses=("127.0.0.1",)),))
    (claim,) = judge(CHECK, APACHE, apache("SSLProxyVerify require"), FAILED, named)
    assert not claim.facts["other_name"]


def test_fires_for_plain_http_and_speaks_it() -> None:
    plain = replace(SHAKEN, verify_code=None, chain=(), plain=True)
    (claim,) = judge(CHECK, APACHE, apache(), FAILED, plain)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    ProxyPass / http://127.0.0.1:3443/\n" in edit.diff
    text = TEXT.replace("127.0.0.1:3000 check", "192.0.2.7:3443 ssl verify none")
    elsewhere = replace(plain, target="https://192.0.2.7:3443", host="192.0.2.7")
    (claim,) = judge(CHECK, HAPROXY, haproxy_config(text), replace(FAILED, status=503), elsewhere)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize("named", ["verifyhost app.example", "sni str(app.example)"])
def test_fires_for_another_name_and_writes_it_for_haproxy(named: str) -> None:
    text = TEXT.replace(":3000 check", f":3443 ssl verify required ca-file /etc/ca.pem {named}")
    asked = replace(SHAKEN, target="https://127.0.0.1:3443", server_name="app.example")
    shaken = replace(asked, verify_code=0)
    refused = replace(FAILED, status=503)
    (claim,) = judge(CHECK, HAPROXY, haproxy_config(text), refused, shaken, masked=False)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert named.replace("app.example", "app.internal") in edit.diff
    # A name that the request gives comes before that of `verifyhost`.
    other = text.replace(named, f"sni req.hdr(host) {named}") if "verifyhost" in named else ""
    assert not other or not judge(CHECK, HAPROXY, haproxy_config(other), refused, shaken)


@pytest.mark.parametrize(
    "config",
    [
        apache("SSLProxyCheckPeerName off"),
        caddy(insecure_skip_verify=True),
    ],
)
def test_silent_where_nothing_is_verified(config: WebServerConfig) -> None:
    server = APACHE if config.product == "apache" else CADDY
    target = config.sites[0].routes[-1].target
    assert not judge(CHECK, server, config, FAILED, replace(SHAKEN, target=target))


def test_silent_for_a_good_certificate_or_a_page_that_came() -> None:
    good = replace(SHAKEN, server_name="app.internal", verify_code=0, verify_text="ok")
    assert not judge(CHECK, APACHE, apache(), FAILED, good)
    assert not judge(CHECK, APACHE, apache(), ANSWER, SHAKEN)


def test_silent_where_apache_does_not_begin_tls() -> None:
    off = ServerRequestError(
        product="apache", log="/log", reason="backend-tls", message="AH00961: failed to enable ssl"
    )
    assert not judge(CHECK, APACHE, apache(), FAILED, SHAKEN, off)


def test_fires_for_plain_http_where_apache_does_not_begin_tls() -> None:
    """`SSLProxyEngine on` would heal nothing, so that it is a consequence."""
    off = ServerRequestError(
        product="apache", log="/log", reason="backend-tls", message="AH00961: failed to enable ssl"
    )
    plain = replace(SHAKEN, verify_code=None, chain=(), plain=True)
    config = apache_config(SECURE)
    failed = replace(FAILED, status=500)
    (claim,) = judge(CHECK, APACHE, config, failed, plain, off)
    assert claim.facts["plain"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_silent_where_the_site_uses_no_tls() -> None:
    """The handshake was only tried, after a 502."""
    plain = replace(SHAKEN, target="http://127.0.0.1:3000/", verify_code=None, chain=(), plain=True)
    assert not judge(CHECK, APACHE, apache_config(HTTPS), FAILED, plain)


RULE = """\
    RewriteEngine on
    RewriteCond %{HTTP:Upgrade} websocket [NC]
    RewriteRule .* "wss://127.0.0.1:3000%{REQUEST_URI}" [P]
"""
CHAT = replace(SHOP, websockets=("/ws",))
WSS = HTTPS.replace("    ProxyPass /ws ws://127.0.0.1:3000/ws\n", RULE)
REFUSED = Upgrade(
    url="wss://shop.example.com/ws", path="/ws", address="203.0.113.10", port=443, status=500
)
VISIT = BackendVisit(
    target="http://localhost:3000/", requested="/ws", path="/ws", status=400, connected=True
)
NO_TLS = replace(
    SHAKEN, target="http://localhost:3000/", host="localhost", port=3000, verify_code=None, chain=()
)


def test_fires_for_websockets_with_tls_to_a_port_of_plain_http() -> None:
    seen = (APACHE, apache_config(WSS), ANSWER, REFUSED, VISIT, NO_TLS)
    (claim,) = judge(CHECK, *seen, target=CHAT, masked=False)
    assert claim.facts["plain"]
    assert claim.about.path == "/ws"
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert '+    RewriteRule .* "ws://127.0.0.1:3000%{REQUEST_URI}" [P]\n' in edit.diff


def test_fires_for_websockets_for_certain_where_plain_http_gets_a_page() -> None:
    seen = (APACHE, apache_config(WSS), ANSWER, REFUSED, replace(VISIT, status=404), NO_TLS)
    (claim,) = judge(CHECK, *seen, target=CHAT)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_silent_for_websockets_where_the_port_has_tls_or_was_not_asked() -> None:
    known = (APACHE, apache_config(WSS), ANSWER, REFUSED)
    assert not judge(CHECK, *known, VISIT, replace(NO_TLS, verify_code=0), target=CHAT)
    assert not judge(CHECK, *known, NO_TLS, target=CHAT)
    assert not judge(
        CHECK, *known, replace(VISIT, target="http://localhost:9/"), NO_TLS, target=CHAT
    )
    plain = apache_config(WSS.replace("wss:", "ws:"))
    assert not judge(CHECK, APACHE, plain, ANSWER, REFUSED, VISIT, NO_TLS, target=CHAT)


LOGGED = FailedRequests(
    file="/var/log/apache2/access.log", method="GET", path="/ws", status=500, server="apache",
    written="30/Nov/2026:12:00:00 +0000",
)  # fmt: skip
PAGE = replace(ANSWER, status=200)


def test_fires_for_logged_websockets_where_another_line_has_the_port_without_tls() -> None:
    """Nobody named the WebSocket, and the page comes."""
    (claim,) = judge(CHECK, APACHE, apache_config(WSS), PAGE, LOGGED, masked=False)
    assert claim.confidence is Confidence.LIKELY
    assert claim.about.path == "/ws"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert '+    RewriteRule .* "ws://127.0.0.1:3000%{REQUEST_URI}" [P]' in claim.fix.edits[0].diff


def test_silent_for_logged_websockets_where_nothing_shows_that_the_port_has_no_tls() -> None:
    known = (APACHE, apache_config(WSS))
    assert not judge(CHECK, *known, replace(ANSWER, status=502), LOGGED)
    assert not judge(CHECK, *known, PAGE, replace(LOGGED, path="/report"))
    other = apache_config(WSS.replace("http://127.0.0.1:3000/", "http://127.0.0.1:3001/"))
    assert not judge(CHECK, APACHE, other, PAGE, LOGGED)
    assert not judge(CHECK, APACHE, apache_config(WSS.replace("wss:", "ws:")), PAGE, LOGGED)
