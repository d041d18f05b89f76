"""The options that say what is printed, and how."""

import argparse
from typing import TYPE_CHECKING

from diagnose.cli import option_values as values
from diagnose.cli.help_text import FORMAT_HELP
from diagnose.i18n import LANGUAGES
from diagnose.outputs import FORMATS

if TYPE_CHECKING:
    from diagnose.model.threshold import Level


def add_output_options(parser: argparse.ArgumentParser, command: str | None) -> None:
    """Add them to the parser of a command, None for a run."""
    group = parser.add_argument_group("what to print")
    reports = command in {None, "replay", "demo"}
    parser.set_defaults(writes_reports=reports)
    if reports:
        _add_report_options(group)
    else:
        defaults = {} if command == "config" else {"format": None}
        parser.set_defaults(
            **defaults,
            warning=[],
            critical=[],
            quiet=False,
            verbose=0,
            redact=False,
            mouse=True,
            inline=False,
            also_lang=None,
        )
    add = group.add_argument
    add("--lang", type=values.choice("--lang", *LANGUAGES), metavar="LANG",
        help=" or ".join(LANGUAGES))  # fmt: skip
    add("--color", type=values.choice("--color", "auto", "always", "never"), default="auto",
        metavar="WHEN", help="auto, always or never")  # fmt: skip
    add("--glyphs", type=values.choice("--glyphs", "auto", "unicode", "ascii"), default="auto",
        metavar="SET", help="auto, unicode or ascii")  # fmt: skip
    if reports:
        add("--no-mouse", dest="mouse", action="store_false",
            help="leave the mouse to the terminal, for selecting")  # fmt: skip
        add("--inline", action="store_true",
            help="the screen in 15 lines below the prompt; what stands above stays")  # fmt: skip


def _add_report_options(group: "argparse._ArgumentGroup") -> None:
    formats = group.add_mutually_exclusive_group()
    formats.add_argument(
        "--format", type=values.output_format, metavar="FORMAT", help=", ".join(FORMATS)
    )
    for name, help_text in FORMAT_HELP.items():
        formats.add_argument(
            f"--{name}", dest="format", action="store_const", const=name, help=help_text
        )
    levels: tuple[tuple[str, Level], ...] = (("-w", "warning"), ("-c", "critical"))
    for short, level in levels:
        group.add_argument(short, f"--{level}", type=values.threshold(level), action="append",
            default=[], metavar="[NAME=]RANGE",
            help=f"with --nagios: the state is {level.upper()} outside it: 2 (seconds),"
            " certificate_days=14:")  # fmt: skip
    amount = group.add_mutually_exclusive_group()
    amount.add_argument("-q", "--quiet", action="store_true", help="the verdict alone")
    amount.add_argument("-v", "--verbose", action="count", default=0,
        help="all evidence; -vv the timeline; -vvv also what servers answered, without"
        " secrets")  # fmt: skip
    group.add_argument("-o", "--output", type=values.output_file, metavar="FILE",
        help="write to this file, in one step (- for stdout)")  # fmt: skip
    group.add_argument("--redact", action="store_true", help="mask addresses, names and secrets")
    group.add_argument("--also-lang", type=values.choice("--also-lang", *LANGUAGES), metavar="LANG",
        help="with --format markdown: the report in this language too")  # fmt: skip
