"""Which WebSockets of a page a policy blocks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.model.pages import FileKind, UseKind
from diagnose.parsers.content_security_policy import (
    DIRECTIVES,
    blocked_by,
    blocking_directive,
    inline_scripts_blocked_by,
    policies,
    sandboxed_by,
)
from diagnose.parsers.urls import Url

PAGE = Url("https", "shop.example.com", 443, "/")
SOCKET = Url("wss", "shop.example.com", 443, "/ws")

ALLOWED = [
    "",
    "script-src 'none'",
    "default-src 'self'",
    "default-src *",
    "connect-src 'self'",
    "connect-src wss:",
    "connect-src ws:",
    "connect-src wss://shop.example.com",
    "connect-src WSS://SHOP.example.com:443",
    "connect-src ws://shop.example.com",
    "connect-src wss://*:*",
    "connect-src wss://shop.example.com/ws",
    "connect-src wss://shop.example.com/",
    "default-src 'none'; connect-src wss:",
    "connect-src wss:; connect-src 'none'",
]
BLOCKED = [
    "default-src 'none'",
    "connect-src",
    "connect-src 'none'",
    "connect-src https:",
    "connect-src shop.example.com",
    "connect-src *.example.com",
    "connect-src https://shop.example.com",
    "connect-src wss://api.example.com",
    "connect-src *.shop.example.com",
    "connect-src wss://shop.example.com:8443",
    "connect-src wss://shop.example.com/other",
    "connect-src 'unsafe-inline'",
    "default-src *; connect-src https://api.example.com",
]


@pytest.mark.parametrize("policy", ALLOWED)
def test_allowed(policy: str) -> None:
    assert blocked_by(policies([policy], ""), PAGE, SOCKET) is None


@pytest.mark.parametrize("policy", BLOCKED)
def test_blocked(policy: str) -> None:
    blocked = blocked_by(policies([policy], ""), PAGE, SOCKET)
    assert blocked is not None
    assert blocked.directive in {"connect-src", "default-src"}


def test_a_host_without_a_scheme_is_told_from_no_host() -> None:
    for policy, expected in (("shop.example.com", True), ("api.example.com", False)):
        blocked = blocked_by([f"connect-src {policy}"], PAGE, SOCKET)
        assert blocked is not None
        assert blocked.without_scheme is expected


def test_every_policy_has_to_allow_it() -> None:
    both = policies(["connect-src wss:, connect-src 'none'"], "")
    assert len(both) == 2
    assert blocked_by(both, PAGE, SOCKET)


def test_a_policy_in_the_page_counts() -> None:
    body = """<head><meta http-equiv="Content-Security-Policy" content="connect-src 'none'">"""
    assert blocked_by(policies([], body), PAGE, SOCKET)


def test_another_port_is_another_origin() -> None:
    socket = Url("wss", "shop.example.com", 8443, "/ws")
    assert blocked_by(["connect-src 'self'"], PAGE, socket)
    assert blocked_by(["connect-src wss://shop.example.com:*"], PAGE, socket) is None


@given(st.text(max_size=400), st.text(max_size=400))
def test_no_text_breaks_it(header: str, body: str) -> None:
    blocked_by(policies([header], body), PAGE, SOCKET)


@pytest.mark.parametrize(
    ("policy", "directive"),
    [
        ("default-src 'self'", "default-src 'self'"),
        ("default-src 'none'; script-src 'self'", "script-src 'self'"),
        ("script-src 'unsafe-inline'; script-src-elem https:", "script-src-elem https:"),
        ("default-src 'self' 'unsafe-inline'", ""),
        ("script-src 'nonce-x'", ""),
        ("script-src 'sha256-x'", ""),
        ("connect-src 'self'", ""),
    ],
)
def test_scripts_in_the_page_itself(policy: str, directive: str) -> None:
    blocked = inline_scripts_blocked_by([policy])
    assert (blocked.text if blocked else "") == directive


# What the page asks for

OWN, OTHER = "https://shop.example.com/a", "https://cdn.example.net/a"


def directive(policy: str, kind: FileKind | UseKind, url: str = OTHER) -> str:
    blocked = blocking_directive(policies([policy], ""), PAGE, url, kind)
    return blocked.directive if blocked else ""


@pytest.mark.parametrize("kind", [kind for kind in DIRECTIVES if kind not in {"form", "base"}])
def test_default_src_counts_where_nothing_else_is_said(kind: FileKind | UseKind) -> None:
    assert directive("default-src 'self'", kind) == "default-src"
    own = DIRECTIVES[kind][0]
    allowing = "'unsafe-inline'" if kind == "style" else "https://cdn.example.net"
    assert directive(f"default-src 'none'; {own} {allowing}", kind) == ""
    assert directive(f"default-src *; {own} 'none'", kind) == own


def test_default_src_does_not_count_for_forms_and_the_base() -> None:
    assert directive("default-src 'none'", "form") == ""
    assert directive("default-src 'none'", "base") == ""
    assert directive("form-action 'self'", "form") == "form-action"
    assert directive("form-action 'self'", "form", OWN) == ""
    assert directive("base-uri 'none'", "base", OWN) == "base-uri"


@pytest.mark.parametrize(
    ("policy", "blocked"),
    [
        ("img-src *", True),
        ("img-src 'self' https:", True),
        ("img-src 'self' data:", False),
        ("img-src DATA:", False),
        ("script-src 'self'", False),
    ],
)
def test_content_in_the_page_has_a_word_of_its_own(policy: str, blocked: bool) -> None:
    assert bool(directive(policy, "image", "data:")) is blocked


@pytest.mark.parametrize(
    ("policy", "blocked"),
    [
        ("style-src 'self'", True),
        ("default-src 'self' https:", True),
        ("style-src 'self' 'unsafe-inline'", False),
        ("style-src 'nonce-abc'", False),
        ("style-src 'sha256-abc'", False),
        ("script-src 'self'", False),
    ],
)
def test_a_style_sheet_in_the_page(policy: str, blocked: bool) -> None:
    assert bool(directive(policy, "style", str(PAGE))) is blocked


def test_a_nonce_allows_scripts_and_no_pictures() -> None:
    assert directive("default-src 'nonce-abc'", "script") == ""
    assert directive("default-src 'nonce-abc'", "image") == "default-src"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([], None),
        (["default-src 'self'"], None),
        (["sandbox"], ()),
        (["default-src *; sandbox allow-forms Allow-Scripts"], ("allow-forms", "allow-scripts")),
        (["img-src *, sandbox"], ()),
    ],
)
def test_a_sandbox(values: list[str], words: tuple[str, ...] | None) -> None:
    assert sandboxed_by(values) == words
