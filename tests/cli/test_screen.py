"""What the screen is told by the command line: a run and what has changed, a fix, targets."""

import asyncio
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from diagnose import history
from diagnose.cli import screen
from diagnose.cli.screen import ScreenServices
from diagnose.model import Report
from diagnose.model.events import Concluded, Sink
from diagnose.parsers.target import parse_target
from diagnose.probes import Options
from diagnose.processes.worker import Channel
from diagnose.tui.messages import FixOutput, HistoryChanges, LocalSites, RecentTargets, RunRequested
from tests.support.check_evidence import SHOP
from tests.support.recorded_machine import RecordedMachine
from tests.support.report_builder import healthy, mended


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return history.history_path()


def services(report: Report, **fields: Any) -> ScreenServices:
    async def look(asked: RunRequested, sink: Sink) -> Report:
        sink(Concluded(report))
        return report

    async def mend(asked: RunRequested, talk: Any, undo: bool) -> int:
        talk.write("undone\n" if undo else "mended\n")
        return 0 if talk.ask("Shall I?") else 2

    return ScreenServices(
        look, mend, lambda word: parse_target(word), lambda seen, crashes: report, **fields
    )


def events_of(made: ScreenServices, service: str, *given: object, answer: bool = True) -> list[Any]:
    said: list[Any] = []
    channel = Channel(said.append)
    channel.answers.put(answer)
    asyncio.run(screen.worker_services(made)[service](channel, *given))
    return said


def test_a_run_is_told_and_kept_and_then_what_has_changed() -> None:
    said = events_of(services(healthy()), "run", RunRequested(SHOP))
    assert [type(one) for one in said] == [Concluded, HistoryChanges]
    (kept,) = history.load_entries(history.history_path())
    assert (kept.target, kept.status) == (SHOP.url, "ok")


@pytest.mark.parametrize(
    ("asked", "more"),
    [(RunRequested(SHOP, only=("tls",)), {}), (RunRequested(SHOP), {"kind": "demo"}),
     (RunRequested(SHOP), {"kind": "recording"})],
)  # fmt: skip
def test_a_part_of_a_run_a_demonstration_and_a_recording_are_not_kept(
    asked: RunRequested, more: dict[str, Any]
) -> None:
    assert [type(one) for one in events_of(services(healthy(), **more), "run", asked)] == [
        Concluded
    ]
    assert history.load_entries(history.history_path()) == ()


def test_the_server_that_was_looked_into_is_kept() -> None:
    events_of(services(healthy(), server="ssh://one"), "run", RunRequested(SHOP))
    events_of(
        services(healthy(), server="ssh://one"), "run", RunRequested(SHOP, server="ssh://two")
    )
    assert [load_entry.server for load_entry in history.load_entries(history.history_path())] == [
        "ssh://one",
        "ssh://two",
    ]


@pytest.mark.parametrize(("undo", "words"), [(False, "mended\n"), (True, "undone\n")])
def test_a_fix_talks_to_the_screen(undo: bool, words: str) -> None:
    from diagnose.model.view import View
    from diagnose.processes.worker import Question

    said = events_of(services(mended()), "mend", RunRequested(SHOP), undo, View())
    assert said == [FixOutput(words), Question("Shall I?")]


def test_targets_of_earlier_runs_are_listed_the_last_first_and_own_sites_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = replace(SHOP, host="www.example.com", websockets=("/ws",))
    for target in (SHOP, other):
        report = healthy()
        evidence = replace(report.evidence, target=target)
        events_of(services(replace(report, evidence=evidence)), "run", RunRequested(target))
    monkeypatch.setattr(screen, "_server_sites", found())
    own, earlier = events_of(services(healthy()), "sites")
    assert own == LocalSites(())
    assert isinstance(earlier, RecentTargets)
    assert [target.url for target, _ in earlier.entries] == [other.url, SHOP.url]
    assert earlier.entries[0][0].websockets == ("/ws",)
    monkeypatch.setattr(screen, "_server_sites", found(SHOP))
    own, earlier = events_of(services(healthy()), "sites")
    assert [target.url for target, _ in earlier.entries] == [other.url]


def found(*targets: Any) -> Callable[[ScreenServices], Any]:
    async def own(_: ScreenServices) -> list[Any]:
        return list(targets)

    return own


def test_without_a_way_into_a_server_there_are_no_sites_of_its_own() -> None:
    own, _ = events_of(services(healthy()), "sites")
    assert own == LocalSites(())


def test_the_sites_are_those_of_the_server_that_the_door_leads_to() -> None:
    config = "http { server { listen 443 ssl; server_name shop.example.com; } }"
    machine = RecordedMachine(files={"/etc/nginx/nginx.conf": config})
    own, _ = events_of(services(healthy(), open_machine=lambda: nullcontext(machine)), "sites")
    assert [target.url for target in own.targets] == [SHOP.url]


@pytest.mark.parametrize(
    ("requested", "options"),
    [
        (RunRequested(SHOP), Options(inside=False, skip=("dns",))),
        (RunRequested(SHOP, only=("tls",)), Options(inside=False, skip=("dns",), only=("tls",))),
        (RunRequested(SHOP, server="ssh://two"),
         Options(inside=True, skip=("dns",), server="ssh://two")),
    ],
)  # fmt: skip
def test_what_the_screen_requests_is_added_to_the_options_of_the_call(
    requested: RunRequested, options: Options
) -> None:
    given = Options(inside=False, skip=("dns",))
    assert screen.requested_options(given, requested) == options
