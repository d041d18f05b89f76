"""The same probe by blackbox_exporter and by us: the same metrics, with the same values.

It needs Debian's prometheus-blackbox-exporter (0.26). What differs on purpose is in `OURS` and in
the tests of its own; times are not compared.
"""

import asyncio
import contextlib
import gzip
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
import yaml

from tests.exporter.test_other_probers import name_server, talker
from tests.exporter.test_probe import PAGES
from tests.support.exporter import (
    Exporter,
    Samples,
    config,
    exporter,
    run,
    samples,
    write_config,
)
from tests.support.scripted_site import STALLED, answer, site

BINARY = shutil.which("prometheus-blackbox-exporter")

pytestmark = pytest.mark.skipif(
    BINARY is None,
    reason="*** NOT COMPARED WITH blackbox_exporter: apt install prometheus-blackbox-exporter ***",
)

#: Metrics that only we have: ours, and what later versions of blackbox_exporter have.
OURS = ("diagnose_", "probe_failure_info", "probe_timeout_seconds", "probe_failed_due_to_bytes")
#: Times. Their presence is compared, their value is not.
TIMES = ("_duration_seconds", "_lookup_time_seconds")

IP4 = {"preferred_ip_protocol": "ip4"}


def modules(folder: Path) -> dict[str, object]:
    trust = {"ca_file": str(folder / "ca.pem")}
    tls: dict[str, object] = {"tls_config": trust}
    http: dict[str, dict[str, object]] = {
        "http_2xx": {},
        "unfollowed": {"follow_redirects": False},
        "teapot": {"valid_status_codes": [418]},
        "versions": {"valid_http_versions": ["HTTP/2.0"]},
        "no_ssl": {"fail_if_ssl": True, **tls},
        "ssl": {"fail_if_not_ssl": True},
        "tls": tls,
        "tls12": {"tls_config": {**trust, "max_version": "TLS12"}},
        "insecure": {"tls_config": {"insecure_skip_verify": True}},
        "post": {"method": "POST", "body": "abc", "headers": {"Content-Type": "text/plain"}},
        "head": {"method": "HEAD"},
        "body": {"fail_if_body_matches_regexp": ["h.llo"]},
        "no_body": {"fail_if_body_not_matches_regexp": ["^hello$"]},
        "field": {"fail_if_header_matches": [{"header": "content-length", "regexp": "5"}]},
        "no_field": {"fail_if_header_not_matches": [{"header": "X-No", "regexp": "a"}]},
        "any_field": {
            "fail_if_header_not_matches": [{"header": "X-No", "regexp": "a", "allow_missing": True}]
        },
        "gzip": {"compression": "gzip", "headers": {"Accept-Encoding": "gzip"}},
        "limit": {"body_size_limit": "4B"},
        "host": {"headers": {"Host": "a.example"}},
        "basic": {"basic_auth": {"username": "me", "password": "pw"}},
    }
    sourced: dict[str, dict[str, object]] = {
        "tcp": {**IP4}, "icmp": {**IP4},
        "dns": {**IP4, "query_name": "example.com", "query_type": "SOA"},
    }  # fmt: skip
    others: dict[str, object] = {
        "default": {"prober": "http"},
        "ip6": {"prober": "http",
            "http": {"preferred_ip_protocol": "ip6", "ip_protocol_fallback": False}},
        "short": {"prober": "http", "timeout": "1s", "http": IP4},
        "short_tls": {"prober": "http", "timeout": "1s", "http": {**IP4, **tls}},
        "tcp": {"prober": "tcp", "tcp": IP4},
        "tcp_tls": {"prober": "tcp", "tcp": {**IP4, "tls": True, **tls}},
        "ssh": {"prober": "tcp", "tcp": {**IP4, "query_response": [
            {"expect": "^SSH-2.0-([^ -]+)", "labels": [{"name": "version", "value": "${1}"}]}]}},
        "smtp": {"prober": "tcp", "timeout": "1s", "tcp": {**IP4,
            "query_response": [{"expect": "^220"}]}},
        "icmp": {"prober": "icmp", "icmp": IP4},
        "soa": {"prober": "dns", "dns": {**IP4, "query_name": "example.com",
            "query_type": "SOA"}},
        "soa_tcp": {"prober": "dns", "dns": {**IP4, "query_name": "example.com",
            "query_type": "SOA", "transport_protocol": "tcp"}},
        "all_match": {"prober": "dns", "dns": {**IP4, "query_name": "example.com",
            "query_type": "SOA", "validate_answer_rrs": {"fail_if_all_match_regexp": ["SOA"]}}},
        "no_mx": {"prober": "dns", "dns": {**IP4, "query_name": "example.com",
            "query_type": "SOA", "validate_answer_rrs": {"fail_if_none_matches_regexp": ["MX"]}}},
        **{
            f"{prober} from {source}": {
                "prober": prober, "timeout": "1s", prober: {**section, "source_ip_address": source}}
            for source in SOURCES for prober, section in sourced.items()
        },
    }  # fmt: skip
    return {
        **{name: {"prober": "http", "http": {**IP4, **options}} for name, options in http.items()},
        **others,
    }


