"""The command line: its options, their parsing and the help.

An invalid argument raises `UsageError` with a suggestion.
"""

import argparse
import contextlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, NoReturn

from diagnose.i18n import LANGUAGES
from diagnose.model import LAYERS
from diagnose.outputs import FORMATS
from diagnose.parsers.target import UsageError, suggestion


class CommandHelp(NamedTuple):
    """A command besides `diagnose TARGET`: its purpose and its operand."""

    purpose: str
    operand: str = ""


COMMANDS = {
    "explain": CommandHelp("The page of a check: what it means, and what to do.", "CHECK ..."),
    "list": CommandHelp("All checks, by layer."),
    "fix": CommandHelp(
        "The root cause's remedy, applied; taken back if it did not help.", "TARGET"
    ),
    "record": CommandHelp("What was seen of a target, masked, to a file.", "TARGET"),
    "replay": CommandHelp("A recording put to today's checks, without a network.", "FILE"),
    "demo": CommandHelp("A broken site of its own on loopback, diagnosed."),
    "web": CommandHelp("The screen, in a browser on this machine or through SSH.", "[TARGET ...]"),
}

DESCRIPTION = """\
Says the one thing that is wrong with an HTTPS or WebSocket site, why, and how to mend it.

  diagnose https://shop.example.com/            what visitors meet; on the server also why
  diagnose shop.example.com --ws /ws            its WebSocket too
  diagnose --server ssh://root@203.0.113.10 wss://shop.example.com/ws
  diagnose --json shop.example.com | jq .verdict
  diagnose                                      on a terminal: the sites of this server's nginx

On a terminal it opens full screen; the report stays when you quit. In a pipe, or with --format
text, it prints the report alone.
"""

_EPILOG = """\
other commands:
  diagnose explain CHECK               the page of a check
  diagnose list                        all checks
  diagnose fix TARGET                  apply the remedy, look again, undo what did not help
  diagnose record TARGET -o FILE       what was seen, names and addresses masked, to a file
  diagnose replay FILE                 judge a recording again, without a network
  diagnose demo                        a broken site of its own, diagnosed
  diagnose web [TARGET]                the screen, in a browser

exit status:
  0 ok   1 warning   2 critical   3 unknown: could not be judged
  64 usage   70 a fault of diagnose itself   130, 143 ended by a signal

It changes nothing, but for fix, and for the screen's key a after it has asked. Nothing is sent to
anybody but the target, where it redirects to, and the name servers.
"""


class _Parser(argparse.ArgumentParser):
    """An argparse parser that reports errors as one clear `UsageError`."""

    def error(self, message: str) -> NoReturn:
        long_options = tuple(
            option for option in self._option_string_actions if option.startswith("--")
        )
        words = message.partition("unrecognized arguments: ")[2].split()
        if words:
            message = f"There is no option {words[0]}."
            hint = suggestion(words[0].partition("=")[0], long_options)
            raise UsageError(f"{message}{hint or ' See diagnose --help.'}")
        raise UsageError(f"{message[:1].upper()}{message[1:].rstrip('.')}.")


def build_parser(command: str | None = None) -> argparse.ArgumentParser:
    """Build the parser for `diagnose TARGET`, or for one of `COMMANDS`."""
    parser = _Parser(
        prog="diagnose" if command is None else f"diagnose {command}",
        usage=_usage(command),
        description=DESCRIPTION if command is None else COMMANDS[command].purpose,
        epilog=_EPILOG if command is None else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        add_help=False,
    )
    _add_operands(parser, command)
    if command in {None, "record", "fix", "web"}:
        _add_probe_options(parser)
    _add_output_options(parser, command)
    group = parser.add_argument_group("about")
    group.add_argument("-h", "--help", action="help", help="this page")
    if command is None:
        group.add_argument("-V", "--version", action="store_true", help="the version")
        group.add_argument("--schema", action="store_true", help="the JSON Schema of --json")
    return parser


def _usage(command: str | None) -> str:
    if command is None:
        return "diagnose [OPTION ...] [TARGET ...]"
    operand = COMMANDS[command].operand
    return f"diagnose {command} [OPTION ...]{f' {operand}' if operand else ''}"


def _add_operands(parser: argparse.ArgumentParser, command: str | None) -> None:
    operand = "TARGET" if command is None else COMMANDS[command].operand
    if operand:
        text = "name, name:port, URL (https, http, wss, ws) or address"
        parser.add_argument(
            "words",
            nargs="*",
            metavar=operand.strip("[]"),
            help=text if "TARGET" in operand else None,
        )
    if command == "fix":
        _add_fix_options(parser)
    if command == "record":
        parser.add_argument("-o", "--output", metavar="FILE", help="where to (- for stdout)")
    if command == "web":
        parser.add_argument("--port", type=_port, default=8043, metavar="PORT",
            help="of 127.0.0.1 (8043); 0 is any free one")  # fmt: skip


