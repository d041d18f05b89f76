"""http.charset-wrong: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Symptom
from diagnose.model.http import Exchange
from tests.support.check_evidence import SHOP, judge
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
        (encoded_page("utf-8"), "", ""),
    ],
)
def test_fires(response: Exchange, header: str, own: str) -> None:
    (claim,) = judge(CHECK, response, masked=False)
    assert (claim.facts["header"], claim.facts["page"]) == (header, own)


def test_fires_and_names_nginxs_line() -> None:
    text = SITE.replace("proxy_set_header", "charset utf-8;\n        proxy_set_header")
    (claim,) = judge(CHECK, encoded_page("gbk", "utf-8"), RUNNING, config(text), masked=False)
    assert claim.location


def edit(response: Exchange, charset: str = "") -> str:
    """The edit of nginx's configuration; "" if a person decides."""
    line = f"charset {charset};\n        proxy_set_header" if charset else "proxy_set_header"
    text = SITE.replace("proxy_set_header", line)
    (claim,) = judge(CHECK, response, RUNNING, config(text), masked=False)
    assert claim.fix
    is_written = claim.fix.applicability is Applicability.REVIEW
    return str(claim.fix.steps[0]) if is_written else ""


def test_fires_and_lets_nginx_name_the_encoding_of_the_page() -> None:
    assert "+        charset off;" in edit(encoded_page("gbk", "utf-8", "gbk"), "utf-8")
    assert "+        charset utf-8;" in edit(encoded_page("utf-8", "gbk", "utf-8"), "gbk")
    assert "+        charset utf-8;" in edit(encoded_page("utf-8"))


def test_fires_and_leaves_the_encoding_to_a_person() -> None:
    assert not edit(encoded_page("gbk", "utf-8"), "utf-8")  # nothing says which
    assert not edit(encoded_page("gbk", "", "utf-8"))  # the page itself is wrong
    assert not edit(encoded_page("utf-8", "gbk", "utf-8"))  # the application names it


@pytest.mark.parametrize(
    "response",
    [
        encoded_page("utf-8", "utf-8", "utf-8"),
        encoded_page("gbk", "gbk", "gbk"),
        encoded_page("gbk", "", "gbk"),
        encoded_page("gbk", "gbk", "utf-8"),
        replace(encoded_page("gbk", "utf-8"), status=404),
        replace(
            encoded_page("gbk", "utf-8"), headers=(("Content-Type", "text/plain; charset=utf-8"),)
        ),
        replace(page(200, "<p>plain"), headers=(("Content-Type", "text/html; charset=utf-8"),)),
    ],
)
def test_silent(response: Exchange) -> None:
    assert not judge(CHECK, response, masked=False)


def latin(text: str, header: str, meta: str = "") -> Exchange:
    own = f'<meta charset="{meta}">' if meta else ""
    body = f"<!doctype html>{own}<p>{text}</p><p>..............</p>"
    return replace(page(200, body), headers=(("Content-Type", f"text/html; charset={header}"),))


@pytest.mark.parametrize("header", ["koi8-r", "windows-1251", "iso-8859-1"])
def test_fires_on_text_in_utf_8_where_no_page_says_so(header: str) -> None:
    assert judge(CHECK, latin("Preis: 5 €, Größe", header), masked=False)


def test_silent_on_two_letters_and_on_what_begins_with_a_mark() -> None:
    assert not judge(CHECK, latin("Größ", "koi8-r"), masked=False)
    assert not judge(CHECK, latin("联通公司", "gbk"), masked=False)
    assert judge(CHECK, latin("欢迎来到我们的商店", "gbk"), masked=False)
    marked = latin("Preis: 5 €, Größe", "koi8-r")
    assert not judge(CHECK, replace(marked, body=f"\ufeff{marked.body}"), masked=False)


def test_silent_on_a_page_that_names_its_encoding_in_another_way() -> None:
    named = encoded_page("utf-8")
    for body in (
        f"\ufeff{named.body}",
        f'<?xml version="1.0" encoding="utf-8"?>{named.body}',
        "<!doctype html><p>Größe, 5 €</p><p>..............</p>",
    ):
        assert not judge(CHECK, replace(named, body=body), masked=False)


def text_file(header: str = "text/plain") -> Exchange:
    body = encoded_page("utf-8").body
    return replace(page(200, body), headers=(("Content-Type", header),))


GARBLED = Symptom("characters", "the text is garbled")


def test_fires_on_a_text_file_of_which_somebody_says_that_it_is_garbled() -> None:
    (claim,) = judge(CHECK, text_file(), masked=False, target=replace(SHOP, symptom=GARBLED))
    assert claim.facts["unnamed"]


def test_silent_on_a_text_file_that_programs_read() -> None:
    assert not judge(CHECK, text_file(), masked=False)
    named = text_file("text/plain; charset=utf-8")
    assert not judge(CHECK, named, masked=False, target=replace(SHOP, symptom=GARBLED))
    assert not judge(
        CHECK, text_file("application/json"), masked=False, target=replace(SHOP, symptom=GARBLED)
    )
