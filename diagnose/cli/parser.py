"""The command line: its options and the help.

An invalid argument raises `UsageError` with a suggestion.
"""

import argparse
from collections.abc import Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from diagnose.cli import option_values as values
from diagnose.cli.command_parser import CommandParser, HelpFormatter, ShortHelp
from diagnose.cli.help_text import (
    COMMAND_LIST,
    COMMANDS,
    DESCRIPTION,
    EPILOG,
    EXAMPLES,
)
from diagnose.cli.output_options import add_output_options
from diagnose.i18n import LANGUAGES
from diagnose.model import LAYERS
from diagnose.outputs.terminal import choose_language
from diagnose.parsers.target import UsageError


def parse(
    command: str | None, words: Sequence[str], defaults: Mapping[str, Any] = MappingProxyType({})
) -> argparse.Namespace:
    """Parse the words after `diagnose`, or after `diagnose` and one of `COMMANDS`. `defaults` are
    values of options that stand for those that are not given."""
    parser = build_parser(command)
    parser.lang = words_language(words)
    parser.set_defaults(**defaults)
    options, operands = _split_at_end(words)
    try:
        namespace = parser.parse_intermixed_args(options)
        if operands and not hasattr(namespace, "words"):
            raise UsageError(f"diagnose {command} takes no operand.")
    except UsageError as error:
        # An option of a command, where the command is not the first word.
        if command is None and (late := next(filter(COMMANDS.__contains__, words), None)):
            raise UsageError(f"The command comes first: diagnose {late} …") from None
        if command is None:
            # Imported late: most command lines are right.
            from diagnose.cli.unquoted_words import quoted_command

            if quoted := quoted_command(words):
                raise UsageError(f"{error} A message stands in quotes: {quoted}") from None
        raise
    if operands:
        namespace.words = [*namespace.words, *operands]
    return namespace


