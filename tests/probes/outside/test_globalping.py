"""Visits of public probes, played by a local fake that knows the documented shapes: this machine
has no way to the real service."""

import asyncio
import json
from typing import Any

import pytest

from diagnose.machine.local import LocalMachine
from diagnose.model import Failure, Target
from diagnose.model.dns import HostsEntry, Resolution
from diagnose.model.vantages import VantagePoint, VantageResolution, VantageVisit
from diagnose.net import globalping as api
from diagnose.parsers.request_fields import RequestFields
from diagnose.probes import Options
from diagnose.probes.outside import globalping as module
from tests.support.fake_context import Looking
from tests.support.globalping_fake import (
    HANGZHOU,
    PAGE_ID,
    PING_ID,
    SEOUL,
    Service,
    error,
    failed,
    page,
    pinged,
    serving,
    state,
)

PUBLIC = (
    Resolution(name="shop.example.com", family=4, addresses=("203.0.113.10",)),
    Resolution(name="shop.example.com", family=6, failure=Failure("resolution", "none", -2)),
)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(module, "PAUSE", 0.01)


class Run(Looking):
    """The time is that of the loop."""

    begun = 0.0

    def elapsed(self) -> float:
        return asyncio.get_running_loop().time() - self.begun


def visited(
    monkeypatch: pytest.MonkeyPatch,
    service: Service,
    *observations: Any,
    target: Target | None = None,
    **options: Any,
) -> Run:
    run = Run(LocalMachine())
    run.options = Options(vantages=("globalping",), **options)
    run.target = target or run.target
    run.observations += observations or PUBLIC

    async def work() -> None:
        run.begun = asyncio.get_running_loop().time()
        for resolution in run.observed(Resolution):
            await module.globalping.work(run, resolution)

    with serving(service) as url:
        monkeypatch.setattr(api, "API", url)
        asyncio.run(work())
    return run


