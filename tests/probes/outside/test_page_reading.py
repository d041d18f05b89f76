from dataclasses import replace
from typing import Any

from diagnose.model.pages import Page
from diagnose.net.http import HttpResult
from diagnose.net.http_body import BodyRead
from diagnose.parsers.request_fields import RequestFields
from diagnose.probes import Options
from diagnose.probes.outside.page_reading import is_worth_saying, read_page, told_paths_in
from tests.support.fake_context import Looking
from tests.support.page_errors import page
from tests.support.recorded_machine import RecordedMachine

EXCHANGE = page(200)


def read(text: str, *headers: tuple[str, str], options: Options | None = None) -> Page:
    ctx: Any = Looking(RecordedMachine({}))
    ctx.options = options or Options()
    body = BodyRead(text=text, is_whole=True)
    return read_page(ctx, EXCHANGE, HttpResult(0.1, 0.0, 200, headers=headers, body_read=body))


def test_what_the_text_names_is_the_page() -> None:
    observed = read('<!doctype html><script src="/a.js"></script><p>Shop</p>')
    assert [file.url for file in observed.files] == ["https://shop.example.com/a.js"]
    assert (observed.url, observed.quirks) == (EXCHANGE.url, False)
    assert is_worth_saying(observed)


def test_a_policy_in_the_header_counts_as_one_in_the_page() -> None:
    policy = ("Content-Security-Policy", "upgrade-insecure-requests")
    assert read("<p>Shop</p>", policy).upgrades
    assert not read("<p>Shop</p>").upgrades


def test_secrets_of_the_request_are_masked() -> None:
    options = Options(request=RequestFields(headers=(("X-Key", "s3cretvalue"),)))
    (file,) = read('<script src="/a.js?k=s3cretvalue"></script>', options=options).files
    assert "s3cretvalue" not in file.url


def test_a_page_of_text_alone_is_not_told() -> None:
    assert not is_worth_saying(read("<!doctype html><p>Shop</p>"))
    assert not is_worth_saying(replace(read("<p>Shop</p>"), inline_scripts=0))


def test_paths_of_a_message_that_a_script_asks_of_the_site() -> None:
    message = "requested 'http://localhost:3000/_nuxt/content/_all.json'. This has been blocked"
    asks = 'api.get("/_nuxt/content/_all.json")'
    assert told_paths_in(asks, message) == ("/_nuxt/content/_all.json",)
    whole = 'api.get("http://localhost:3000/_nuxt/content/_all.json")'
    assert told_paths_in(whole, message) == ()
    assert told_paths_in(asks, "GET https://shop.example.com/_nuxt/content/_all.json") == ()
