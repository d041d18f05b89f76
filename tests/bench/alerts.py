"""The community's alert rules against a real Prometheus, which scrapes us and blackbox_exporter.

    python -m tests.bench.alerts RULES.yml [--seconds N]

RULES.yml are the rules for blackbox_exporter of samber/awesome-prometheus-alerts
(dist/rules/blackbox/blackbox-exporter.yml), or any others. BlackboxProbeLowUptime, which that file
lacks (_data/rules.yml), wants the jobs' names: job=~"blackbox-.*". Each target below makes some of
the alerts fire. Prometheus is asked which do so for which target and exporter; the exit status is 1
where ours differ from what is expected. Everything happens in a network namespace of its own (root;
prometheus, promtool, prometheus-blackbox-exporter).
"""

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import trustme
import yaml

#: Where each exporter listens, and Prometheus.
EXPORTERS = {"ours": "127.0.0.1:9115", "theirs": "127.0.0.1:9116"}
PROMETHEUS = "127.0.0.1:9090"

#: Seconds between two scrapes, and that the slow site and the slow address take.
INTERVAL, DELAY = 3, 1.5

#: Days for which the certificates are valid, by the site's port.
CERTIFICATES = {8443: 200.0, 8444: 10.0, 8445: 2.0, 8446: -3.0}
PING_FAST, PING_SLOW = "127.0.0.1", "127.0.0.5"

_FAILED = {"BlackboxProbeFailed", "BlackboxProbeLowUptime"}
_NO_PAGE = {*_FAILED, "BlackboxProbeHttpFailure"}

#: Target, module, and the alerts that ours must fire.
TARGETS: dict[str, tuple[str, str, set[str]]] = {
    "plain": ("http://127.0.0.1:8080/", "http_2xx", set()),
    "moved": ("http://127.0.0.1:8080/moved", "unfollowed", set()),
    "broken": ("http://127.0.0.1:8080/503", "http_2xx", _NO_PAGE),
    "slow": ("http://127.0.0.1:8081/", "http_2xx", {"BlackboxSlowProbe", "BlackboxProbeSlowHttp"}),
    "refused": ("http://127.0.0.1:9/", "http_2xx", _NO_PAGE),
    "secure": ("https://127.0.0.1:8443/", "http_2xx", set()),
    "ends in 10 days": ("https://127.0.0.1:8444/", "http_2xx",
        {"BlackboxSslCertificateWillExpireSoon"}),
    "ends in 2 days": ("https://127.0.0.1:8445/", "http_2xx",
        {"BlackboxSslCertificateWillExpireVerySoon"}),
    "expired": ("https://127.0.0.1:8446/", "http_2xx",
        {*_NO_PAGE, "BlackboxSslCertificateExpired"}),
    "expired, not verified": ("https://127.0.0.1:8446/", "insecure",
        {"BlackboxSslCertificateExpired"}),
    "port": ("127.0.0.1:8080", "tcp", set()),
    "closed port": ("127.0.0.1:9", "tcp", _FAILED),
    "ping": (PING_FAST, "icmp", set()),
    "slow ping": (PING_SLOW, "icmp", {"BlackboxSlowProbe", "BlackboxProbeSlowPing"}),
    "exporter": ("", "", {"BlackboxConfigurationReloadFailure"}),
}  # fmt: skip

#: What blackbox_exporter does not fire, and why.
DIFFERENT = {
    ("expired", "BlackboxSslCertificateExpired"): "it hides the expiry where verification failed",
}

_PAGE = b"<!doctype html><title>Shop</title><p>Welcome"


def modules(folder: Path) -> dict[str, object]:
    http: dict[str, object] = {
        "preferred_ip_protocol": "ip4", "tls_config": {"ca_file": str(folder / "ca.pem")},
    }  # fmt: skip
    unverified = {"preferred_ip_protocol": "ip4", "tls_config": {"insecure_skip_verify": True}}
    return {
        "http_2xx": {"prober": "http", "http": http},
        "unfollowed": {"prober": "http", "http":
            {**http, "follow_redirects": False, "valid_status_codes": [301]}},
        "insecure": {"prober": "http", "http": unverified},
        "tcp": {"prober": "tcp", "tcp": {"preferred_ip_protocol": "ip4"}},
        "icmp": {"prober": "icmp", "icmp": {"preferred_ip_protocol": "ip4"}},
    }  # fmt: skip