#: Another address of this machine, one of another machine, one of the other family, and none.
SOURCES = ("127.0.0.2", "203.0.113.7", "::1", "nonsense")

#: Redirects to what is no URL, to one that cannot be asked for, and to odd ones that can.
LOCATIONS = (
    r"https://\shop.example.com/", "http://a b/", "http://[::1/", "https:///x", "http://%zz/",
    "http://127.0.0.1:99999/", "http://127.0.0.1:x/", "file:///etc/passwd", "mailto:me@a.example",
    "http://a^b/", "http://a|b/", "http://a{b}/", "/%zz", "/%", "/?%zz", "/#%zz", "/a b", "/a\tb",
    "?x", "#x", "//[", ":", "http:", "http:/", "http:x", "/\xc3\xa9", "http://a%41/",
    " /", "1:b", "a/b:c",
)  # fmt: skip

#: Module, site and path.
CASES = [
    *((module, "plain", f"/location-{number}") for number in range(len(LOCATIONS))
        for module in ("http_2xx", "unfollowed")),
    *((f"{prober} from {source}", place, None) for source in SOURCES
        for prober, place in (("tcp", "plain"), ("icmp", "portless"), ("dns", "names"))),
    *(("http_2xx", "plain", path) for path in (*PAGES, "/500", "/204", "/304", "/http10", "/gz")
        if path != "/silent"),
    ("http_2xx", "plain", "/304-length"), ("http_2xx", "plain", "/two-lengths"),
    ("short_tls", "secure", STALLED), ("http_2xx", "plain", "/no-location"),
    ("http_2xx", "plain", "/missing"),
    ("unfollowed", "plain", "/moved"), ("teapot", "plain", "/teapot"), ("teapot", "plain", "/"),
    ("versions", "plain", "/"), ("ssl", "plain", "/"), ("ssl", "plain", "/500"),
    ("no_ssl", "secure", "/"), ("no_ssl", "plain", "/"), ("tls", "secure", "/"),
    ("tls", "secure", "/to-plain"), ("tls", "plain", "/to-secure"), ("tls12", "secure", "/"),
    ("insecure", "secure", "/"), ("insecure", "foreign", "/"), ("post", "plain", "/"),
    ("post", "plain", "/moved"), ("head", "plain", "/"), ("head", "plain", "/chunks"),
    ("body", "plain", "/"), ("body", "plain", "/500"), ("no_body", "plain", "/"),
    ("no_body", "plain", "/teapot"), ("field", "plain", "/"), ("no_field", "plain", "/"),
    ("any_field", "plain", "/"), ("gzip", "plain", "/gz"), ("gzip", "plain", "/"),
    ("limit", "plain", "/"), ("host", "plain", "/"), ("basic", "plain", "/"),
    ("default", "plain", "/"), ("ip6", "plain", "/"), ("short", "plain", "/silent"),
    ("http_2xx", "closed", "/"), ("http_2xx", "nowhere", "/"), ("http_2xx", "nonsense", ""),
    ("tcp", "plain", None), ("tcp", "closed", None), ("tcp", "portless", None),
    ("tcp_tls", "secure", None), ("ssh", "talker", None), ("smtp", "talker", None),
    ("icmp", "portless", None), ("soa", "names", None), ("soa_tcp", "names", None),
    ("all_match", "names", None), ("no_mx", "names", None), ("soa_tcp", "closed", None),
]  # fmt: skip


