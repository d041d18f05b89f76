import pytest

from diagnose.cli.output import note_failure
from diagnose.cli.request import RunRequest
from diagnose.cli.request_parser import parse_run
from diagnose.cli.waiting import run_until_well
from diagnose.model import Report
from tests.support.command_line import diagnose
from tests.support.report_builder import NAME, healthy, refused, report


class Runs:
    """Diagnoses with reports that are known before."""

    def __init__(self, *reports: Report, status: int = 0) -> None:
        self._reports, self._status = list(reports), status
        self.failures: list[float] = []

    def run(self) -> tuple[list[Report], int]:
        return [self._reports.pop(0)], self._status

    def until_well(self, seconds: float) -> tuple[list[Report], int]:
        return run_until_well(
            self.run, seconds, lambda _, remaining: self.failures.append(remaining), pause=0
        )


def test_it_ends_as_soon_as_the_site_works() -> None:
    runs, well = Runs(refused(), refused(), good := healthy()), 60.0
    assert runs.until_well(well) == ([good], 0)
    assert len(runs.failures) == 2
    assert all(0 < remaining <= well for remaining in runs.failures)


def test_it_ends_when_the_time_is_up() -> None:
    runs = Runs(last := refused(), healthy())
    assert runs.until_well(0.0) == ([last], 0)
    assert not runs.failures


def test_a_signal_ends_it() -> None:
    runs = Runs(last := refused(), healthy(), status=130)
    assert runs.until_well(60.0) == ([last], 130)


def test_the_last_diagnosis_alone_is_written(shut: int) -> None:
    result = diagnose("--wait", "1s", "--outside", "--json", f"127.0.0.1:{shut}")
    assert (result.returncode, result.stdout.count('"schema_version"')) == (2, 1)


def test_what_is_waited_for_is_noted(capsys: pytest.CaptureFixture[str]) -> None:
    request = parse_run(["--wait", "5m", "--lang", "en", "shop.example.com"])
    assert isinstance(request, RunRequest)
    assert request.wait_s == 300
    note_failure(request, request.view(), [healthy(), report(NAME)], 287.6)
    note = capsys.readouterr().err
    assert note.startswith("not yet: ")
    assert note.endswith("(again, for 288 s at most)\n")


@pytest.mark.parametrize("text", ["", "5 minutes", "0", "2d", "nan", "1e3", "25h"])
def test_a_duration_that_cannot_be_is_refused(text: str) -> None:
    result = diagnose("--wait", text, "shop.example.com")
    assert result.returncode == 64
    assert "--wait takes a duration" in result.stderr
