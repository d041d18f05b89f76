"""The arguments of a call: what an agent may write, and what is refused."""

from typing import Any

import pytest

from diagnose.agent.arguments import parse_diagnose, parse_explain, parse_replay
from diagnose.agent.settings import ServerSettings
from diagnose.cli.runs import report_builder
from diagnose.parsers.target import UsageError
from diagnose.probes import Options

SETTINGS = ServerSettings("en", True, Options(server="ssh://root@web", inside=True), report_builder)


def test_the_defaults_are_those_of_the_server() -> None:
    call = parse_diagnose({"target": "shop.example.com"}, SETTINGS)
    assert call.target.url == "https://shop.example.com/"
    assert call.options == SETTINGS.options
    assert (call.evidence, call.lang) == ("cited", "en")


@pytest.mark.parametrize(
    ("side", "outside", "inside", "server"),
    [
        ("auto", True, True, "ssh://root@web"),
        ("outside", True, False, None),
        ("inside", False, True, "ssh://root@web"),
    ],
)
def test_a_side_is_chosen(side: str, outside: bool, inside: bool, server: str | None) -> None:
    options = parse_diagnose({"target": "a.example", "side": side}, SETTINGS).options
    assert (options.outside, options.inside, options.server) == (outside, inside, server)


@pytest.mark.parametrize("arguments", [
    {}, {"target": ""}, {"target": 1}, {"target": "a" * 3000}, {"target": "a.example", "ws": "/a"},
    {"target": "a.example", "ws": ["/"] * 9}, {"target": "a.example", "ws": [None]},
    {"target": "a.example", "timeout": 0}, {"target": "a.example", "timeout": True},
    {"target": "a.example", "timeout": float("nan")}, {"target": "a.example", "timeout": 61},
    {"target": "a.example", "side": "both"}, {"target": "a.example", "side": []},
    {"target": "a.example", "lang": "fr"}, {"target": "a.example", "server": "ssh://root@b"},
    {"target": "a.example", "evidence": {}},
])  # fmt: skip
def test_a_wrong_call_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        parse_diagnose(arguments, SETTINGS)


@pytest.mark.parametrize("arguments", [{}, {"check": 1}, {"check": "tcp.refused", "x": 1}])
def test_explain_takes_a_check(arguments: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        parse_explain(arguments, SETTINGS)


@pytest.mark.parametrize("arguments", [{}, {"path": ""}, {"path": "a", "evidence": "some"}])
def test_replay_takes_a_path(arguments: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        parse_replay(arguments, SETTINGS)