@dataclass
class Pair:
    """Both exporters, and where each site is."""

    theirs: str
    ours: Exporter
    places: dict[str, str]

    async def answers(self, module: str, place: str, path: str | None) -> tuple[Samples, Samples]:
        scheme = "https" if place in {"secure", "foreign", "misnamed"} else "http"
        place = self.places[place]
        target = place if path is None else f"{scheme}://{place}{path}"
        query = httpx.QueryParams({"module": module, "target": target})
        theirs, ours = await self.get(f"/probe?{query}")
        return samples(theirs.text), samples(ours.text)

    async def get(self, path: str, method: str = "GET", **fields: str) -> list[httpx.Response]:
        """Return the answers of blackbox_exporter and of us."""
        urls = (f"{self.theirs}{path}", f"{self.ours.url}{path}")
        return [await self.ours.client.request(method, url, headers=fields) for url in urls]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextlib.contextmanager
def blackbox(config_file: str) -> Iterator[str]:
    """blackbox_exporter's URL; it may not listen yet."""
    assert BINARY is not None
    address = f"127.0.0.1:{free_port()}"
    words = [f"--config.file={config_file}", f"--web.listen-address={address}"]
    with subprocess.Popen([BINARY, *words], stderr=subprocess.DEVNULL) as process:
        try:
            yield f"http://{address}"
        finally:
            process.kill()


async def until_healthy(client: httpx.AsyncClient, url: str) -> None:
    async with asyncio.timeout(30):
        while True:
            with contextlib.suppress(httpx.TransportError):
                await client.get(f"{url}/-/healthy")
                return
            await asyncio.sleep(0.05)


