"""The metrics of `diagnose serve` beside those of blackbox_exporter, on the laboratory's scenarios.

    python -m tests.lab metrics [SCENARIO ...] [--sample N]

Both probe each scenario's site from the client: the page with its redirects, and the port with and
without TLS. A metric that only one has, or that has two values, is printed; times are not compared,
and what differs on purpose is known (docs/en/how-to/exporter.md). The exit status is 1 if one is.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Iterator, Sequence

from tests.exporter.test_against_blackbox import differences
from tests.support.exporter import Samples, samples

from .corpus import sample, visit_of
from .corpus_tools import Visit
from .hosts import Host
from .lab import Lab, missing
from .scenario import Scenario, found

PROGRAM = "prometheus-blackbox-exporter"
EXPIRY = ("probe_ssl_earliest_cert_expiry", ())

_CONFIG = """\
modules:
  page: {prober: http, timeout: 8s, http: {preferred_ip_protocol: ip4}}
  port: {prober: tcp, timeout: 8s, tcp: {preferred_ip_protocol: ip4}}
  tls: {prober: tcp, timeout: 8s, tcp: {preferred_ip_protocol: ip4, tls: true}}
"""

#: Starts both, asks for each pair of module and target, and ends them. Each answer is a line of
#: JSON. Arguments: the two programs, the configuration, then the pairs.
_SCRIPT = """
theirs="$1"; ours="$2"; config="$3"; shift 3
"$theirs" --config.file="$config" --web.listen-address=127.0.0.1:9115 >/dev/null 2>&1 &
first=$!
"$ours" serve --config.file="$config" --web.listen-address=127.0.0.1:9116 >/dev/null 2>&1 &
second=$!
while [ $# -gt 1 ]; do
    for port in 9115 9116; do
        curl -sS --noproxy '*' --retry 60 --retry-delay 1 --retry-connrefused --max-time 60 -G \\
            --data-urlencode "module=$1" --data-urlencode "target=$2" \\
            "http://127.0.0.1:$port/probe"
        printf '\\n# END\\n'
    done
    shift 2
done
kill "$first" "$second"; wait "$first" "$second" 2>/dev/null; :
"""


def pairs(visit: Visit) -> list[tuple[str, str]]:
    """Return the modules and targets to probe."""
    place = f"{visit.host}:{visit.port}"
    found = [("page", f"{visit.origin}{visit.path}"), ("port", place)]
    if visit.tls:
        found += [("page", f"http://{visit.host}/"), ("tls", place)]
    return found


def answers(host: Host, asked: Sequence[tuple[str, str]]) -> Iterator[tuple[Samples, Samples]]:
    """Yield the metrics of both for each pair, blackbox_exporter's first."""
    config = "/tmp/blackbox.yml"
    host.run(["sh", "-c", 'printf %s "$2" > "$1"', "sh", config, _CONFIG])
    words = [word for pair in asked for word in pair]
    argv = ["sh", "-c", _SCRIPT, "sh", PROGRAM, "diagnose", config, *words]
    texts = host.run(argv, timeout=240, exact=True).stdout.split("\n# END\n")
    for theirs, ours in zip(texts[:-1:2], texts[1::2], strict=True):
        yield samples(theirs), samples(ours)


def without_cipher(seen: Samples) -> Samples:
    """Many servers leave the choice of the suite to the client, and OpenSSL prefers others than Go:
    that there is one is compared."""
    cipher = "probe_tls_cipher_info"
    return {(name, () if name == cipher else labels): value
            for (name, labels), value in seen.items()}  # fmt: skip


def compared(theirs: Samples, ours: Samples) -> list[str]:
    """Return what differs; the expiry of what is not trusted is ours alone."""
    theirs, ours = without_cipher(theirs), without_cipher(ours)
    if EXPIRY not in theirs and theirs.get(("probe_success", ())) == 0:
        ours = {key: value for key, value in ours.items() if key != EXPIRY}
    return differences(theirs, ours)


def play(lab: Lab, scenario: Scenario) -> tuple[int, list[str]]:
    """Return how many metrics of blackbox_exporter were compared, and what differs."""
    lab.restore(ipv6=scenario.ipv6)
    scenario.apply(lab)
    asked, count, found = pairs(visit_of(scenario)), 0, []
    for (module, target), (theirs, ours) in zip(asked, answers(lab.client, asked), strict=True):
        count += len(theirs)
        found += [f"{module} {target}: {line}" for line in compared(theirs, ours)]
    return count, found


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.lab metrics", usage=__doc__)
    parser.add_argument("scenario", nargs="*")
    parser.add_argument("--sample", type=int, default=0)
    options = parser.parse_args(words)
    if lacking := [*missing(), *([] if shutil.which(PROGRAM) else [PROGRAM])]:
        sys.exit(f"This needs {', '.join(lacking)}.")
    known = found()
    chosen = [known[name] for name in options.scenario] or list(known.values())
    chosen = sample(chosen, options.sample) if options.sample else chosen
    with Lab() as lab:
        rows = [_row(lab, scenario) for scenario in chosen]
    print(json.dumps({
        "scenarios": sum(row is not None for row in rows),
        "metrics": sum(row[0] for row in rows if row),
        "differences": sum(len(row[1]) for row in rows if row),
    }))  # fmt: skip
    return 1 if any(row and row[1] for row in rows) else 0


def _row(lab: Lab, scenario: Scenario) -> tuple[int, list[str]] | None:
    if why := scenario.obstacle() or scenario.obstacle_on(lab.platform):
        print(f"{scenario}: left out: {why}", flush=True)
        return None
    count, different = play(lab, scenario)
    print(
        f"{scenario}: {count} metrics, {len(different)} differ", *different, sep="\n  ", flush=True
    )
    return count, different
