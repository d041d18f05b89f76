from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Applicability, Confidence, Edit
from diagnose.model.backends import BackendAnswer
from diagnose.model.web_servers import SiteRedirect, SiteRoute, WebServerConfig
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER as HAPROXY
from tests.support.haproxy_evidence import TEXT as HAPROXY_TEXT
from tests.support.haproxy_evidence import config as haproxy_config
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, HTTPS, LISTENING, apache_config

CHECK = "server.redirect-loop"
MOVED = replace(ANSWER, status=301, headers=(("Location", ANSWER.url),))


PAGES = HTTPS[: HTTPS.index("    ProxyPass")] + "</VirtualHost>\n"


def with_line(line: str, site: str = PAGES) -> str:
    return site.replace("    SSLEngine on\n", f"    SSLEngine on\n    {line}\n")


def test_fires_when_every_path_leads_to_the_same_site() -> None:
    site = apache_config(with_line("Redirect permanent / https://shop.example.com/"))
    (claim,) = judge(CHECK, APACHE, site, LISTENING, MOVED)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+#     Redirect permanent /" in edit.diff


def test_fires_for_mod_rewrite_and_leaves_a_condition_to_a_person() -> None:
    rule = "RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]"
    condition = "RewriteCond %{SERVER_NAME} =shop.example.com"
    site = with_line(f"RewriteEngine On\n{condition}\n{rule}", HTTPS)
    (claim,) = judge(CHECK, APACHE, apache_config(site), LISTENING, MOVED)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(
    "line",
    [
        "Redirect / https://www.example.com/",
        "Redirect / https://shop.example.com:8443/",
        "Redirect /old https://shop.example.com/",
        "RewriteEngine On\nRewriteCond %{HTTPS} off\nRewriteRule ^ https://%{HTTP_HOST}/ [R]",
        "RewriteEngine On\nRewriteCond %{HTTP_COOKIE} x\nRewriteRule ^ https://%{HTTP_HOST}/ [R]",
    ],
)
def test_silent_when_it_leads_elsewhere_or_depends(line: str) -> None:
    assert not judge(CHECK, APACHE, apache_config(with_line(line)), LISTENING, MOVED)


def test_silent_when_a_proxy_pass_comes_first() -> None:
    site = apache_config(with_line("Redirect / https://shop.example.com/", HTTPS))
    assert not judge(CHECK, APACHE, site, LISTENING, MOVED), "the application redirects"


def test_silent_when_a_page_came() -> None:
    site = apache_config(with_line("Redirect permanent / https://shop.example.com/"))
    assert not judge(CHECK, APACHE, site, LISTENING, ANSWER)


def test_silent_when_visitors_are_led_to_another_page() -> None:
    rule = "RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]"
    condition = "RewriteCond %{SERVER_NAME} =old.example.com"
    site = with_line(f"RewriteEngine On\n{condition}\n{rule}", HTTPS)
    login = replace(MOVED, headers=(("Location", "/login"),))
    assert not judge(CHECK, APACHE, apache_config(site), LISTENING, login)


def test_fires_where_haproxy_redirects_both_ports_of_a_frontend() -> None:
    line = "    http-request redirect scheme https code 301\n"
    text = HAPROXY_TEXT.replace("    bind", f"{line}    bind :80\n    bind")
    (claim,) = judge(CHECK, HAPROXY, haproxy_config(text), LISTENING, MOVED)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    http-request redirect scheme https code 301 unless { ssl_fc }\n" in edit.diff
    guarded = text.replace("code 301", "code 301 unless { ssl_fc }")
    assert not judge(CHECK, HAPROXY, haproxy_config(guarded), LISTENING, MOVED)
    asked = text.replace("code 301", "code 301 unless { hdr(x-forwarded-proto) https }")
    assert not judge(CHECK, HAPROXY, haproxy_config(asked), LISTENING, MOVED)


def test_fires_for_a_header_that_nobody_sends_when_the_application_shows_a_page() -> None:
    line = "    http-request redirect scheme https unless { hdr(x-forwarded-proto) https }\n"
    config = haproxy_config(
        HAPROXY_TEXT.replace("    default_backend", f"{line}    default_backend")
    )
    page = BackendAnswer(
        target="http://127.0.0.1:3000", path="/", host="shop.example.com", proto="", status=200
    )
    (claim,) = judge(CHECK, HAPROXY, config, LISTENING, MOVED, page)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["header"]
    again = replace(page, status=301)
    assert not judge(CHECK, HAPROXY, config, LISTENING, MOVED, again), "the application redirects"


