from dataclasses import replace

import pytest

from checks.http._reported_addresses import reported_addresses
from diagnose.model import Claim, Confidence, Edit, Severity
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.model.pages import WebSocketPath
from diagnose.parsers.symptoms import symptom_of
from tests.support.check_evidence import SHOP, evidence, judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.websocket_evidence import upgrade

OPEN = upgrade(status=101, accepted=True)


def page(
    policy: str, mentions: tuple[str, ...] = (), name: str = "Content-Security-Policy"
) -> Exchange:
    return Exchange(
        url="https://shop.example.com/",
        address="203.0.113.10",
        port=443,
        status=200,
        headers=((name, policy),) if policy else (),
        mentions=mentions,
    )


def test_fires_for_a_policy_without_the_websocket() -> None:
    (claim,) = judge("websocket.blocked-by-policy", page("default-src https:"), OPEN)
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, Severity.WARNING)
    assert claim.facts["rule"] == "default-src https:"
    assert claim.facts["fallback"]


def test_fires_as_an_error_if_the_page_names_the_websocket() -> None:
    observation = page("connect-src 'none'", ("wss://shop.example.com/ws",))
    (claim,) = judge("websocket.blocked-by-policy", observation, OPEN)
    assert (claim.confidence, claim.severity) == (Confidence.CERTAIN, None)


def test_fires_for_the_page_to_which_the_site_leads() -> None:
    """Issue 2753 of louislam/uptime-kuma: / leads to /dashboard."""
    told = replace(SHOP, symptom=symptom_of(REFUSED))
    start = replace(page(""), status=302)
    url, rules = "https://shop.example.com/dashboard", "default-src https: data:"
    shown = replace(page(rules), url=url, purpose="redirect")
    (claim,) = judge("websocket.blocked-by-policy", start, shown, target=told)
    assert (claim.confidence, claim.facts["url"]) == (Confidence.CERTAIN, url)
    elsewhere = replace(shown, url="https://login.example.com/")
    assert not judge("websocket.blocked-by-policy", start, elsewhere, target=told)


def test_silent_for_a_strict_policy_that_allows_it() -> None:
    policy = "default-src 'none'; script-src 'self'; connect-src 'self'"
    assert not judge("websocket.blocked-by-policy", page(policy), OPEN)


def test_silent_without_a_policy_and_for_one_that_only_reports() -> None:
    assert not judge("websocket.blocked-by-policy", page(""), OPEN)
    reported = page("connect-src 'none'", name="Content-Security-Policy-Report-Only")
    assert not judge("websocket.blocked-by-policy", reported, OPEN)


def test_silent_without_a_websocket() -> None:
    assert not judge("websocket.blocked-by-policy", page("connect-src 'none'"))


SOCKET = WebSocketPath(source="https://shop.example.com/app.js", path="/api/streaming")
REFUSED = (
    "Refused to connect to 'wss://shop.example.com/api/streaming?token=x' because it violates the"
    " following Content Security Policy directive: \"connect-src 'self' wss://other.example\""
)


def test_fires_for_a_websocket_of_a_script_that_nobody_tried() -> None:
    (claim,) = judge("websocket.blocked-by-policy", page("connect-src https:"), SOCKET)
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, Severity.WARNING)
    assert claim.facts["socket"] == "wss://shop.example.com/api/streaming"
    allowed = page("connect-src 'self' wss://other.example")
    assert not judge("websocket.blocked-by-policy", allowed, SOCKET)
    optional = replace(SOCKET, library="Grafana")
    assert not judge("websocket.blocked-by-policy", page("connect-src https:"), optional)


def test_fires_for_the_browser_of_a_message_that_does_not_count_it_as_self() -> None:
    """Issue 2390 of mastodon/mastodon: the policy has another instance's address."""
    told = replace(SHOP, symptom=symptom_of(REFUSED))
    policy = page("connect-src 'self' wss://other.example")
    (claim,) = judge("websocket.blocked-by-policy", policy, SOCKET, target=told)
    assert (claim.confidence, claim.severity) == (Confidence.CERTAIN, None)
    assert claim.facts["old"]
    (claim,) = judge("websocket.blocked-by-policy", page("connect-src https:"), target=told)
    assert not claim.facts["old"]
    healed = page("connect-src 'self' wss://shop.example.com")
    assert not judge("websocket.blocked-by-policy", healed, SOCKET, target=told)
    foreign = replace(SHOP, symptom=symptom_of(REFUSED.replace("//shop.", "//chat.")))
    assert not judge("websocket.blocked-by-policy", policy, target=foreign)


def test_silent_for_the_policy_of_a_json_answer() -> None:
    """Jupyter Server sends "default-src 'none'" with its API."""
    answer = page("default-src 'none'")
    json = replace(answer, headers=(*answer.headers, ("Content-Type", "application/json")))
    assert not judge("websocket.blocked-by-policy", json, OPEN)


