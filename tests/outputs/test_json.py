"""The contract with programs: the document, the stream, the columns, and the schema of them."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import diagnose
from diagnose.model import Claim, Fix, Manual, Report, Subject, Where
from diagnose.model.nginx import ConfigFile, Directive, NginxConfig
from diagnose.model.server import Listener, Listeners
from diagnose.model.view import View
from diagnose.outputs.json import document, failure_document, render, to_json
from diagnose.parsers.sanitize import UNSAFE
from tests.support.report_builder import (
    CLOSED,
    NAME,
    check,
    healthy,
    mended,
    refusal,
    refused,
    report,
)

SCHEMA = json.loads((Path(diagnose.__path__[0]) / "schema/report-1.json").read_text("utf-8"))
VIEW = View(hostname="laptop", privileged=False)


def valid(value: Any) -> Any:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    checker = jsonschema.FormatChecker()
    jsonschema.validate(value, SCHEMA, jsonschema.Draft202012Validator, format_checker=checker)
    return value


def read(made: Report, view: View = VIEW) -> Any:
    return valid(json.loads(render(made, view)))


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize(
    "made", [healthy(), refused(), mended(), report(), report(NAME, interrupted=True)]
)
def test_every_document_keeps_the_schema(made: Report, lang: str) -> None:
    read(made, View(lang=lang))


def test_a_run_that_did_not_come_about_has_a_document_too() -> None:
    assert valid(failure_document("There is no option --jsn.", 64))["verdict"]["exit_code"] == 64


def test_several_targets_are_one_document() -> None:
    made = to_json([document(refused(), VIEW), document(healthy(), VIEW)])
    assert [one["verdict"]["status"] for one in valid(json.loads(made))] == ["critical", "ok"]


def test_the_verdict_names_its_causes_and_the_findings_their_evidence() -> None:
    told = read(mended())
    cause, symptom = told["findings"]
    assert told["verdict"]["root_causes"] == [cause["id"]] == ["f1"]
    assert told["verdict"]["exit_code"] == 2
    assert (cause["root_cause"], cause["explained_by"]) == (True, None)
    assert (symptom["root_cause"], symptom["explained_by"]) == (False, "f1")
    seen = {one["id"]: one["kind"] for one in told["observations"]}
    assert [seen[one] for one in cause["because"]] == ["Connection", "Resolution"]


def test_a_remedy_holds_what_is_executed() -> None:
    remedy = read(mended())["findings"][0]["remedy"]
    edit, command = remedy["steps"]
    assert edit["path"] == "/etc/nginx/conf.d/shop.conf"
    assert edit["diff"].startswith("--- /etc/nginx")
    assert command["argv"] == ["nginx", "-s", "reload"]
    assert command["shell"] == "nginx -s reload"
    assert command["root"] is True
    assert remedy["applicability"] == "automatic"
    assert remedy["verify"] == "diagnose https://shop.example.com/ --only tcp"


def test_a_finding_says_what_it_means() -> None:
    """Readers of this document alone learn there that a rule is lost at a reboot."""
    finding = read(refused())["findings"][0]
    assert finding["meaning"] == "Nobody opens."


def test_a_manual_step_is_told_in_words() -> None:
    fix = Fix((Manual("ask", Where.CLOUD_CONSOLE),))
    made = report(CLOSED, raised=((check("tcp.door-shut"), refusal(fix=fix)),))
    (step,) = read(made)["findings"][0]["remedy"]["steps"]
    assert step == {
        "kind": "manual",
        "where": "cloud-console",
        "root": False,
        "text": "Ask at 203.0.113.10 who has the key.",
        "url": None,
        "commands": [],
    }


def test_the_vantages_are_who_looked_and_who_was_looked_into() -> None:
    assert read(healthy())["run"]["vantage"] == {
        "here": {"hostname": "laptop", "role": "outside", "privileged": False},
        "server": None,
        "elsewhere": [],
    }
    inside = read(mended())["run"]["vantage"]
    assert inside["here"]["role"] == "server"
    assert inside["server"] == {"hostname": "web1", "via": "local", "privileged": True}


def test_layers_say_why_they_are_not_known() -> None:
    layers = {one["layer"]: one for one in read(healthy())["layers"]}
    assert layers["tcp"] == {"layer": "tcp", "status": "ok", "reason": None, "duration_s": 0.003}
    assert layers["certificate"]["status"] == "ok"
    assert layers["firewall"]["reason"] == "needs a look inside"
    assert layers["websocket"]["reason"] == "not asked for"


def test_what_was_not_seen_and_our_own_faults_are_reported() -> None:
    told = read(mended())
    assert told["unknown"] == [
        {
            "what": "the firewall",
            "why": "needs root",
            "enable": "sudo diagnose shop.example.com",
        }
    ]
    assert told["errors"] == [{"where": "checks.tcp", "message": "ValueError: no"}]


def test_no_number_is_nan_and_lone_surrogates_do_not_stop_it() -> None:
    odd = replace(NAME, took=float("nan"), name="a\udcff")
    facts = {"address": float("inf"), "port": datetime(2026, 1, 1, tzinfo=UTC)}
    made = render(report(odd, raised=((check("tcp.door-shut"), refusal(facts=facts)),)), VIEW)
    told = json.loads(made.encode("utf-8", "backslashreplace"))
    assert told["observations"][0]["duration_s"] is None
    assert told["findings"][0]["facts"] == {"address": None, "port": "2026-01-01T00:00:00Z"}


def test_what_is_part_of_an_observation_is_cited_by_it() -> None:
    socket = Listener(address="127.0.0.1", port=443, family=4)
    claim = Claim(about=Subject(port=443), because=(socket,), facts={"address": "x", "port": 1})
    told = read(report(Listeners(sockets=(socket,)), raised=((check("tcp.door-shut"), claim),)))
    assert told["findings"][0]["because"] == ["o1"]
    assert "equivalent" not in told["observations"][0]["sockets"][0]


def test_configuration_is_not_poured_into_the_report() -> None:
    main = (Directive("user", ("www-data",), "/etc/nginx/nginx.conf", 1),)
    files = (ConfigFile("/etc/nginx/nginx.conf", "x" * 100_000),)
    made = render(report(NginxConfig(path="/etc/nginx/nginx.conf", main=main, files=files)), VIEW)
    assert len(made) < 10_000
    assert "www-data" not in made


def test_nothing_in_a_document_controls_a_terminal_and_all_is_read_back() -> None:
    text = "a\x9b2J\x7f\u202eb\u2066\ufeff\U000e0041é\n"
    made = to_json({"a": [text]})
    assert json.loads(made) == {"a": [text]}
    assert not UNSAFE.search(made.replace("\n", ""))
    assert "é" in made


def test_what_to_type_next_is_named_the_most_useful_first() -> None:
    def following(made: Report) -> list[tuple[str, str]]:
        return [(entry["kind"], entry["command"]) for entry in read(made)["next"]]

    (kind, command), *others = following(mended())
    assert (kind, command) == ("fix", "diagnose fix https://shop.example.com/")
    assert [kind for kind, _ in others] == ["verify", "explain"]
    assert [kind for kind, _ in following(refused())] == ["verify", "explain"]
    assert following(healthy()) == []
    assert failure_document("There is no option --jsn.", 64)["next"] == []