def server_context(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


@contextlib.asynccontextmanager
async def pair(folder: Path) -> AsyncIterator[Pair]:
    authority, other = trustme.CA(), trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    file = write_config(folder, config(modules(folder)))
    pages = {
        **PAGES,
        "/500": answer("500 Internal Server Error"),
        "/204": b"HTTP/1.1 204 No Content\r\n\r\n",
        "/304": b"HTTP/1.1 304 Not Modified\r\n\r\n",
        "/304-length": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n",
        STALLED: b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nthe beginning",
        "/two-lengths": answer("200 OK", b"abc", "Content-Length: 2"),
        "/http10": b"HTTP/1.0 200 OK\r\n\r\nabc",
        "/gz": answer("200 OK", gzip.compress(b"hello" * 10), "Content-Encoding: gzip"),
        "/no-location": answer("302 Found", b""),
        **{
            f"/location-{number}": answer("302 Found", b"", f"Location: {location}")
            for number, location in enumerate(LOCATIONS)
        },
    }
    async with (
        site(pages) as plain,
        site(pages, server_context(authority, "127.0.0.1")) as secure,
        site(pages, server_context(other, "127.0.0.1")) as foreign,
        site(pages, server_context(authority, "b.example")) as misnamed,
        talker(b"SSH-2.0-OpenSSH_9.9 Debian\r\n") as talking,
        name_server() as names,
        exporter(file) as ours,
    ):
        ports = {"plain": plain.port, "secure": secure.port, "foreign": foreign.port,
            "misnamed": misnamed.port, "talker": talking, "names": names,
            "closed": free_port()}  # fmt: skip
        pages["/to-secure"] = answer(
            "302 Found", b"", f"Location: https://127.0.0.1:{secure.port}/"
        )
        pages["/to-plain"] = answer("302 Found", b"", f"Location: http://127.0.0.1:{plain.port}/")
        places = {name: f"127.0.0.1:{port}" for name, port in ports.items()}
        places |= {"nowhere": "nowhere.invalid", "nonsense": "[::1", "portless": "127.0.0.1"}
        with blackbox(file) as theirs:
            await until_healthy(ours.client, theirs)
            yield Pair(theirs, ours, places)


def differences(theirs: Samples, ours: Samples) -> list[str]:
    own = {key: value for key, value in ours.items() if not key[0].startswith(OURS)}
    return [
        f"{key}: {theirs.get(key)} there, {own.get(key)} here"
        for key in sorted({*theirs, *own})
        if theirs.get(key) != own.get(key)
        if key not in theirs or key not in own or not key[0].endswith(TIMES)
    ]


def test_the_same_metrics_with_the_same_values(tmp_path: Path) -> None:
    async def work() -> list[str]:
        async with pair(tmp_path) as both:
            return [
                f"{module} {place}{path or ''}: {difference}"
                for module, place, path in CASES
                for difference in differences(*await both.answers(module, place, path))
            ]

    assert run(work()) == []


@pytest.mark.parametrize("place", ["foreign", "misnamed"])
def test_only_we_tell_the_expiry_of_what_is_not_trusted(tmp_path: Path, place: str) -> None:
    async def work() -> tuple[Samples, Samples]:
        async with pair(tmp_path) as both:
            return await both.answers("tls", place, "/")

    theirs, ours = run(work())
    expiry = ("probe_ssl_earliest_cert_expiry", ())
    assert expiry not in theirs
    assert ours.pop(expiry) > 0
    assert differences(theirs, ours) == []


#: Requests to the exporter itself: path, header fields, method.
REQUESTS: list[tuple[str, dict[str, str], str]] = [
    ("/probe", {}, "GET"),
    ("/probe?module=no&target=x", {}, "GET"),
    ("/probe?module=tcp", {}, "GET"),
    ("/probe?target=x", {"X-Prometheus-Scrape-Timeout-Seconds": "soon"}, "GET"),
    ("/probe?target=127.0.0.1:1", {"X-Prometheus-Scrape-Timeout-Seconds": "0.2"}, "GET"),
    ("/probe?module=host&target=127.0.0.1:1&hostname=b.example", {}, "GET"),
    ("/probe?module=host&target=127.0.0.1:1&hostname=a.example", {}, "GET"),
    ("/probe?target=127.0.0.1:1&debug=true", {}, "GET"),
    ("/logs", {}, "GET"),
    ("/logs?id=9999", {}, "GET"),
    ("/logs?id=abc", {}, "GET"),
    ("/logs?target=nothing", {}, "GET"),
    ("/logs?id=1&target=x", {}, "GET"),
    ("/config", {}, "GET"),
    ("/metrics", {}, "GET"),
    ("/", {}, "GET"),
    ("/-/healthy", {}, "GET"),
    ("/-/reload", {}, "GET"),
    ("/-/reload", {}, "POST"),
    ("/-/reload", {}, "PUT"),
    ("/-/healthy", {}, "HEAD"),
    ("/metrics", {}, "HEAD"),
]


def kind(reply: httpx.Response) -> tuple[int, str, str]:
    """Status, media type, and of an error the text up to what the parser of numbers says."""
    media_type = reply.headers.get("Content-Type", "").partition(";")[0] if reply.content else ""
    text = reply.text.partition("header:")[0] if reply.is_error else ""
    return reply.status_code, media_type, text


def test_the_same_statuses_media_types_and_errors(tmp_path: Path) -> None:
    async def work() -> list[str]:
        async with pair(tmp_path) as both:
            different = []
            for path, fields, method in REQUESTS:
                theirs, ours = map(kind, await both.get(path, method, **fields))
                if theirs != ours:
                    different.append(f"{method} {path} {fields}: {theirs}, {ours}")
            return different

    assert run(work()) == []


#: Queries of /probe whose metrics are compared, with the places of the sites.
QUERIES = [
    "target={plain}",
    "module=&target={plain}",
    "target={plain}&target=nowhere.invalid",
    "module=http_2xx&module=tcp&target={plain}",
    "module=http_2xx&target={plain}&hostname=b.example",
    "module=tls&target=https://{misnamed}/&hostname=b.example",
    "module=tcp_tls&target={misnamed}&hostname=b.example",
    "module=tcp_tls&target={misnamed}",
    "module=tcp_tls&target={closed}",
    "module=soa&target={names}&hostname=b.example",
]


def test_the_parameters_mean_the_same(tmp_path: Path) -> None:
    async def work() -> list[str]:
        async with pair(tmp_path) as both:
            found = []
            for query in QUERIES:
                answers = await both.get(f"/probe?{query.format(**both.places)}")
                theirs, ours = (samples(answer.text) for answer in answers)
                if ("probe_ssl_earliest_cert_expiry", ()) not in theirs:
                    ours.pop(("probe_ssl_earliest_cert_expiry", ()), None)
                found += [f"{query}: {difference}" for difference in differences(theirs, ours)]
            return found

    assert run(work()) == []


#: What Prometheus says of its time-out, "" if nothing. Ours is 600 s at most.
SCRAPE_TIMEOUTS = ("", "0", "0.2", "0.5", "0.7", "1.6", "10", "1e2", "-3", "500")


def test_a_probe_may_take_the_same_time(tmp_path: Path) -> None:
    async def work() -> dict[tuple[str, str], list[float]]:
        found = {}
        async with pair(tmp_path) as both:
            for module in ("tcp", "smtp"):
                path = f"/probe?module={module}&target={both.places['closed']}&debug=true"
                for seconds in SCRAPE_TIMEOUTS:
                    fields = {"X-Prometheus-Scrape-Timeout-Seconds": seconds} if seconds else {}
                    answers = await both.get(path, **fields)
                    found[module, seconds] = [
                        round(float(re.findall(r"timeout_seconds=(\S+)", answer.text)[0]), 6)
                        for answer in answers
                    ]
        return found

    seen = run(work())
    assert {key: theirs for key, (theirs, _) in seen.items()} == {
        key: ours for key, (_, ours) in seen.items()
    }
    assert seen["tcp", ""] == [119.5, 119.5]
    assert seen["smtp", "10"] == [1, 1]


def headings(text: str) -> list[str]:
    """The lines that are headings, and the first key of the module."""
    return [line for line in text.splitlines() if re.fullmatch(r"[A-Z].*:|prober: \w+", line)]


def test_debug_and_logs_have_the_same_parts(tmp_path: Path) -> None:
    async def work() -> list[list[str]]:
        async with pair(tmp_path) as both:
            target = both.places["closed"]
            answers = await both.get(f"/probe?module=tcp&target={target}&debug=true")
            answers += await both.get("/logs?id=0")
            answers += await both.get(f"/logs?target={target}")
            return [headings(answer.text) for answer in answers]

    seen = run(work())
    assert len(seen[0]) == 4
    assert all(each == seen[0] for each in seen)


def test_a_failure_stays_in_the_history_longer(tmp_path: Path) -> None:
    async def work() -> list[tuple[int, int]]:
        async with pair(tmp_path) as both:
            await both.get(f"/probe?module=tcp&target={both.places['closed']}")
            for _ in range(101):
                await both.get(f"/probe?module=tcp&target={both.places['plain']}")
            found = []
            for number in (0, 1, 2, 101):
                theirs, ours = await both.get(f"/logs?id={number}")
                found.append((theirs.status_code, ours.status_code))
            return found

    assert run(work()) == [(200, 200), (404, 404), (200, 200), (200, 200)]


#: Metrics of the exporter itself that alerts and dashboards use.
STATE = ("blackbox_exporter_config_last_reload_successful", "blackbox_module_unknown_total")


def test_a_file_that_is_not_valid_is_said_and_the_old_modules_stay(tmp_path: Path) -> None:
    async def work() -> list[object]:
        async with pair(tmp_path) as both:
            good = (tmp_path / "blackbox.yml").read_text()
            seen: list[object] = []
            for text in ("modules: [", "modules:\n  tcp:\n    prober: tcp\n    bad: 1\n", good):
                (tmp_path / "blackbox.yml").write_text(text)
                seen.append([answer.status_code for answer in await both.get("/-/reload", "POST")])
                path = f"/probe?module=no&target={both.places['plain']}"
                seen.append([answer.status_code for answer in await both.get(path)])
                path = f"/probe?module=tcp&target={both.places['plain']}"
                seen.append([answer.status_code for answer in await both.get(path)])
                found = [samples(answer.text) for answer in await both.get("/metrics")]
                seen += [[each[name, ()] for each in found] for name in STATE]
            return seen

    failed, worked = [[500, 500], [400, 400], [200, 200], [0, 0]], [[200, 200], [400, 400]]
    assert run(work()) == [
        *failed, [1, 1], *failed, [2, 2], *worked, [200, 200], [1, 1], [3, 3],
    ]  # fmt: skip


def known(value: Any) -> Any:
    """A configuration without what only we know, and without what is off in both."""
    if isinstance(value, dict):
        return {
            key: known(part)
            for key, part in value.items()
            if key != "websocket" and known(part) not in (False, None, {})
        }
    return value


def test_the_configuration_is_shown_with_the_same_values(tmp_path: Path) -> None:
    async def work() -> list[Any]:
        async with pair(tmp_path) as both:
            return [yaml.safe_load(answer.text) for answer in await both.get("/config")]

    theirs, ours = (known(each)["modules"] for each in run(work()))
    assert {name: each for name, each in ours.items() if each != theirs[name]} == {}
    assert theirs.keys() == ours.keys()
