"""What a pulse costs beside blackbox_exporter's three probes of a site: CPU of all processes.

    python -m tests.bench.pulse [--rounds N]

Both ask one site on loopback, in a network namespace of its own (root, nginx, iproute2,
prometheus-blackbox-exporter): HTTPS, the redirect of port 80, and a WebSocket's opening. Ours is
measured as `diagnose watch` does it, blackbox_exporter with its own answers to /probe. The servers
are not counted.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import trustme
from websockets.asyncio.server import serve

from diagnose import engine
from diagnose.model import Report, Target
from diagnose.net.local import LocalNet
from diagnose.parsers.target import parse_target
from diagnose.probes import Options
from diagnose.processes.collection import collect_garbage
from diagnose.pulse.watching import WatchedTarget

ADDRESS, EXPORTER = "127.10.0.1", "127.0.0.1:9199"
REPEATS = 5

_BLACKBOX = """modules:
  https:
    prober: http
    http: {{preferred_ip_protocol: ip4, tls_config: {{ca_file: {ca}}}}}
  plain:
    prober: http
    http: {{preferred_ip_protocol: ip4, follow_redirects: false, valid_status_codes: [301]}}
  upgrade:
    prober: tcp
    tcp:
      tls: true
      tls_config: {{ca_file: {ca}}}
      query_response:
        - send: "GET /ws HTTP/1.1\\r"
        - send: "Host: 127.10.0.1\\r"
        - send: "Upgrade: websocket\\r"
        - send: "Connection: Upgrade\\r"
        - send: "Sec-WebSocket-Version: 13\\r"
        - send: "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r"
        - send: "\\r"
        - expect: "^HTTP/1.1 101"
"""
PROBES = (("https", f"https://{ADDRESS}/"), ("plain", f"http://{ADDRESS}/"),
          ("upgrade", f"{ADDRESS}:443"))  # fmt: skip


def nginx_config(folder: Path) -> str:
    paths = "".join(
        f"{name}_temp_path {folder}/{name}; "
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return f"""worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{ access_log off; {paths}
 server {{ listen {ADDRESS}:80; return 301 https://$host$request_uri; }}
 server {{ listen {ADDRESS}:443 ssl;
  ssl_certificate {folder}/site.pem; ssl_certificate_key {folder}/site.pem;
  location / {{ default_type text/html; return 200 "<!doctype html><title>ok</title>ok"; }}
  location /ws {{ proxy_pass http://127.0.0.1:8099; proxy_http_version 1.1;
   proxy_set_header Host $host;
   proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; }}
 }} }}"""


async def serve_websocket() -> None:
    async def wait(connection: object) -> None:
        await connection.wait_closed()  # type: ignore[attr-defined]

    async with serve(wait, "127.0.0.1", 8099) as server:
        await server.serve_forever()


@contextmanager
def processes(folder: Path) -> Iterator[int]:
    """Start the site and blackbox_exporter; yield the exporter's pid."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    leaf = authority.issue_cert(ADDRESS)
    leaf.private_key_and_cert_chain_pem.write_to_path(folder / "site.pem")
    (folder / "nginx.conf").write_text(nginx_config(folder))
    (folder / "blackbox.yml").write_text(_BLACKBOX.format(ca=folder / "ca.pem"))
    commands = (
        ["prometheus-blackbox-exporter", f"--config.file={folder}/blackbox.yml",
         f"--web.listen-address={EXPORTER}", "--log.level=error"],
        ["nginx", "-c", str(folder / "nginx.conf"), "-g", "daemon off;"],
        [sys.executable, "-m", "tests.bench.pulse", "--websocket"],
    )  # fmt: skip
    started = [subprocess.Popen(command) for command in commands]
    time.sleep(2.0)
    try:
        yield started[0].pid
    finally:
        for process in started:
            process.terminate()
            process.wait()


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def probe(module: str, target: str) -> None:
    query = urllib.parse.urlencode({"module": module, "target": target})
    with urllib.request.urlopen(f"http://{EXPORTER}/probe?{query}") as answer:
        text = answer.read().decode()
    assert "\nprobe_success 1" in text, text


def blackbox_ms(pid: int, rounds: int) -> float:
    before = cpu_seconds(pid)
    for _ in range(rounds):
        for module, target in PROBES:
            probe(module, target)
    return (cpu_seconds(pid) - before) / rounds * 1000


async def pulses(watched: WatchedTarget, rounds: int) -> float:
    before = time.process_time()
    for _ in range(rounds):
        pulse, _ = await watched.step()
        assert pulse is not None
        assert not pulse.difference, pulse.difference
        assert len(pulse.answers) == len(PROBES)
    return (time.process_time() - before) / rounds * 1000


async def compare(folder: Path, pid: int, rounds: int) -> None:
    options = Options(inside=False, cafile=str(folder / "ca.pem"))

    async def diagnose(target: Target) -> Report:
        return await engine.run(target, options, LocalNet())

    target = parse_target(f"https://{ADDRESS}/", ("/ws",))
    watched = WatchedTarget(target, options, LocalNet(), diagnose, 86400.0)
    await watched.step()
    collect_garbage()
    await pulses(watched, 20)
    blackbox_ms(pid, 20)
    costs = [(await pulses(watched, rounds), blackbox_ms(pid, rounds)) for _ in range(REPEATS)]
    for ours, theirs in costs:
        print(f"  a pulse {ours:.2f} ms, three probes of blackbox_exporter {theirs:.2f} ms CPU")
    ours, theirs = (min(each) for each in zip(*costs, strict=True))
    print(f"  lowest: {ours:.2f} and {theirs:.2f} ms: {ours / theirs:.2f} times")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--websocket", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.websocket:
        asyncio.run(serve_websocket())
    if os.environ.get("PULSE_NAMESPACE") != "1":
        os.environ["PULSE_NAMESPACE"] = "1"
        os.execvp("unshare", ["unshare", "-n", sys.executable, "-m", "tests.bench.pulse",
                              *sys.argv[1:]])  # fmt: skip
    with tempfile.TemporaryDirectory() as name, processes(folder := Path(name)) as pid:
        asyncio.run(compare(folder, pid, options.rounds))


if __name__ == "__main__":
    main()
