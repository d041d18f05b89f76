"""Records what the pages show: real runs in the laboratory (tests/lab), as root.

    python -m docs.generator.evidence [NAME ...]

Each run is a file of docs/evidence. `make docs` replays it with the checks of the day, so that the
output on a page is what the tool prints now.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

from tests.lab.elsewhere import ARGS as ELSEWHERE
from tests.lab.lab import Lab, missing
from tests.lab.scenario import found

EVIDENCE = Path(__file__).parents[1] / "evidence"
SITE = "https://shop.example.com/"
SERVER = "ssh://root@203.0.113.10"


@dataclass(frozen=True, slots=True)
class Run:
    """A scenario of the laboratory ("" is the healthy site), the host that looks, its words."""

    scenario: str
    host: str
    words: tuple[str, ...] = (SITE,)


RUNS = {
    "healthy": Run("", "server"),
    "healthy-desk": Run("", "client", (SITE, "--ws", "/ws")),
    "chain": Run("intermediate_missing", "client"),
    "key": Run("key_of_another_certificate", "server"),
    "expired": Run("certificate_expired", "client"),
    "reload": Run("https_added_and_not_loaded", "server"),
    "security-group": Run("security_group_without_443", "client", (SITE, "--cloud")),
    "silent-desk": Run("security_group_without_443", "client"),
    "firewall-desk": Run("https_closed_in_firewalld", "client"),
    "firewall": Run("https_closed_in_firewalld", "server"),
    "firewall-ssh": Run("https_closed_in_firewalld", "client", ("--server", SERVER, SITE)),
    "redirect": Run("application_does_not_know_of_https", "server"),
    "websocket-desk": Run("headers_missing_and_404", "client", (SITE, "--ws", "/ws")),
    "websocket": Run("headers_missing_and_404", "server", (SITE, "--ws", "/ws")),
    "refused-desk": Run("nginx_is_stopped", "client"),
    "upstream-desk": Run("php_is_down", "client"),
    "visitor": Run("fail2ban_banned_the_visitor", "server", (SITE, "--from", "192.0.2.66")),
    "vantage": Run("only_the_server_sees_the_site", "server", (*ELSEWHERE, SITE)),
}


def record(name: str) -> None:
    """Play the scenario and write its evidence. The status of the run is the verdict's."""
    run = RUNS[name]
    with Lab() as lab:
        if run.scenario:
            found()[run.scenario].apply(lab)
        host = next(host for host in lab.hosts if host.name == run.host)
        wrapper = host.read("/usr/local/bin/diagnose")
        script = wrapper.replace("-m diagnose", str(Path(__file__).with_name("unmasked.py")))
        path = "/tmp/evidence.jsonl"
        done = host.run(
            ["sh", "-c", script, "sh", "record", *run.words, "-o", path], timeout=60, exact=True
        )
        EVIDENCE.joinpath(f"{name}.jsonl").write_text(host.read(path), "utf-8")
        sys.stdout.write(f"{name}: status {done.returncode} {done.stderr}")


if __name__ == "__main__":
    if lacking := missing():
        sys.exit(f"The laboratory needs {', '.join(lacking)}.")
    EVIDENCE.mkdir(exist_ok=True)
    for each in sys.argv[1:] or RUNS:
        record(each)
