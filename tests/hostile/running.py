"""One look at one hostile server, and what has to hold of it."""

import contextlib
import json
import os
import secrets
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import trustme

from .scripts import Server

ROOT = Path(__file__).parent.parent.parent
SCHEMA = json.loads((ROOT / "diagnose/schema/report-1.json").read_text("utf-8"))

#: The most that the process may have had in memory (KiB).
MOST = 64 * 1024

#: Seconds that a look may take by its own deadline, and before something is taken to hang.
DEADLINE, HANGS = 10, 180

#: How curl ends where it only got tired: what came until then was in order.
TIRED = {28}

#: The program, which says at its end what its memory was (proc(5), VmHWM).
PROGRAM = """
import sys; sys.path.insert(0, {root!r})
from diagnose.cli import main
status = main.main(sys.argv[1:], may_fork=True)
(peak,) = (line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
sys.stderr.write(f"\\npeak {{peak}}\\n")
main.exit_now(status)
"""


@dataclass
class Outcome:
    name: str
    status: str
    exit: int
    #: KiB.
    memory: int
    causes: tuple[str, ...]
    problems: tuple[str, ...]


class Authority:
    """Issues the certificate that is in order, and writes its root where programs can read it."""

    def __init__(self, folder: Path) -> None:
        root = trustme.CA()
        self.file = folder / "root.pem"
        root.cert_pem.write_to_path(str(self.file))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        root.issue_cert("127.0.0.1").configure_cert(self.context)


@contextmanager
def serving(server: Server, context: ssl.SSLContext) -> Iterator[int]:
    """The port of loopback on which it is served."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        threading.Thread(target=_accept, args=(listener, server, context), daemon=True).start()
        yield listener.getsockname()[1]
        # A closed listener does not wake the thread that waits for it.
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, server: Server, context: ssl.SSLContext) -> None:
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listener.accept()
            work = threading.Thread(target=_talk, args=(connection, server, context), daemon=True)
            work.start()


def _talk(connection: socket.socket, server: Server, context: ssl.SSLContext) -> None:
    # Also of one that never closes a thread ends.
    connection.settimeout(HANGS)
    with contextlib.suppress(OSError, ValueError), connection:
        if server.tls:
            with context.wrap_socket(connection, server_side=True) as secure:
                server.serve(secure)
        else:
            server.serve(connection)


@contextmanager
def naming(server: Server) -> Iterator[str]:
    """An address of loopback on whose port 53 the name server answers. Needs root."""
    address = f"127.{secrets.randbelow(200) + 20}.{secrets.randbelow(256)}.53"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind((address, 53))
        threading.Thread(target=_name, args=(listener, server), daemon=True).start()
        yield address
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


def _name(listener: socket.socket, server: Server) -> None:
    assert server.answers is not None
    with contextlib.suppress(OSError):
        while True:
            query, client = listener.recvfrom(4096)
            if not client:
                return
            for answer in server.answers(query):
                listener.sendto(answer[:65000], client)


def look(server: Server, authority: Authority) -> Outcome:
    """Look at it with the program itself, as anybody would."""
    with contextlib.ExitStack() as stack:
        words = ["--json", "--outside", "--timeout", str(DEADLINE), "--cafile", str(authority.file)]
        if server.kind == "dns":
            url = "https://hostile.invalid:9/"
            words += ["--resolver", stack.enter_context(naming(server))]
        else:
            port = stack.enter_context(serving(server, authority.context))
            url = f"https://127.0.0.1:{port}/"
            words += ["--ws", "/ws"] if server.kind == "websocket" else []
        return _judged(server, url, _run([*words, url]), authority)


def _run(words: list[str]) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(root=str(ROOT)), *words],
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": "/nonexistent"},
        stdin=subprocess.DEVNULL, capture_output=True, timeout=HANGS, check=False,
    )  # fmt: skip


def _judged(
    server: Server, url: str, done: subprocess.CompletedProcess[bytes], authority: Authority
) -> Outcome:
    problems: list[str] = []
    complaints, _, peak = done.stderr.decode("utf-8", "replace").rpartition("\npeak ")
    memory = int(peak) if peak.strip().isdigit() else 0
    if not 0 < memory <= MOST:
        problems.append(f"{memory} KiB of memory")
    if complaints.strip():
        problems.append(f"it complains: {complaints.strip()[:300]}")
    try:
        report: dict[str, Any] = json.loads(done.stdout)
        jsonschema.validate(report, SCHEMA)
    except (ValueError, jsonschema.ValidationError) as error:
        problems.append(f"no valid document: {str(error)[:300]}")
        return Outcome(server.name, "", done.returncode, memory, (), tuple(problems))
    verdict = report["verdict"]
    if report["errors"]:
        problems.append(f"a fault of its own: {report['errors']}")
    if done.returncode != verdict["exit_code"]:
        problems.append(f"it ends with {done.returncode}, the document says {verdict['exit_code']}")
    if verdict["status"] == "ok" and (refusal := _refused(url, authority)):
        problems.append(f"ok, and curl says: {refusal}")
    roots = {one["id"]: one["check"] for one in report["findings"]}
    causes = tuple(roots[one] for one in verdict["root_causes"])
    return Outcome(server.name, verdict["status"], done.returncode, memory, causes, tuple(problems))


def _refused(url: str, authority: Authority) -> str:
    """Why curl gets no answer; "" where it gets one."""
    if not shutil.which("curl"):
        return ""
    words = ["curl", "-sS", "-o", "/dev/null", "--max-time", "5"]
    try:
        # A flood starves the deadline of curl too.
        done = subprocess.run(
            [*words, "--cacert", str(authority.file), url],
            capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return "nothing, it hangs"
    return "" if done.returncode in {0, *TIRED} else done.stderr.strip()