def _split_at_end(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the words before and after "--", which ends the options (POSIX, Utility Syntax
    Guideline 10)."""
    if "--" not in words:
        return list(words), []
    end = list(words).index("--")
    return list(words[:end]), list(words[end + 1 :])


def words_language(words: Sequence[str]) -> str:
    """Return the language of the help and of usage errors. The words may be no valid command
    line."""
    languages = [value for name, value in pairwise((*words, "")) if name == "--lang"]
    languages += [word.removeprefix("--lang=") for word in words if word.startswith("--lang=")]
    return choose_language(next((value for value in languages if value in LANGUAGES), None))


def build_parser(command: str | None = None, has_operands: bool = True) -> CommandParser:
    """Build the parser for `diagnose TARGET`, or for one of `COMMANDS`."""
    parser = CommandParser(
        prog="diagnose" if command is None else f"diagnose {command}",
        usage=_usage(command),
        description=DESCRIPTION if command is None else COMMANDS[command].purpose,
        epilog=EPILOG if command is None else None,
        formatter_class=HelpFormatter,
        allow_abbrev=False,
        add_help=False,
    )
    parser.overview = COMMAND_LIST if command is None else EXAMPLES.get(command, "")
    if has_operands:
        add_operands(parser, command)
    _add_command_options(parser, command)
    if command in {None, "record", "bundle", "fix", "web", "fleet", "watch"}:
        _add_probe_options(parser, command)
    if command in {None, "replay", "bundle", "fix", "web", "config", "watch"}:
        _add_ignore_option(parser, command not in {None, "replay", "config"})
    else:
        parser.set_defaults(ignore=[])
    if command == "config":
        _add_configurable_options(parser)
    add_output_options(parser, command)
    group = parser.add_argument_group("about")
    group.add_argument("--config", metavar="FILE|none",
        help="the configuration (TOML) in the place of /etc/diagnose/config.toml"
        " and ~/.config/diagnose/config.toml; none: neither")  # fmt: skip
    if command is None:
        group.add_argument("-h", action=ShortHelp, help="the examples alone")
    names = ("--help",) if command is None else ("-h", "--help")
    group.add_argument(*names, action="help", help="this page")
    if command is None:
        group.add_argument("-V", "--version", action="store_true", help="the version")
        group.add_argument("--schema", action="store_true", help="the JSON Schema of --json")
        group.add_argument("--spec", action="store_true", help="the command line, as JSON")
        group.add_argument("--list-probes", dest="probes", action="store_true",
            help="what is looked at, who is asked, and a command that shows the same")  # fmt: skip
        group.add_argument(
            "--completion",
            metavar="SHELL",
            help="the script that completes: bash, zsh, fish or tcsh",
        )
    return parser


def _usage(command: str | None) -> str:
    if command is None:
        return "diagnose [OPTION ...] [TARGET ...]"
    operand = COMMANDS[command].operand
    return f"diagnose {command} [OPTION ...]{f' {operand}' if operand else ''}"


def add_operands(parser: argparse.ArgumentParser, command: str | None) -> None:
    """Add the operand of a command, such as TARGET, to its parser."""
    operand = "TARGET" if command is None else COMMANDS[command].operand
    if operand:
        text = "name, name:port, URL, address, or an error message in quotes"
        parser.add_argument(
            "words",
            nargs="*",
            metavar=operand.strip("[]"),
            help=text if "TARGET" in operand else None,
        )


def _add_command_options(parser: argparse.ArgumentParser, command: str | None) -> None:
    if command == "fix":
        _add_fix_options(parser)
    if command in {"record", "bundle"}:
        parser.add_argument("-o", "--output", metavar="FILE", help="where to (- for stdout)")
    if command == "demo":
        parser.add_argument("--list", dest="lists", action="store_true", help="name the faults")
    if command == "mcp":
        _add_mcp_options(parser)
    if command == "fleet":
        _add_fleet_options(parser)
    if command == "worker":
        _add_worker_options(parser)
    if command == "watch":
        _add_watch_options(parser)
    if command == "web":
        parser.add_argument("--port", type=values.port, default=8043, metavar="PORT",
            help="of 127.0.0.1 (8043); 0 is any free one")  # fmt: skip
    if command == "serve":
        from diagnose.cli.serve_options import add_serve_options

        add_serve_options(parser)


def _add_mcp_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what the agent may see")
    group.add_argument("--server", type=values.server_url, metavar="ssh://[USER@]HOST[:PORT]",
        help="look inside this server too")  # fmt: skip
    group.add_argument("--no-mask", dest="masks", action="store_false",
        help="show names and addresses as they are")  # fmt: skip


def _add_fix_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what to do")
    add = group.add_mutually_exclusive_group().add_argument
    add("--undo", action="store_true", help="take the last fix back, or one that was cut off")
    add("--resume", action="store_true", help="go on with a fix that was cut off")
    add("--dry-run", dest="dry", action="store_true", help="show what would be done")
    group.add_argument("-y", "--yes", action="store_true", help="do not ask")


def _add_fleet_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("the list").add_argument
    add("--summary", action="store_true", help="verdicts in the place of whole reports")
    add("--rate", type=values.rate, default=values.DEFAULT_RATE, metavar="N",
        help=f"targets that begin in a second, at most ({values.DEFAULT_RATE:g})")  # fmt: skip
    add("--concurrency", type=values.concurrency, metavar="N",
        help="targets at work at the same time, at most (200)")  # fmt: skip
    add("--schema", action="store_true", help="print the JSON Schema of the lines, and end")
    add("--resume", action="store_true", help="go on where the last run of this list was cut off")
    add("--journal", metavar="FILE",
        help="keep what is finished here (in ~/.local/state/diagnose/fleet)")  # fmt: skip

    from diagnose.cli.queue_options import add_queue_options

    add_queue_options(parser.add_argument_group("by workers on other machines"))


def _add_worker_options(parser: argparse.ArgumentParser) -> None:
    from diagnose.cli.queue_options import add_queue_options, add_worker_limits

    add_queue_options(parser.add_argument_group("where the targets come from"), is_worker=True)
    group = parser.add_argument_group("how to look")
    add_worker_limits(group)
    _add_resolver(group)
    _add_cafile(group)


def _add_watch_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("how often").add_argument
    add("--interval", type=values.duration("--interval"), default=values.WATCH_INTERVAL,
        metavar="DURATION", help="from one pulse of a target to the next (10s)")  # fmt: skip
    add("--full-interval", type=values.duration("--full-interval"), metavar="DURATION",
        default=values.FULL_INTERVAL, help="repeat the whole diagnosis after so long (5m)",
    )  # fmt: skip
    add("--count", type=values.count("--count"), metavar="N",
        help="end after so many pulses of each target; the status is the worst")  # fmt: skip
    add("--jsonl", dest="format", action="store_const", const="jsonl",
        help="a JSON line for each pulse and each diagnosis")  # fmt: skip


def _add_probe_options(parser: CommandParser, command: str | None) -> None:
    is_shared = command is not None
    group = parser.add_shared_group("how to look", is_shared)
    add = group.add_argument
    add("--ws", action="append", default=[], metavar="PATH", help="also judge a WebSocket at PATH")
    add("--server", type=values.server_url, metavar="ssh://[USER@]HOST[:PORT]",
        help="look inside it too")  # fmt: skip
    sides = group.add_mutually_exclusive_group()
    sides.add_argument("--outside", action="store_true", help="only what the network shows")
    sides.add_argument("--inside", action="store_true", help="only what the server shows")
    add("--only", type=values.layers, default=(), metavar="LAYER,…", help=f"of {', '.join(LAYERS)}")
    add("--skip", type=values.layers, default=(), metavar="LAYER,…", help="all but these")
    _add_timeout(group)
    if command is None:
        add("--wait", type=values.wait, metavar="DURATION",
            help="until the site works, at most 90s, 5m, 1h …")  # fmt: skip
        add("--plan", action="store_true",
            help="print what would be asked, and of whom; nothing is sent")  # fmt: skip
        add("--baseline", type=values.readable_file, metavar="FILE",
            help="only what is new, gone or changed since this report of --json or recording",
        )  # fmt: skip
    family = group.add_mutually_exclusive_group()
    family.add_argument("-4", dest="family", action="store_const", const=4, help="IPv4 only")
    family.add_argument("-6", dest="family", action="store_const", const=6, help="IPv6 only")
    add("--address", type=values.address, metavar="IP", help="instead of what the name resolves to")
    add("--vantage", type=values.vantage, action="append", default=[],
        metavar="ssh://…|globalping", help="visit it from there too (repeatable)")  # fmt: skip
    add("--origin-address", type=values.address, metavar="IP",
        help="the server behind a CDN or a balancer: ask there too, and compare")  # fmt: skip
    _add_resolver(group)
    add("--proxy", type=values.proxy, metavar="URL|none",
        help="go through it; none: say nothing of one")  # fmt: skip
    add("--from", dest="visitor", type=values.visitor, metavar="ADDRESS",
        help="judge for the visitor who comes from there")  # fmt: skip
    add("--idle", type=values.idle, metavar="SECONDS",
        help="hold the WebSocket in silence for so long: is it cut?")  # fmt: skip
    add("--cloud", action="store_true",
        help="read the cloud's rules too, with this machine's credentials")  # fmt: skip
    add("--cloud-role", dest="cloud_role", action="store_true",
        help="also with those of the role of the instance itself")  # fmt: skip
    _add_cafile(group)
    _add_request_options(parser, is_shared)


def _add_timeout(group: "argparse._ActionsContainer") -> None:
    group.add_argument("--timeout", type=values.timeout, default=15.0, metavar="SECONDS",
        help="for the whole run (15)")  # fmt: skip


def _add_resolver(group: "argparse._ActionsContainer") -> None:
    group.add_argument(
        "--resolver", type=values.address, metavar="IP", help="the name server to ask"
    )


def _add_cafile(group: "argparse._ActionsContainer") -> None:
    group.add_argument(
        "--cafile", type=values.readable_file, metavar="FILE", help="trust these roots too"
    )


def _add_configurable_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that a file may set too, and the form of the answer."""
    group = parser.add_argument_group("as a run would have it")
    _add_timeout(group)
    _add_resolver(group)
    _add_cafile(group)
    parser.add_argument("--json", dest="format", action="store_const", const="json",
        help="one JSON document")  # fmt: skip
    parser.add_argument("--template", action="store_true",
        help="print a file to begin with, and end")  # fmt: skip


def _add_ignore_option(parser: CommandParser, is_shared: bool) -> None:
    group = parser.add_shared_group("what not to count", is_shared)
    group.add_argument("--ignore", type=values.ignore, action="append", default=[],
        metavar="CHECK[@YYYY-MM-DD][=REASON]",
        help="do not count its findings, until the end of that day in UTC")  # fmt: skip


def _add_request_options(parser: CommandParser, is_shared: bool) -> None:
    group = parser.add_shared_group(
        "how to ask for the page and the WebSocket (to the target only)", is_shared
    )
    for option, metavar, help_text in (
        ("header", '"NAME: VALUE"', "a header field, as a logged-in client sends it"),
        ("cookie", '"NAME=VALUE"', "a cookie"),
        ("origin", "URL", "the Origin, in the place of the site's own"),
        ("subprotocol", "NAME", "offer this subprotocol"),
        ("method", "NAME", "HEAD, OPTIONS or POST (with no body), in the place of GET"),
    ):
        is_repeatable = option not in {"origin", "method"}
        group.add_argument(
            f"--{option}",
            type=values.request_field(option),
            metavar=metavar,
            help=help_text,
            action="append" if is_repeatable else "store",
            default=[] if is_repeatable else None,
        )
