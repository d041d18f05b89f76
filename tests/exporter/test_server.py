"""The endpoints: statuses, texts, limits."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from diagnose.exporter.target_policy import parse_policy
from tests.support.exporter import config, exporter, http_module, run, samples, write_config
from tests.support.scripted_site import answer, site

SECRETS = {
    "m": {
        "prober": "http",
        "http": {
            "basic_auth": {"username": "me", "password": "hunter2"},
            "headers": {"X-Api-Key": "hunter3", "Accept": "text/html"},
            "proxy_url": "http://me:hunter4@proxy.example:3128",
        },
    }
}


def get(folder: Path, path: str, text: str = "", settings: Any = None, **fields: str) -> Any:
    """The response of an exporter for one path."""

    async def work() -> Any:
        file = write_config(folder, text or http_module())
        async with exporter(file, **(settings or {})) as serve:
            return await serve.get(path, **fields)

    return run(work())


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/probe?target=x&module=no", 400, 'Unknown module "no"\n'),
        ("/probe", 400, "Target parameter is missing\n"),
        ("/probe?target=169.254.169.254", 403, "Target refused: 169.254.169.254 is a link-local"),
        ("/probe?target=http://[fe80::1]/", 403, "Target refused: fe80::1 is a link-local"),
        ("/-/healthy", 200, "Healthy"),
        ("/-/reload", 405, "This endpoint requires a POST request.\n"),
        ("/logs", 400, "Probe id or target must be defined as http query parameters\n"),
        ("/logs?id=7", 404, "Probe id not found\n"),
        ("/logs?id=7&target=x", 400, "Probe id and target can't be defined at the same time\n"),
        ("/logs?target=x", 404, "Probe target not found\n"),
        (
            "/logs?module=x",
            400,
            "Probe id or target must be defined as http query parameters\n",
        ),
    ],
)
def test_answers(tmp_path: Path, path: str, status: int, text: str) -> None:
    response = get(tmp_path, path)
    assert response.status_code == status
    assert response.text.startswith(text)
    assert response.headers["Content-Type"].startswith("text/plain")


def test_an_unknown_module_is_counted(tmp_path: Path) -> None:
    async def work() -> Any:
        async with exporter(write_config(tmp_path, http_module())) as serve:
            await serve.get("/probe?target=x&module=no")
            return samples((await serve.get("/metrics")).text)

    seen = run(work())
    assert seen["blackbox_module_unknown_total", ()] == 1
    assert seen["blackbox_exporter_config_last_reload_successful", ()] == 1


def test_an_unparsable_timeout_is_an_error_of_the_server(tmp_path: Path) -> None:
    fields = {"X-Prometheus-Scrape-Timeout-Seconds": "soon"}
    response = get(tmp_path, "/probe?target=x", **fields)
    assert response.status_code == 500
    assert response.text.startswith("Failed to parse timeout from Prometheus header")


def test_the_headers_timeout_less_the_offset_counts(tmp_path: Path) -> None:
    fields = {"X-Prometheus-Scrape-Timeout-Seconds": "3"}
    text = get(tmp_path, "/probe?target=127.0.0.1:1", **fields).text
    assert samples(text)["probe_timeout_seconds", ()] == 2.5


def test_what_the_exporter_cannot_do_is_said(tmp_path: Path) -> None:
    response = get(tmp_path, "/probe?target=x&module=g", config({"g": {"prober": "grpc"}}))
    assert response.status_code == 400
    assert "does not have prober: grpc of module 'g'" in response.text


def test_secrets_are_hidden(tmp_path: Path) -> None:
    text = get(tmp_path, "/config", config(SECRETS)).text
    assert "hunter" not in text
    assert "password: <secret>" in text
    assert "Accept: text/html" in text


def test_debug_has_three_headings_and_no_secret(tmp_path: Path) -> None:
    text = get(tmp_path, "/probe?target=127.0.0.1:1&module=m&debug=true", config(SECRETS)).text
    headings = [line for line in text.splitlines() if line.endswith(":") and line[0].isupper()]
    assert headings == [
        "Logs for the probe:",
        "Metrics that would have been returned:",
        "Module configuration:",
    ]
    assert "hunter" not in text


def test_the_history_has_the_log_and_the_page_a_link(tmp_path: Path) -> None:
    async def work() -> Any:
        async with exporter(write_config(tmp_path, http_module())) as serve:
            await serve.probe("127.0.0.1:1/<b>")
            by_id = await serve.get("/logs?id=0")
            by_target = await serve.get("/logs?target=127.0.0.1:1/<b>&module=http_2xx")
            return by_id.text, by_target.text, (await serve.get("/")).text

    by_id, by_target, page = run(work())
    assert by_id == by_target
    assert "probe_success 0" in by_id
    assert '<a href="logs?id=0">' in page
    assert "&lt;b&gt;" in page


def test_a_reload_takes_the_new_file_and_keeps_the_old_one_if_it_is_wrong(tmp_path: Path) -> None:
    async def work() -> Any:
        file = write_config(tmp_path, http_module())
        async with exporter(file) as serve:
            write_config(tmp_path, config({"new": {"prober": "http"}}))
            good = await serve.client.post(f"{serve.url}/-/reload")
            write_config(tmp_path, config({"newer": {"prober": "smoke"}}))
            bad = await serve.client.post(f"{serve.url}/-/reload")
            metrics = samples((await serve.get("/metrics")).text)
            return good, bad, metrics, (await serve.get("/config")).text

    good, bad, metrics, text = run(work())
    assert good.status_code == 200
    assert bad.status_code == 500
    assert bad.text.startswith("failed to reload config: ")
    assert metrics["blackbox_exporter_config_last_reload_successful", ()] == 0
    assert "new:" in text
    assert "newer" not in text


def test_only_allowed_targets(tmp_path: Path) -> None:
    settings = {"policy": parse_policy(["*.example.com", "10.0.0.0/8"])}
    response = get(tmp_path, "/probe?target=127.0.0.1:1", settings=settings)
    assert response.status_code == 403
    assert response.text == "Target refused: 127.0.0.1 is not in an allowed network\n"


def test_a_name_that_leads_elsewhere_is_refused_after_resolution(tmp_path: Path) -> None:
    settings = {"policy": parse_policy(["10.0.0.0/8"])}
    text = get(tmp_path, "/probe?target=localhost:1", settings=settings).text
    seen = samples(text)
    assert seen["probe_success", ()] == 0
    assert seen["probe_failure_info", (("reason", "probe.denied"),)] == 1


def test_a_redirect_to_the_metadata_service_is_not_followed(tmp_path: Path) -> None:
    async def work() -> Any:
        pages = {"/": answer("302 Found", b"", "Location: http://169.254.169.254/")}
        async with site(pages) as serving, exporter(write_config(tmp_path, http_module())) as serve:
            query = f"/probe?target=127.0.0.1:{serving.port}&debug=true"
            return (await serve.get(query)).text

    text = run(work())
    assert "169.254.169.254 is a link-local or metadata address" in text
    assert "probe_success 0.0" in text


def test_too_many_probes_are_turned_away(tmp_path: Path) -> None:
    async def work() -> Any:
        file = write_config(tmp_path, http_module())
        async with site({"/": b""}) as silent, exporter(file, max_probes=1) as serve:
            url = f"/probe?target=127.0.0.1:{silent.port}"
            first = asyncio.create_task(serve.get(url))
            await silent.asked.wait()
            second = await serve.get(url)
            first.cancel()
            return second, samples((await serve.get("/metrics")).text)

    second, metrics = run(work())
    assert second.status_code == 503
    labels = (("module", "http_2xx"), ("result", "overload"))
    assert metrics["diagnose_exporter_probes_total", labels] == 1


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"Host": "localhost:9115"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "prometheus.example"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_pages_in_a_browser_get_nothing(
    tmp_path: Path, fields: dict[str, str], status: int
) -> None:
    settings = {"host_names": ("prometheus.example",)}
    assert get(tmp_path, "/-/healthy", settings=settings, **fields).status_code == status


def test_a_target_is_decoded_a_second_time(tmp_path: Path) -> None:
    async def work() -> Any:
        async with exporter(write_config(tmp_path, http_module())) as serve:
            await serve.get("/probe?target=http%253A%252F%252F127.0.0.1%253A1%252F")
            return [result.target for result in serve.service.history]

    assert run(work()) == ["http://127.0.0.1:1/"]


def test_a_second_host_is_an_error(tmp_path: Path) -> None:
    text = http_module(headers={"Host": "a.example"})
    response = get(tmp_path, "/probe?target=127.0.0.1:1&hostname=b.example", text)
    assert response.status_code == 400
    assert response.text.startswith("host header defined both in module configuration (a.example)")
