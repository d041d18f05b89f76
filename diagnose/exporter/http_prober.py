"""The prober "http": one request, its redirects, and the rules of the module.

Source of what is measured and when: blackbox_exporter, prober/http.go.
"""

import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from diagnose.exporter import http_rules
from diagnose.exporter.http_body import BodyResult, read_body
from diagnose.exporter.http_visit import HttpVisit, Response
from diagnose.exporter.probe import Probe
from diagnose.net.httpx_library import httpx

if TYPE_CHECKING:
    from diagnose.exporter.metrics import ProbeMetrics


async def probe_http(probe: Probe) -> bool:
    """Return whether the probe succeeded."""
    declare_metrics(probe.metrics)
    url = parse_url(probe)
    if url is None:
        return False
    visit = HttpVisit(probe, url)
    try:
        response = await visit.run()
        if response is None:
            return False
        return await _judge(probe, visit, response)
    finally:
        probe.metrics.set("probe_http_redirects", visit.redirects)
        visit.close()


def declare_metrics(metrics: "ProbeMetrics") -> None:
    metrics.declare_labelled(
        "probe_http_duration_seconds",
        "Duration of http request by phase, summed over all redirects",
    )
    for name, help_text in (
        ("probe_http_content_length", "Length of http content response"),
        ("probe_http_uncompressed_body_length", "Length of uncompressed response body"),
        ("probe_http_redirects", "The number of redirects"),
        ("probe_http_ssl", "Indicates if SSL was used for the final redirect"),
        ("probe_http_status_code", "Response HTTP status code"),
        ("probe_http_version", "Returns the version of HTTP of the probe response"),
    ):
        metrics.declare(name, help_text)
    metrics.declare("probe_failed_due_to_regex", "Indicates if probe failed due to regex")


def parse_url(probe: Probe) -> httpx.URL | None:
    """Return the URL of the target, http if it names no scheme; None if it is none (logged)."""
    text = probe.target
    if not text.lower().startswith(("http://", "https://")):
        text = f"http://{text}"
    try:
        url = httpx.URL(text)
        if url.host:
            return url
        probe.fail("Could not parse target URL", "target", err="no host in it")
    except (httpx.InvalidURL, ValueError) as error:
        probe.fail("Could not parse target URL", "target", err=error)
    return None


async def _judge(probe: Probe, visit: HttpVisit, response: Response) -> bool:
    module, metrics = probe.module.http, probe.metrics
    metrics.set("probe_http_status_code", response.status)
    metrics.set("probe_http_content_length", response.content_length)
    metrics.set("probe_http_version", float(response.version.removeprefix("HTTP/")))
    success = http_rules.check_status(probe, response.status)
    if success and (module.fail_if_header_matches or module.fail_if_header_not_matches):
        success = http_rules.check_headers(probe, response.headers)
        metrics.set("probe_failed_due_to_regex", not success)
    has_body_rules = bool(
        module.fail_if_body_matches_regexp or module.fail_if_body_not_matches_regexp
    )
    wants_body = success and has_body_rules
    body = BodyResult()
    if wants_body or not response.is_unfollowed_redirect:
        body = await _read(probe, visit, response, wants_body)
    if body.error:
        success = probe.fail("Failed to read HTTP response body", "body", err=body.error)
    if wants_body:
        success = http_rules.check_body(probe, body.data) and success
        metrics.set("probe_failed_due_to_regex", not success)
    _set_last_modified(probe, response)
    success = http_rules.check_version(probe, response.version) and success
    return _check_tls(probe, visit) and success


async def _read(probe: Probe, visit: HttpVisit, response: Response, keep: bool) -> BodyResult:
    module, started = probe.module.http, time.monotonic()
    body = await read_body(
        response.connection, module.compression, module.body_size_limit, keep, probe.deadline
    )
    visit.add_phase("transfer", time.monotonic() - started)
    probe.metrics.set("probe_http_uncompressed_body_length", body.size)
    return body


def _set_last_modified(probe: Probe, response: Response) -> None:
    text = response.header("Last-Modified")
    if not text:
        return
    try:
        seconds = parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return
    probe.metrics.declare(
        "probe_http_last_modified_timestamp_seconds",
        "Returns the Last-Modified HTTP response header in unixtime",
    )
    probe.metrics.set("probe_http_last_modified_timestamp_seconds", seconds)


def _check_tls(probe: Probe, visit: HttpVisit) -> bool:
    module = probe.module.http
    if visit.set_tls_metrics():
        probe.metrics.set("probe_http_ssl", 1)
        if module.fail_if_ssl:
            return probe.break_rule("fail_if_ssl", "Final request was over SSL")
    elif module.fail_if_not_ssl:
        return probe.break_rule("fail_if_not_ssl", "Final request was not over SSL")
    return True
