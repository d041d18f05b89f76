"""Tokens against forged forms: fields, and the words of a refusal."""

from diagnose.parsers.form_tokens import (
    framework_of_field,
    is_token_field,
    logged_token_refusal,
    refuses_token,
)
from diagnose.parsers.html_page import parse_page


def test_fields_of_frameworks() -> None:
    assert is_token_field("_csrf", "c1x2")
    assert is_token_field("__RequestVerificationToken", "CfDJ8")
    assert not is_token_field("_csrf", " ")
    assert not is_token_field("_csrf_token", "csrf-token")
    assert not is_token_field("page_token", "c1x2")
    assert framework_of_field("authenticity_token") == "rails"
    assert framework_of_field("csrf_token") == ""


def test_fields_of_a_page() -> None:
    page = (
        "<form method=post action=/login><input type=hidden name=_csrf value=a><input name=_token"
        " value=b></form><form><input type=hidden name=csrf_token value=c></form>"
    )
    assert parse_page(page, "https://shop.example.com/").tokens == ("_csrf",)


def test_words_of_a_refusal() -> None:
    for words in (
        "Error: CSRF token mismatch",
        "ForbiddenError: invalid csrf token",
        "Can't verify CSRF token authenticity.",
        "Illuminate\\Session\\TokenMismatchException: CSRF token mismatch.",
        "Forbidden (CSRF token missing.): /login/",
        "Forbidden (CSRF cookie not set.): /login/",
        "The CSRF session token is missing.",
        "Invalid CSRF token found for https://shop.example.com/login",
        "Antiforgery token validation failed. The required antiforgery cookie is not present.",
    ):
        assert refuses_token(words), words
    for words in ("CSRF protection is enabled", "Origin checking failed", "token is invalid"):
        assert not refuses_token(words), words


def test_the_last_line_about_a_form_of_a_path() -> None:
    line = "Forbidden (CSRF token missing.): /login/"
    log = f"{line}\nGET /\n{line}?next=/\nForbidden (CSRF token missing.): /other/\n"
    assert logged_token_refusal(log, "/login/") == (f"{line}?next=/", 2)
    assert logged_token_refusal("GET /login/", "/login/") == ("", 0)
