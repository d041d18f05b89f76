"""The resident and its callers, as processes."""

import json
import os
import select
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from diagnose.cli.resident.server import MAX_CALLERS
from diagnose.processes.resident_client import SOCKET
from tests.support.resident import (
    Resident,
    call,
    children,
    closed_port,
    command,
    comparable,
    imported,
    notes,
    resident,
    silent_port,
    was_handed_over,
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Resident]:
    with resident(tmp_path_factory.mktemp("runtime")) as process:
        yield process


def alone(running: Resident) -> dict[str, str]:
    return {**running.environment, "XDG_RUNTIME_DIR": "/nonexistent"}


def test_the_document_and_the_status_are_those_of_a_run_without_it(running: Resident) -> None:
    with closed_port() as url:
        own = call(running, "--json", "--outside", url, env=alone(running))
        theirs = [call(running, "--json", "--outside", url) for _ in range(3)]
    assert [was_handed_over(process) for process in (own, *theirs)] == [False, True, True, True]
    for process in theirs:
        assert process.returncode == own.returncode == 2
        assert comparable(process.stdout) == comparable(own.stdout)
        assert notes(process) == notes(own)


def test_a_caller_imports_next_to_nothing(running: Resident) -> None:
    with closed_port() as url:
        modules = imported(call(running, "--json", url))
    ours = [name for name in modules if name.startswith("diagnose")]
    assert sorted(ours) == [
        "diagnose", "diagnose._version", "diagnose.processes", "diagnose.processes.resident_client",
    ]  # fmt: skip
    heavy = {"re", "enum", "signal", "socket", "selectors", "json", "asyncio", "ssl", "contextlib"}
    after = modules[modules.index("diagnose") :]
    assert not heavy.intersection(after)


@pytest.mark.parametrize(
    "words",
    # Without "--outside" the answer depends on the web servers of this machine at that moment.
    [["--json", "--no-such-option"], ["--json", "--outside"], ["list", "--json"], ["--json", "-"]],
)
def test_what_is_no_run_the_caller_does_itself(running: Resident, words: list[str]) -> None:
    process = call(running, *words, stdin=subprocess.DEVNULL)
    own = call(running, *words, stdin=subprocess.DEVNULL, env=alone(running))
    assert (process.returncode, process.stdout) == (own.returncode, own.stdout)
    assert notes(process) == notes(own)


def test_another_environment_of_the_interpreter_is_not_taken_over(running: Resident) -> None:
    with closed_port() as url:
        environment = {**running.environment, "PYTHONBREAKPOINT": "0"}
        assert not was_handed_over(call(running, "--json", url, env=environment))


def test_other_variables_and_the_folder_are_those_of_the_caller(
    running: Resident, tmp_path: Path
) -> None:
    (tmp_path / "own.toml").write_text('lang = "zh"\n')
    with closed_port() as url:
        process = call(running, "--json", "--config", "own.toml", url, cwd=tmp_path)
        chinese = call(
            running, "--json", url, env={**running.environment, "LC_MESSAGES": "zh_CN.UTF-8"}
        )
    assert was_handed_over(process)
    assert '"lang": "zh"' in process.stdout
    assert was_handed_over(chinese)
    assert '"lang": "zh"' in chinese.stdout


def test_a_caller_with_fewer_rights_is_refused(running: Resident) -> None:
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("setpriv (util-linux) is missing")
    with closed_port() as url:
        process = call(running, "--json", url, prefix=[setpriv, "--no-new-privs"])
    assert not was_handed_over(process)
    assert process.returncode == 2


def test_a_signal_ends_the_run_with_its_document(running: Resident) -> None:
    with silent_port() as (url, listener):
        process = subprocess.Popen(
            command("--json", "--outside", url), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, env=dict(running.environment),
        )  # fmt: skip
        with listener.accept()[0]:
            process.send_signal(signal.SIGINT)
            output, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert '"interrupted": true' in output
    assert "Traceback" not in errors


def test_a_run_ends_with_its_caller(running: Resident) -> None:
    with silent_port() as (url, listener):
        process = subprocess.Popen(
            command("--json", "--outside", url), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env=dict(running.environment),
        )  # fmt: skip
        connection = listener.accept()[0]
        process.kill()
        process.wait()
        # The copy closes what it has open when it ends.
        assert wait_for_end(connection)


def wait_for_end(connection: socket.socket) -> bool:
    connection.settimeout(30)
    with connection:
        try:
            while connection.recv(65536):
                pass
        except ConnectionResetError:
            return True
    return True


def test_a_copy_that_is_killed_is_replaced_by_the_caller(running: Resident) -> None:
    with silent_port() as (url, listener):
        process = subprocess.Popen(
            command("--json", "--outside", "--timeout", "1", url), stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, env=dict(running.environment),
        )  # fmt: skip
        with listener.accept()[0]:
            for pid in children(running.pid):
                os.kill(pid, signal.SIGKILL)
            output, errors = process.communicate(timeout=60)
    assert output.count('"schema_version"') == 1
    assert "diagnose.engine" in errors
    assert process.returncode == json.loads(output)["verdict"]["exit_code"]


def test_a_resident_with_too_many_callers_refuses_and_recovers(running: Resident) -> None:
    waiting = [connected(running) for _ in range(MAX_CALLERS)]
    with connected(running) as further:
        assert further.recv(1) == b""
    for connection in waiting:  # they ask for nothing, and are sent away
        assert connection.recv(1) == b""
        connection.close()
    with closed_port() as url:
        assert was_handed_over(call(running, "--json", url))


def connected(running: Resident) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    connection.settimeout(30)
    connection.connect(str(running.socket_path))
    return connection


@pytest.mark.parametrize("message", [b"x", b"9 9\0a", b"-1 1\0a\0b", b"0 1\0diagnose"])
def test_a_message_that_is_no_request_ends_the_connection(
    running: Resident, message: bytes
) -> None:
    with connected(running) as connection:
        connection.send(message)
        assert connection.recv(1) == b""


def test_descriptors_of_refused_callers_are_closed(running: Resident) -> None:
    before = open_descriptors(running.pid)
    for _ in range(5):
        reading, writing = os.pipe()
        with connected(running) as connection:
            socket.send_fds(connection, [b"0 1\0diagnose"], [writing] * 4)
            os.close(writing)
            assert connection.recv(1) == b""
        assert select.select([reading], [], [], 30)[0]
        assert os.read(reading, 1) == b""
        os.close(reading)
    assert open_descriptors(running.pid) == before


def open_descriptors(pid: int) -> int:
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


def test_the_socket_is_the_users_alone(running: Resident) -> None:
    assert running.socket_path.name == SOCKET
    assert running.socket_path.parent.stat().st_mode & 0o777 == 0o700
