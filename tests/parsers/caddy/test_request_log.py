import json

import pytest

from diagnose.parsers.caddy.request_log import request_error


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
