"""make bench: how long an answer takes, side by side with what people type today, in one run.

    python -m tests.bench [PROGRAM]          PROGRAM is the installed `diagnose` to measure

Everything is timed inside the laboratory's client, each command as a fresh process, the fastest
of several runs. Nothing here fails: it measures.
"""

import asyncio
import contextlib
import fcntl
import json
import os
import resource
import shlex
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.lab.lab import Lab

SHOP = "shop.example.com"
CURL_HTTPS = f"curl -s https://{SHOP}/"
CURL_HTTP = f"curl -s http://{SHOP}/"
OPENSSL = f"openssl s_client -connect {SHOP}:443 -servername {SHOP}"


def stopwatch(times: int, argv: Sequence[str]) -> None:
    """Run a command several times; print the fastest, the median (ms) and its memory (MiB)."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        subprocess.run(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            check=False,
        )  # fmt: skip
        taken.append(time.perf_counter() - begun)
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    taken.sort()
    print(json.dumps([taken[0] * 1000, taken[len(taken) // 2] * 1000, memory]))


def on_terminal(argv: Sequence[str]) -> tuple[int, int]:
    """Start a command on a terminal of 80x24; its pid and the terminal's other end."""
    import pty

    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(TERM="xterm-256color", LANG="C.UTF-8", COLUMNS="80", LINES="24",
                          XDG_STATE_HOME="/dev/null")  # fmt: skip
        os.execvp(argv[0], list(argv))
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
    return child, terminal


def end(child: int, terminal: int) -> None:
    with contextlib.suppress(OSError):  # EIO: it has ended
        while os.read(terminal, 65536):
            pass
    os.waitpid(child, 0)
    os.close(terminal)


def screenwatch(times: int, argv: Sequence[str]) -> None:
    """Start a command on a terminal several times; print when its screen was first painted and
    when the verdict stood there, the fastest of each (ms)."""
    painted: list[float] = []
    judged: list[float] = []
    for _ in range(times):
        begun = time.perf_counter()
        child, terminal = on_terminal(argv)
        seen = b""
        while b"healthy" not in seen:
            seen += os.read(terminal, 65536)
            if b"Re-run" in seen and len(painted) == len(judged):
                painted.append((time.perf_counter() - begun) * 1000)
        judged.append((time.perf_counter() - begun) * 1000)
        os.write(terminal, b"Q")
        end(child, terminal)
    print(json.dumps([min(painted), min(judged)]))


def bare() -> None:
    """An application of Textual with nothing but a footer, as `firstpaint` waits for it."""
    from textual.app import App, ComposeResult
    from textual.widgets import Footer

    class Bare(App[None]):
        BINDINGS = [("r", "again", "Re-run"), ("Q", "quit", "Quit")]  # noqa: RUF012

        def compose(self) -> ComposeResult:
            yield Footer()

    Bare().run()


