import json

import pytest

from diagnose.parsers.caddy.request_log import body_refusal, request_error


def line(message: str, uri: str = "/", host: str = "shop.example.com") -> str:
    request = {"host": host, "uri": uri}
    entry = {"level": "error", "logger": "http.log.error", "msg": message, "request": request}
    return json.dumps(entry)


DENIED = "dial unix /run/php.sock: connect: permission denied"


def test_the_last_error_of_the_request() -> None:
    text = f"{line('EOF')}\nnoise\n{line(DENIED)}\n"
    assert request_error(text, "shop.example.com", ("/",)) == DENIED


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[1]",
        '{"logger": "http.log.error", "request": 5}',
        line(DENIED, uri="/other"),
        line(DENIED, host="blog.example.com"),
        line("dial tcp 127.0.0.1:3000: connect: connection refused"),
        "[" * 5000,
    ],
)
def test_other_lines(text: str) -> None:
    assert request_error(text, "shop.example.com", ("/",)) == ""


TOO_LARGE = (
    "readfrom tcp 127.0.0.1:49670->127.0.0.1:18081: {id=e9cmsqa1k} requestbody.errorWrapper.Read "
    "(requestbody.go:63): HTTP 413: http: request body too large"
)


def test_a_request_that_is_larger_than_caddy_allows() -> None:
    """Caddy 2.6.2."""
    text = f"{line(TOO_LARGE, uri='/upload?a=b')}\n{line(DENIED)}\n"
    assert body_refusal(text, "shop.example.com", "/upload") == TOO_LARGE
    assert not body_refusal(text, "shop.example.com", "/")
    assert not body_refusal(text, "blog.example.com", "/upload")
    own = line("http: request body too large", uri="/upload")
    assert not body_refusal(own, "shop.example.com", "/upload")
    assert not body_refusal('"request body too large" {"request": 5}', "shop.example.com", "/")
