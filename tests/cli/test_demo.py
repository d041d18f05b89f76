"""The demonstration: a real run of the real engine on a site of its own."""

import json

import pytest

from diagnose.cli import main


@pytest.fixture(scope="module")
def told() -> dict[str, object]:
    import asyncio

    from diagnose.cli import demo
    from diagnose.model.events import null_sink
    from diagnose.model.view import View
    from diagnose.outputs.json import document

    return document(asyncio.run(demo.run(null_sink)), View())


def test_the_lost_upgrade_is_the_one_cause(told: dict[str, object]) -> None:
    findings = {one["id"]: one for one in told["findings"]}  # type: ignore[attr-defined]
    causes = [findings[one]["check"] for one in told["verdict"]["root_causes"]]  # type: ignore[index]
    assert causes == ["websocket.not-upgraded"]
    assert told["errors"] == []


def test_all_else_of_it_is_healthy(told: dict[str, object]) -> None:
    states = {one["layer"]: one["status"] for one in told["layers"]}  # type: ignore[attr-defined]
    for layer in ("dns", "tcp", "tls", "certificate", "http"):
        assert states[layer] == "ok", layer


def test_it_is_shown_to_a_person_and_is_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["demo", "--lang", "en"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("A site on loopback")
    assert "WebSocket" in shown


def test_programs_get_the_report_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["demo", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["target"]["host"] == "chat.example.com"