def test_fires_for_an_htaccess() -> None:
    config = apache_config(PAGES)
    own = SiteRedirect("/", "https://%{HTTP_HOST}/$1", False, True, "/var/www/shop/.htaccess", 2)
    config = replace(config, sites=(replace(config.sites[0], redirects=(own,)),))
    (claim,) = judge(CHECK, APACHE, config, LISTENING, MOVED)
    assert claim.facts["place"] == "/var/www/shop/.htaccess:2"
    assert not claim.facts["header"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_for_caddy() -> None:
    own = SiteRedirect("/", "https://{host}{uri}", False, False, "/etc/caddy/Caddyfile", 2)
    config = caddy_config()
    config = replace(config, sites=(replace(config.sites[0], redirects=(own,)),))
    (claim,) = judge(CHECK, CADDY, config, LISTENING, MOVED)
    assert claim.facts["place"] == "/etc/caddy/Caddyfile:2"


def caddy_redirect(path: str, to: str, **fields: Any) -> WebServerConfig:
    text = f"shop.example.com {{\n\tredir {path}* {to}\n}}\n"
    config = caddy_config(text)
    redirect = SiteRedirect(path, to, file=config.path, line=2, **fields)
    site = replace(config.sites[0], routes=(), redirects=(redirect,))
    return replace(config, sites=(site,))


@pytest.mark.parametrize(
    ("below", "written"), [("/app/", "redir /app /app/"), ("/api/", "# \tredir /app /app")]
)
def test_fires_for_one_path_that_is_redirected_to_itself(below: str, written: str) -> None:
    page = replace(
        ANSWER, url="https://shop.example.com/app", status=302, headers=(("Location", "/app"),)
    )
    config = caddy_redirect("/app", "/app", exact=True)
    text = config.files[0].text.replace("/app* ", "/app ")
    site = replace(config.sites[0], routes=(SiteRoute(below, "http://127.0.0.1:3000"),))
    config = replace(config, sites=(site,), files=(replace(config.files[0], text=text),))
    target = replace(SHOP, path="/app")
    (claim,) = judge(CHECK, CADDY, config, page, target=target, masked=False)
    assert claim.facts["itself"] is True
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert written in edit.diff


def test_fires_for_a_folder_that_is_redirected_to_itself() -> None:
    url = "https://shop.example.com/app/"
    page = replace(ANSWER, url=url, status=302, headers=(("Location", "/app/"),))
    target = replace(SHOP, path="/app/")
    config = caddy_redirect("/app", "/app/")
    (claim,) = judge(CHECK, CADDY, config, page, target=target, masked=False)
    assert claim.facts["prefix"] == "/app"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+\tredir /app /app/\n" in edit.diff
    for other in (caddy_redirect("/app", "/new/"), caddy_redirect("/app", "/app/", exact=True)):
        assert not judge(CHECK, CADDY, other, page, target=target, masked=False)


def test_a_redirect_of_haproxy_to_a_slash_takes_that_too() -> None:
    rule = "    http-request redirect code 301 location /app/ if {{ {} /app }}\n"
    target = replace(SHOP, path="/app/")
    url = "https://shop.example.com/app/"
    moved = replace(MOVED, url=url, headers=(("Location", "/app/"),))

    def text(fetch: str) -> str:
        return HAPROXY_TEXT.replace("    default_back", f"{rule.format(fetch)}    default_back")

    seen = (HAPROXY, haproxy_config(text("path_beg")), LISTENING, moved)
    (claim,) = judge(CHECK, *seen, target=target)
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert f"+{rule.format('path')}" in edit.diff
    assert not judge(CHECK, HAPROXY, haproxy_config(text("path")), LISTENING, moved, target=target)


PLAIN_URL = "http://shop.example.com/"
PLAIN_LOOP = replace(
    ANSWER, url=PLAIN_URL, port=80, purpose="plain", status=301, headers=(("Location", PLAIN_URL),)
)
HTTP_SITE = "<VirtualHost *:80>\n    ServerName shop.example.com\n    {}\n</VirtualHost>\n"


def both_ports(line: str, site: str = PAGES) -> WebServerConfig:
    return apache_config(f"{site}\n{HTTP_SITE.format(line)}")


def test_fires_when_the_http_site_redirects_to_http() -> None:
    config = both_ports("Redirect permanent / http://shop.example.com/")
    (claim,) = judge(CHECK, APACHE, config, LISTENING, ANSWER, PLAIN_LOOP)
    assert claim.facts["plain"] is True
    assert claim.about.port == 80
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    Redirect permanent / https://shop.example.com/" in edit.diff


def test_silent_when_no_line_of_the_http_site_explains_the_circle() -> None:
    config = both_ports("Redirect permanent /old http://elsewhere.example.org/")
    assert not judge(CHECK, APACHE, config, LISTENING, ANSWER, PLAIN_LOOP)


def test_fires_when_two_lines_redirect_to_each_other() -> None:
    www = PAGES.replace("ServerName shop", "ServerName www.shop")
    text = "\n".join(
        (
            with_line("Redirect permanent / https://www.shop.example.com/"),
            with_line("Redirect permanent / https://shop.example.com/", www),
        )
    )
    there = replace(
        MOVED, purpose="redirect", url="https://www.shop.example.com/", headers=MOVED.headers
    )
    here = replace(MOVED, headers=(("Location", there.url),))
    (claim,) = judge(CHECK, APACHE, apache_config(text), LISTENING, here, there)
    assert claim.facts["place"] != claim.facts["other"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_a_folder_that_redirects_into_itself_is_named_before_a_visitor_asks() -> None:
    config = apache_config(with_line("Redirect permanent /blog /blog/"))
    (claim,) = judge(CHECK, APACHE, config, LISTENING, ANSWER)
    assert claim.about.path == "/blog"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    RedirectMatch permanent ^/blog$ /blog/" in edit.diff


@pytest.mark.parametrize(
    "line",
    [
        "Redirect permanent /blog /news/",
        "RedirectMatch permanent ^/blog$ /blog/",
        "Redirect permanent /blog https://blog.example.org/blog/",
    ],
)
def test_silent_when_a_folder_leads_elsewhere(line: str) -> None:
    assert not judge(CHECK, APACHE, apache_config(with_line(line)), LISTENING, ANSWER)


def test_a_condition_that_asks_for_tls_asks_for_none_afterwards() -> None:
    rule = "RewriteRule ^(.*)$ https://%{HTTP_HOST}$1 [R=301,L]"
    site = with_line(f"RewriteEngine On\n    RewriteCond %{{HTTPS}} on\n    {rule}")
    (claim,) = judge(CHECK, APACHE, apache_config(site), LISTENING, MOVED)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    RewriteCond %{HTTPS} off" in edit.diff


def test_the_line_of_an_http_target_is_led_to_https() -> None:
    plain = replace(PLAIN_LOOP, purpose="target")
    config = both_ports("Redirect permanent / http://shop.example.com/")
    target = replace(SHOP, scheme="http", port=80)
    (claim,) = judge(CHECK, APACHE, config, LISTENING, plain, target=target)
    assert claim.facts["plain"] is True
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    Redirect permanent / https://shop.example.com/" in edit.diff


def test_a_folder_that_redirects_to_its_own_path_loses_the_line() -> None:
    line = "Redirect 301 /cloud https://shop.example.com/cloud"
    (claim,) = judge(CHECK, APACHE, apache_config(with_line(line)), LISTENING, ANSWER)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert f"+    # {line}" in edit.diff


@pytest.mark.parametrize("space", [" ", "\t"])
def test_a_redirect_of_caddy_for_two_names_leaves_out_the_one_to_which_it_leads(space: str) -> None:
    line = f"redir{space}https://shop.example.com{{uri}} permanent"
    text = f"shop.example.com, www.shop.example.com {{\n\t{line}\n}}\n"
    to = "https://shop.example.com{uri}"
    own = SiteRedirect("/", to, False, False, "/etc/caddy/Caddyfile", 2)
    config = caddy_config(text, document("shop.example.com", "www.shop.example.com"))
    both = replace(config, sites=(replace(config.sites[0], redirects=(own,)),))
    (claim,) = judge(CHECK, CADDY, both, MOVED, masked=False)
    assert claim.facts["names"] is True
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    added = "+\t@other_names not host shop.example.com\n+\tredir @other_names https://shop"
    assert added in edit.diff
    config = caddy_config(text.replace(", www.shop.example.com", ""), document("shop.example.com"))
    one = replace(config, sites=(replace(config.sites[0], redirects=(own,)),))
    (claim,) = judge(CHECK, CADDY, one, MOVED, masked=False)
    assert claim.facts["names"] is False
