"""Words that several programs write lead to each program's check of the same fault."""

from dataclasses import replace
from pathlib import Path

import pytest

from diagnose.checking.met_symptoms import is_met
from diagnose.checking.symptom_table import is_listed, symptom_table
from diagnose.model import Evidence
from diagnose.model.symptom import Symptom, SymptomKind
from tests.support.check_evidence import NOW, SHOP
from tests.support.program_messages import PROGRAM_MESSAGES
from tests.support.upstream_evidence import page

CHECKS = Path(__file__).parents[2] / "checks"
#: The layers of programs that write the same words.
_LAYERS = ("nginx", "server", "upstream", "websocket")
#: Kinds whose words name the program: "nginx: [emerg]", "Job for apache2.service failed".
_OF_A_PROGRAM = {"nginx-config", "nginx-start", "server-config", "server-start", "server-port"}
KINDS = sorted(set(symptom_table()) - _OF_A_PROGRAM)


def _twins(check_id: str) -> list[str]:
    layer, _, name = check_id.partition(".")
    return [
        f"{other}.{name}"
        for other in _LAYERS
        if layer in _LAYERS and other != layer
        if (CHECKS / other / f"{name.replace('-', '_')}.py").exists()
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_that_is_shown_is_shown_by_every_program(kind: str) -> None:
    shown = symptom_table()[kind].shown
    missing = [twin for each in shown for twin in _twins(each) if not is_listed(twin, shown)]
    assert not missing


#: The checks whose finding is that a program in front does not reach the one behind it.
_NOT_REACHED = (
    "upstream.refused", "upstream.container-loopback", "upstream.container-unserved",
    "upstream.container-stopped", "server.container-not-reached", "server.application-down",
    "server.backend-not-reached",
)  # fmt: skip


def _leads(check_id: str, kind: SymptomKind) -> bool:
    row = symptom_table()[kind]
    return is_listed(check_id, (*row.shown, *row.possible))


@pytest.mark.parametrize("check_id", _NOT_REACHED)
def test_a_refused_connection_may_be_that_of_the_program_in_front(check_id: str) -> None:
    """ "connection refused", spit by Caddy: the words of a visitor's own failure are the same."""
    assert _leads(check_id, "refused")
    assert _leads(check_id, "upstream-refused")


def test_what_a_server_writes_when_it_does_not_start_may_come_from_its_container() -> None:
    """The same lines stand in the log of a container that has ended."""
    starts = ("[emerg]", "[ALERT]", "Syntax error")
    kinds = {
        example.kind
        for program in ("nginx", "Apache", "HAProxy")
        for example in PROGRAM_MESSAGES[program]
        if any(word in example.message for word in starts)
    }
    assert len(kinds) > 5
    assert {kind for kind in kinds if not _leads("listener.container-stopped", kind)} == set()


def test_twins_are_known() -> None:
    assert _twins("nginx.key-mismatch") == ["server.key-mismatch"]
    assert _twins("dns.nxdomain") == []


def test_a_missing_field_is_met_where_the_page_lacks_it() -> None:
    symptom = Symptom("response-field", "X-Frame-Options header missing")
    bare = Evidence(SHOP, NOW, (page(200),))
    sent = Evidence(SHOP, NOW, (replace(page(200), headers=(("x-frame-options", "DENY"),)),))
    assert is_met(bare, symptom)
    assert not is_met(sent, symptom)
    assert not is_met(sent, replace(symptom, kind="hsts"))
