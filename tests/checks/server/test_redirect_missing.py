from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Applicability, Edit
from diagnose.model.http import Exchange
from diagnose.model.web_servers import ServerFile
from diagnose.parsers.symptoms import symptom_of
from diagnose.parsers.target import parse_target
from tests.support import caddy_evidence
from tests.support.check_evidence import judge, texts
from tests.support.haproxy_evidence import SERVER as HAPROXY
from tests.support.haproxy_evidence import TEXT as HAPROXY_TEXT
from tests.support.haproxy_evidence import config as haproxy_config
from tests.support.web_server_evidence import APACHE, HTTPS, LISTENING, apache_config

CHECK = "server.redirect-missing"
PLAIN = "<VirtualHost *:80>\n    ServerName shop.example.com\n</VirtualHost>\n"
REDIRECT = "    Redirect / https://shop.example.com/\n</VirtualHost>"
PAGE = Exchange(
    url="http://shop.example.com/", address="203.0.113.10", port=80, purpose="plain", status=200
)


def test_fires_when_port_80_shows_pages() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(HTTPS + PLAIN), LISTENING, PAGE)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    RewriteCond %{REQUEST_URI} !^/\\.well-known/acme-challenge/\n" in edit.diff


def test_fires_where_a_redirect_comes_after_a_proxy_pass() -> None:
    proxied = PLAIN.replace("</VirtualHost>", "    ProxyPass / http://127.0.0.1:3000/\n" + REDIRECT)
    (claim,) = judge(CHECK, APACHE, apache_config(HTTPS + proxied), LISTENING, PAGE)
    assert claim.facts["site"]


def test_silent_when_it_redirects_or_nobody_saw_a_page() -> None:
    redirecting = apache_config(HTTPS + PLAIN.replace("</VirtualHost>", REDIRECT))
    assert not judge(CHECK, APACHE, redirecting, LISTENING, PAGE)
    site = apache_config(HTTPS + PLAIN)
    assert not judge(CHECK, APACHE, site, LISTENING, replace(PAGE, status=301))
    assert not judge(CHECK, APACHE, site, LISTENING, replace(PAGE, purpose="acme"))
    unread = apache_config(HTTPS, complete=False)
    assert not judge(CHECK, APACHE, unread, LISTENING, PAGE), "no site is known"


@pytest.mark.parametrize(
    ("written", "right"),
    [
        ("%{SERVER_NAME} =sho.example.com", "%{SERVER_NAME} =shop.example.com"),
        ("%{HTTP_HOST} ^shpo\\.example\\.com$ [NC]", "%{HTTP_HOST} ^shop\\.example\\.com$ [NC]"),
    ],
)
def test_fires_and_corrects_the_name_of_a_condition(written: str, right: str) -> None:
    rules = f"    RewriteEngine on\n    RewriteCond {written}\n"
    rules += "    RewriteRule ^ https://%{SERVER_NAME}%{REQUEST_URI} [END,NE,R=permanent]\n"
    site = HTTPS + PLAIN.replace("</VirtualHost>", f"{rules}</VirtualHost>")
    (claim,) = judge(CHECK, APACHE, apache_config(site), LISTENING, PAGE, masked=False)
    assert claim.facts["condition"]
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert f"+    RewriteCond {right}\n" in edit.diff
    for name in ("shop.example.com", "blog.example.org"):
        other = site.replace(written, f"%{{SERVER_NAME}} ={name}")
        assert not judge(CHECK, APACHE, apache_config(other), LISTENING, PAGE, masked=False)


def test_silent_where_the_redirect_waits_with_a_site_that_is_not_enabled() -> None:
    other = HTTPS.replace("shop.example.com", "blog.example.com")
    waiting = HTTPS + PLAIN.replace("</VirtualHost>", REDIRECT)
    assert not judge(CHECK, APACHE, apache_config(other, waiting), LISTENING, PAGE)
    assert judge(CHECK, APACHE, apache_config(other, HTTPS), LISTENING, PAGE)
    assert judge(CHECK, APACHE, apache_config(HTTPS + PLAIN, waiting), LISTENING, PAGE)


def test_fires_where_no_virtual_host_of_apache_has_port_80() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(HTTPS), LISTENING, PAGE)
    assert (claim.facts["site"], claim.facts["listen"]) == ("", "/etc/apache2/ports.conf:1")
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+<VirtualHost *:80>\n+    ServerName shop.example.com\n" in edit.diff
    assert "+    RewriteCond %{HTTP_HOST} ^shop\\.example\\.com(:80)?$ [NC]\n" in edit.diff
    assert not judge(CHECK, APACHE, apache_config(HTTPS), LISTENING, replace(PAGE, status=404))


