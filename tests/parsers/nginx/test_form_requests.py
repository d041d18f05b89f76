"""The requests that differ from nginx's POST in what they say about the visitor's origin."""

from dataclasses import replace

from diagnose.parsers.nginx.form_requests import form_variants, origin_fields
from diagnose.parsers.nginx.proxied_request import ProxiedRequest
from tests.support.check_evidence import SHOP

ORIGIN = ("Origin", "https://shop.example.com")
RIGHT = (("Host", "shop.example.com"), ("X-Forwarded-Proto", "https"))


def request(*fields: tuple[str, str]) -> ProxiedRequest:
    return ProxiedRequest("/login", "1.1", fields)


def names(*fields: tuple[str, str]) -> list[tuple[str, str, str]]:
    variants = form_variants(request(*fields), SHOP)
    return [(variant.part, variant.name, variant.value) for variant in variants]


def test_what_nginx_says_rightly_is_left_alone() -> None:
    assert not origin_fields(request(*RIGHT, ORIGIN), SHOP)
    assert not origin_fields(request(*RIGHT, ("X-Forwarded-Host", "shop.example.com")), SHOP)


def test_each_wrong_field_alone_and_then_all_together() -> None:
    tried = names(("Host", "127.0.0.1:3000"), ORIGIN)
    assert tried[:3] == [
        ("field", "X-Forwarded-Proto", "https"),
        ("field", "Host", "shop.example.com"),
        ("origin", "X-Forwarded-Proto, Host", "https, shop.example.com"),
    ]


def test_the_name_of_another_server_in_x_forwarded_host() -> None:
    (first, *_) = names(*RIGHT, ("X-Forwarded-Host", "127.0.0.1:3000"), ORIGIN)
    assert first == ("field", "X-Forwarded-Host", "shop.example.com")


def test_the_origin_itself_is_changed_last() -> None:
    assert names(*RIGHT, ORIGIN) == [
        ("field", "Origin", "http://shop.example.com"),
        ("field", "Origin", ""),
    ]
    assert not names(*RIGHT)


def test_all_changes_stand_in_the_request() -> None:
    variant = form_variants(request(("Host", "127.0.0.1:3000"), ORIGIN), SHOP)[2]
    assert variant.request.lines("POST") == (
        "POST /login HTTP/1.1",
        "Host: shop.example.com",
        "Origin: https://shop.example.com",
        "X-Forwarded-Proto: https",
        "Content-Length: 0",
    )


def test_a_name_without_the_port_is_another_origin() -> None:
    target = replace(SHOP, port=8443)
    fields = (*RIGHT, ("X-Forwarded-Host", "shop.example.com"))
    assert origin_fields(request(*fields, ORIGIN), target) == {
        "Host": "shop.example.com:8443",
        "X-Forwarded-Host": "shop.example.com:8443",
    }
    right = (("Host", "shop.example.com:8443"), ("X-Forwarded-Proto", "https"))
    assert not origin_fields(request(*right, ORIGIN), target)
