"""server.front-address-denied: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Edit,
    Manual,
    Observation,
    Vantage,
)
from diagnose.model.http import Exchange
from diagnose.model.nginx import UpstreamTry
from diagnose.model.server import Interface
from diagnose.model.web_servers import (
    ServerFile,
    SiteSocket,
    WebServer,
    WebServerConfig,
    WebSite,
)
from diagnose.parsers.cdn import CLOUDFLARE_NETWORKS
from diagnose.parsers.haproxy.config import parse
from diagnose.parsers.haproxy.sites import listens_of, sites_of
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.caddy_evidence import CONFIG as CADDYFILE
from tests.support.check_evidence import SHOP, judge
from tests.support.front_evidence import EDGE, edge_page, local
from tests.support.haproxy_evidence import CONFIG, SERVER, TEXT, config
from tests.support.nginx_evidence import RUNNING
from tests.support.nginx_evidence import SITE as SITES
from tests.support.nginx_evidence import config as nginx_config
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.front-address-denied"
PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=403)
FRONT = TEXT.replace("    default_b", "    option forwardfor\n    default_b").replace(
    "3000", "8080"
)
SITE = """\
<VirtualHost *:8080>
    ServerName shop.example.com
    DocumentRoot /var/www/html
    <Directory /var/www/html>
        {}
    </Directory>
