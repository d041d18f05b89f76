from dataclasses import replace
from typing import Any

import pytest

from checks.server import ServerView
from checks.server._scheme_conditions import heeding_edit
from diagnose.model import Edit, Manual
from diagnose.model.backends import BackendAnswer
from diagnose.model.nginx import UpstreamTry
from diagnose.model.web_servers import SiteRedirect, WebServerConfig
from tests.support.caddy_evidence import CADDY, caddy_config
from tests.support.caddy_evidence import document as caddy_document
from tests.support.check_evidence import evidence, judge
from tests.support.haproxy_evidence import SERVER, config
from tests.support.nginx_evidence import BUILD, RUNNING
from tests.support.nginx_evidence import config as nginx_config
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, SITE, apache_config

CHECK = "server.redirect-behind-terminator"
TEXT = """\
defaults
    mode http
frontend f
    bind :8080
    redirect scheme https code 301 if !{ ssl_fc }
    default_backend app
backend app
    server a 127.0.0.1:3000
"""
BEHIND = replace(SERVER, ports=(8080,))
LOOP = replace(ANSWER, status=301, headers=(("Location", ANSWER.url),))
TRY = UpstreamTry(target="http://127.0.0.1:8080", host="127.0.0.1", port=8080, path="/")


def test_fires_for_the_rule_behind_nginx() -> None:
    (claim,) = judge(CHECK, BEHIND, config(TEXT), LOOP, TRY)
    assert claim.facts["behind"] == 8080
    assert claim.facts["place"] == "/etc/haproxy/haproxy.cfg:5"


def test_silent_for_another_port_a_condition_or_a_page() -> None:
    assert not judge(CHECK, BEHIND, config(TEXT), LOOP, replace(TRY, port=3000))
    asked = TEXT.replace("!{ ssl_fc }", "!{ ssl_fc } !{ hdr(X-Forwarded-Proto) https }")
    assert not judge(CHECK, BEHIND, config(asked), LOOP, TRY)
    assert not judge(CHECK, BEHIND, config(TEXT), ANSWER, TRY)


INNER = """\
<VirtualHost *:8080>
    ServerName shop.example.com
    RewriteEngine On
    RewriteCond %{HTTPS} off
    RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]
</VirtualHost>
"""
FRONT = TEXT.replace("bind :8080", "bind :443 ssl crt /etc/ssl/shop.pem")
FRONT = FRONT.replace("    redirect scheme https code 301 if !{ ssl_fc }\n", "")
FRONT = FRONT.replace("127.0.0.1:3000", "127.0.0.1:8080")
BEHIND_HAPROXY = replace(APACHE, ports=(8080,))
REDIRECTED = BackendAnswer(
    target="http://127.0.0.1:8080", path="/", host="shop.example.com", proto="https", status=301,
    location="https://shop.example.com/",
)  # fmt: skip


def test_fires_for_apache_behind_haproxy() -> None:
    rest = (apache_config(INNER), BEHIND_HAPROXY, LOOP)
    (claim,) = judge(CHECK, SERVER, config(FRONT), *rest, REDIRECTED)
    assert (claim.facts["front"], claim.facts["server"]) == ("HAProxy", "Apache")
    assert claim.facts["front_haproxy"] is True
    assert claim.facts["place"] == f"{SITE}:5"


SENT = FRONT.replace(
    "    default_backend",
    "    http-request set-header X-Forwarded-Proto https\n    default_backend",
)


@pytest.mark.parametrize(
    ("condition", "asked"),
    [
        ("RewriteCond %{HTTPS} off", "RewriteCond %{HTTP:X-Forwarded-Proto} !https"),
        (
            "RewriteCond %{SERVER_PORT} !^443$ [OR]\n    RewriteCond %{HTTP_HOST} !^shop",
            "RewriteCond %{HTTP:X-Forwarded-Proto} !https [OR]",
        ),
        ("", "RewriteCond %{HTTP:X-Forwarded-Proto} !https"),
    ],
)
def test_fires_with_an_edit_where_the_front_sends_the_scheme(condition: str, asked: str) -> None:
    inner = INNER.replace("RewriteCond %{HTTPS} off", condition)
    rest = (apache_config(inner), BEHIND_HAPROXY, LOOP, REDIRECTED)
    (claim,) = judge(CHECK, SERVER, config(SENT), *rest)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert f"+    {asked}\n" in edit.diff
    (claim,) = judge(CHECK, SERVER, config(FRONT), *rest)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual), "HAProxy does not say https"


@pytest.mark.parametrize(
    "conditions",
    [
        "RewriteCond %{HTTPS} off\n    RewriteCond %{HTTPS} !=on",
        "RewriteCond %{REQUEST_URI} ^/ [OR]\n    RewriteCond %{REQUEST_URI} ^/a",
        "RewriteCond %{HTTPS} off\n    RewriteCond %{HTTP:X-Forwarded-Proto} !https",
    ],
)
def test_silent_about_an_edit_where_a_person_has_to_read_the_conditions(conditions: str) -> None:
    inner = apache_config(INNER.replace("RewriteCond %{HTTPS} off", conditions))
    view = ServerView(evidence(), APACHE, inner, None)
    redirect = SiteRedirect(path="/", target="https://%{HTTP_HOST}", file=SITE, line=6)
    assert heeding_edit(view, redirect) is None


