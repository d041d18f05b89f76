"""A fleet on loopback: how much CPU a target takes, whether memory stays flat, and whether a run
that is killed again and again loses or repeats a target.

    python -m tests.bench.fleet [--targets N] [--kills K] [PROGRAM]
    python -m tests.bench.fleet --several --targets 1600 [PROGRAM]     diagnose a b c …

Needs root, nginx, nftables and iproute2: everything happens in a network namespace of its own.
Nine tenths of the targets are healthy, and one tenth fail for 20 causes: addresses that refuse,
drop, do not answer TLS, have a certificate that expired, or answer 500.
"""

import argparse
import asyncio
import contextlib
import datetime
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import trustme

HEALTHY = [f"127.10.0.{number}" for number in range(1, 41)]
REFUSING = [f"127.20.0.{number}" for number in range(1, 5)]
DROPPING = [f"127.60.0.{number}" for number in range(1, 5)]
SILENT = [f"127.30.0.{number}" for number in range(1, 5)]
EXPIRED = [f"127.40.0.{number}" for number in range(1, 5)]
FAILING = [f"127.50.0.{number}" for number in range(1, 5)]
BROKEN = REFUSING + DROPPING + SILENT + EXPIRED + FAILING
#: The check that has to be named for each address.
CHECKS = {
    **dict.fromkeys(REFUSING, "tcp.refused"),
    **dict.fromkeys(DROPPING, "tcp.timeout"),
    **dict.fromkeys(SILENT, "tls.stalled"),
    **dict.fromkeys(EXPIRED, "certificate.expired"),
    **dict.fromkeys(FAILING, "http.server-error"),
}

_DROP = """add table ip fleet
add chain ip fleet input { type filter hook input priority 0; }
add rule ip fleet input ip daddr 127.60.0.0/24 drop
"""