</VirtualHost>
"""
BEHIND = replace(APACHE, ports=(8080,))


def on_apache(rule: str, front: str = FRONT, status: int = 403) -> list[Claim]:
    own = apache_config(SITE.format(rule))
    page = replace(PAGE, status=status)
    return judge(CHECK, SERVER, config(front), BEHIND, own, page, target=SHOP, masked=False)


def haproxy_behind(*rules: str, bind: str = "127.0.0.1:8080") -> list[Claim]:
    lines = "".join(f"    {rule}\n" for rule in rules)
    text = (
        f"defaults\n    mode http\nfrontend web\n    bind {bind}\n{lines}"
        "    default_backend app\nbackend app\n    server a 127.0.0.1:3000\n"
    )
    parsed = parse([(CONFIG, text)])
    own = WebServerConfig(
        product="haproxy", path=CONFIG, sites=sites_of(parsed, {}), listens=listens_of(parsed),
        files=(ServerFile(CONFIG, text),),
    )  # fmt: skip
    front = apache_config(HTTPS.replace("http://127.0.0.1:3000/", "http://127.0.0.1:8080/"))
    server: WebServer = replace(SERVER, ports=(8080,))
    return judge(CHECK, APACHE, front, server, own, PAGE, target=SHOP, masked=False)


def test_fires_on_apache_and_takes_the_address_from_the_field() -> None:
    (claim,) = on_apache("Require ip 198.51.100.0/24")
    assert claim.confidence is Confidence.LIKELY
    assert (claim.facts["front"], claim.facts["behind"]) == ("HAProxy", 8080)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    module, edit = claim.fix.steps[:2]
    assert isinstance(module, Command)
    assert isinstance(edit, Edit)
    assert "+    RemoteIPHeader X-Forwarded-For\n+    RemoteIPInternalProxy 127.0.0.1" in edit.diff


def test_leaves_it_to_a_person_where_the_front_sends_no_field() -> None:
    (claim,) = on_apache("Require ip 198.51.100.7", FRONT.replace("    option forwardfor\n", ""))
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


@pytest.mark.parametrize(
    "rule",
    [
        "Require all granted",
        "Require all denied",
        "Require ip 127.0.0.0/8",
        "Require ip 10.1",
        "Require local",
        "Require host localhost\n        Require ip 198.51.100.7",
        "Require ip 198.51.100.7\n        Require valid-user",
    ],
)
def test_silent_where_apache_lets_the_front_in_or_nobody(rule: str) -> None:
    assert not on_apache(rule)


def test_silent_where_apache_knows_the_visitor_or_the_page_comes() -> None:
    field = "    </Directory>\n    RemoteIPHeader X-Forwarded-For\n<Directory /x>"
    known = f"Require ip 198.51.100.7\n{field}"
    assert not on_apache(known)
    assert not on_apache("Require ip 198.51.100.7", status=200)


@pytest.mark.parametrize(("status", "fires"), [(None, True), (403, True), (200, False)])
def test_the_own_request_to_apache_is_a_control(status: int | None, fires: bool) -> None:
    text = SITES.replace("127.0.0.1:3000", "127.0.0.1:8080")
    asked = UpstreamTry(
        vantage=Vantage.SERVER, target="http://127.0.0.1:8080", host="127.0.0.1", port=8080,
        asked=status is not None, status=status,
    )  # fmt: skip
    own = apache_config(SITE.format("Require ip 198.51.100.7"))
    evidence = (RUNNING, nginx_config(text), asked, BEHIND, own, PAGE)
    assert bool(judge(CHECK, *evidence, target=SHOP, masked=False)) is fires


SET = "+    http-request set-src req.hdr(x-forwarded-for,-1)"


@pytest.mark.parametrize(
    "rules",
    [
        ["acl office src 198.51.100.0/24", "http-request deny unless office"],
        ["http-request deny if !{ src 198.51.100.7 192.0.2.0/24 }"],
        ["http-request deny if { path_beg / } !{ src 198.51.100.7 }"],
        ["http-request deny if { src 127.0.0.1 }"],
    ],
)
def test_fires_on_haproxy_behind_another_server(rules: list[str]) -> None:
    (claim,) = haproxy_behind(*rules)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert SET in edit.diff


def test_leaves_a_frontend_that_others_reach_to_a_person() -> None:
    (claim,) = haproxy_behind("http-request deny if !{ src 198.51.100.7 }", bind=":8080")
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


@pytest.mark.parametrize(
    "rules",
    [
        ["http-request deny if !{ src 127.0.0.0/8 }"],
        ["http-request deny if { path_beg /admin } !{ src 198.51.100.7 }"],
        ["http-request deny if !{ src -f /etc/haproxy/list }"],
        [SET.strip("+ "), "http-request deny if !{ src 198.51.100.7 }"],
    ],
)
def test_silent_where_haproxy_lets_the_front_in(rules: list[str]) -> None:
    assert not haproxy_behind(*rules)


def caddy_behind(own: str, other: str) -> list[Claim]:
    text = (
        f'http://shop.example.com:8080 {{\n{own}\trespond "shop"\n}}\n'
        f'http://wiki.example.com:8080 {{\n{other}\trespond "wiki"\n}}\n'
    )
    config_of_site = replace(
        caddy_config(text, document("shop.example.com")),
        sites=tuple(
            WebSite(names=(name,), sockets=(SiteSocket(8080),), file=CADDYFILE, line=line, end=end)
            for name, line, end in (
                ("shop.example.com", 1, own.count("\n") + 3),
                ("wiki.example.com", own.count("\n") + 4, text.count("\n")),
            )
        ),
    )
    server = replace(CADDY, ports=(8080,))
    return judge(
        CHECK, SERVER, config(FRONT), server, config_of_site, PAGE, target=SHOP, masked=False
    )


def test_fires_on_the_site_of_caddy_alone() -> None:
    rule = "\t@out not remote_ip 198.51.100.0/24\n\tabort @out\n"
    (claim,) = caddy_behind(rule, "")
    assert claim.confidence is Confidence.LIKELY
    assert not caddy_behind("", rule)


EDGE_PAGE = edge_page(403)
NIC = Interface(vantage=Vantage.SERVER, name="eth0", up=True, addresses=("203.0.113.10",))


def behind_machine(*seen: Observation) -> list[Claim]:
    return judge(CHECK, NIC, EDGE_PAGE, *seen, target=SHOP, masked=False)


def haproxy_on_80(*rules: str) -> tuple[Observation, ...]:
    lines = "".join(f"    {rule}\n" for rule in rules)
    text = (
        f"defaults\n    mode http\nfrontend web\n    bind :80\n{lines}"
        "    default_backend app\nbackend app\n    server a 127.0.0.1:3000\n"
    )
    return replace(SERVER, ports=(80,)), config(text)


def test_fires_where_the_list_sees_a_machine_in_front() -> None:
    """TLS ends at the balancer; the field of the balancer alone is believed."""
    deny = "http-request deny unless { src 198.51.100.0/24 }"
    (claim,) = behind_machine(*haproxy_on_80(deny))
    assert claim.confidence is Confidence.LIKELY
    assert (claim.facts["address"], claim.facts["remote"]) == (EDGE, True)
    assert claim.fix
    (edit,) = [step for step in claim.fix.steps if isinstance(step, Edit)]
    line = "http-request set-src req.hdr(x-forwarded-for,-1) if { src 203.0.113.80 }"
    assert f"+    {line}" in edit.diff
    site = SITE.replace("8080", "80").format("Require ip 198.51.100.0/24")
    (claim,) = behind_machine(replace(APACHE, ports=(80,)), apache_config(site))
    assert claim.fix
    assert f"RemoteIPInternalProxy {EDGE}" in str(claim.fix.steps)


def test_silent_about_a_machine_in_front_that_is_listed_or_whose_own_answer_it_is() -> None:
    deny = "http-request deny unless { src 203.0.113.0/24 }"
    assert not behind_machine(*haproxy_on_80(deny))
    deny = "http-request deny unless { src 198.51.100.0/24 }"
    assert not behind_machine(local(), *haproxy_on_80(deny))
    own = replace(EDGE_PAGE, address="203.0.113.10")
    assert not judge(CHECK, NIC, own, *haproxy_on_80(deny), target=SHOP, masked=False)


@pytest.mark.parametrize("networks", ["10.0.0.0/8", "198.51.100.7 172.31.0.0/16"])
def test_silent_where_the_balancer_may_come_from_an_inner_network_of_the_list(
    networks: str,
) -> None:
    """The balancer's own 403: visitors would be kept out if the list were about them."""
    assert not behind_machine(*haproxy_on_80(f"http-request deny unless {{ src {networks} }}"))
    site = SITE.replace("8080", "80").format(f"Require ip {networks}")
    assert not behind_machine(replace(APACHE, ports=(80,)), apache_config(site))


def test_cloudflare_is_believed_from_all_its_networks() -> None:
    cloudflare = edge_page(403, headers=(("CF-RAY", "8a1b2c3d4e5f-FRA"), ("Server", "cloudflare")))
    office = haproxy_on_80("http-request deny unless { src 198.51.100.0/24 }")
    (claim,) = judge(CHECK, NIC, cloudflare, *office, target=SHOP, masked=False)
    assert f"if {{ src {CLOUDFLARE_NETWORKS[0]} {CLOUDFLARE_NETWORKS[1]} " in str(claim.fix)
    listed = haproxy_on_80(f"http-request deny unless {{ src {CLOUDFLARE_NETWORKS[0]} }}")
    assert not judge(CHECK, NIC, cloudflare, *listed, target=SHOP, masked=False)
