"""Zabbix: flat JSON of less than 64 KiB, and low-level discovery."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from diagnose.cli import main
from diagnose.model import Report, Target
from diagnose.model.view import View
from diagnose.outputs.zabbix import MAX_SIZE, render, render_all
from diagnose.outputs.zabbix_lld import render_targets
from diagnose.parsers.sanitize import UNSAFE
from diagnose.parsers.target import UsageError
from tests.support.effort import examples
from tests.support.hostile_report import TEXTS, hostile
from tests.support.report_builder import healthy, mended, refused

VIEW = View(hostname="laptop")


def flat(text: str) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(text)
    assert all(type(value) in {str, int, float} for value in fields.values())
    assert len(text.encode()) <= MAX_SIZE
    return fields


def test_a_healthy_site_has_its_numbers() -> None:
    fields = flat(render(healthy(), VIEW))
    expected = {
        "target": "https://shop.example.com/", "status": "ok", "success": 1, "exit_code": 0,
        "root_cause": "", "http_status": 200, "certificate_days": 61.08, "connect_s": 0.003,
        "response_time_s": 0.054, "errors": 0, "layer_tls": "ok", "suppressed": "",
    }  # fmt: skip
    assert {name: fields[name] for name in expected} == expected


def test_a_fault_names_its_cause_and_has_no_numbers_that_nobody_measured() -> None:
    fields = flat(render(mended(), VIEW))
    assert (fields["root_cause"], fields["success"]) == ("nginx.door-locked", 0)
    assert not {"http_status", "response_time_s", "certificate_days"} & set(fields)


@examples(60)
@given(text=TEXTS)
def test_what_strangers_write_stays_a_value(text: str) -> None:
    output = render(hostile(text * 500), VIEW)
    assert set(flat(output)) == set(flat(render(hostile("x"), VIEW)))
    assert not UNSAFE.search(output.removesuffix("\n"))


def many(count: int) -> list[tuple[Report, View]]:
    long = replace(refused().evidence.target, path=f"/{'x' * 200}")
    made = replace(refused(), evidence=replace(refused().evidence, target=long))
    return [(made, VIEW)] * count


def test_several_targets_are_an_array_that_fits() -> None:
    assert [load["status"] for load in json.loads(render_all([
        (healthy(), VIEW), (mended(), VIEW)]))] == ["ok", "critical"]  # fmt: skip
    for count in (50, 90, 180):
        text = render_all(many(count))
        assert len(text.encode()) <= MAX_SIZE
        assert len(json.loads(text)) == count
    with pytest.raises(UsageError, match="fewer targets"):
        render_all(many(1000))


def test_discovery_lists_each_target_once() -> None:
    shop = Target("x", "https", "shop.example.com", 443)
    chat = Target("y", "wss", "shop.example.com", 8443, "/ws\n{#X}")
    objects = json.loads(render_targets([shop, chat, shop]))
    assert [each["{#TARGET}"] for each in objects] == [
        "https://shop.example.com/", "wss://shop.example.com:8443/ws {#X}",
    ]  # fmt: skip
    assert objects[1]["{#PORT}"] == "8443"


def test_discovery_diagnoses_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("a diagnosis began")

    monkeypatch.setattr("diagnose.engine.run", fail)
    assert main.main(["--format", "zabbix-lld", "shop.example.com"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["{#HOST}"] == "shop.example.com"
    assert main.main(["--format", "zabbix-lld", "--redact", "shop.example.com"]) == 64
