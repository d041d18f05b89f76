import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.parsers.set_cookie import cookie_refusal, secure_cookie

HOST = "shop.example.com"


@pytest.mark.parametrize(
    ("value", "refusal"),
    [
        ("s=1; Path=/; Secure; HttpOnly; SameSite=Lax", ""),
        ("s=1; Domain=example.com", ""),
        ("s=1; domain=.Shop.Example.com", ""),
        ("s=1; Domain=", ""),
        ("s=1; Domain=app.internal", "domain"),
        ("s=1; Domain=op.example.com", "domain"),
        ("s=1; Domain=www.shop.example.com", "domain"),
        ("s=1; SameSite=None", "same-site"),
        ("s=1; SameSite=None; Secure", ""),
        ("__Host-s=1; Secure; Path=/", ""),
        ("__Host-s=1; Secure", "prefix"),
        ("__Secure-s=1", "prefix"),
        (f"s={'x' * 4095}; Secure", ""),
        (f"s={'x' * 4096}; Secure", "size"),
    ],
)
def test_what_browsers_refuse(value: str, refusal: str) -> None:
    assert cookie_refusal(value, HOST, secure=True) == refusal


def test_a_secure_cookie_needs_https() -> None:
    assert cookie_refusal("s=1; Secure", HOST, secure=False) == "insecure"
    assert not cookie_refusal("s=1; Secure", "localhost", secure=False)
    assert cookie_refusal("s=1; Domain=0.113.10", "203.0.113.10", secure=True) == "domain"


@given(st.text(), st.text(), st.booleans())
def test_any_text_is_judged(value: str, host: str, secure: bool) -> None:
    assert cookie_refusal(value, host, secure) is not None


@pytest.mark.parametrize(
    ("value", "name"),
    [("sid=1; Path=/; secure", "sid"), ("sid=1; Path=/", ""), ("secure=1", ""), ("", "")],
)
def test_the_name_of_a_secure_cookie(value: str, name: str) -> None:
    assert secure_cookie(value) == name
