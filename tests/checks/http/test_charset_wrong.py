"""http.charset-wrong: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model.http import Exchange
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_errors import page

CHECK = "http.charset-wrong"
TEXT = (
    "<!doctype html>{}<title>商店</title><p>欢迎来到我们的商店，请登录。</p><p>..............</p>"
)


def encoded_page(encoding: str, header: str = "", meta: str = "") -> Exchange:
    document = TEXT.format(f'<meta charset="{meta}">' if meta else "")
    body = document.encode(encoding).decode("utf-8", "replace")
    kind = f"text/html; charset={header}" if header else "text/html"
    return replace(page(200, body), headers=(("Content-Type", kind),))


@pytest.mark.parametrize(
    ("response", "header", "own"),
    [
        (encoded_page("gbk", "utf-8", "gbk"), "utf-8", "gbk"),
        (encoded_page("gbk", "utf-8"), "utf-8", ""),
        (encoded_page("gbk", "", "utf-8"), "", "utf-8"),
        (encoded_page("utf-8", "gbk", "utf-8"), "gbk", "utf-8"),
    ],
)
def test_fires(response: Exchange, header: str, own: str) -> None:
    (claim,) = judge(CHECK, response, masked=False)
    assert (claim.facts["header"], claim.facts["page"]) == (header, own)


def test_fires_and_names_nginxs_line() -> None:
    text = SITE.replace("proxy_set_header", "charset utf-8;\n        proxy_set_header")
    (claim,) = judge(CHECK, encoded_page("gbk", "utf-8"), RUNNING, config(text), masked=False)
    assert claim.location


@pytest.mark.parametrize(
    "response",
    [
        encoded_page("utf-8", "utf-8", "utf-8"),
        encoded_page("gbk", "gbk", "gbk"),
        encoded_page("gbk", "", "gbk"),
        encoded_page("gbk", "gbk", "utf-8"),
        encoded_page("utf-8"),
        replace(encoded_page("gbk", "utf-8"), status=404),
        replace(
            encoded_page("gbk", "utf-8"), headers=(("Content-Type", "text/plain; charset=utf-8"),)
        ),
        replace(page(200, "<p>plain"), headers=(("Content-Type", "text/html; charset=utf-8"),)),
    ],
)
def test_silent(response: Exchange) -> None:
    assert not judge(CHECK, response, masked=False)