def test_silent_where_the_inner_server_believes_the_header() -> None:
    rest = (SERVER, config(FRONT), apache_config(INNER), BEHIND_HAPROXY, LOOP)
    assert not judge(CHECK, *rest, replace(REDIRECTED, status=200, location=""))
    assert not judge(CHECK, *rest)
    asked = INNER.replace("%{HTTPS} off", "%{HTTP:X-Forwarded-Proto} !https")
    others = (SERVER, config(FRONT), apache_config(asked), BEHIND_HAPROXY, LOOP)
    assert not judge(CHECK, *others, REDIRECTED)


def test_fires_with_an_edit_where_nginx_sends_the_scheme() -> None:
    nginx = """server { listen 443 ssl; server_name shop.example.com; location / {
      proxy_pass http://127.0.0.1:8080; proxy_set_header X-Forwarded-Proto %s; } }"""
    rest = (BUILD, RUNNING, BEHIND, config(TEXT), LOOP, TRY)
    (claim,) = judge(CHECK, nginx_config(nginx % "$scheme"), *rest)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "if !{ ssl_fc } !{ hdr(X-Forwarded-Proto) -i https }" in edit.diff
    (claim,) = judge(CHECK, nginx_config(nginx % "http"), *rest)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual), "nginx does not say https"


CADDYFILE = """\
shop.example.com, www.shop.example.com {
	reverse_proxy 127.0.0.1:3000
}
"""


def caddy_edit(text: str, line: int = 0) -> str:
    config = caddy_config(text, caddy_document("shop.example.com", "www.shop.example.com"))
    view = ServerView(evidence(CADDY, config), CADDY, config, None)
    redirect = SiteRedirect("/", "https://{host}{uri}", file=config.path if line else "", line=line)
    edit = heeding_edit(view, redirect)
    return edit.diff if edit else ""


def test_a_site_of_caddy_gets_http_addresses() -> None:
    assert "+http://shop.example.com, http://www.shop.example.com {\n" in caddy_edit(CADDYFILE)
    assert "+http://shop.example.com" in caddy_edit(CADDYFILE, 1)
    own_tls = caddy_edit(CADDYFILE.replace("\treverse", "\ttls internal\n\treverse"))
    assert "+\t# tls internal\n" in own_tls


@pytest.mark.parametrize(
    "text",
    [
        CADDYFILE.replace("\treverse", "\ttls {\n\t\tissuer internal\n\t}\n\treverse"),
        CADDYFILE.replace("\treverse", "\timport tls\n\treverse"),
        CADDYFILE.replace("\treverse", "\tredir https://{host}{uri}\n\treverse"),
        CADDYFILE.replace("shop.example.com, www", "https://shop.example.com, www"),
    ],
)
def test_a_site_of_caddy_with_tls_or_a_redirect_of_its_own_is_a_persons(text: str) -> None:
    assert not caddy_edit(text)


CADDY_INNER = """\
http://shop.example.com:8080 {
	@insecure {
		protocol http
	}
	redir @insecure https://{host}{uri} permanent
	reverse_proxy 127.0.0.1:3000
}
"""


def inner_caddy(text: str = CADDY_INNER, **match: object) -> WebServerConfig:
    """The JSON is what `caddy adapt` makes of CADDY_INNER."""
    made: Any = caddy_document("shop.example.com", tls="")
    server = made["apps"]["http"]["servers"]["srv0"]
    server |= {"listen": [":8080"], "automatic_https": {"disable": True}}
    location = {"Location": ["https://{http.request.host}{http.request.uri}"]}
    answer = {"handler": "static_response", "headers": location, "status_code": 301}
    rule = {"handle": [answer]} | ({"match": [match]} if match else {})
    server["routes"][0]["handle"][0]["routes"].insert(0, rule)
    return caddy_config(text, made)


def test_a_matcher_of_the_protocol_asks_for_the_field_instead() -> None:
    behind = replace(CADDY, ports=(8080, 2019))
    rest = (LOOP, REDIRECTED)
    (claim,) = judge(
        CHECK, SERVER, config(SENT), behind, inner_caddy(protocol="http"), *rest, masked=False
    )
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "-\t\tprotocol http\n+\t\theader X-Forwarded-Proto http\n" in edit.diff
    assert not judge(
        CHECK, SERVER, config(SENT), behind, inner_caddy(protocol="https"), *rest, masked=False
    )


@pytest.mark.parametrize(
    ("old", "new", "row"),
    [
        ("\t@insecure {\n\t\tprotocol http\n\t}\n", "\t@insecure protocol http\n",
         "+\t@insecure header X-Forwarded-Proto http\n"),
        ("redir @insecure ", "redir ",
         "+\t@plain_visit header X-Forwarded-Proto http\n+\tredir @plain_visit https://"),
        ("\t\tprotocol http\n", "\t\tprotocol http\n\t\tpath /a\n", ""),
        ("\treverse_proxy", "\theader @insecure X-A b\n\treverse_proxy", ""),
        ("@insecure", "insecure", ""),
        ("redir @insecure ", "redir @other ", ""),
    ],
)  # fmt: skip
def test_the_edit_of_a_written_redirect_of_caddy(old: str, new: str, row: str) -> None:
    text = CADDY_INNER.replace(old, new)
    number = next(n for n, line in enumerate(text.split("\n"), 1) if "redir" in line)
    view = ServerView(
        evidence(), replace(CADDY, ports=(8080,)), inner_caddy(text, protocol="http"), None
    )
    edit = heeding_edit(
        view, SiteRedirect("/", "https://x", file="/etc/caddy/Caddyfile", line=number)
    )
    assert (row in edit.diff) if edit else not row
