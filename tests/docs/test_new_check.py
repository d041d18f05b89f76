"""`make new-check`, which the page about a check of one's own begins with."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from diagnose.model import Failure
from diagnose.model.tcp import Connection
from tests.support import new_check
from tests.support.check_evidence import evidence

OPEN = Connection(address="192.0.2.1", family=4, port=443)
REFUSED = replace(OPEN, failure=Failure("refused", "Connection refused", 111))
#: The files that the page names, from the root of the checkout.
WRITTEN = {
    "checks/tcp/my_check.py",
    "checks/tcp/my_check.md",
    "tests/checks/tcp/test_my_check.py",
    "tests/lab/scenarios/tcp_my_check.py",
}


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout without checks."""
    untranslated = tmp_path / "tests" / "untranslated.txt"
    untranslated.parent.mkdir()
    untranslated.write_text("tls.other\n", "utf-8")
    monkeypatch.setattr(new_check, "ROOT", tmp_path)
    monkeypatch.setattr(new_check, "UNTRANSLATED", untranslated)
    monkeypatch.setattr(new_check, "write_index", lambda: None)
    return tmp_path


def test_a_new_check_has_a_function_that_judges(checkout: Path) -> None:
    assert new_check.main("tcp", "my_check") == ""
    written = {str(path.relative_to(checkout)) for path in checkout.rglob("*.*")}
    assert written == {*WRITTEN, "tests/untranslated.txt"}
    untranslated = (checkout / "tests" / "untranslated.txt").read_text("utf-8")
    assert untranslated == "tcp.my-check\ntls.other\n"
    names: dict[str, Any] = {"__name__": "checks.tcp.my_check"}
    exec((checkout / "checks/tcp/my_check.py").read_text("utf-8"), names)
    check = names["my_check"]
    assert check.id == "tcp.my-check"
    assert [claim.because for claim in check.judge(evidence(REFUSED))] == [(REFUSED,)]
    assert list(check.judge(evidence(OPEN))) == []


def test_the_other_files_of_a_new_check_are_python(checkout: Path) -> None:
    new_check.main("tcp", "my_check")
    for name in WRITTEN:
        if name.endswith(".py"):
            text = (checkout / name).read_text("utf-8")
            assert compile(text, name, "exec")
            assert "{name}" not in text
            assert "{check_id}" not in text


@pytest.mark.parametrize(
    ("layer", "name", "reason"),
    [
        ("tpc", "my_check", "There is no layer 'tpc'."),
        ("tcp", "My-Check", "is no name of a check"),
        ("tcp", "", "is no name of a check"),
    ],
)
def test_what_is_no_check_is_refused(checkout: Path, layer: str, name: str, reason: str) -> None:
    assert reason in new_check.main(layer, name)
    assert not (checkout / "checks").exists()


def test_nothing_is_overwritten(checkout: Path) -> None:
    new_check.main("tcp", "my_check")
    own = checkout / "checks" / "tcp" / "my_check.py"
    own.write_text("# mine\n", "utf-8")
    assert "exists already" in new_check.main("tcp", "my_check")
    assert own.read_text("utf-8") == "# mine\n"
