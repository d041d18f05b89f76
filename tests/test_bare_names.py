"""A bare name is judged at the address at which the server has the site."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from diagnose import bare_names, engine
from diagnose.model import Failure, Report, ServedAddress, Symptom
from diagnose.model.events import Event, Observed, Started
from diagnose.model.server import UnservedAddress
from diagnose.model.symptom import SymptomKind
from diagnose.model.tcp import Connection
from diagnose.model.tls import Certificate, Handshake
from diagnose.net.local import LocalNet
from diagnose.parsers.target import parse_target
from diagnose.probes import Options, ProbeContext, probe
from tests.support.engine_runs import install_probes
from tests.support.front_evidence import edge_page

PLAIN = ServedAddress("http://shop.example.com:8090/", is_named=True)


class _Machine:
    """A server without a certificate."""

    async def run(self, *argv: str, **_: object) -> object:
        from diagnose.machine import CommandResult

        return CommandResult(argv, 0, "", "", 0.0)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Report, list[Event]]]:
    """A server on which port 443 is closed and 8090 answers."""

    async def visit(ctx: ProbeContext, status: int) -> None:
        refused = Failure("refused", "Connection refused") if ctx.target.uses_tls else None
        address, port = "203.0.113.10", ctx.target.port
        ctx.emit(Connection(address=address, port=port, family=4, failure=refused))
        if refused is None:
            page = edge_page(status, url=ctx.target.url, address=address, port=port)
            ctx.emit(page)

    def start(
        text: str = "shop.example.com",
        kind: SymptomKind | None = None,
        message: str = "",
        served: ServedAddress | None = PLAIN,
        remark: str = " (there)",
        status: int = 200,
    ) -> tuple[Report, list[Event]]:
        async def visit_with_status(ctx: ProbeContext) -> None:
            await visit(ctx, status)

        install_probes(monkeypatch, probe()(visit_with_status))
        monkeypatch.setattr(bare_names, "_served_address", _served(served))
        events: list[Event] = []
        target = parse_target(text)
        if kind:
            target = replace(target, symptom=Symptom(kind, message))
        options = Options(inside=True, bare_name_remark=remark)
        work = engine.run(target, options, LocalNet(), events.append, _Machine())  # type: ignore[arg-type]
        return asyncio.run(work), events

    return start


def _served(served: ServedAddress | None) -> Callable[[engine.Run], ServedAddress | None]:
    original = bare_names._means_https

    def served_address(current_run: engine.Run) -> ServedAddress | None:
        symptom = current_run.target.symptom
        return None if symptom is not None and original(symptom) else served

    return served_address


Start = Callable[..., tuple[Report, list[Event]]]


def test_the_address_that_exists_is_judged(run: Start) -> None:
    report, events = run()
    target = report.evidence.target
    assert (target.url, target.input) == (PLAIN.url, "shop.example.com")
    assert target.read_as == f"{PLAIN.url} (there)"
    assert [note.url for note in report.evidence.of(UnservedAddress)] == [
        "https://shop.example.com/"
    ]
    started = [event for event in events if isinstance(event, Started)]
    assert [event.target.port for event in started] == [443, 8090]
    second = events[events.index(started[1]) :]
    numbers = [event.number for event in second if isinstance(event, Observed)]
    assert numbers == list(range(1, len(report.evidence.observations) + 1))


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("https://shop.example.com/", {}),
        ("shop.example.com", {"served": None}),
        ("shop.example.com", {"remark": ""}),
        ("shop.example.com", {"kind": "refused", "message": "connection refused"}),
        ("shop.example.com", {"kind": "certificate-date", "message": "ERR_CERT_DATE_INVALID"}),
        ("shop.example.com", {"kind": "other", "message": "no https here"}),
    ],
)
def test_https_is_judged_where_it_is_meant(run: Start, text: str, more: dict[str, object]) -> None:
    report, _ = run(text, **more)
    assert report.evidence.target.url == "https://shop.example.com/"


def test_a_message_that_a_closed_port_does_not_explain_is_looked_at_there(run: Start) -> None:
    report, _ = run(kind="status", message="502 Bad Gateway")
    assert report.evidence.target.url == PLAIN.url


CHALLENGE = (
    "Challenge marked as invalid. Details: Invalid response from http://shop.example.com"
    '/.well-known/acme-challenge/7Va3uzLCOw61AU8_XriMPYP: "404 Not Found"'
)


@pytest.mark.parametrize("status", [200, 404])
def test_a_challenge_is_looked_at_over_http_although_a_certificate_is_there(
    run: Start, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    async def has_certificate(_: object) -> bool:
        return True

    monkeypatch.setattr(bare_names, "_has_certificate", has_certificate)
    monkeypatch.setattr(bare_names, "_means_https", lambda _: False)
    report, _ = run(CHALLENGE, status=status)
    assert report.evidence.target.url == PLAIN.url
    assert report.evidence.target.symptom is not None


@pytest.mark.parametrize(
    ("message", "plain", "url"),
    [
        (CHALLENGE, None, "http://shop.example.com/"),
        (CHALLENGE, "refused", "https://shop.example.com/"),
        (
            "certbot: Challenge failed for domain shop.example.com",
            None,
            "https://shop.example.com/",
        ),
        ("shop.example.com", None, "https://shop.example.com/"),
    ],
)
def test_from_outside_a_challenge_alone_is_looked_at_over_http(
    monkeypatch: pytest.MonkeyPatch, message: str, plain: str | None, url: str
) -> None:
    async def visit(ctx: ProbeContext) -> None:
        refused = Failure("refused", "Connection refused")
        for port in (443, 80):
            is_open = port == 80 and plain is None
            failure = None if is_open else refused
            ctx.emit(Connection(address="203.0.113.10", port=port, family=4, failure=failure))
        if not ctx.target.uses_tls:
            ctx.emit(edge_page(404, url=ctx.target.url, address="203.0.113.10", port=80))

    install_probes(monkeypatch, probe()(visit))
    options = Options(inside=False, bare_name_remark=" (there)")
    report = asyncio.run(engine.run(parse_target(message), options, LocalNet()))
    assert report.evidence.target.url == url


@pytest.mark.parametrize(
    ("name", "message", "url"),
    [
        ("other.example.org", CHALLENGE, "http://shop.example.com/"),
        ("shop.example.com", CHALLENGE, "https://shop.example.com/"),
        ("other.example.org", "shop.example.com", "https://shop.example.com/"),
    ],
)
def test_a_challenge_is_looked_at_over_http_where_https_is_of_another_name(
    monkeypatch: pytest.MonkeyPatch, name: str, message: str, url: str
) -> None:
    leaf = Certificate(
        "CN=x", "CN=y", "1", datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC),
        "aa", dns_names=(name,),
    )  # fmt: skip

    async def visit(ctx: ProbeContext) -> None:
        for port in (443, 80):
            ctx.emit(Connection(address="203.0.113.10", port=port, family=4))
        if ctx.target.uses_tls:
            ctx.emit(Handshake(address="203.0.113.10", port=443, chain=(leaf,)))
        else:
            ctx.emit(edge_page(404, url=ctx.target.url, address="203.0.113.10", port=80))

    install_probes(monkeypatch, probe()(visit))
    options = Options(inside=False, bare_name_remark=" (there)")
    report = asyncio.run(engine.run(parse_target(message), options, LocalNet()))
    assert report.evidence.target.url == url


def test_other_addresses_than_a_bare_name_are_none() -> None:
    assert parse_target("Shop.example.com").is_bare_name
    assert parse_target("shop.example.com.").is_bare_name
    for text in ("https://shop.example.com", "shop.example.com:8443", "shop.example.com/cart"):
        assert not parse_target(text).is_bare_name


@pytest.mark.parametrize("is_named", [True, False])
def test_a_certificate_for_the_name_means_https_where_nothing_is_wrong(
    run: Start, monkeypatch: pytest.MonkeyPatch, is_named: bool
) -> None:
    async def has_certificate(_: object) -> bool:
        return True

    monkeypatch.setattr(bare_names, "_has_certificate", has_certificate)
    report, _ = run(served=replace(PLAIN, is_named=is_named))
    assert report.evidence.target.url == "https://shop.example.com/"
    report, _ = run(served=replace(PLAIN, is_named=is_named), status=503)
    is_second = report.evidence.target.url == PLAIN.url
    assert is_second is not is_named
