"""Commands that end a program and start it again, tried on a real one."""

import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from diagnose.fixing.plan import irreversible_steps, is_stop, repeated_reloads
from diagnose.machine.script_files import read_script
from diagnose.model import Command, Edit, Effect
from diagnose.model.processes import Starter
from diagnose.model.program_commands import (
    kept_environment,
    restart_by,
    restart_managed,
    restart_program,
)
from diagnose.parsers.program_starters import parse_starter
from diagnose.probes.inside import own_settings
from tests.support.steps import contradiction

PROGRAM = """\
import os, socket, sys
a = repr(os.environ.get("A"))[1:-1]
print(os.getpid(), os.getcwd(), sys.argv[2:], a, os.environ.get("B"), flush=True)
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    server.accept()
"""
#: A value of a variable, and an argument.
ODD = 'it\'s "two"\nlines'
WORD = 'it\'s [a] "$b" c.'
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
    words = shlex.join([sys.executable, "app.py", str(port), WORD, "--a=1", "--b", "2"])
    start = f"{words} </dev/null >>{shlex.quote(str(log))} 2>&1 &"
    subprocess.run(["sh", "-c", start], cwd=tmp_path, env={**os.environ, "A": ODD}, check=True)
    until_listening(port)
    yield port, log
    found = subprocess.run(["ss", "-Hltnp", f"sport = :{port}"], capture_output=True, text=True)
    for word in found.stdout.split("pid=")[1:]:
        os.kill(int(word.partition(",")[0]), 9)


