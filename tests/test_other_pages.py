"""Another page of the site is diagnosed after the target, in the same run."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from diagnose import engine
from diagnose.model import Failure, Report, Symptom, Unseen
from diagnose.model.http import Exchange
from diagnose.model.other_requests import OtherRequest
from diagnose.model.symptom import SymptomKind
from diagnose.model.tcp import Connection
from diagnose.net.local import LocalNet
from diagnose.parsers.request_fields import RequestFields
from diagnose.probes import Options, ProbeContext, probe
from diagnose.probes.further_requests import VISITORS_LOGS
from tests.support.check_evidence import SHOP
from tests.support.engine_runs import install_probes

PAGE, PLAIN = OtherRequest(path="/about", status=404), RequestFields()


def run(
    monkeypatch: pytest.MonkeyPatch,
    work: Any,
    timeout: float = 15.0,
    request: RequestFields = PLAIN,
) -> Report:
    install_probes(monkeypatch, probe()(work))
    options = Options(timeout=timeout, request=request)
    return asyncio.run(engine.run(SHOP, options, LocalNet()))


def others(report: Report) -> list[OtherRequest]:
    return list(report.evidence.of(OtherRequest))


def test_it_is_observed_like_the_target(monkeypatch: pytest.MonkeyPatch) -> None:
    paths: list[str] = []

    async def work(ctx: ProbeContext) -> None:
        paths.append(ctx.target.path)
        ctx.further_requests.diagnose_later(PAGE)
        ctx.emit(Unseen(what=ctx.target.url, why="a test"))

    (request,) = others(run(monkeypatch, work))
    assert paths == ["/", "/about"]  # the other page leads to no further run
    assert [nested.summary() for nested in request.observations] == [
        ("https://shop.example.com/about", "a test")
    ]


@pytest.mark.parametrize(
    ("method", "sent"),
    [
        ("GET", RequestFields(origin="https://app.example.net")),
        ("OPTIONS", RequestFields((("Access-Control-Request-Method", "GET"),),
                                  origin="https://app.example.net", method="OPTIONS")),
    ],
)  # fmt: skip
def test_a_script_of_another_site_is_played(
    monkeypatch: pytest.MonkeyPatch, method: str, sent: RequestFields
) -> None:
    fields: list[RequestFields] = []
    asked = replace(PAGE, method=method, origin="https://app.example.net")

    async def work(ctx: ProbeContext) -> None:
        fields.append(ctx.options.request)
        ctx.further_requests.diagnose_later(asked)

    run(monkeypatch, work)
    assert fields == [RequestFields(), sent]


def test_another_origin_of_the_server_gets_nothing_of_the_users(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[str, RequestFields]] = []
    request = replace(
        PAGE, method="OPTIONS", origin="https://shop.example.com", elsewhere="https://api.example.com",
        asks="PUT", fields=("authorization", "x-a"), source="script",
    )  # fmt: skip

    async def work(ctx: ProbeContext) -> None:
        asked.append((ctx.target.url, ctx.options.request))
        ctx.further_requests.diagnose_later(request)

    run(monkeypatch, work, request=RequestFields((("X-Tenant", "a"),), cookie="a=b"))
    sent = (
        ("Access-Control-Request-Method", "PUT"),
        ("Access-Control-Request-Headers", "authorization,x-a"),
    )
    fields = RequestFields(sent, origin="https://shop.example.com", method="OPTIONS")
    assert asked[1] == ("https://api.example.com/about", fields)


def test_the_method_of_the_user_is_for_the_target_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """DELETE of one page asks nobody to delete another."""
    methods: dict[str, str] = {}

    async def work(ctx: ProbeContext) -> None:
        methods[ctx.target.path] = ctx.options.request.method
        ctx.further_requests.diagnose_later(PAGE)

    run(monkeypatch, work, request=RequestFields((("X-Tenant", "a"),), method="DELETE"))
    assert methods == {"/": "DELETE", "/about": "GET"}


def test_how_many_are(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(ctx: ProbeContext) -> None:
        for path in ("/a", "/b", "/a", "/c", "/d"):
            ctx.further_requests.diagnose_later(OtherRequest(path=path))

    assert [request.path for request in others(run(monkeypatch, work))] == ["/a", "/b", "/c"]


@pytest.mark.parametrize(
    ("kind", "path", "paths"),
    [
        ("cookie", "/login", ["/"]),
        ("wrong-address", "/signin", ["/"]),
        ("cookie", "/", []),
        ("mime", "/login", []),
    ],
)
def test_a_sign_in_leads_to_the_front_page(
    monkeypatch: pytest.MonkeyPatch, kind: SymptomKind, path: str, paths: list[str]
) -> None:
    async def work(ctx: ProbeContext) -> None:
        ctx.emit(Unseen(what=ctx.target.url, why="a test"))

    install_probes(monkeypatch, probe()(work))
    target = replace(SHOP, path=path, symptom=Symptom(kind, "login loop"))
    report = asyncio.run(engine.run(target, Options(), LocalNet()))
    assert [request.path for request in others(report)] == paths


@pytest.mark.parametrize(
    ("status", "kind", "paths"),
    [
        (404, "text/plain", ["/"]),
        (200, "text/html", ["/"]),
        (200, "text/javascript", []),
        (503, "text/plain", []),
    ],
)
def test_a_file_that_is_gone_leads_to_the_front_page(
    monkeypatch: pytest.MonkeyPatch, status: int, kind: str, paths: list[str]
) -> None:
    """The page that names it may be an old copy, and the message is about that page."""
    target = replace(SHOP, path="/js/12.9f2c1a3b.js", symptom=Symptom("page-files", "ChunkLoad"))

    async def work(ctx: ProbeContext) -> None:
        ctx.emit(
            Exchange(
                url=ctx.target.url, address="203.0.113.10", port=443, status=status,
                headers=(("Content-Type", kind),),
            )
        )  # fmt: skip

    install_probes(monkeypatch, probe()(work))
    report = asyncio.run(engine.run(target, Options(), LocalNet()))
    assert [request.path for request in others(report)] == paths
    kept = [request.evidence(report.evidence).target.symptom for request in others(report)]
    assert kept == [target.symptom] * len(paths)


def test_no_log_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    async def work(ctx: ProbeContext) -> None:
        read.extend(question for question in VISITORS_LOGS if ctx.further_requests.begin(question))
        ctx.further_requests.diagnose_later(PAGE)

    run(monkeypatch, work)
    assert read == list(VISITORS_LOGS)


def test_a_target_that_does_not_work_is_the_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(ctx: ProbeContext) -> None:
        ctx.further_requests.diagnose_later(PAGE)
        refused = Failure("refused", "Connection refused", 111, "ECONNREFUSED")
        ctx.emit(Connection(address="203.0.113.10", port=443, family=4, failure=refused))

    report = run(monkeypatch, work)
    assert report.causes
    assert not others(report)


@pytest.mark.parametrize("timeout", [2.5, 3.2])
def test_what_is_not_finished_is_left_out(monkeypatch: pytest.MonkeyPatch, timeout: float) -> None:
    """The run of the target has ended: its report is finished, and says what to ask."""

    async def work(ctx: ProbeContext) -> None:
        ctx.further_requests.diagnose_later(PAGE)
        if ctx.target.path == PAGE.path:
            await asyncio.Event().wait()

    report = run(monkeypatch, work, timeout)
    assert not others(report)
    (unseen,) = report.evidence.of(Unseen)
    assert unseen.enable == "diagnose https://shop.example.com/about"


def test_a_crash_is_the_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(ctx: ProbeContext) -> None:
        ctx.further_requests.diagnose_later(PAGE)
        if ctx.target.path == PAGE.path:
            raise RuntimeError("a fault of the probe")

    report = run(monkeypatch, work)
    assert [crash.message for crash in report.crashes] == ["RuntimeError: a fault of the probe"]
