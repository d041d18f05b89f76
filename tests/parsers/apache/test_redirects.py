import pytest

from diagnose.model.web_servers import SiteRedirect
from diagnose.parsers.apache.config import parse
from diagnose.parsers.apache.redirects import redirects_and_rewritten_routes


def redirects(text: str, tls: bool = False) -> list[SiteRedirect]:
    return list(redirects_and_rewritten_routes(parse(text, "a.conf"), tls)[0])


@pytest.mark.parametrize(
    "text",
    [
        "Redirect permanent / https://shop.example.com/",
        "Redirect / https://shop.example.com/",
        "Redirect 301 https://shop.example.com/",
        "RedirectPermanent / https://shop.example.com/",
        "RewriteEngine On\nRewriteRule ^ https://shop.example.com/ [R=301,L]",
        "RewriteEngine On\nRewriteCond %{HTTPS} off\n"
        "RewriteRule ^(.*)$ https://shop.example.com/ [R]",
        'RewriteEngine On\nRewriteRule ^ https://shop.example.com/ "[L, redirect=301]"',
        "RewriteEngine on\nRewriteCond %{SERVER_NAME} =shop.example.com\n"
        "RewriteRule ^ https://shop.example.com/ [END,NE,R=permanent]",
    ],
)
def test_a_redirect_of_every_path(text: str) -> None:
    (redirect,) = redirects(text)
    assert (redirect.path, redirect.target) == ("/", "https://shop.example.com/")
    assert not redirect.pattern
    assert not redirect.conditional


def test_a_condition_that_a_request_decides_is_kept() -> None:
    rule = "RewriteRule ^ https://shop.example.com/ [R]"
    (agent,) = redirects(f"RewriteEngine On\nRewriteCond %{{HTTP_USER_AGENT}} x\n{rule}")
    assert agent.conditional
    either = f"RewriteCond %{{HTTPS}} on [OR]\nRewriteCond %{{HTTP_HOST}} ^www\n{rule}"
    assert redirects(f"RewriteEngine On\n{either}")[0].conditional


def test_what_cannot_apply_is_no_redirect() -> None:
    rule = "RewriteRule ^ https://shop.example.com/ [R]"
    assert not redirects(rule), "the engine is off"
    assert not redirects(f"RewriteEngine On\nRewriteCond %{{HTTPS}} off\n{rule}", tls=True)
    assert not redirects("RewriteEngine On\nRewriteRule ^/a$ /b [L]")
    assert not redirects("Redirect gone /old")
    assert not redirects("RewriteEngine On\nRewriteRule ^/old - [R=404,L]"), "it refuses"


def test_a_pattern_is_one() -> None:
    (redirect,) = redirects("RedirectMatch ^/old/(.*) https://shop.example.com/$1")
    assert redirect.pattern


def test_requests_that_mod_rewrite_passes_on() -> None:
    text = (
        "RewriteEngine On\nRewriteCond %{HTTP:Upgrade} =websocket [NC]\n"
        "RewriteRule /(.*) http://127.0.0.1:3000/$1 [P,L]\n"
    )
    _, (route,) = redirects_and_rewritten_routes(parse(text, "a.conf"), True)
    assert route.pattern
    assert route.websocket is False
    assert (route.for_pages, route.for_websockets) == (False, True)


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        ("!{HTTPS} off", 0),
        ("HTTPS off", 0),
        ("HTTPS !=on", 1),
        ("%{HTTPS} off", 1),
        ("$1 off", 1),
        ("expr \"%{HTTPS} == 'off'\"", 1),
    ],
)
def test_a_condition_without_a_variable_compares_its_text(condition: str, count: int) -> None:
    rule = "RewriteRule ^ https://shop.example.com/ [R]"
    assert len(redirects(f"RewriteEngine On\nRewriteCond {condition}\n{rule}")) == count
