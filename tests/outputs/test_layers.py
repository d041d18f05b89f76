from dataclasses import replace

import pytest

from diagnose.model import LAYERS, Failure, Report, Vantage
from diagnose.model.cloud import CloudMachine
from diagnose.model.nginx import NginxConfig, NginxState
from diagnose.model.server import Listeners
from diagnose.outputs.layers import Layer, layer_states
from tests.support.check_evidence import CHAT, REFUSED
from tests.support.report_builder import (
    ANSWER,
    CLOSED,
    NAME,
    NO_IPV6,
    OPEN,
    SECURE,
    SERVER,
    healthy,
    refused,
    report,
)


def layer(made: Report, name: str, lang: str = "en") -> Layer:
    (found,) = (layer_state for layer_state in layer_states(made, lang) if layer_state.name == name)
    return found


def test_every_layer_is_there_in_the_order_of_a_request() -> None:
    for made in (report(), healthy(), refused()):
        assert tuple(layer_state.name for layer_state in layer_states(made, "en")) == LAYERS


def test_what_was_judged_needs_no_reason() -> None:
    assert layer(healthy(), "http") == Layer("http", "ok", None, ANSWER.took)
    assert layer(refused(), "tcp") == Layer("tcp", "error", None, CLOSED.took)


def test_the_time_is_the_longest_look_that_succeeded() -> None:
    slow, slower = replace(OPEN, took=0.2), replace(CLOSED, took=5.0)
    assert layer(report(OPEN, slow, slower), "tcp").took == 0.2
    assert layer(report(CLOSED, slower), "tcp").took == 5.0
    assert layer(report(), "tcp").took is None


def test_the_certificate_takes_the_time_of_its_handshake() -> None:
    assert layer(report(SECURE), "certificate").took == SECURE.took
    assert layer(report(replace(SECURE, chain=())), "certificate").took is None


@pytest.mark.parametrize(
    ("name", "outside", "inside"),
    [
        ("tls", "nothing got that far", "nothing got that far"),
        ("nginx", "needs a look inside", "nothing got that far"),
        ("firewall", "needs a look inside", "nothing got that far"),
        ("websocket", "not asked for", "not asked for"),
    ],
)
def test_what_was_not_looked_at_says_why(name: str, outside: str, inside: str) -> None:
    assert layer(report(NAME), name) == Layer(name, "skipped", outside, None)
    assert layer(report(NAME, SERVER), name) == Layer(name, "skipped", inside, None)


def test_while_it_runs_a_layer_may_still_be_reached() -> None:
    assert layer(replace(report(NAME), running=True), "tls") == Layer("tls", "skipped", None, None)


def test_nothing_is_said_of_a_cloud_where_there_is_none() -> None:
    assert layer(report(NAME, SERVER), "cloud").reason is None
    machine = CloudMachine(vantage=Vantage.SERVER, title="Amazon EC2")
    assert layer(report(NAME, SERVER, machine), "cloud").reason == "its rules were not read"


def test_a_server_that_is_not_there_is_neither_well_nor_unreached() -> None:
    absent = NginxState(vantage=Vantage.SERVER, installed=False)
    listeners = Listeners(vantage=Vantage.SERVER)
    made = report(NAME, SERVER, listeners, absent)
    for name in ("nginx", "server"):
        assert layer(made, name) == Layer(name, "skipped", "not in use", None)
    assert layer(report(NAME, SERVER, replace(absent, installed=True)), "nginx").status == "ok"


def test_a_site_of_files_has_no_application_to_reach() -> None:
    config = NginxConfig(vantage=Vantage.SERVER, path="/etc/nginx/nginx.conf")
    unused, unreached = "not in use", "nothing got that far"
    made = healthy().evidence.observations
    assert layer(report(*made, SERVER, config), "upstream").reason == unused
    assert layer(report(*made, SERVER), "upstream").reason == unreached
    unread = replace(config, failure=Failure("denied", "needs root"))
    assert layer(report(*made, SERVER, unread), "upstream").reason == unreached
    assert layer(report(NAME, SERVER, config), "upstream").reason == unreached


def test_a_websocket_that_was_asked_for_was_not_reached() -> None:
    made = report(NAME)
    asked = replace(made, evidence=replace(made.evidence, target=CHAT))
    assert layer(asked, "websocket").reason == "nothing got that far"


def test_what_is_missing_is_named_with_the_last_error_in_the_language() -> None:
    made = report(NAME, NO_IPV6, CLOSED)
    where = "203.0.113.10:443"
    assert layer(made, "tcp") == Layer(
        "tcp", "unknown", f"not seen: a connection to {where} ({REFUSED.message})", CLOSED.took
    )
    assert (
        layer(made, "tcp", "zh").reason
        == f"未看到：到 {where} 的连接（连接被拒绝 {REFUSED.message}）"
    )


def test_a_layer_of_the_server_gives_the_first_error_in_the_words_of_the_machine() -> None:
    first, second = (
        NginxState(installed=False, failure=Failure("denied", text))
        for text in ("{ps}: denied", "other")
    )
    made = report(NO_IPV6, first, second)
    assert layer(made, "nginx").reason == "{ps}: denied"


def test_a_layer_of_the_server_that_was_cut_off_says_so() -> None:
    made = report(NginxState(installed=True), interrupted=True)
    assert layer(made, "nginx").status == "unknown"
    assert layer(made, "nginx").reason == "the run was interrupted"


def test_a_layer_that_is_left_out_is_not_called_well() -> None:
    made = healthy()
    scope = replace(made.evidence.scope, skip=("http",))
    left_out = replace(made, evidence=replace(made.evidence, scope=scope))
    state = layer(left_out, "http")
    assert (state.status, state.reason) == ("skipped", "not asked for")
    assert layer(left_out, "tls").status == "ok"
