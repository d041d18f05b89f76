"""Words that several programs write lead to each program's check of the same fault."""

from pathlib import Path

import pytest

from diagnose.checking.symptom_match import is_listed, symptom_table

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


def test_twins_are_known() -> None:
    assert _twins("nginx.key-mismatch") == ["server.key-mismatch"]
    assert _twins("dns.nxdomain") == []
