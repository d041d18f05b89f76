"""Wrong addresses, and the lines of an application's settings that have them."""

import pytest

from diagnose.parsers.setting_lines import (
    addresses_in_query,
    bare_addresses,
    corrected,
    parse_build,
    parse_setting_lines,
    unit_of,
    wrong_addresses,
)

ORIGIN, NAME = "https://shop.example.com", "shop.example.com"
OUTPUT = """\
unit nodebb.service
file /srv/nodebb/config.json
 2 2:    "url": "http://localhost:4567",
 9 9:    "api": "http://localhost:4567", "password": "hunter2"
file /srv/nodebb/.env
 1 2:URL=http://localhost:4567
 3 3:# URL=http://localhost:4567
 4 4:PORT_URL=http://localhost:45678
container shop
command docker inspect shop
 0 0:APP_URL=http://localhost:4567
"""


def test_addresses_that_visitors_cannot_use() -> None:
    urls = (
        "http://localhost:4567/a", "https://shop.example.com/", "ws://192.0.2.9:81/",
        "http://backend:8000/api", "https://cdn.example.net/", "http://127.0.0.1/", "no address",
    )  # fmt: skip
    assert wrong_addresses(urls, NAME) == ("//localhost:4567", "//192.0.2.9:81", "//backend:8000")
    assert not wrong_addresses(("http://localhost/",), "localhost")


def test_addresses_in_a_query() -> None:
    url = "https://login.example.net/?redirect_uri=http%3A%2F%2Flocalhost%3A4567%2Fcb&state=a"
    assert list(addresses_in_query(url)) == ["http://localhost:4567/cb"]


def test_lines_that_count() -> None:
    first, second, third = parse_setting_lines(OUTPUT, ["//localhost:4567"])
    assert (first.file, first.number, first.unit) == (
        "/srv/nodebb/config.json", 2, "nodebb.service",
    )  # fmt: skip
    assert first.text == '"url": "http://localhost:4567",'
    assert second.number == 9
    assert "hunter2" not in second.text
    assert (third.command, third.container, third.file) == ("docker inspect shop", "shop", "")


def test_lines_with_the_own_name() -> None:
    def lines(text: str) -> list[str]:
        return [line.text for line in parse_setting_lines(f"file /a\n 1 1:{text}\n", [NAME])]

    for wrong in (
        "FRONTEND_HOST=shop.example.com", "CORS_ORIGINS: shop.example.com",
        "BASE=http://shop.example.com", "publicUrl = 'shop.example.com'",
    ):  # fmt: skip
        assert lines(wrong) == [wrong]
    for right in (
        "FRONTEND_URL=https://shop.example.com", "ALLOWED_HOSTS=shop.example.com",
        "DOMAIN=shop.example.com", "MAIL_FROM=info@shop.example.com",
        "CORS_ORIGINS=https://www.shop.example.com", "URL=shop.example.com.evil.example",
    ):  # fmt: skip
        assert not lines(right)


def test_the_line_as_it_should_be() -> None:
    line = '"url": "http://localhost:4567/forum",'
    assert corrected(line, "//localhost:4567", ORIGIN) == f'"url": "{ORIGIN}/forum",'
    assert corrected("FRONTEND_HOST=shop.example.com", NAME, ORIGIN) == f"FRONTEND_HOST={ORIGIN}"
    assert corrected("BASE=http://shop.example.com/a", NAME, ORIGIN) == f"BASE={ORIGIN}/a"


def test_a_host_and_port_alone_are_the_whole_value_of_a_variable() -> None:
    assert bare_addresses(("//localhost:98", "//backend")) == ("=localhost:98",)
    rows = (
        "command docker inspect front\n 0 0:API_HOST=localhost:98\nfile /srv/compose.yml\n"
        " 6 6:      - API_HOST=localhost:98\n 7 7:      - OTHER=localhost:980\n"
        " 8 8:      - DB=localhost:98/shop\n"
    )
    lines = list(parse_setting_lines(rows, ["=localhost:98"]))
    assert [line.number for line in lines] == [0, 6]
    right = corrected(lines[1].text, "=localhost:98", ORIGIN)
    assert right == "- API_HOST=shop.example.com"


BUILD = "build yarn /srv/front\n right 3 /srv/front/.env:{}\n"


def test_a_build_and_the_line_that_is_right_already() -> None:
    text = f"unit front.service\n{BUILD.format('PUBLIC_URL=https://shop.example.com')}"
    build = parse_build(text, "shop.example.com")
    assert build is not None
    assert (build.program, build.folder, build.number) == ("yarn", "/srv/front", 3)
    assert unit_of(text) == "front.service"


@pytest.mark.parametrize(
    "line",
    ["# URL=https://shop.example.com", "CORS_ORIGIN=https://shop.example.com",
     "URL=https://shop.example.com.cn", "URL=http://shop.example.com"],
)  # fmt: skip
def test_a_line_that_is_no_address_of_the_build(line: str) -> None:
    build = parse_build(BUILD.format(line), "shop.example.com")
    assert build is not None
    assert not build.text


def test_two_builds_are_none() -> None:
    assert parse_build("build npm /srv/a\nbuild npm /srv/b\n", "shop.example.com") is None