def test_fires_where_a_frontend_of_haproxy_has_both_ports_and_no_redirect() -> None:
    text = HAPROXY_TEXT.replace("    bind", "    bind :80\n    bind")
    (claim,) = judge(CHECK, HAPROXY, haproxy_config(text), LISTENING, PAGE)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    http-request redirect scheme https code 301 unless { ssl_fc } || " in edit.diff


CONSTANT = "RewriteCond !{HTTPS} off\n"
RULE = "RewriteRule ^(.*)$ https://shop.example.com/$1 [R=301,L]\n"


def test_names_a_condition_that_compares_a_text() -> None:
    """`RewriteCond !{HTTPS} off` has no variable: the rule never applies."""
    lines = f"RewriteEngine On\n{CONSTANT}{RULE}</VirtualHost>"
    site = apache_config(HTTPS + PLAIN.replace("</VirtualHost>", lines))
    (claim,) = judge(CHECK, APACHE, site, LISTENING, PAGE)
    assert claim.facts["constant"] == CONSTANT.strip()
    assert claim.facts["meant"] == "%{HTTPS}"
    assert "never applies" in "".join(texts(CHECK, claim))
    right = lines.replace("!{HTTPS}", "%{HTTPS}")
    site = apache_config(HTTPS + PLAIN.replace("</VirtualHost>", right))
    assert not judge(CHECK, APACHE, site, LISTENING, PAGE)


def test_names_it_in_the_htaccess() -> None:
    rooted = PLAIN.replace("</VirtualHost>", "    DocumentRoot /var/www/shop\n</VirtualHost>")
    site = apache_config(HTTPS + rooted)
    rules = ServerFile("/var/www/shop/.htaccess", f"RewriteEngine On\n{CONSTANT}{RULE}")
    site = replace(site, files=(*site.files, rules))
    (claim,) = judge(CHECK, APACHE, site, LISTENING, PAGE)
    assert claim.facts["constant_place"] == "/var/www/shop/.htaccess:2"
    (claim,) = judge(CHECK, APACHE, apache_config(HTTPS + rooted), LISTENING, PAGE)
    assert not claim.facts["constant"]


def test_fires_for_the_http_address_of_which_a_person_asks_it() -> None:
    words = "http://shop.example.com/ is not redirected to https"
    asked = replace(parse_target("http://shop.example.com/"), symptom=symptom_of(words))
    page = replace(PAGE, purpose="target")
    seen = (APACHE, apache_config(HTTPS + PLAIN), LISTENING, page)
    assert judge(CHECK, *seen, target=asked)
    assert not judge(CHECK, *seen, target=replace(asked, symptom=None))
    alone = apache_config(PLAIN)
    assert not judge(CHECK, APACHE, alone, LISTENING, page, target=asked)


def test_fires_and_moves_the_site_that_redirects_on_a_port_without_listen() -> None:
    aside = PLAIN.replace(":80>", ":81>").replace("</VirtualHost>", REDIRECT)
    (claim,) = judge(CHECK, APACHE, apache_config(HTTPS + aside), LISTENING, PAGE)
    assert claim.facts["other_port"] == 81
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+<VirtualHost *:80>\n" in edit.diff
    silent = PLAIN.replace(":80>", ":81>")
    (claim,) = judge(CHECK, APACHE, apache_config(HTTPS + silent), LISTENING, PAGE)
    assert not claim.facts["other_port"], "it does not redirect"


@pytest.mark.parametrize(
    ("head", "is_plain"),
    [
        ("http://shop.example.com {", True),
        ("http://shop.example.com, http://www.shop.example.com:80 {", True),
        ("http://shop.example.com, https://shop.example.com {", False),
    ],
)
def test_fires_and_redirects_in_a_site_of_caddys_on_port_80_alone(
    head: str, is_plain: bool
) -> None:
    text = f"{caddy_evidence.SITE}{head}\n\tfile_server\n}}\n"
    document: Any = caddy_evidence.document("shop.example.com")
    plain = {"match": [{"host": ["shop.example.com"]}], "handle": [], "terminal": True}
    servers, off = document["apps"]["http"]["servers"], {"disable_redirects": True}
    servers["srv0"]["automatic_https"] = off
    without_tls = off | {"skip": ["shop.example.com"]}
    servers["srv1"] = {"listen": [":80"], "routes": [plain], "automatic_https": without_tls}
    found = caddy_evidence.caddy_config(text, document)
    caddy = (caddy_evidence.CADDY, found, caddy_evidence.LISTENING)
    (claim,) = judge(CHECK, *caddy, PAGE)
    assert claim.fix
    if not is_plain:
        assert claim.fix.applicability is Applicability.MANUAL
        return
    assert claim.fix.applicability is Applicability.REVIEW
    assert "+\tredir @to_https https://shop.example.com{uri} permanent" in claim.fix.edits[0].diff
