"""The metadata service of a server over SSH: what curl there says."""

import asyncio

import pytest

from diagnose.cloud.provider import ApiError, ApiRequest
from diagnose.machine import CommandResult
from diagnose.model import Failure
from diagnose.probes.remote_metadata import RemoteMetadata
from tests.support.fake_machine import AnsweringMachine

REQUEST = ApiRequest("GET", "http://100.100.100.200/latest/x", (("token", "a'b; rm"),))


def result(out: str, status: int = 0) -> CommandResult:
    failure = Failure("exit", "curl", status) if status else None
    return CommandResult(("curl",), status, out, "", 0.0, failure)


def test_the_body_and_the_status() -> None:
    machine = AnsweringMachine(result("i-example\n200"))
    response = asyncio.run(RemoteMetadata(machine).send(REQUEST))
    assert (response.status, response.body) == (200, b"i-example")
    (argv,) = machine.calls
    assert argv[argv.index("-H") + 1] == "token: a'b; rm"
    assert argv[argv.index("--noproxy") + 1] == "*"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (result("", 28), "timeout"),
        (result("", 7), "unreachable"),
        (result("", 127), "unreachable"),
        (result("no status"), "unreachable"),
    ],
)
def test_a_failure_of_curl(answer: CommandResult, kind: str) -> None:
    with pytest.raises(ApiError) as caught:
        asyncio.run(RemoteMetadata(AnsweringMachine(answer)).send(REQUEST))
    assert caught.value.kind == kind
