import pytest

from diagnose.cli import execution
from diagnose.cli.request import RunRequest
from diagnose.cli.request_parser import parse_run
from diagnose.parsers.target import UsageError
from tests.support.resident import closed_port


def failing(error: BaseException) -> int:
    raise error


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UsageError("wrong"), 64),
        (BrokenPipeError(), 0),
        (KeyboardInterrupt(), 130),
        (SystemExit(3), 3),
        (SystemExit("text"), 0),
        (ZeroDivisionError(), 70),
    ],
)
def test_whatever_ends_the_work_is_a_status(error: BaseException, status: int) -> None:
    assert execution.guarded([], lambda: failing(error)) == status


def test_the_status_of_a_plugin_is_never_above_3() -> None:
    assert execution.guarded(["--nagios"], lambda: failing(UsageError("wrong"))) == 3


def test_a_request_is_done_whose_arguments_are_parsed_already(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with closed_port() as url:
        request = parse_run(["--json", "--outside", url])
        assert isinstance(request, RunRequest)
        assert execution.execute(request, ["--json", "--outside", url]) == 2
    assert '"tcp.refused"' in capsys.readouterr().out
