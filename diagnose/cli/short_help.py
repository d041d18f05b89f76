"""`diagnose -h`: the help that fits on one screen. `--help` has everything."""

import argparse

from diagnose.cli.help_layout import lay_out
from diagnose.cli.help_text import SHORT_HELP_END
from diagnose.outputs.terminal import terminal_columns


def short_help(parser: argparse.ArgumentParser, lang: str) -> str:
    """Return the usage, what the command is for with its examples, and where the rest is."""
    from diagnose.i18n.command_line import translate_error, translate_help

    usage = f"{translate_error('usage: ', lang)}{parser.usage}"
    description = translate_help(parser.description or "", lang).rstrip()
    text = f"{description}\n\n{translate_help(SHORT_HELP_END, lang)}"
    lines = lay_out(text, terminal_columns())
    return "\n".join((usage, "", *lines, ""))