def cpu_ms(pid: int) -> float:
    """Return the CPU time of a process that still runs, without its children (proc(5))."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e6


def firstpaint(times: int, *commands: Sequence[str]) -> None:
    """Start each command on a terminal in turn; print when its keys stood there, and the CPU time
    of the process that draws until then, the least of each (ms)."""
    painted: list[list[float]] = [[] for _ in commands]
    used: list[list[float]] = [[] for _ in commands]
    for _ in range(times):
        for taken, cpu, argv in zip(painted, used, commands, strict=True):
            begun, seen = time.perf_counter(), b""
            child, terminal = on_terminal(argv)
            while b"Re-run" not in seen:
                seen += os.read(terminal, 65536)
            taken.append((time.perf_counter() - begun) * 1000)
            cpu.append(cpu_ms(child))
            os.write(terminal, b"Q")
            end(child, terminal)
    print(json.dumps([*map(min, painted), *map(min, used)]))


def busy(many: int, seconds: float) -> None:
    """The screen, told of so many observations within that time."""
    from diagnose.model.events import Observed
    from diagnose.model.tcp import Connection
    from diagnose.model.view import View
    from diagnose.parsers.target import parse_target
    from diagnose.processes import worker
    from diagnose.tui.main import run_screen
    from diagnose.tui.messages import RunRequested, Services
    from diagnose.tui.session import Session

    async def run(channel: worker.Channel, asked: RunRequested) -> None:
        for number in range(many):
            await asyncio.sleep(seconds / many)
            channel.tell(
                Observed(Connection(address="203.0.113.10", port=number, family=4), number)
            )
        await asyncio.sleep(3600)

    place = worker.start_executor({"run": run}, frozenset(), lambda: None)
    behind = Services(place, parse_target, str)
    run_screen(
        [Session(parse_target("shop.example.com"), behind).start()], behind, View(color=True), True
    )


def typingwatch(many: int) -> None:
    """Type into the filter of the screen while so many observations arrive within two seconds;
    print how long each key took to stand there, the median and the slowest (ms)."""
    child, terminal = on_terminal([sys.executable, __file__, "busy", str(many)])
    seen, waits = b"", []
    while b"Re-run" not in seen:
        seen += os.read(terminal, 65536)
    os.write(terminal, b"/")
    for key in "~^`|{}_;<>" * 3:
        time.sleep(0.05)  # as fast as people type
        begun = time.perf_counter()
        os.write(terminal, key.encode())
        while key.encode() not in os.read(terminal, 65536):
            pass
        waits.append((time.perf_counter() - begun) * 1000)
    os.write(terminal, b"\x11")
    end(child, terminal)
    waits.sort()
    print(json.dumps([waits[len(waits) // 2], waits[-1]]))


class Bench:
    def __init__(self, lab: "Lab", program: str) -> None:
        self.lab, self.program = lab, program

    def time(self, command: str, times: int = 15, on: str = "client") -> tuple[float, float, float]:
        host = getattr(self.lab, on)
        run = host.run(
            [sys.executable, "-I", __file__, "stopwatch", str(times), *shlex.split(command)],
            timeout=300, check=True,
        )  # fmt: skip
        fastest, median, memory = json.loads(run.stdout)
        print(f"  {command[:62]:62} {fastest:8.1f} {median:8.1f} {memory:7.1f}")
        return fastest, median, memory

    def peers(self, times: int) -> float:
        """curl, curl and openssl, each alone and one after the other; the latter, ms."""
        for one in (CURL_HTTPS, CURL_HTTP, OPENSSL):
            self.time(one, times)
        together = f"{CURL_HTTPS}; {CURL_HTTP}; {OPENSSL}"
        return self.time(shlex.join(["sh", "-c", together]), times)[0]

    def heading(self, text: str) -> None:
        print(f"\n{text}\n  {'':62} {'min ms':>8} {'median':>8} {'MiB':>7}")

    def healthy(self) -> None:
        self.heading("A healthy site, next door, seen from outside")
        ours, _, _ = self.time(f"{self.program} --json --outside https://{SHOP}/")
        peers = self.peers(15)
        print(f"  diagnose takes {ours / peers:.1f} times curl + curl + openssl ({peers:.0f} ms)")

    def start(self) -> None:
        self.heading("A cold start")
        bare, _, _ = self.time(f"{python_of(self.program)} -c pass", 30)
        ours, _, _ = self.time(f"{self.program} --version", 30)
        print(f"  diagnose --version takes {ours - bare:.1f} ms more than bare Python")

    def server(self) -> None:
        self.heading("On the server, the inside view with it")
        outside, _, _ = self.time(f"{self.program} --json --outside https://{SHOP}/", 5, "server")
        both, _, _ = self.time(f"{self.program} --json https://{SHOP}/", 5, "server")
        print(f"  the inside view adds {both - outside:.0f} ms")

    def screen(self) -> None:
        self.heading("The screen, on the server")
        ours, _, _ = self.time(f"{self.program} --json https://{SHOP}/", 5, "server")
        command = [self.program, f"https://{SHOP}/"]
        watch = [sys.executable, "-I", __file__, "screenwatch", "5", *command]
        run = self.lab.server.run(watch, timeout=120, check=True)
        painted, judged = json.loads(run.stdout)
        print(f"  first paint after {painted:.0f} ms, the verdict after {judged:.0f} ms: ", end="")
        print(f"{judged - ours:.0f} ms more than --json")
        python = python_of(self.program)
        watch = [sys.executable, "-I", __file__, "firstpaint", "9", python, *command]
        run = self.lab.server.run(watch, timeout=120, check=True)
        bare_paint, own_paint, bare_cpu, own_cpu = json.loads(run.stdout)
        print(f"  in turn with a bare application of Textual ({bare_paint:.0f} ms): ", end="")
        print(f"first paint after {own_paint:.0f} ms, {own_paint / bare_paint:.2f} times as long;")
        print(f"  CPU of the process that draws {own_cpu:.0f} ms, {own_cpu / bare_cpu:.2f} times")
        for many in (1, 500):
            watch = [sys.executable, "-I", __file__, "typingwatch", str(many)]
            run = self.lab.server.run(watch, timeout=120, check=True)
            median, slowest = json.loads(run.stdout)
            print(f"  a key typed while {many:3} observations arrive in two seconds stands there "
                  f"after {median:.0f} ms (slowest of 30: {slowest:.0f} ms)")  # fmt: skip

    def slow(self, lab: "Lab", trip_ms: float) -> None:
        self.heading(f"{trip_ms:.0f} ms of round-trip time, name server included")
        command = f"{self.program} --json --outside https://{SHOP}/"
        one, _, _ = self.time(command, 5)
        self.peers(3)
        print(f"  4 round trips and {one - 4 * trip_ms:.0f} ms")
        lab.dns(["203.0.113.10", "203.0.113.77"], [])
        dead = first_answer(lab, command)
        print(
            f"  a second, dead address: the HTTPS answer of the first is there after {dead:.0f} ms"
        )

    def distant(self, lab: "Lab", trip_ms: float) -> None:
        """How many round trips the look into the server takes once the connection stands: from
        one round trip before its first answer to its last, by the clock, work there included."""
        server = f"--server ssh://root@203.0.113.10 https://{SHOP}/"
        self.heading("The same with the server looked into over SSH")
        self.time(f"{self.program} --json {server}", 5)
        spans = sorted(span(lab, f"{self.program} --json {server}") for _ in range(5))
        trips = spans[0] / trip_ms + 1
        print(f"  {trips:.1f} round trips' time after the connection stands (fastest of 5)")


def span(lab: "Lab", command: str) -> float:
    """From the first answer, which says who the server is, to the last of the server's, ms."""
    run = lab.client.run(command.split(), timeout=60)
    seen = [load for load in json.loads(run.stdout)["observations"] if load["vantage"] == "server"]
    ends = [observation["at_s"] + observation["duration_s"] for observation in seen]
    first = [end for one, end in zip(seen, ends, strict=True) if one["kind"] == "Host"]
    return float(max(ends) - min(first)) * 1000