def run(steps: Iterable[Sequence[str]]) -> None:
    for words in steps:
        done = subprocess.run(words, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, (words, done.stderr)


def argvs(commands: Sequence[Command]) -> list[Sequence[str]]:
    return [command.argv for command in commands]


def undos(commands: Sequence[Command]) -> list[Sequence[str]]:
    return [command.undo for command in reversed(commands) if command.undo]


@pytest.mark.skipif(not NEEDED, reason="needs root, ss, setsid, setpriv and pgrep")
def test_a_program_of_a_shell_is_started_as_it_was(program: tuple[int, Path]) -> None:
    port, log = program
    starter = starter_at(port)
    for _ in range(2):
        run(argvs(restart_program(starter)))
    assert starter_at(port) == starter
    starts = log.read_text().splitlines()
    assert len(starts) == 3
    assert {start.partition(" ")[2] for start in starts} == {starts[0].partition(" ")[2]}
    assert not Path(kept_environment(starter)).exists()


@pytest.mark.skipif(not NEEDED, reason="needs root, ss, setsid, setpriv and pgrep")
@pytest.mark.parametrize(
    ("setting", "before", "shown"),
    [
        ("B=new value", "", " new value"),
        ("A=x", f"A={ODD}", " x None"),
        ("--a=x&y|z", None, "'--a=x&y|z'"),
        ("--b=https://b/?a=1", None, "'--b', 'https://b/?a=1'"),
    ],
)
def test_a_setting_comes_into_force_and_is_undone(
    program: tuple[int, Path], setting: str, before: str | None, shown: str
) -> None:
    port, log = program
    commands = restart_program(starter_at(port), setting, before)
    run(argvs(commands))
    run(undos(commands))
    until_listening(port)
    first, changed, last = (line.partition(" ")[2] for line in log.read_text().splitlines())
    assert shown in f" {changed}"
    assert shown not in f" {first}"
    assert last == first
    assert not Path(kept_environment(starter_at(port))).exists()
    assert all(contradiction(command) == "" for command in commands)
    assert irreversible_steps(commands[:-1]) == ()


@pytest.mark.skipif(not NEEDED, reason="needs root, ss, setsid, setpriv and pgrep")
def test_a_program_that_does_not_start_with_an_edit_is_started_without_it(
    program: tuple[int, Path],
) -> None:
    """The commands are repeated after the edit was undone, and the first of them finds nothing."""
    port, log = program
    file, commands = log.parent / "app.py", restart_program(starter_at(port))
    file.write_text("raise SystemExit('the edit')")
    run(argvs(commands)[:2])
    for _ in range(200):
        if "the edit" in log.read_text():
            break
        time.sleep(0.05)
    file.write_text(PROGRAM)
    edit = Edit(str(file), "")
    assert repeated_reloads((edit, *commands)) == list(commands)
    assert irreversible_steps((edit, *commands)) == ()
    assert is_stop(commands[0])
    assert subprocess.run(commands[0].argv, capture_output=True).returncode != 0
    run(argvs(commands)[1:])
    first, _, last = (line.partition(" ")[2] for line in log.read_text().splitlines())
    assert last == first


@pytest.mark.skipif(not NEEDED, reason="needs root, ss, setsid, setpriv and pgrep")
def test_another_program_is_left_alone(program: tuple[int, Path]) -> None:
    port, log = program
    starter = starter_at(port)
    others = (
        replace(starter, words=starter.words[:-1]),
        replace(starter, words=(*starter.words[:-2], ".", "2")),
        replace(starter, user="daemon"),
    )
    for other in others:
        for command in restart_program(other)[:2]:
            done = subprocess.run(command.argv, capture_output=True, text=True, timeout=60)
            assert done.returncode != 0
        (command, _) = restart_by(replace(other, kind="parent"))
        assert subprocess.run(command.argv, capture_output=True, timeout=60).returncode != 0
    assert log.read_text().count(str(log.parent)) == 1


@pytest.mark.skipif(not NEEDED, reason="needs root, ss, setsid, setpriv and pgrep")
def test_of_two_alike_none_is_ended() -> None:
    words = ("sleep", "7654.321")
    both = [subprocess.Popen(words), subprocess.Popen(words)]
    starter = Starter("command", "9", user="root", words=words, group="0", folder="/")
    tried = (restart_program(starter)[0], restart_by(replace(starter, kind="parent"))[0])
    done = [subprocess.run(command.argv, capture_output=True) for command in tried]
    states = [each.poll() for each in both]
    for each in both:
        each.kill()
        each.wait()
    assert all(each.returncode != 0 for each in done)
    assert states == [None, None]


def test_an_option_that_the_program_does_not_have_is_for_a_person() -> None:
    starter = Starter("command", "9", user="root", words=("app", "-x"), group="0", folder="/")
    assert restart_by(starter, "--y=1") == ()


def test_a_parent_that_starts_it_again_only_sees_it_end() -> None:
    starter = Starter("parent", "/run/a.sock", user="app", words=("./a",))
    commands = restart_by(starter)
    assert [command.effect for command in commands] == [Effect.RESTART, Effect.TEST]
    assert restart_by(starter, "A=b") == ()
    assert "ss -Hlx src /run/a.sock |" in commands[1].argv[-1]


BY_HAND = Starter(
    "command", "3000", "7-9", user="app", words=("./a", "b c"), group="33", folder="/srv"
)


def test_a_person_can_read_the_commands() -> None:
    starter = replace(BY_HAND, words=("python3", "app.py"), output="/srv/out")
    assert [shlex.join(command.argv) for command in restart_by(starter, "A=b c", "")] == [
        """sh -c '
pid=$(pgrep -u app -xf "python3 app\\.py") &&
install -m 600 "/proc/$pid/environ" /run/diagnose-3000.env &&
kill $pid && timeout 15 tail --pid=$pid -f /dev/null
'""",
        """env -i bash -c '
exec </run/diagnose-3000.env || exit
while IFS= read -rd "" v; do export "$v"; done
cd /srv && setsid -f setpriv --reuid=app --regid=33 --init-groups env "A=b c" python3 app.py """
        """</dev/null >>/srv/out 2>&1
'""",
        """timeout 60 sh -c 'until ss -Hltn "sport = :3000" | grep -q .; do sleep 1; done'""",
        "rm /run/diagnose-3000.env",
    ]


@pytest.mark.parametrize("word", ["a", "a b", "a\\.b", "$(id)", '"', "'", "`", "a\\", "\\\\", "!"])
def test_a_word_stays_a_word_in_a_script(word: str) -> None:
    starter = replace(BY_HAND, words=("printf", "%s", word), user="root")
    script = restart_program(starter)[1].argv[-1]
    words = script.partition("setsid -f ")[2].partition(" </dev/null")[0]
    done = subprocess.run(["bash", "-c", words], capture_output=True, text=True)
    assert done.stdout == word


@pytest.mark.parametrize("shell", ["dash", "bash --posix", "busybox sh"])
@pytest.mark.parametrize("starter", [BY_HAND, Starter("signal", "3000", "7-9", "HUP")])
def test_every_shell_understands_the_commands(shell: str, starter: Starter) -> None:
    words = shell.split()
    if shutil.which(words[0]) is None:
        pytest.skip(f"no {words[0]} here")
    for command in restart_by(starter):
        assert contradiction(command) == ""
        if "sh" not in command.argv[:4]:
            continue
        script = command.argv[command.argv.index("-c") + 1]
        result = subprocess.run([*words, "-n", "-c", script], capture_output=True)
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
    assert restart_by(starter, "A=b") == ()
    assert contradiction(command) == ""


def test_the_script_that_looks_has_what_it_calls() -> None:
    folder = Path(own_settings.__file__).with_name("x.py")
    assert read_script(str(folder), "program_starter.sh") in own_settings.SCRIPT
