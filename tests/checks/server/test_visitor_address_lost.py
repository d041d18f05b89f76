"""server.visitor-address-lost: when it fires, and when it is silent."""

import json
from dataclasses import replace

import pytest

from diagnose.model import Claim, Edit, Symptom, Vantage
from diagnose.model.http import Exchange
from diagnose.model.server import Interface
from diagnose.model.web_servers import (
    ServerFile,
    SiteSocket,
    WebServer,
    WebServerConfig,
    WebSite,
)
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.check_evidence import SHOP, judge, texts
from tests.support.haproxy_evidence import SERVER, TEXT, config
from tests.support.traefik_evidence import TRAEFIK
from tests.support.web_server_evidence import APACHE, apache_config

CHECK = "server.visitor-address-lost"
ASKED = replace(SHOP, symptom=Symptom("visitor-address", "获取不到真实 IP"))


def judged(text: str) -> list[Claim]:
    return judge(CHECK, SERVER, config(text), target=ASKED, masked=False)


def test_fires_and_sends_the_field() -> None:
    (claim,) = judged(TEXT)
    assert claim.facts["backend"] == "app"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    option forwardfor\n" in edit.diff


TCP = TEXT.replace("mode http", "mode tcp").replace("    option httpchk GET /healthz\n", "")


def test_fires_in_mode_tcp_where_the_option_has_no_effect() -> None:
    """HAProxy ends TLS: it can read the requests. Without TLS a person decides."""
    text = TCP.replace("mode tcp", "mode tcp\n    option forwardfor")
    (claim,) = judged(text)
    assert claim.facts["tcp"]
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "-    mode tcp\n+    mode http\n" in edit.diff or "+    mode http\n" in edit.diff
    (claim,) = judged(TCP.replace(":443 ssl crt /etc/haproxy/shop.pem", ":443"))
    assert claim.fix
    assert not any(isinstance(step, Edit) for step in claim.fix.steps)


def test_silent_without_a_message_and_where_the_address_is_told() -> None:
    assert not judge(CHECK, SERVER, config())
    scheme = "    http-request set-header X-Forwarded-Proto https\n    default_backend app"
    assert judged(TEXT.replace("    default_backend app", scheme))
    assert not judged(TEXT.replace("mode http", "mode http\n    option forwardfor"))
    field = "    http-request set-header X-Real-IP %[src]\n    default_backend app"
    assert not judged(TEXT.replace("    default_backend app", field))
    assert not judged(TEXT.replace("3000 check", "3000 check send-proxy"))


SITE = "<VirtualHost *:8080>\n    ServerName shop.example.com\n    MORE\n</VirtualHost>\n"
FRONT = TEXT.replace("    default_b", "    option forwardfor\n    default_b").replace(
    "3000", "8080"
)


def on_apache(
    more: str = "DocumentRoot /srv", front: str = FRONT, asked: bool = True
) -> list[Claim]:
    behind, own = replace(APACHE, ports=(8080,)), apache_config(SITE.replace("MORE", more))
    target = ASKED if asked else SHOP
    return judge(CHECK, SERVER, config(front), behind, own, target=target, masked=False)


def test_apache_behind_takes_the_address_from_the_field() -> None:
    (claim,) = on_apache()
    assert claim.facts["behind"] == "HAProxy"
    assert claim.fix
    edit = claim.fix.steps[1]
    assert isinstance(edit, Edit)
    assert "+    RemoteIPHeader X-Forwarded-For\n" in edit.diff
    assert any("Apache takes HAProxy for every visitor" in text for text in texts(CHECK, claim))


def test_silent_where_apache_takes_the_address_or_nobody_asks() -> None:
    assert not on_apache("RemoteIPHeader X-Forwarded-For")
    assert not on_apache(asked=False)
    # Then the one in front is to blame.
    (claim,) = on_apache(front=FRONT.replace("    option forwardfor\n", ""))
    assert claim.facts["backend"] == "app"


@pytest.mark.parametrize(
    ("lines", "fact", "new"),
    [
        (
            "RemoteIPHeader X-Forwarded-For\n    RemoteIPInternalProxy 10.1.2.3",
            "untrusted",
            "+    RemoteIPInternalProxy 127.0.0.1 ::1\n",
        ),
        ("RemoteIPHeader X-Real-IP", "field", "+    RemoteIPHeader X-Forwarded-For\n"),
    ],
)
def test_fires_where_the_lines_of_apache_do_not_take_it(lines: str, fact: str, new: str) -> None:
    (claim,) = on_apache(lines)
    assert claim.facts[fact]
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert new in edit.diff


def test_fires_where_the_module_is_not_loaded_and_silent_where_a_list_has_the_front() -> None:
    block = "<IfModule mod_remoteip.c>\nRemoteIPHeader X-Forwarded-For\n</IfModule>"
    (claim,) = on_apache(block)
    assert claim.facts["unloaded"]
    for trusted in ("127.0.0.0/8", "10.1.2.3 localhost"):
        assert not on_apache(f"RemoteIPHeader X-Forwarded-For\n    RemoteIPInternalProxy {trusted}")
    assert not on_apache("RemoteIPHeader X-Real-IP\n    RemoteIPTrustedProxyList conf/trusted")
    front = FRONT.replace(
        "    default_b", "    http-request set-header X-Real-IP %[src]\n    default_b"
    )
    assert not on_apache("RemoteIPHeader X-Real-IP", front=front)


