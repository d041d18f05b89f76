"""The demonstration without nginx: a real run of the real engine on a little server of its own."""

import asyncio
import json
import tempfile
from pathlib import Path

import pytest

from diagnose.checking.verdicts import layer_statuses
from diagnose.cli import main
from diagnose.cli.demo import FAULTS, embedded, find_fault, nginx_site
from diagnose.model import Report
from diagnose.model.events import null_sink
from diagnose.parsers.target import UsageError


def look(fault: str) -> Report:
    return asyncio.run(embedded.run(null_sink, find_fault(fault)))


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("unreachable", "tcp.refused"),
        ("websocket", "websocket.not-upgraded"),
        ("expired-certificate", "certificate.expired"),
        ("redirect-loop", "http.redirect-loop"),
        ("renewed-certificate", "certificate.expired"),
    ],
)
def test_each_fault_is_the_one_cause(fault: str, cause: str) -> None:
    report = look(fault)
    assert [finding.check.id for finding in report.causes] == [cause]
    assert not report.crashes


def test_all_else_of_the_websockets_site_is_healthy() -> None:
    states = dict(layer_statuses(look("websocket")))
    for layer in ("dns", "tcp", "tls", "certificate", "http"):
        assert states[layer] == "ok", layer


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_list_names_every_fault(lang: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["demo", "--list", "--lang", lang]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [fault.name for fault in FAULTS]


def test_a_fault_that_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["demo", "websockt"]) == 64
    assert "Did you mean websocket?" in capsys.readouterr().err
    with pytest.raises(UsageError, match="There are unreachable, "):
        find_fault("x")


def test_without_nginx_the_little_server_is_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(nginx_site, "find_nginx", lambda: None)
    assert main.main(["demo", "redirect-loop", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["target"]["input"] == "https://chat.example.com/redirect-loop"
    assert report["findings"][0]["check"] == "http.redirect-loop"


def test_an_nginx_that_does_not_start_is_no_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(nginx_site, "find_nginx", lambda: "/bin/false")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    with nginx_site.nginx_sites(FAULTS) as sites:
        assert sites == ()
    assert not list(tmp_path.iterdir())