def target_list(count: int) -> list[str]:
    """Return the targets in an order of their own, one in ten of them broken."""
    addresses = [
        BROKEN[number // 10 % len(BROKEN)] if number % 10 == 0 else HEALTHY[number % len(HEALTHY)]
        for number in range(count)
    ]
    targets = [f"https://{address}/{number}" for number, address in enumerate(addresses)]
    random.Random(1).shuffle(targets)
    return targets


def certificates(folder: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    long_ago = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    for name, addresses, end in (
        *((address, [address], None) for address in HEALTHY + FAILING),
        *((address, [address], long_ago) for address in EXPIRED),
    ):
        begin = datetime.datetime(2019, 1, 1, tzinfo=datetime.UTC) if end else None
        leaf = authority.issue_cert(*addresses, not_before=begin, not_after=end)
        leaf.private_key_and_cert_chain_pem.write_to_path(folder / f"{name}.pem")


def nginx_config(folder: Path) -> str:
    def server(listen: Sequence[str], certificate: str, answer: str) -> str:
        lines = "".join(f"listen {address}:443 ssl; " for address in listen)
        pem = folder / f"{certificate}.pem"
        return f"server {{ {lines} ssl_certificate {pem}; ssl_certificate_key {pem}; {answer} }}\n"

    page = 'location / { default_type text/html; return 200 "<!doctype html><title>ok</title>ok"; }'
    pages = "".join(server([address], address, page) for address in HEALTHY + EXPIRED)
    errors = "".join(server([address], address, "return 500;") for address in FAILING)
    plain = "".join(f"listen {address}:80; " for address in HEALTHY + EXPIRED + FAILING + SILENT)
    return f"""
worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 8192; }}
http {{
 access_log off; server_tokens off;
 client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
 fastcgi_temp_path {folder}/fcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
 server {{ {plain} return 301 https://$host$request_uri; }}
 {pages}{errors}
}}
"""


async def hold_connections() -> None:
    """Accept connections, and say nothing."""

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            await reader.read()
        writer.close()

    servers = [await asyncio.start_server(hold, address, 443) for address in SILENT]
    await asyncio.gather(*(server.serve_forever() for server in servers))


@contextmanager
def servers(folder: Path) -> Iterator[None]:
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["nft", "-f", "-"], input=_DROP, text=True, check=True)
    certificates(folder)
    (folder / "nginx.conf").write_text(nginx_config(folder))
    nginx = subprocess.Popen(["nginx", "-c", str(folder / "nginx.conf"), "-g", "daemon off;"])
    silent = subprocess.Popen([sys.executable, "-m", "tests.bench.fleet", "--hold"])
    time.sleep(1.0)
    try:
        yield
    finally:
        for process in (nginx, silent):
            process.terminate()
            process.wait()


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process so far (proc(5), /proc/pid/stat)."""
    with contextlib.suppress(OSError, IndexError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def on_cpu(pid: int) -> tuple[float, float]:
    """Return for how many seconds the program's first thread ran, and for how many it waited for a
    CPU (proc_pid_schedstat, Documentation/scheduler/sched-stats.rst)."""
    with contextlib.suppress(OSError, IndexError):
        ran, waited = Path(f"/proc/{pid}/schedstat").read_text().split()[:2]
        return int(ran) / 1e9, int(waited) / 1e9
    return 0.0, 0.0


def memory(pid: int) -> float:
    """Return the resident memory of a process in MiB."""
    with contextlib.suppress(OSError, IndexError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 2**20
    return 0.0


def measured_run(command: Sequence[str], output: Path, kill_after: float | None) -> None:
    """Run the program; print its memory and progress now and then."""
    begun, lines = time.monotonic(), 0
    ran = waited = 0.0
    with output.open("ab") as stdout:
        process = subprocess.Popen(command, stdout=stdout, start_new_session=True)
    while process.poll() is None:
        time.sleep(0.2)
        elapsed = time.monotonic() - begun
        ran, waited = max((ran, waited), on_cpu(process.pid))
        if kill_after is not None and elapsed > kill_after:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            print(f"  killed after {elapsed:.1f} s, at {count(output)} lines")
            return
        if int(elapsed) // 10 > lines:
            lines = int(elapsed) // 10
            cpu, size = cpu_seconds(process.pid), memory(process.pid)
            print(f"  {elapsed:5.0f} s {cpu:7.1f} s CPU {count(output):7} lines {size:6.1f} MiB")
    elapsed = time.monotonic() - begun
    print(f"  ended with {process.returncode} after {elapsed:.1f} s: ran {ran / elapsed:.0%} of it,"
          f" waited for a CPU {waited / elapsed:.0%}")  # fmt: skip


@contextmanager
def hogs(count: int) -> Iterator[None]:
    """So many programs beside it that always want a CPU, at the priority of this one."""
    started = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for hog in started:
            hog.kill()
            hog.wait()


def children_cpu() -> float:
    """Return the CPU time of all processes that have ended, in seconds."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def several(program: str, folder: Path, targets: Sequence[str], descriptors: int) -> None:
    """Name all targets on one command line, with few file descriptors; print the verdicts."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
    command = [program, "--outside", "--json", "--cafile", str(folder / "ca.pem"), *targets]
    before = children_cpu()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    print(f"  {(children_cpu() - before) / len(targets) * 1000:.2f} ms CPU a target")
    reports = json.loads(done.stdout)
    verdicts: Counter[str] = Counter()
    for report in reports:
        causes = [finding["check"] for finding in report["findings"] if finding["root_cause"]]
        verdicts[causes[0] if causes else report["verdict"]["status"]] += 1
    crashes = sum(len(report["errors"]) for report in reports)
    print(f"  {len(reports)} reports, {crashes} crashes: {dict(verdicts)}")


def count(output: Path) -> int:
    with output.open("rb") as file:
        return sum(1 for _ in file)


def judge(output: Path, targets: Sequence[str]) -> None:
    """Print what is lost, repeated or wrong."""
    lines = [json.loads(line) for line in output.read_text().splitlines()]
    verdicts = [line for line in lines if line["type"] == "verdict"]
    finished = Counter(line["target"]["url"] for line in verdicts)
    print(f"  targets {len(targets)}, lost {len(set(targets) - set(finished))},"
          f" repeated {sum(many - 1 for many in finished.values())}")  # fmt: skip
    wrong: Counter[str] = Counter()
    for line in verdicts:
        address = line["target"]["url"].split("/")[2]
        expected = CHECKS.get(address, "ok")
        causes = [cause["check"] for cause in line["root_causes"]]
        verdict = causes[0] if causes else line["verdict"]["status"]
        if verdict != expected:
            wrong[f"{verdict} in the place of {expected}"] += 1
    print(f"  wrong verdicts: {dict(wrong) or 0}")
    groups = [line for line in lines if line["type"] == "group"]
    sizes = Counter(f"{line['check']} {line['size']}" for line in groups)
    print(f"  groups {len(groups)}: {dict(sizes)}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("program", nargs="?", default=".venv/bin/diagnose")
    parser.add_argument("--targets", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--rate", default="10000")
    parser.add_argument("--concurrency", default="200")
    parser.add_argument("--hogs", type=int, default=0, help="programs beside it that need a CPU")
    parser.add_argument("--nice", type=int, default=0, help="how much nicer the fleet is")
    parser.add_argument("--several", action="store_true", help="all on one command line")
    parser.add_argument("--descriptors", type=int, default=1024)
    parser.add_argument("--hold", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.hold:
        asyncio.run(hold_connections())
    if os.environ.get("FLEET_NAMESPACE") != "1":
        environment = {**os.environ, "FLEET_NAMESPACE": "1"}
        os.execvpe("unshare", ["unshare", "-n", sys.executable, "-m", "tests.bench.fleet",
                               *sys.argv[1:]], environment)  # fmt: skip
    with (
        tempfile.TemporaryDirectory() as name,
        servers(folder := Path(name)),
        hogs(options.hogs),
    ):
        if options.several:
            healthy = [
                f"https://{HEALTHY[number % 40]}/{number}" for number in range(options.targets)
            ]
            several(options.program, folder, healthy, options.descriptors)
            return
        targets = target_list(options.targets)
        (folder / "list").write_text("\n".join(targets))
        command = ["nice", "-n", str(options.nice),
                   options.program, "fleet", str(folder / "list"), "--summary", "--rate",
                   options.rate, "--concurrency", options.concurrency,
                   "--cafile", str(folder / "ca.pem"), "--journal", str(folder / "journal"),
                   "--resume"]  # fmt: skip
        for _ in range(options.kills):
            measured_run(command, folder / "out", random.uniform(1.0, 8.0))
        before = children_cpu()
        begun = count(folder / "out") if (folder / "out").exists() else 0
        measured_run(command, folder / "out", None)
        cpu = children_cpu() - before
        print(f"  {cpu / max(options.targets - begun, 1) * 1000:.2f} ms CPU a target")
        judge(folder / "out", targets)


if __name__ == "__main__":
    main()