def first_answer(lab: "Lab", command: str) -> float:
    """When the HTTPS answer of the living address was there, ms after the start of the run."""
    run = lab.client.run(command.split(), timeout=60)
    seen = json.loads(run.stdout)["observations"]
    ends = [
        observation["at_s"]
        for observation in seen
        if observation["kind"] == "Exchange" and observation["purpose"] == "target"
    ]
    return float(min(ends)) * 1000


def python_of(program: str) -> str:
    """The interpreter of an installed program, from its first line."""
    return Path(program).read_text().splitlines()[0].removeprefix("#!").strip()


def main() -> int:
    from tests.bench import cloud
    from tests.lab.lab import Lab, missing

    if lacking := missing():
        print(f"make bench needs the laboratory, and the laboratory needs {', '.join(lacking)}.")
        return 0
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    program = str(Path(sys.argv[1]).absolute())
    with Lab() as lab:
        bench = Bench(lab, program)
        bench.start()
        bench.healthy()
        bench.server()
        cloud.measure(lab, 20)
        bench.screen()
        lab.delay(0.05)
        bench.distant(lab, 100)
        bench.slow(lab, 100)
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["stopwatch"]:
        stopwatch(int(sys.argv[2]), sys.argv[3:])
    elif sys.argv[1:2] == ["screenwatch"]:
        screenwatch(int(sys.argv[2]), sys.argv[3:])
    elif sys.argv[1:2] == ["firstpaint"]:
        times, python, *argv = sys.argv[2:]
        firstpaint(int(times), [python, "-I", __file__, "bare"], argv)
    elif sys.argv[1:2] == ["bare"]:
        bare()
    elif sys.argv[1:2] == ["typingwatch"]:
        typingwatch(int(sys.argv[2]))
    elif sys.argv[1:2] == ["busy"]:
        busy(int(sys.argv[2]), 2.0)
    else:
        from tests.support.closed_pipe import ends_with_its_reader

        with ends_with_its_reader():
            sys.exit(main())