def test_each_probe_is_a_place_with_its_visit(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service(state(PAGE_ID, (SEOUL, page()), (HANGZHOU, page(403))))
    run = visited(monkeypatch, service)
    visits = run.observed(VantageVisit)
    assert [(visit.location, visit.status) for visit in visits] == [
        ("Seoul, KR, AS40676", 200), ("Hangzhou, CN, AS37963", 403),
    ]  # fmt: skip
    assert visits[0].took == 0.325
    assert all(point.published.endswith(PAGE_ID) for point in run.observed(VantagePoint))


def test_only_what_was_said_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service(state(PAGE_ID, (SEOUL, page())))
    target = Target("x", "https", "shop.example.com", 8443, "/a?token=swordfish")
    secret = RequestFields(cookie="sid=swordfish", headers=(("X", "swordfish"),))
    run = visited(monkeypatch, service, target=target, request=secret)
    (request,) = service.requests
    assert "swordfish" not in json.dumps(request)
    assert request["measurementOptions"]["request"] == {"method": "GET", "path": "/a"}
    assert (request["target"], request["measurementOptions"]["port"]) == ("shop.example.com", 8443)
    assert run.observed(VantageVisit)[0].anonymous


@pytest.mark.parametrize(
    ("observations", "name"),
    [
        ((Resolution(name="x", family=4, addresses=("10.0.0.5",)), PUBLIC[1]), "shop.example.com"),
        ((PUBLIC[0], Resolution(name="x", family=6, addresses=("fd00::1",))), "shop.example.com"),
        (PUBLIC, "intranet"),
        (PUBLIC, "wiki.corp.internal"),
        (
            (HostsEntry(file="/etc/hosts", line=1, text="", address="203.0.113.10", names=()),
             *PUBLIC),
            "shop.example.com",
        ),
        ((PUBLIC[1], Resolution(name="x", family=4)), "shop.example.com"),
        (
            (Resolution(name="x", family=4, addresses=("192.168.1.1",), via="literal"),),
            "192.168.1.1",
        ),
    ],
)  # fmt: skip
def test_nothing_private_is_sent(
    monkeypatch: pytest.MonkeyPatch, observations: tuple[Any, ...], name: str
) -> None:
    service = Service()
    run = visited(monkeypatch, service, *observations, target=Target("x", "https", name, 443))
    assert service.requests == []
    (point,) = run.observed(VantagePoint)
    assert point.failure
    assert point.failure.message.endswith("nothing was sent")


def test_nothing_is_sent_before_both_families_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service()
    run = visited(monkeypatch, service, PUBLIC[0])
    assert service.requests == []
    assert not run.observed(VantagePoint)


def test_a_closed_port_is_told_from_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service(
        state(PAGE_ID, (SEOUL, failed("connect ETIMEDOUT: Request timeout.")),
              (HANGZHOU, failed("socket hang up"))),
        state(PING_ID, (SEOUL, pinged(0)), (HANGZHOU, pinged(3))),
    )  # fmt: skip
    first, second = visited(monkeypatch, service).observed(VantageVisit)
    assert first.failure
    assert (first.connected, first.failure.kind) == (False, "timeout")
    assert second.failure
    assert (second.connected, second.secured, second.failure.kind) == (True, None, "closed")
    assert service.requests[1]["locations"] == PAGE_ID
    assert service.requests[1]["measurementOptions"]["protocol"] == "TCP"


def test_a_probe_that_fails_itself_says_nothing_of_the_site(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    offline = {"status": "offline", "rawOutput": "This probe is currently offline."}
    service = Service(state(PAGE_ID, (SEOUL, failed("boom", "internal")), (HANGZHOU, offline)))
    run = visited(monkeypatch, service)
    assert [bool(point.failure) for point in run.observed(VantagePoint)] == [True, True]
    assert not run.observed(VantageVisit)


def test_a_name_that_a_probe_does_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    message = "getaddrinfo ENOTFOUND shop.example.com"
    service = Service(state(PAGE_ID, (SEOUL, failed(message))), state(PING_ID))
    (lookup,) = visited(monkeypatch, service).observed(VantageResolution)
    assert lookup.failure
    assert lookup.failure.kind == "resolution"


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (422, error("no_probes_found", "No matching IPv4 probes available."),
         "No matching IPv4 probes available"),
        (429, error("rate_limit_exceeded", "Too many."),
         "Globalping's limit of requests is reached, again in 1234 s"),
        (400, error("validation_error", "Parameter validation failed."),
         "Parameter validation failed"),
        (500, {}, "Globalping answered 500"),
        (202, {"id": "../../etc"}, "Globalping answered nothing that is documented"),
        (202, [], "Globalping answered nothing that is documented"),
    ],
)  # fmt: skip
def test_a_refusal_is_a_reason(
    monkeypatch: pytest.MonkeyPatch, status: int, body: Any, reason: str
) -> None:
    service = Service()
    service.refusal = (status, json.dumps(body).encode(), {"X-RateLimit-Reset": "1234"})
    (point,) = visited(monkeypatch, service).observed(VantagePoint)
    assert point.failure
    assert point.failure.message == reason


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"status": "finished"}',
        b'{"status": 5, "results": []}',
        b"[" * 9999,
    ],
)
def test_nonsense_is_a_reason(monkeypatch: pytest.MonkeyPatch, raw: bytes) -> None:
    service = Service()
    service.raw_state = raw
    (point,) = visited(monkeypatch, service).observed(VantagePoint)
    assert point.failure
    assert point.failure.message == "Globalping answered nothing that is documented"


def test_an_answer_without_an_end_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service()
    service.raw_state = b" " * (api.MAX_BYTES + 10)
    (point,) = visited(monkeypatch, service).observed(VantagePoint)
    assert point.failure
    assert point.failure.kind == "too-large"


def test_odd_results_are_read_as_far_as_they_are_documented(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    odd = {"status": "finished", "statusCode": True, "resolvedAddress": "x; rm", "timings": 5}
    service = Service(state(PAGE_ID, ({}, odd), (SEOUL, page())), state(PING_ID, ({}, {})))
    places = visited(monkeypatch, service).observed(VantagePoint)
    assert [place.location for place in places] == ["somewhere", "Seoul, KR, AS40676"]


def test_a_measurement_that_does_not_end_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service()
    service.never_ends = True
    (point,) = visited(monkeypatch, service, timeout=0.8).observed(VantagePoint)
    assert point.failure
    assert point.failure.kind == "timeout"


def test_a_service_that_is_not_there_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(LocalMachine())
    run.options = Options(vantages=("globalping",))
    run.observations += PUBLIC
    monkeypatch.setattr(api, "API", "http://127.0.0.1:1/v1/measurements")

    async def work() -> None:
        run.begun = asyncio.get_running_loop().time()
        await module.globalping.work(run, PUBLIC[1])

    asyncio.run(work())
    (point,) = run.observed(VantagePoint)
    assert point.failure
    assert point.failure.kind == "unreachable"
