"""The words in which frameworks refuse a form because of its origin."""

import pytest

from diagnose.parsers.origin_refusals import (
    HIDDEN_ORIGIN,
    form_guard,
    framework_of,
    host_in_refusal,
    logged_refusal,
    named_refusal,
    names_origin,
    refuses_origin,
)

DJANGO = "<h1>Forbidden <span>(403)</span></h1><p>CSRF verification failed. Request aborted.</p>"


@pytest.mark.parametrize(
    ("status", "body", "framework"),
    [
        (403, DJANGO, "django"),
        (403, '{"detail":"CSRF Failed: Referer checking failed - no Referer."}', "django"),
        (422, "ActionController::InvalidAuthenticityToken", "rails"),
        (422, "<title>The change you wanted was rejected (422)</title>", "rails"),
        (500, "Invalid Server Actions request.", "nextjs"),
        (403, "Cross-site POST form submissions are forbidden", "sveltekit"),
        (403, "Invalid CORS request", "spring"),
        (403, "origin not allowed\n", ""),
        (400, "bad origin", ""),
    ],
)
def test_a_refusal_and_its_framework(status: int, body: str, framework: str) -> None:
    assert refuses_origin(status, body)
    assert framework_of(body) == framework


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, DJANGO),
        (None, DJANGO),
        (403, "Forbidden"),
        (419, "<title>Page Expired</title>"),
        (404, "the original was not found"),
    ],
)
def test_another_answer(status: int | None, body: str) -> None:
    assert not refuses_origin(status, body)


def test_words_that_may_also_mean_a_missing_token() -> None:
    assert names_origin("Invalid CORS request")
    assert not names_origin(DJANGO)
    assert not names_origin("The change you wanted was rejected (422)")


def test_a_hidden_origin() -> None:
    assert HIDDEN_ORIGIN.search("Origin checking failed - null does not match any trusted origins.")
    assert not HIDDEN_ORIGIN.search("Origin checking failed - https://shop.example.com does not")


@pytest.mark.parametrize(
    ("body", "cookies", "framework"),
    [
        ("", ("sessionid=1", " csrftoken=abc; Path=/"), "django"),
        ('<input type="hidden" name="csrfmiddlewaretoken" value="x">', (), "django"),
        ('<meta name="csrf-param" content="authenticity_token" />', (), "rails"),
        ('<script src="/_next/static/chunks/main.js">', (), "nextjs"),
        ('<link href="/_app/immutable/entry/start.js">', (), "sveltekit"),
    ],
)
def test_the_guard_of_a_page(body: str, cookies: tuple[str, ...], framework: str) -> None:
    guard = form_guard(body, cookies)
    assert guard
    assert guard.framework == framework


def test_no_guard_is_known_of_other_pages() -> None:
    assert form_guard("<p>csrftoken=</p>", ("XSRF-TOKEN=1",)) is None


def test_the_host_that_a_proxy_told() -> None:
    words = "`x-forwarded-host` header with value `App:3000` does not match `origin` header with"
    assert host_in_refusal(words) == "app:3000"
    assert host_in_refusal("Invalid Server Actions request.") == ""


OWN_LINE = (
    "Forbidden (Origin checking failed - https://shop.example.com does not match any trusted"
    " origins.): /login/"
)


def test_the_words_in_a_log() -> None:
    rails = (
        "HTTP Origin header (https://shop.example.com) didn't match request.base_url"
        " (http://shop.example.com)"
    )
    nextjs = (
        "`x-forwarded-host` header with value `127.0.0.1:3000` does not match `origin` header with"
        " value `shop.example.com` from a forwarded Server Actions request. Aborting the action."
    )
    for line in (OWN_LINE, rails, nextjs):
        text = f"ready\n{line}\nGET / 200\n{line}\n"
        assert logged_refusal(text, "shop.example.com", "/login/") == (line, 2)


@pytest.mark.parametrize(
    "line",
    [
        "Forbidden (CSRF token from POST incorrect.): /login/",
        OWN_LINE.replace("https://shop.", "https://evil."),
        OWN_LINE.replace("https://shop.example.com", "null"),
        OWN_LINE.replace("/login/", "/other/"),
        "Forbidden (Referer checking failed - no Referer.): /login/",
        "",
    ],
)
def test_a_form_without_such_words_in_a_log(line: str) -> None:
    assert logged_refusal(line, "shop.example.com", "/login/") == ("", 0)


def test_a_line_that_names_the_page_and_the_path_itself() -> None:
    line = (
        "Forbidden (Origin checking failed - https://shop.example.com does not match any trusted"
        " origins.): /auth/login/?next=/"
    )
    other = line.replace("/auth/login/?next=/", "/api/")
    assert named_refusal(f"{line}\n{other}\n{line}\n", "shop.example.com") == (
        "/auth/login/", line, 2
    )  # fmt: skip
    for silent in (
        line.replace("shop.example.com", "shop.example.com.evil.example"),
        line.replace("https://shop.example.com", "null"),
        line.partition("):")[0],
        "Forbidden (CSRF token missing.): /auth/login/",
    ):
        assert named_refusal(silent, "shop.example.com") == ("", "", 0)
