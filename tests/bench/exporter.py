"""Many probes in flight at once: how long `diagnose serve` and blackbox_exporter take to answer.

    python -m tests.bench.exporter [--in-flight N] [--probes N] [--delay SECONDS]

Both probe 200 sites of one nginx by HTTPS, in a network namespace of its own (root, nginx,
iproute2, prometheus-blackbox-exporter). The sites answer after DELAY: 0 measures how fast
each works off what waits, more how late it is beside its sites. Every target was probed and
diagnosed before, as in an exporter that has run for some minutes. Rounds of both take turns.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import trustme

from tests.bench.pulse import cpu_seconds

OURS, THEIRS, BACKEND = 9198, 9199, 8098
ROUNDS, TARGETS = 3, 200
ADDRESSES = [f"127.10.{number // 100}.{number % 100 + 1}" for number in range(TARGETS)]

_BLACKBOX = """modules:
  http_2xx:
    prober: http
    timeout: 30s
    http: {{preferred_ip_protocol: ip4, tls_config: {{ca_file: {ca}}}}}
"""


def nginx_config(folder: Path) -> str:
    paths = "".join(
        f"{name}_temp_path {folder}/{name}; "
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return f"""worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{ access_log off; {paths}
 server {{ listen 80; return 301 https://$host$request_uri; }}
 server {{ listen 443 ssl;
  ssl_certificate {folder}/site.pem; ssl_certificate_key {folder}/site.pem;
  location / {{ proxy_pass http://127.0.0.1:{BACKEND}; }}
 }} }}"""


async def serve_backend(delay: float) -> None:
    page = b"<!doctype html><title>ok</title>ok"
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(page)}\r\n\r\n"

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(delay)
        writer.write(head.encode() + page)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", BACKEND, backlog=1000)
    await server.serve_forever()


@contextmanager
def processes(folder: Path, delay: float) -> Iterator[tuple[int, int]]:
    """Start the sites and both exporters; yield the exporters' pids, ours first."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    leaf = authority.issue_cert(*ADDRESSES)
    leaf.private_key_and_cert_chain_pem.write_to_path(folder / "site.pem")
    (folder / "nginx.conf").write_text(nginx_config(folder))
    (folder / "blackbox.yml").write_text(_BLACKBOX.format(ca=folder / "ca.pem"))
    option = f"--config.file={folder}/blackbox.yml"
    commands = (
        [sys.executable, "-P", "-m", "diagnose", "serve", option,
         f"--web.listen-address=127.0.0.1:{OURS}", "--max-probes=1000",
         "--diagnosis-interval=3600"],
        ["prometheus-blackbox-exporter", option, f"--web.listen-address=127.0.0.1:{THEIRS}",
         "--log.level=error"],
        ["nginx", "-c", str(folder / "nginx.conf"), "-g", "daemon off;"],
        [sys.executable, "-m", "tests.bench.exporter", "--backend", f"--delay={delay}"],
    )  # fmt: skip
    started = [subprocess.Popen(command) for command in commands]
    time.sleep(5.0)
    try:
        yield started[0].pid, started[1].pid
    finally:
        for process in started:
            process.terminate()
            process.wait()


async def probe(port: int, address: str) -> float:
    """Return the seconds that an answer took."""
    query = urllib.parse.urlencode({"module": "http_2xx", "target": f"https://{address}/"})
    begun = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET /probe?{query} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    text = await reader.read(-1)
    taken = time.perf_counter() - begun
    writer.close()
    assert b"\nprobe_success 1" in text, text.decode()
    return taken


async def probes(port: int, many: int, in_flight: int) -> list[float]:
    """Probe all targets in turn, so many at once. Return the seconds of each."""
    waiting = iter(range(many))

    async def work() -> list[float]:
        return [await probe(port, ADDRESSES[number % TARGETS]) for number in waiting]

    taken = await asyncio.gather(*(work() for _ in range(in_flight)))
    return sorted(seconds for each in taken for seconds in each)


def percentile(values: Sequence[float], percent: int) -> float:
    return values[min(len(values) * percent // 100, len(values) - 1)]


async def compare(pids: tuple[int, int], options: argparse.Namespace) -> None:
    ports = {OURS: pids[0], THEIRS: pids[1]}
    for port in ports:
        for _ in range(3):  # the second one is the first that a pulse accompanies
            await probes(port, TARGETS, options.in_flight)
    last: dict[int, list[float]] = {port: [] for port in ports}
    for _ in range(ROUNDS):
        for port, pid in ports.items():
            before, begun = cpu_seconds(pid), time.perf_counter()
            taken = await probes(port, options.probes, options.in_flight)
            seconds = time.perf_counter() - begun
            cost = (cpu_seconds(pid) - before) / options.probes * 1000
            last[port].append(percentile(taken, 99))
            print(f"  {'ours' if port == OURS else 'theirs':7}"
                  f" median {percentile(taken, 50):.3f} s, 99th percentile"
                  f" {percentile(taken, 99):.3f} s, {options.probes / seconds:.0f} probes a second,"
                  f" {cost:.2f} ms CPU a probe, load {os.getloadavg()[0]:.0f}")  # fmt: skip
    ours, theirs = (min(last[port]) for port in ports)
    print(f"  lowest 99th percentiles: {ours:.3f} and {theirs:.3f} s: {ours / theirs:.2f} times")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--in-flight", type=int, default=200)
    parser.add_argument("--probes", type=int, default=1000)
    parser.add_argument("--delay", type=float, default=1.0)
    parser.add_argument("--backend", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.backend:
        asyncio.run(serve_backend(options.delay))
    if os.environ.get("EXPORTER_NAMESPACE") != "1":
        os.environ["EXPORTER_NAMESPACE"] = "1"
        os.execvp("unshare", ["unshare", "-n", sys.executable, "-m", "tests.bench.exporter",
                              *sys.argv[1:]])  # fmt: skip
    with tempfile.TemporaryDirectory() as name, processes(Path(name), options.delay) as pids:
        asyncio.run(compare(pids, options))


if __name__ == "__main__":
    main()