def prometheus_config(rules: Path) -> dict[str, object]:
    """Return the configuration of blackbox_exporter's README, for both exporters."""
    jobs: list[object] = []
    for exporter, address in EXPORTERS.items():
        own = {"exporter": exporter}
        jobs.append({"job_name": exporter, "static_configs": [
            {"targets": [address], "labels": {**own, "case": "exporter"}}]})  # fmt: skip
        jobs.append({
            "job_name": f"blackbox-{exporter}", "metrics_path": "/probe",
            "static_configs": [
                {"targets": [target], "labels": {**own, "case": case, "__param_module": module}}
                for case, (target, module, _) in TARGETS.items() if target
            ],
            "relabel_configs": [
                {"source_labels": ["__address__"], "target_label": "__param_target"},
                {"source_labels": ["__param_target"], "target_label": "instance"},
                {"target_label": "__address__", "replacement": address},
            ],
        })  # fmt: skip
    interval = f"{INTERVAL}s"
    times = {"scrape_interval": interval, "scrape_timeout": interval,
             "evaluation_interval": interval}  # fmt: skip
    return {"global": times, "rule_files": [str(rules)], "scrape_configs": jobs}


async def _answer(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float = 0.0
) -> None:
    with contextlib.suppress(OSError, EOFError):
        head = await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(delay)
        path = head.split(b" ", 2)[1]
        status = {b"/503": b"503 Service Unavailable", b"/moved": b"301 Moved Permanently"}
        writer.write(b"HTTP/1.1 %s\r\nContent-Length: %d\r\nContent-Type: text/html\r\n"
            b"Location: /\r\nConnection: close\r\n\r\n%s"
            % (status.get(path, b"200 OK"), len(_PAGE), _PAGE))  # fmt: skip
        await writer.drain()
    writer.close()