def _add_fix_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what to do")
    add = group.add_mutually_exclusive_group().add_argument
    add("--undo", action="store_true", help="take the last fix back, or one that was cut off")
    add("--resume", action="store_true", help="go on with a fix that was cut off")
    add("--dry-run", dest="dry", action="store_true", help="show what would be done")
    group.add_argument("-y", "--yes", action="store_true", help="do not ask")


def _add_probe_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("how to look")
    add = group.add_argument
    add("--ws", action="append", default=[], metavar="PATH", help="also judge a WebSocket at PATH")
    add("--server", type=server_url, metavar="ssh://[USER@]HOST[:PORT]", help="look inside it too")
    sides = group.add_mutually_exclusive_group()
    sides.add_argument("--outside", action="store_true", help="only what the network shows")
    sides.add_argument("--inside", action="store_true", help="only what the server shows")
    add("--only", type=_layers, default=(), metavar="LAYER,…", help=f"of {', '.join(LAYERS)}")
    add("--skip", type=_layers, default=(), metavar="LAYER,…", help="all but these")
    add("--timeout", type=_timeout, default=15.0, metavar="SECONDS", help="for the whole run (15)")
    family = group.add_mutually_exclusive_group()
    family.add_argument("-4", dest="family", action="store_const", const=4, help="IPv4 only")
    family.add_argument("-6", dest="family", action="store_const", const=6, help="IPv6 only")
    add("--address", type=_address, metavar="IP", help="instead of what the name resolves to")
    add("--resolver", type=_address, metavar="IP", help="the name server to ask")
    add("--proxy", type=_proxy, metavar="URL|none", help="go through it; none: say nothing of one")
    add("--from", dest="visitor", type=_visitor, metavar="ADDRESS",
        help="judge for the visitor who comes from there")  # fmt: skip
    add("--cafile", type=_readable, metavar="FILE", help="trust these roots too")
    _add_request_options(parser)


def _add_request_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "how to ask for the page and the WebSocket (to the target only)"
    )
    for option, metavar, help_text in (
        ("header", '"NAME: VALUE"', "a header field, as a logged-in client sends it"),
        ("cookie", '"NAME=VALUE"', "a cookie"),
        ("origin", "URL", "the Origin, in the place of the site's own"),
        ("subprotocol", "NAME", "offer this subprotocol"),
    ):
        is_repeatable = option != "origin"
        group.add_argument(
            f"--{option}",
            type=_request_field(option),
            metavar=metavar,
            help=help_text,
            action="append" if is_repeatable else "store",
            default=[] if is_repeatable else None,
        )


def _add_output_options(parser: argparse.ArgumentParser, command: str | None) -> None:
    group = parser.add_argument_group("what to print")
    add = group.add_argument
    if command in {None, "replay", "demo"}:
        formats = group.add_mutually_exclusive_group()
        formats.add_argument(
            "--format", type=_output_format, metavar="FORMAT", help=", ".join(FORMATS)
        )
        for name in ("json", "jsonl"):
            formats.add_argument(
                f"--{name}",
                dest="format",
                action="store_const",
                const=name,
                help=_FORMAT_HELP[name],
            )
        amount = group.add_mutually_exclusive_group()
        amount.add_argument("-q", "--quiet", action="store_true", help="the verdict alone")
        amount.add_argument(
            "-v", "--verbose", action="count", default=0, help="all evidence; -vv the timeline"
        )
        add("--redact", action="store_true", help="mask addresses, names and secrets")
    add("--lang", type=_choice_parser("--lang", *LANGUAGES), metavar="LANG",
        help=" or ".join(LANGUAGES))  # fmt: skip
    add("--color", type=_choice_parser("--color", "auto", "always", "never"), default="auto",
        metavar="WHEN", help="auto, always or never")  # fmt: skip
    add("--glyphs", type=_choice_parser("--glyphs", "auto", "unicode", "ascii"), default="auto",
        metavar="SET", help="auto, unicode or ascii")  # fmt: skip
    if command in {None, "replay", "demo"}:
        add("--no-mouse", dest="mouse", action="store_false",
            help="leave the mouse to the terminal, for selecting")  # fmt: skip


def run_arguments(options: argparse.Namespace) -> list[str]:
    """Return the options of a run as command-line words, for a screen in a browser. "auto" becomes
    full colour and Unicode, because a browser supports both."""
    words = [f"--{side}" for side in ("outside", "inside") if getattr(options, side)]
    if options.family:
        words.append(f"-{options.family}")
    for name in ("server", "timeout", "address", "resolver", "proxy", "cafile", "lang"):
        if (value := getattr(options, name)) is not None:
            words += [f"--{name}", str(value)]
    if options.visitor:
        words += ["--from", options.visitor]
    for name in ("only", "skip"):
        if layers := getattr(options, name):
            words += [f"--{name}", ",".join(layers)]
    for path in options.ws:
        words += ["--ws", path]
    words += request_arguments(options)
    for name, browser_value in (("color", "always"), ("glyphs", "unicode")):
        chosen = getattr(options, name)
        words += [f"--{name}", browser_value if chosen == "auto" else chosen]
    return words