def test_caddy_behind_trusts_the_one_in_front() -> None:
    text = "http://shop.example.com:8080 {\n\treverse_proxy 127.0.0.1:3000\n}\n"
    behind = replace(CADDY, ports=(8080,))
    given = (SERVER, config(FRONT), behind)
    sites = json.loads(json.dumps(document("shop.example.com")).replace(":443", ":8080"))
    (claim,) = judge(CHECK, *given, caddy_config(text, sites), target=ASKED, masked=False)
    assert claim.facts["caddy"]
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "trusted_proxies private_ranges" in edit.diff
    trusting = text.replace("3000", "3000 {\n\t\ttrusted_proxies 127.0.0.1\n\t}")
    assert not judge(CHECK, *given, caddy_config(trusting, sites), target=ASKED)


@pytest.mark.parametrize(
    ("first", "count"),
    [("%{X-Real-IP}i", 0), ("%v %{X-Forwarded-For}i", 0), ("%h %{X-Real-IP}i", 1)],
)
def test_a_log_may_begin_with_the_field(first: str, count: int) -> None:
    """Issue 474 of engintron: statistics read the first address of a line."""
    log = f'CustomLog /var/log/apache2/access.log "{first} %l %u %t"'
    assert len(on_apache(log)) == count


CADDY_SITE = "shop.example.com {\n\treverse_proxy 127.0.0.1:3000 {\n\t\tLINE\n\t}\n}\n"


def test_fires_where_a_line_takes_the_field_away() -> None:
    text = CADDY_SITE.replace("LINE", "header_up -X-Forwarded-For\n\t\theader_up -X-Real-IP")
    (claim,) = judge(CHECK, CADDY, caddy_config(text), target=ASKED)
    assert claim.facts["dropped"] == "header_up -X-Forwarded-For"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "-\t\theader_up -X-Forwarded-For\n-\t\theader_up -X-Real-IP\n" in edit.diff
    other = CADDY_SITE.replace("LINE", "header_up -X-Real-IP")
    assert not judge(CHECK, CADDY, caddy_config(other), target=ASKED)


OWN = Interface(vantage=Vantage.SERVER, name="eth0", up=True, addresses=("203.0.113.20",))
EDGE = Exchange(
    url="https://shop.example.com/", address="203.0.113.10", port=443, status=200,
    headers=(("CF-RAY", "8a1b-FRA"),),
)  # fmt: skip


@pytest.mark.parametrize("product", ["apache", "caddy", "haproxy"])
def test_cloudflare_in_front_sends_the_address(product: str) -> None:
    site = SITE.replace("*:8080", "*:443").replace("MORE", "ProxyPass / http://127.0.0.1:3000/")
    own = CADDY_SITE.replace("LINE", "header_up X-A b")
    given, new = {
        "apache": ((APACHE, apache_config(site)), "RemoteIPTrustedProxy 103.21.244.0/22 "),
        "caddy": ((CADDY, caddy_config(own)), "trusted_proxies 103.21.244.0/22 "),
        "haproxy": (
            (SERVER, config(FRONT)),
            "http-request set-src req.hdr(CF-Connecting-IP) if from_cloudflare",
        ),
    }[product]
    (claim,) = judge(CHECK, *given, EDGE, OWN, target=ASKED, masked=False)
    assert (claim.facts["behind"], claim.facts["cdn"]) == ("Cloudflare", True)
    assert claim.fix
    assert any(new in str(step) for step in claim.fix.steps)
    # Another machine than Cloudflare, or this one.
    other = replace(EDGE, headers=())
    assert not judge(CHECK, *given, other, OWN, target=ASKED)


def test_silent_where_cloudflares_field_is_read() -> None:
    line = "RemoteIPHeader CF-Connecting-IP\n    ProxyPass / http://127.0.0.1:3000/"
    site = SITE.replace("*:8080", "*:443").replace("MORE", line)
    assert not judge(CHECK, APACHE, apache_config(site), EDGE, OWN, target=ASKED)
    own = CADDY_SITE.replace("LINE", "trusted_proxies 104.16.0.0/13")
    assert not judge(CHECK, CADDY, caddy_config(own), EDGE, OWN, target=ASKED)
    rule = "    http-request set-src hdr(CF-Connecting-IP)\n    default_backend app"
    text = FRONT.replace("    default_backend app", rule)
    assert not judge(CHECK, SERVER, config(text), EDGE, OWN, target=ASKED)


POINTS = 'entryPoints:\n  websecure:\n    address: ":PORT"\n'
STATIC = "/etc/traefik/traefik.yml"


def traefik(port: int, more: str = "") -> tuple[WebServer, WebServerConfig]:
    text = POINTS.replace("PORT", str(port)) + more
    socket = SiteSocket(address="", port=port)
    site = WebSite(names=("shop.example.com",), sockets=(socket,))
    own = WebServerConfig(
        product="traefik", path=STATIC, files=(ServerFile(STATIC, text),), sites=(site,)
    )
    return replace(TRAEFIK, container="", ports=(port,)), own


def test_traefik_believes_the_one_in_front() -> None:
    (claim,) = judge(CHECK, *traefik(443), EDGE, OWN, target=ASKED, masked=False)
    assert claim.fix
    assert '- "103.21.244.0/22"' in str(getattr(claim.fix.steps[0], "diff", ""))
    (claim,) = judge(CHECK, SERVER, config(FRONT), *traefik(8080), target=ASKED, masked=False)
    assert claim.facts["behind"] == "HAProxy"
    assert claim.fix
    assert '"127.0.0.1/32"' in str(getattr(claim.fix.steps[0], "diff", ""))
    believing = "    forwardedHeaders:\n      insecure: true\n"
    assert not judge(CHECK, *traefik(443, believing), EDGE, OWN, target=ASKED)
