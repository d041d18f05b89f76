"""`diagnose web` as it is met on a terminal: what it says, how it ends, and what is left."""

import json
import re
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from diagnose.cli import main
from diagnose.processes.installation import extra_command
from tests.support.command_line import diagnose_without
from tests.support.processes import Running, serving

#: How long anything may take on a busy machine, in seconds.
PATIENCE = 60


@contextmanager
def page(running: Running) -> Iterator[ClientConnection]:
    """What a page does: it opens the WebSocket, and the screen comes."""
    address = urlsplit(running.url)
    url = f"ws://{address.netloc}{address.path}ws?width=100&height=30"
    with connect(url, origin=Origin(f"http://{address.netloc}"), proxy=None) as connection:
        yield connection


def hears(connection: ClientConnection, word: str) -> None:
    """Read until the word was written to the terminal, between whatever colours it."""
    heard = ""
    while word not in re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", heard):
        message = connection.recv(timeout=PATIENCE)
        heard += message.decode() if isinstance(message, bytes) else ""


def gone(processes: list[psutil.Process]) -> bool:
    """Whether all have ended: also those that nobody has asked for their status yet."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if not any(map(_goes_on, processes)):
            return True
        time.sleep(0.01)
    return False


def _goes_on(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def shut() -> Iterator[str]:
    """A target on which nothing listens, and on which nobody else can."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{held.getsockname()[1]}"


def test_it_says_where_it_is_and_how_to_come_there(tmp_path: Path) -> None:
    with serving(tmp_path, "--lang", "en", "shop.example.com") as running:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{43}/", running.url)
        port = urlsplit(running.url).port
        assert f"ssh -L {port}:127.0.0.1:{port} server\n" in running.said
        assert "Ctrl-C" in running.said


def test_it_listens_on_loopback_alone(tmp_path: Path) -> None:
    with serving(tmp_path) as running:
        listening = psutil.Process(running.process.pid).net_connections("inet")
        assert [(one.laddr.ip, one.status) for one in listening] == [("127.0.0.1", "LISTEN")]


def test_it_speaks_chinese(tmp_path: Path) -> None:
    with serving(tmp_path, "--lang", "zh") as running:
        assert running.said.startswith("界面地址：http://127.0.0.1:")


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["INT", "TERM"]
)
def test_a_signal_ends_it_and_all_screens(
    number: int, status: int, shut: str, tmp_path: Path
) -> None:
    with (
        serving(tmp_path, "--outside", shut) as running,
        page(running) as one,
        page(running) as two,
    ):
        hears(one, "tcp.refused")
        hears(two, "tcp.refused")
        screens = psutil.Process(running.process.pid).children(recursive=True)
        assert len([child for child in screens if child.ppid() == running.process.pid]) == 2
        running.process.send_signal(number)
        assert running.process.communicate(timeout=PATIENCE) == ("", "")
        assert running.process.returncode == status
        assert gone(screens)


def test_nothing_is_left_when_it_is_killed(shut: str, tmp_path: Path) -> None:
    with serving(tmp_path, "--outside", shut) as running, page(running) as one:
        hears(one, "tcp.refused")
        screens = psutil.Process(running.process.pid).children(recursive=True)
        assert screens
        running.process.kill()
        assert gone(screens)


def test_a_page_that_goes_takes_its_screen_along(shut: str, tmp_path: Path) -> None:
    with serving(tmp_path, "--outside", shut) as running:
        with page(running) as one:
            hears(one, "tcp.refused")
            screens = psutil.Process(running.process.pid).children(recursive=True)
        assert gone(screens)
        assert running.process.poll() is None


def test_in_another_language_the_page_stays(shut: str, tmp_path: Path) -> None:
    with serving(tmp_path, "--lang", "en", "--outside", shut) as running, page(running) as one:
        hears(one, "tcp.refused")
        one.send(json.dumps(["resize", {"width": 120, "height": 40}]))
        one.send(json.dumps(["stdin", "L"]))
        hears(one, "端口拒绝连接")


def test_when_the_screen_is_left_the_page_is_told(shut: str, tmp_path: Path) -> None:
    with serving(tmp_path, "--outside", shut) as running, page(running) as one:
        hears(one, "tcp.refused")
        one.send(json.dumps(["stdin", "q"]))
        for _ in one:
            pass
        assert one.close_code == 1000
        assert running.process.poll() is None


# What is wrong with the words


def test_a_port_in_use_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main.main(["web", "--port", str(port)]) == 64
    said = capsys.readouterr()
    assert said.err == f"diagnose: Port {port} is in use: --port 0 takes any free one.\n"
    assert said.out == ""


@pytest.mark.parametrize("library", ["aiohttp", "textual_serve"])
def test_without_the_extra_it_says_how_to_get_it(library: str) -> None:
    ended = diagnose_without(library, "web")
    assert ended.returncode == 64
    assert f"needs textual-serve: {extra_command('web')}" in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--port", "65536"], "--port takes a number from 0 to 65535"),
        (["--port", "-1"], "expected one argument"),
        (["--host", "0.0.0.0"], "There is no option --host."),
        (["--json"], "There is no option --json."),
        (["ftp://shop.example.com"], "http, https, ws and wss"),
        (["--server", "ssh://web1", "--outside"], "leave one of them out"),
    ],
)
def test_a_mistake_is_found_before_anything_is_served(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(["web", *words]) == 64
    assert said in capsys.readouterr().err