def request_arguments(options: argparse.Namespace) -> list[str]:
    """Return the options of the page request as command-line words, including secrets."""
    words: list[str] = []
    for name, value in getattr(options, "header", ()):
        words += ["--header", f"{name}: {value}"]
    for value in getattr(options, "cookie", ()):
        words += ["--cookie", value]
    if origin := getattr(options, "origin", None):
        words += ["--origin", origin]
    for value in getattr(options, "subprotocol", ()):
        words += ["--subprotocol", value]
    return words


_FORMAT_HELP = {"json": "one JSON document", "jsonl": "events, one a line, as they happen"}


# Parsers of option values. Each raises UsageError.


def _choice_parser(option: str, *choices: str) -> Callable[[str], str]:
    def parse_choice(text: str) -> str:
        if text.lower() not in choices:
            hint = suggestion(text.lower(), choices)
            raise UsageError(f"{option} takes {', '.join(choices)}, not {text!r}.{hint}")
        return text.lower()

    return parse_choice


#: The request options, and the function that parses each (diagnose.parsers.request_fields).
_REQUEST_FIELDS = {
    "header": "header_field",
    "cookie": "cookie",
    "origin": "origin",
    "subprotocol": "subprotocol",
}


def _request_field(option: str) -> Callable[[str], object]:
    def parse_field(text: str) -> object:
        from diagnose.parsers import request_fields

        try:
            field: object = getattr(request_fields, _REQUEST_FIELDS[option])(text)
            return field
        except ValueError as error:
            raise UsageError(f"--{option} {error}.") from None

    return parse_field


def _output_format(text: str) -> str:
    return _choice_parser("--format", *FORMATS)(text)


def _layers(text: str) -> tuple[str, ...]:
    names = tuple(part.strip().lower() for part in text.split(",") if part.strip())
    for name in names:
        if name not in LAYERS:
            hint = suggestion(name, LAYERS) or f" There are {', '.join(LAYERS)}."
            raise UsageError(f"There is no layer {name!r}.{hint}")
    if not names:
        raise UsageError(f"Name a layer: {', '.join(LAYERS)}.")
    return names


def _timeout(text: str) -> float:
    from diagnose.probes import MAX_TIMEOUT

    with contextlib.suppress(ValueError):
        seconds = float(text.removesuffix("s"))
        if 0 < seconds <= MAX_TIMEOUT:
            return seconds
    raise UsageError(
        f"--timeout takes seconds, more than 0 and at most {MAX_TIMEOUT:g}, not {text!r}."
    )


def _port(text: str) -> int:
    if text.isdecimal() and int(text) <= 65535:
        return int(text)
    raise UsageError(f"--port takes a number from 0 to 65535, not {text!r}.")


def _address(text: str) -> str:
    from ipaddress import ip_address

    try:
        return str(ip_address(text.strip("[]")))
    except ValueError:
        raise UsageError(f"{text!r} is no IP address.") from None


def _proxy(text: str) -> str:
    from diagnose.parsers.proxy_url import PORTS, parse_proxy_url

    if text == "none":
        return text
    try:
        is_supported = parse_proxy_url(text).scheme in PORTS
    except ValueError:
        is_supported = False
    if not is_supported:
        # Do not repeat the text: it may contain a password.
        raise UsageError("--proxy takes http://HOST:PORT, socks5://HOST:PORT or none.")
    return text


def _visitor(text: str) -> str:
    """Parse a visitor's address; an IPv4-mapped IPv6 address (RFC 4291, 2.5.5.2) becomes IPv4."""
    from ipaddress import ip_address

    bare = text.strip().removeprefix("[").removesuffix("]").partition("%")[0]
    if "/" in bare:
        raise UsageError(f"--from takes one address, not a network: {text!r}.")
    try:
        address = ip_address(bare)
    except ValueError:
        raise UsageError(f"--from takes an IPv4 or IPv6 address, not {text!r}.") from None
    mapped = getattr(address, "ipv4_mapped", None)
    address = mapped or address
    if address.is_unspecified or address.is_multicast or address.is_loopback:
        raise UsageError(f"--from: no visitor comes from {address}.")
    return str(address)


def _readable(text: str) -> str:
    try:
        with Path(text).open("rb") as file:
            file.read(1)
    except OSError as error:
        raise UsageError(f"{text}: {error.strerror}.") from None
    return str(Path(text).absolute())


_SSH = re.compile(r"ssh://(?:\w[\w.+-]*@)?(?:\[[0-9a-fA-F:.]+\]|\w[\w.-]*)(?::(\d{1,5}))?/?")


def server_url(text: str) -> str:
    """Parse ssh://[user@]host[:port]; user@host is accepted too."""
    url = text if "://" in text else f"ssh://{text}"
    match = _SSH.fullmatch(url)
    if match is None or not 1 <= int(match[1] or 22) <= 65535:
        raise UsageError(f"--server takes ssh://[user@]host[:port], not {text!r}.")
    return url