LINE = """add_header Content-Security-Policy "default-src https://$host 'unsafe-inline'";"""
FIREFOX = (
    "The page's settings blocked the loading of a resource at wss://shop.example.com/ws "
    "(\"default-src https://shop.example.com 'unsafe-inline'\")."
)


def nginx_site(lines: str, host: str = "") -> NginxConfig:
    location = f"location / {{\n  proxy_pass http://127.0.0.1:8989;\n  {host}\n}}"
    return config(
        f"server {{\nlisten 443 ssl;\nserver_name shop.example.com;\n{lines}\n{location}\n}}"
    )


def patched(claim: Claim) -> str:
    steps = claim.fix.steps if claim.fix else ()
    return "".join(step.diff for step in steps if isinstance(step, Edit))


def test_the_line_of_nginx_is_changed_and_keeps_its_variable() -> None:
    target = replace(SHOP, symptom=symptom_of(FIREFOX))
    seen = page("default-src https://shop.example.com 'unsafe-inline'")
    (claim,) = judge(
        "websocket.blocked-by-policy", seen, OPEN, RUNNING, nginx_site(LINE), target=target
    )
    assert claim.confidence is Confidence.CERTAIN
    assert '; connect-src https://$host wss://$host"' in patched(claim)


def test_a_policy_that_the_application_makes_from_host() -> None:
    seen = page("connect-src ws://127.0.0.1:8989 wss://127.0.0.1:8989")
    (claim,) = judge("websocket.blocked-by-policy", seen, OPEN, RUNNING, nginx_site(""))
    assert claim.facts["sent_host"] == "127.0.0.1:8989"
    assert "proxy_set_header Host $host;" in patched(claim)
    # The application gets the visitor's name already: its policy is its own.
    passed = nginx_site("", "proxy_set_header Host $host;")
    (claim,) = judge("websocket.blocked-by-policy", seen, OPEN, RUNNING, passed)
    assert not claim.facts["sent_host"]
    assert not patched(claim)


def test_an_address_within_a_quoted_policy_is_not_asked_for() -> None:
    text = (
        "Refused to connect to 'wss://shop.example.com/ws' because it violates the following "
        "Content Security Policy directive: \"connect-src 'self' ws://127.0.0.1:8989\"."
    )
    target = replace(SHOP, symptom=symptom_of(text))
    assert list(reported_addresses(evidence(target=target))) == ["wss://shop.example.com/ws"]
    firefox = "Content Security Policy: blocked the loading of a resource (connect-src) at ws://localhost:1/"
    target = replace(SHOP, symptom=symptom_of(firefox))
    assert list(reported_addresses(evidence(target=target))) == ["ws://localhost:1/"]


@pytest.mark.parametrize(
    "words",
    [
        "Auf https://shop.example.com/ bekommt Safari am Mac keine WebSocket-Verbindung, in Chrome "
        "und Firefox funktioniert dieselbe Seite",
        "WebSocket connects in Chrome but not in Safari",
        "websocket works in firefox and chrome but fails on iPhone",
        "Safari 上 WebSocket 连不上，Chrome 正常",
        "le websocket ne marche pas sur Safari",
        "the websocket does not work in Safari",
        "WebSocket doesn't work on iOS",
        "Der WebSocket geht in Safari nicht",
        "the websocket works everywhere but not on iPhone",
    ],
)
def test_fires_where_only_safari_opens_no_websocket(words: str) -> None:
    """https://github.com/warmcat/libwebsockets/issues/1806"""
    told = replace(SHOP, symptom=symptom_of(words))
    policy = "default-src 'none'; script-src 'self'; connect-src 'self'"
    (claim,) = judge("websocket.blocked-by-policy", page(policy), OPEN, target=told)
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, None)
    assert (claim.facts["old"], claim.facts["source"]) == (True, "wss://shop.example.com")
    assert judge("websocket.blocked-by-policy", page("default-src 'self'"), target=told)
    for allowed in (f"{policy} wss://shop.example.com", f"{policy} wss:", ""):
        assert not judge("websocket.blocked-by-policy", page(allowed), OPEN, target=told)


@pytest.mark.parametrize(
    "words",
    [
        "the WebSocket does not connect in Chrome and Firefox",
        "only Chrome fails to connect the websocket, Safari is fine",
        "the websocket works in Safari, and not in Firefox",
        "Safari shows an empty page",
    ],
)
def test_silent_where_another_browser_fails(words: str) -> None:
    told = replace(SHOP, symptom=symptom_of(words))
    assert not judge("websocket.blocked-by-policy", page("connect-src 'self'"), OPEN, target=told)
