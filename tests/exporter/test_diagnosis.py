"""When a diagnosis is made, and what of it is shown."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.support.exporter import exporter, http_module, run, write_config
from tests.support.scripted_site import answer, site

GOOD, BAD = answer(), answer("502 Bad Gateway")


def requests(folder: Path, *pages: bytes, **settings: Any) -> list[int]:
    """How many requests each of these probes made, with its diagnosis."""

    async def work() -> list[int]:
        current: dict[str, bytes] = {}
        file = write_config(folder, http_module())
        counts = []
        async with site(current) as serving, exporter(file, **settings) as serve:
            for page in pages:
                current["/"] = page
                serving.requests.clear()
                url = f"http://127.0.0.1:{serving.port}/"
                await serve.probe(url)
                await serve.diagnosed(url)
                counts.append(len(serving.requests))
        return counts

    counts: list[int] = run(work())
    return counts


def test_the_same_result_is_diagnosed_once(tmp_path: Path) -> None:
    first, second, third = requests(tmp_path, BAD, BAD, BAD)
    assert first > 1
    assert (second, third) == (1, 1)


def test_a_change_is_diagnosed(tmp_path: Path) -> None:
    assert all(count > 1 for count in requests(tmp_path, GOOD, BAD, GOOD))


def test_an_old_diagnosis_is_repeated(tmp_path: Path) -> None:
    assert all(count > 1 for count in requests(tmp_path, BAD, BAD, diagnosis_interval=0.0))


def test_a_silent_server_is_explained_in_the_same_answer(tmp_path: Path) -> None:
    async def work() -> Any:
        current = {"/": GOOD}
        file = write_config(tmp_path, http_module(timeout="12s"))
        async with site(current) as serving, exporter(file) as serve:
            url = f"http://127.0.0.1:{serving.port}/"
            await serve.settled_probe(url)
            current["/"] = b""
            return await serve.probe(url)

    seen = run(work())
    assert seen.value("probe_success") == 0
    assert seen.label("probe_failure_info", "reason").startswith("http.")
    assert seen.value("diagnose_full_age_seconds") is not None


def test_the_reason_of_another_state_is_not_shown(tmp_path: Path) -> None:
    async def work() -> Any:
        current = {"/": BAD}
        file = write_config(tmp_path, http_module())
        async with site(current) as serving, exporter(file) as serve:
            url = f"http://127.0.0.1:{serving.port}/"
            before = await serve.settled_probe(url)
            current["/"] = GOOD
            return before, await serve.settled_probe(url)

    before, after = run(work())
    assert before.label("probe_failure_info", "reason") == "http.server-error"
    assert before.label("diagnose_root_cause_info", "layer") == "http"
    assert after.label("probe_failure_info", "reason") is None
    assert after.label("diagnose_root_cause_info", "layer") is None


def test_hostname_names_the_site_at_an_address(tmp_path: Path) -> None:
    async def work() -> list[bytes]:
        async with site({"/": GOOD}) as serving:
            file = write_config(tmp_path, http_module())
            async with exporter(file) as serve:
                url = f"http://127.0.0.1:{serving.port}/"
                await serve.probe(url, hostname="shop.example.com")
                await serve.diagnosed(url, hostname="shop.example.com")
            return [request.lower() for request in serving.requests]

    asked = run(work())
    assert len(asked) > 1
    assert all(b"host: shop.example.com" in request for request in asked)


@pytest.mark.parametrize("count", [30])
def test_many_targets_at_the_same_time(tmp_path: Path, count: int) -> None:
    async def work() -> list[Any]:
        pages = {f"/{number}": GOOD for number in range(count)}
        file = write_config(tmp_path, http_module())
        async with site(pages) as serving, exporter(file) as serve:
            urls = [f"http://127.0.0.1:{serving.port}{path}" for path in pages]
            return await asyncio.gather(*(serve.probe(url) for url in urls))

    assert [seen.value("probe_success") for seen in run(work())] == [1] * count
