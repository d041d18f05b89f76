"""What is concluded from evidence."""

from dataclasses import replace

import pytest

from diagnose.checking import conclusion
from diagnose.checking.conclusion import conclude, import_checks
from diagnose.model import Crash, Evidence, Scope
from diagnose.model.events import Crashed, Event
from diagnose.model.tcp import Connection
from tests.support.check_evidence import NOW, REFUSED, SHOP

CLOSED = Connection(address="203.0.113.10", port=443, family=4, failure=REFUSED)
EVIDENCE = Evidence(SHOP, NOW, (CLOSED,))


def test_layers_out_of_scope_are_not_judged() -> None:
    assert "tcp.refused" in {finding.check.id for finding in conclude(EVIDENCE).findings}
    for scope in (Scope(skip=("tcp",)), Scope(only=("dns",))):
        assert conclude(replace(EVIDENCE, scope=scope)).findings == ()


def test_a_check_that_cannot_be_imported_is_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(check_id: str) -> None:
        raise ImportError(check_id)

    monkeypatch.setattr(conclusion, "load_check", fail)
    events: list[Event] = []
    before = Crash("probe", "RuntimeError: x")
    report = conclude(EVIDENCE, crashes=[before], sink=events.append)
    assert report.crashes[0] == before
    crashes = [(crash.where, crash.message) for crash in report.crashes]
    assert ("tcp.refused", "ImportError: tcp.refused") in crashes
    assert [Crashed(crash) for crash in report.crashes[1:]] == events
    import_checks(EVIDENCE.observations, has_message=False)
