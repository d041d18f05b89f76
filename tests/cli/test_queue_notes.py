import pytest

from diagnose.cli import queue_notes
from diagnose.cli.queue_notes import QueueNotes, report_error
from diagnose.fleet.jetstream import QueueError


def test_trouble_that_goes_on_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    notes = QueueNotes("en")
    for _ in range(2):
        notes.trouble("nats.no-worker", {"vantage": "paris"})
    notes.trouble("nats.not-stored", {"reason": "full"})
    first, second = capsys.readouterr().err.splitlines()
    assert "No worker of the vantage paris" in first
    assert "full" in second


def test_it_is_said_again_after_a_while(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_notes, "REPEAT_SECONDS", 0.0)
    notes = QueueNotes("zh")
    for _ in range(2):
        notes.trouble("nats.no-worker", {"vantage": "paris"})
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_what_a_server_says_is_cleaned(capsys: pytest.CaptureFixture[str]) -> None:
    QueueNotes("en").trouble("nats.not-stored", {"reason": "\x1b[31mred\nline"})
    text = capsys.readouterr().err
    assert "\x1b" not in text
    assert text.count("\n") == 1


@pytest.mark.parametrize(("is_configuration", "status"), [(True, 78), (False, 3)])
def test_the_status_says_whether_it_may_be_better_later(
    is_configuration: bool, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    error = QueueError("nats.no-tls", is_configuration, server="tls://nats.example.net")
    assert report_error(error, "en") == status
    assert "tls://nats.example.net" in capsys.readouterr().err
