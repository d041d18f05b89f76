"""The probe of a page, through the endpoint, on real sockets."""

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from diagnose.exporter import http_visit
from tests.support.exporter import exporter, http_module, run, write_config
from tests.support.scripted_site import answer, site

PAGES = {
    "/": answer(),
    "/teapot": answer("418 I'm a teapot"),
    "/moved": answer("301 Moved Permanently", b"", "Location: /"),
    "/circle": answer("302 Found", b"", "Location: /circle"),
    "/created": answer("201 Created", b"", "Last-Modified: Wed, 21 Oct 2015 07:28:00 GMT"),
    "/cut": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
    "/endless": b"HTTP/1.1 200 OK\r\n\r\nno length",
    "/chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "/silent": b"",
    "/garbage": b"\x00\x01\x02 not HTTP\r\n\r\n",
}


def probe(folder: Path, path: str, options: dict[str, object] | None = None, **other: str) -> Any:
    """The answer for one page of the site."""

    async def work() -> Any:
        file = write_config(folder, http_module(**(options or {})))
        async with site(PAGES) as serving, exporter(file) as serve:
            return await serve.probe(f"http://127.0.0.1:{serving.port}{path}", **other)

    return run(work())


def test_a_page_that_answers(tmp_path: Path) -> None:
    async def work() -> Any:
        async with site(PAGES) as serving, exporter(write_config(tmp_path, http_module())) as serve:
            return await serve.settled_probe(f"http://127.0.0.1:{serving.port}/")

    seen = run(work())
    assert seen.value("probe_success") == 1
    assert seen.value("probe_http_status_code") == 200
    assert seen.value("probe_http_content_length") == 5
    assert seen.value("probe_http_uncompressed_body_length") == 5
    assert seen.value("probe_http_version") == 1.1
    assert seen.value("probe_http_ssl") == 0
    assert seen.value("probe_ip_protocol") == 4
    assert seen.value("diagnose_verdict", status="ok") == 1
    assert seen.label("probe_failure_info", "reason") is None


def test_the_time_of_a_resolution_that_does_not_end_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def wait(*_: object) -> str:
        await asyncio.Event().wait()
        return ""

    async def work() -> Any:
        async with exporter(write_config(tmp_path, http_module("100ms"))) as serve:
            return await serve.probe("http://127.0.0.1/")

    monkeypatch.setattr(http_visit, "choose_address", wait)
    seen = run(work())
    assert seen.value("probe_success") == 0
    assert seen.value("probe_http_duration_seconds", phase="resolve") > 0


def test_without_an_answer_the_status_is_0_and_the_reason_is_a_check(tmp_path: Path) -> None:
    async def work() -> Any:
        async with site(PAGES) as closed:
            port = closed.port
        async with exporter(write_config(tmp_path, http_module())) as serve:
            return await serve.probe(f"127.0.0.1:{port}")

    seen = run(work())
    assert seen.value("probe_success") == 0
    assert seen.value("probe_http_status_code") == 0
    assert seen.value("probe_http_duration_seconds", phase="transfer") == 0
    assert seen.label("probe_failure_info", "reason") == "tcp.refused"
    assert seen.label("diagnose_root_cause_info", "check") == "tcp.refused"
    assert seen.value("diagnose_verdict", status="critical") == 1


@pytest.mark.parametrize(
    ("path", "options", "success", "status"),
    [
        ("/created", {}, 1, 201),
        ("/teapot", {}, 0, 418),
        ("/teapot", {"valid_status_codes": [418]}, 1, 418),
        ("/", {"valid_status_codes": [418]}, 0, 200),
        ("/moved", {}, 1, 200),
        ("/moved", {"follow_redirects": False}, 0, 301),
        ("/moved", {"no_follow_redirects": True, "valid_status_codes": [301]}, 1, 301),
        ("/circle", {"valid_status_codes": [302]}, 1, 302),
        ("/cut", {}, 0, 200),
        ("/garbage", {}, 0, 0),
        ("/", {"fail_if_ssl": True}, 1, 200),
        ("/", {"fail_if_not_ssl": True}, 0, 200),
        ("/", {"valid_http_versions": ["HTTP/2.0"]}, 0, 200),
        ("/", {"fail_if_body_matches_regexp": ["h.llo"]}, 0, 200),
        ("/", {"fail_if_body_not_matches_regexp": ["^hello$"]}, 1, 200),
        ("/", {"fail_if_header_not_matches": [{"header": "X-No", "regexp": "a"}]}, 0, 200),
        ("/", {"body_size_limit": "4B"}, 0, 200),
        ("/", {"body_size_limit": "5B"}, 1, 200),
    ],
)
def test_rules(
    tmp_path: Path, path: str, options: dict[str, object], success: int, status: int
) -> None:
    seen = probe(tmp_path, path, options)
    assert seen.value("probe_success") == success
    assert seen.value("probe_http_status_code") == status


def test_a_rule_that_no_check_explains_is_the_reason_itself(tmp_path: Path) -> None:
    seen = probe(tmp_path, "/", {"fail_if_body_matches_regexp": ["hello"]})
    assert seen.label("probe_failure_info", "reason") == "module.fail-if-body-matches-regexp"
    assert seen.value("probe_failed_due_to_regex") == 1


def test_a_circle_ends_after_ten_redirects(tmp_path: Path) -> None:
    assert probe(tmp_path, "/circle").value("probe_http_redirects") == 11


@pytest.mark.parametrize("path", ["/endless", "/chunks"])
def test_an_unknown_length_is_minus_1(tmp_path: Path, path: str) -> None:
    assert probe(tmp_path, path).value("probe_http_content_length") == -1


def test_the_time_of_the_last_change(tmp_path: Path) -> None:
    seen = probe(tmp_path, "/created")
    assert seen.value("probe_http_last_modified_timestamp_seconds") == 1445412480


def test_a_target_that_was_encoded_twice_is_decoded_twice(tmp_path: Path) -> None:
    async def work() -> Any:
        file = write_config(tmp_path, http_module())
        async with site(PAGES) as serving, exporter(file) as serve:
            return await serve.probe(quote(f"http://127.0.0.1:{serving.port}/created", safe=""))

    assert run(work()).value("probe_http_status_code") == 201