async def serve_sites(folder: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    for port, days in CERTIFICATES.items():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ends = datetime.now(UTC) + timedelta(days=days)
        authority.issue_cert("127.0.0.1", not_after=ends).configure_cert(context)
        await asyncio.start_server(_answer, "127.0.0.1", port, ssl=context)
    await asyncio.start_server(_answer, "127.0.0.1", 8080)
    await asyncio.start_server(lambda r, w: _answer(r, w, DELAY), "127.0.0.1", 8081)
    answer_pings(asyncio.get_running_loop())
    (folder / "ready").touch()
    await asyncio.Event().wait()


def answer_pings(loop: asyncio.AbstractEventLoop) -> None:
    """Answer echo requests in the kernel's place, one address late."""
    Path("/proc/sys/net/ipv4/icmp_echo_ignore_all").write_text("1")
    listener = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    listener.setblocking(False)

    def read() -> None:
        packet = listener.recv(4096)
        message, target = packet[20:], socket.inet_ntoa(packet[16:20])
        if message[0] == 8:
            reply = b"\0\0\0\0" + message[4:]
            reply = reply[:2] + struct.pack("!H", checksum(reply)) + reply[4:]
            delay = DELAY if target == PING_SLOW else 0.0
            source = socket.inet_ntoa(packet[12:16])
            loop.call_later(delay, send, reply, target, source)

    def send(reply: bytes, source: str, target: str) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as sender:
            sender.bind((source, 0))
            sender.sendto(reply, (target, 0))

    loop.add_reader(listener, read)


def checksum(data: bytes) -> int:
    """Return the checksum of RFC 1071."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data[: len(data) & ~1]))
    total += data[-1] << 8 if len(data) % 2 else 0
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def commands(folder: Path) -> list[list[str]]:
    options = [f"--config.file={folder}/blackbox.yml"]
    ours, theirs = EXPORTERS.values()
    return [
        [sys.executable, "-P", "-m", "diagnose", "serve", *options,
            f"--web.listen-address={ours}"],
        ["prometheus-blackbox-exporter", *options, f"--web.listen-address={theirs}",
            "--log.level=error"],
        ["prometheus", f"--config.file={folder}/prometheus.yml", "--log.level=warn",
            f"--storage.tsdb.path={folder}/data", f"--web.listen-address={PROMETHEUS}"],
    ]  # fmt: skip


@contextlib.contextmanager
def processes(folder: Path, rules: Path) -> Iterator[None]:
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    write_configurations(folder, rules)
    sites = [sys.executable, "-m", "tests.bench.alerts", str(rules), "--sites", str(folder)]
    started = [subprocess.Popen(sites)]
    try:
        while not (folder / "ready").exists():
            assert started[0].poll() is None
            time.sleep(0.1)
        started += [subprocess.Popen(command) for command in commands(folder)]
        for address in (*EXPORTERS.values(), PROMETHEUS):
            wait_for(f"http://{address}/-/healthy")
        yield
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait()


def write_configurations(folder: Path, rules: Path) -> None:
    (folder / "blackbox.yml").write_text(yaml.safe_dump({"modules": modules(folder)}))
    (folder / "prometheus.yml").write_text(yaml.safe_dump(prometheus_config(rules)))
    for what, file in (("rules", rules), ("config", folder / "prometheus.yml")):
        subprocess.run(["promtool", "check", what, str(file)], check=True)


def wait_for(url: str) -> None:
    while True:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(url, timeout=5).close()
            return
        time.sleep(0.2)


def break_configuration(folder: Path) -> None:
    """Make the next reload of both fail."""
    (folder / "blackbox.yml").write_text("modules: [")
    for address in EXPORTERS.values():
        request = urllib.request.Request(f"http://{address}/-/reload", method="POST")
        with contextlib.suppress(urllib.error.HTTPError):
            urllib.request.urlopen(request)
            raise AssertionError(f"{address} has reloaded what is not valid")


def lint() -> None:
    """promtool reads /metrics and /probe; 3 would say that it likes other names better."""
    for path in ("/metrics", "/probe?target=https://127.0.0.1:8446/",
                 "/probe?module=icmp&target=127.0.0.1"):  # fmt: skip
        for exporter, place in EXPORTERS.items():
            text = urllib.request.urlopen(f"http://{place}{path}", timeout=60).read()
            done = subprocess.run(["promtool", "check", "metrics"], input=text, check=False,
                                  capture_output=True)  # fmt: skip
            print(f"promtool check metrics, {exporter} {path}: {done.returncode}")
            print(done.stderr.decode(), end="")


def ask(path: str) -> Any:
    with urllib.request.urlopen(f"http://{PROMETHEUS}/api/v1/{path}", timeout=60) as answer:
        return json.load(answer)["data"]


def firing() -> dict[tuple[str, str], set[str]]:
    """Return the names of the alerts that fire, by exporter and case."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for alert in ask("alerts")["alerts"]:
        if alert["state"] == "firing":
            labels = alert["labels"]
            found[labels["exporter"], labels["case"]].add(labels["alertname"])
    return found


def judge(seen: Mapping[tuple[str, str], set[str]], rules: Path) -> bool:
    """Print a line for each target. Return whether all is as expected of these rules."""
    groups = yaml.safe_load(rules.read_text("utf-8"))["groups"]
    known = {rule.get("alert", "") for group in groups for rule in group["rules"]}
    is_right = True
    for case, (_, _, alerts) in TARGETS.items():
        expected = alerts & known
        theirs = {name for name in expected if (case, name) not in DIFFERENT}
        for exporter, wanted in (("ours", expected), ("theirs", theirs)):
            found = seen[exporter, case]
            words = ", ".join(sorted(found)) or "none"
            mark = "" if found == wanted else f"   EXPECTED {', '.join(sorted(wanted)) or 'none'}"
            print(f"{case:22} {exporter:7} {words}{mark}")
            is_right = is_right and (not mark or exporter == "theirs")
    return is_right


def report_rules() -> None:
    for group in ask("rules")["groups"]:
        for rule in group["rules"]:
            cases = sorted({each["labels"]["case"] for each in rule["alerts"]
                            if each["labels"]["exporter"] == "ours"
                            and each["state"] == "firing"})  # fmt: skip
            print(f"{rule['name']:42} {rule['health']:4} {rule['state']:9} {', '.join(cases)}")


def report_scrapes() -> None:
    targets = ask("targets")["activeTargets"]
    bad = [target for target in targets if target["health"] != "up"]
    print(f"scrapes: {len(targets)} targets, {len(bad)} not up", *bad)


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("rules", type=Path)
    parser.add_argument("--seconds", type=int, default=150)
    parser.add_argument("--sites", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(words)
    if options.sites:
        asyncio.run(serve_sites(options.sites))
    if os.environ.get("ALERTS_NAMESPACE") != "1":
        os.environ["ALERTS_NAMESPACE"] = "1"
        argv = [sys.executable, "-m", "tests.bench.alerts", *sys.argv[1:]]
        os.execv(shutil.which("unshare") or "", ["unshare", "-n", *argv])
    with tempfile.TemporaryDirectory() as name, processes(folder := Path(name), options.rules):
        lint()
        break_configuration(folder)
        time.sleep(options.seconds)
        report_scrapes()
        report_rules()
        return 0 if judge(firing(), options.rules) else 1


if __name__ == "__main__":
    sys.exit(main())
