"""Commands that end a program and start it again, tried on a real one."""

import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from diagnose.machine.script_files import read_script
from diagnose.model import Effect
from diagnose.model.processes import Starter
from diagnose.model.program_commands import restart_by, restart_managed, restart_program
from diagnose.parsers.program_starters import parse_starter
from diagnose.probes.inside import own_settings
from tests.support.steps import contradiction

PROGRAM = """\
import os, socket, sys
print(os.getpid(), os.getcwd(), sys.argv[2:], os.environ.get("A"), os.environ.get("B"), flush=True)
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    server.accept()
"""
ODD = 'it\'s "two"\nlines'
NEEDED = os.geteuid() == 0 and all(map(shutil.which, ("ss", "setsid", "setpriv", "pgrep")))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def until_listening(port: int) -> None:
    for _ in range(200):
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"nothing listens at {port}")


def starter_at(port: int) -> Starter:
    done = subprocess.run(
        ["sh", "-c", own_settings.SCRIPT, "sh", str(port)], capture_output=True, text=True
    )
    starter = parse_starter(done.stdout)
    assert starter is not None, done.stdout
    return starter


@pytest.fixture
def program(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """A program that a shell has started, as with nohup: its port, and the file of its output."""
    port, log = free_port(), tmp_path / "it's out.log"
    (tmp_path / "app.py").write_text(PROGRAM)
    words = shlex.join([sys.executable, "app.py", str(port), ODD, "", "--a=1", "--b", "2"])
    start = f"{words} </dev/null >>{shlex.quote(str(log))} 2>&1 &"
    subprocess.run(["sh", "-c", start], cwd=tmp_path, env={**os.environ, "A": ODD}, check=True)
    until_listening(port)
    yield port, log
    found = subprocess.run(["ss", "-Hltnp", f"sport = :{port}"], capture_output=True, text=True)
    for word in found.stdout.split("pid=")[1:]:
        os.kill(int(word.partition(",")[0]), 9)


@pytest.mark.skipif(not NEEDED, reason="needs root, ss, setsid and setpriv")
def test_a_program_of_a_shell_is_started_as_it_was(program: tuple[int, Path]) -> None:
    port, log = program
    command = restart_program(starter_at(port), ("B=new value", "--a=x&y|z", "--b=https://b/"))
    for _ in range(2):
        done = subprocess.run(command.argv, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        assert done.stdout == ""
        command = restart_program(starter_at(port))
    until_listening(port)
    starts = log.read_text().split(str(log.parent))
    assert len(starts) == 4
    assert repr([ODD, "", "--a=1", "--b", "2"]) in starts[1]
    for start in starts[2:]:
        assert repr([ODD, "", "--a=x&y|z", "--b", "https://b/"]) in start
        assert f"{ODD} new value" in start
    assert not Path(f"/run/diagnose-start-{port}").exists()


@pytest.mark.skipif(not NEEDED, reason="needs root, ss, setsid and setpriv")
def test_another_program_of_the_port_is_left_alone(program: tuple[int, Path]) -> None:
    port, log = program
    command = restart_program(Starter("command", str(port), "1-2"))
    done = subprocess.run(command.argv, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "another program" in done.stderr
    assert log.read_text().count(str(log.parent)) == 1


@pytest.mark.parametrize("shell", ["dash", "bash --posix", "busybox sh"])
@pytest.mark.parametrize("name", ["", "HUP"])
def test_every_shell_understands_the_commands(shell: str, name: str) -> None:
    words = shell.split()
    if shutil.which(words[0]) is None:
        pytest.skip(f"no {words[0]} here")
    by_hand = Starter("command", "3000", "7-9")
    (command,) = restart_by(Starter("signal", "3000", "7-9", name) if name else by_hand)
    assert contradiction(command) == ""
    result = subprocess.run([*words, "-n", "-c", command.argv[2]], capture_output=True)
    assert (result.returncode, result.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("starter", "words"),
    [
        (
            Starter("pm2", "3000", "", "3", "/opt/node/bin/pm2", "/home/app/.pm2", "app"),
            "runuser -u app -- env PATH=/opt/node/bin:/usr/local/bin:/usr/bin:/bin "
            "PM2_HOME=/home/app/.pm2 /opt/node/bin/pm2 restart 3",
        ),
        (Starter("supervisor", "3000", "", "shop:web"), "supervisorctl restart shop:web"),
        (
            Starter("supervisor", "3000", "", "shop:web", home="/etc/own.conf"),
            "supervisorctl -c /etc/own.conf restart shop:web",
        ),
        (Starter("runit", "3000", home="/etc/service/shop"), "sv restart /etc/service/shop"),
        (Starter("s6", "3000", home="/run/service/shop"), "s6-svc -r /run/service/shop"),
        (Starter("openrc", "3000", "", "shop"), "rc-service shop restart"),
        (Starter("monit", "3000", "", "shop"), "monit restart shop"),
    ],
)
def test_a_manager_restarts_its_program(starter: Starter, words: str) -> None:
    command = restart_managed(starter)
    assert (shlex.join(command.argv), command.effect) == (words, Effect.RESTART)
    assert restart_by(starter, ("A=b",)) == ()
    assert contradiction(command) == ""


def test_the_script_that_looks_has_what_it_calls() -> None:
    folder = Path(own_settings.__file__).with_name("x.py")
    assert read_script(str(folder), "program_starter.sh") in own_settings.SCRIPT
