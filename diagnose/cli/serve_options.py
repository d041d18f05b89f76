"""The options of `diagnose serve`: those of blackbox_exporter, under their names, and our own."""

import argparse

from diagnose.cli import option_values as values


def add_serve_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `diagnose serve` to its parser."""
    group = parser.add_argument_group("what to serve (options of blackbox_exporter)")
    add = group.add_argument
    add("--config.file", dest="config_file", default="blackbox.yml", metavar="FILE",
        help="its modules (blackbox.yml)")  # fmt: skip
    add("--config.check", dest="config_check", action="store_true",
        help="load the file, say whether it is right, and end")  # fmt: skip
    add("--web.listen-address", dest="listen", action="append", default=[], metavar="ADDRESS:PORT",
        help="where to listen (127.0.0.1:9115, repeatable); :9115 is every address")  # fmt: skip
    add("--web.config.file", dest="web_config_file", default="", metavar="FILE",
        help="TLS and passwords, in the format of Prometheus' exporters")  # fmt: skip
    add("--web.external-url", dest="external_url", default="", metavar="URL",
        help="how browsers reach it through a proxy on this machine")  # fmt: skip
    add("--timeout-offset", type=values.seconds("--timeout-offset"), default=0.5,
        metavar="SECONDS", help="to subtract from Prometheus' timeout (0.5)")  # fmt: skip
    add("--history.limit", dest="history_limit", type=values.count("--history.limit"), default=100,
        metavar="N", help="results to keep, and as many older failures (100)")  # fmt: skip
    add("--log.prober", dest="log_prober", default="none", metavar="LEVEL",
        type=values.choice("--log.prober", "none", "error", "warn", "info", "debug"),
        help="what of each probe's log goes to stderr: none, error or info (none)")  # fmt: skip
    group = parser.add_argument_group("limits and diagnosis")
    add = group.add_argument
    add("--allow", action="append", default=[], metavar="NAME|NETWORK",
        help="probe only such targets: *.example.com, 10.0.0.0/8 (repeatable)")  # fmt: skip
    add("--max-probes", type=values.count("--max-probes"), default=200, metavar="N",
        help="at the same time (200)")  # fmt: skip
    add("--diagnosis-interval", type=values.duration("--diagnosis-interval"), default=300.0,
        metavar="DURATION",
        help="repeat the whole diagnosis of a target after so long (5m)")  # fmt: skip
    add("--resident", action="store_true",
        help="also do the work of diagnose --json of this user on this machine")  # fmt: skip
