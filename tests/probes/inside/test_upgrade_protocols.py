"""A request for another protocol than WebSocket, through the site and directly."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from diagnose.model import Symptom
from diagnose.model.backends import UpgradeTrial
from diagnose.probes.inside import unanswered
from diagnose.probes.inside import upgrade_protocols as probes
from tests.support.check_evidence import SHOP
from tests.support.fake_context import Looking
from tests.support.nginx_evidence import SITE, config
from tests.support.page_errors import page
from tests.support.recorded_machine import RecordedMachine
from tests.support.web_server_evidence import APACHE, LISTENING, apache_config


def trials(
    monkeypatch: pytest.MonkeyPatch,
    path: str = "/ts2021",
    *,
    message: str = "",
    with_apache: bool = False,
) -> tuple[UpgradeTrial, ...]:
    ctx = Looking(RecordedMachine({}))
    ctx.target = replace(SHOP, path=path, symptom=Symptom("login", message) if message else None)
    nginx = config(SITE)
    ctx.observations += [APACHE, LISTENING, apache_config()] if with_apache else [nginx]

    async def curl(_: object, url: str, fields: tuple[str, ...], *__: object) -> SimpleNamespace:
        is_upgrade = "Upgrade: tailscale-control-protocol" in fields
        status = 101 if url.startswith("http://127.0.0.1:3000/") and is_upgrade else 500
        return SimpleNamespace(status=status, equivalent="curl")

    monkeypatch.setattr(unanswered, "curl_or_unseen", curl)
    answer = replace(page(404), url=f"https://shop.example.com{path}")
    probe: Any = probes.after_a_page
    for _ in range(2):
        asyncio.run(probe.work(ctx, answer, nginx))
    return ctx.observed(UpgradeTrial)


def test_asks_both_once_where_the_path_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    (trial,) = trials(monkeypatch)
    assert (trial.status, trial.direct_status, trial.is_lost) == (500, 101, True)
    assert trial.application == "http://127.0.0.1:3000/ts2021"


def test_asks_behind_apache(monkeypatch: pytest.MonkeyPatch) -> None:
    (trial,) = trials(monkeypatch, with_apache=True)
    assert trial.application == "http://127.0.0.1:3000/ts2021"


def test_asks_after_a_message_of_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    (trial,) = trials(monkeypatch, "/", message="Tailscale login hangs behind nginx")
    assert trial.path == "/ts2021"


def test_asks_nothing_of_other_sites(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not trials(monkeypatch, "/")
    assert not trials(monkeypatch, "/", message="login hangs")
