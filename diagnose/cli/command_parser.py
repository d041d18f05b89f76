"""The parser of a command's words: argparse with a help whose examples come first, and with errors
that are one sentence."""

import argparse
import sys
from typing import Any, NoReturn

from diagnose.cli.help_text import SHARED_OPTIONS
from diagnose.i18n import SOURCE_LANGUAGE
from diagnose.outputs.terminal import terminal_columns, wrap
from diagnose.parsers.target import UsageError, suggestion


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Never wraps within a word: an id with a hyphen stays whole."""

    def __init__(self, prog: str) -> None:
        # argparse would import shutil for it, to build a parser too.
        super().__init__(prog, width=terminal_columns() - 2)

    def _split_lines(self, text: str, width: int) -> list[str]:
        import textwrap

        return textwrap.wrap(text, width, break_on_hyphens=False)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        from diagnose.cli.help_layout import lay_out

        if "\n" in text.strip():  # its lines were written to the last cell
            width = terminal_columns() - len(indent)
        lines = lay_out(text, width)
        return "\n".join(f"{indent}{line}".rstrip() for line in lines) + "\n"


class _CellFormatter(HelpFormatter):
    """Wraps by cells, as a language without spaces needs it."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        return wrap(text, width)


class CommandParser(argparse.ArgumentParser):
    """An argparse parser that reports errors as one clear `UsageError`. `lang` is the language of
    its help. `overview` is the text above the options: examples, or the other commands."""

    lang = SOURCE_LANGUAGE
    overview = ""
    shared_title = SHARED_OPTIONS

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._shared_groups: list[argparse._ArgumentGroup] = []

    def add_shared_group(self, title: str, is_shared: bool) -> "argparse._ArgumentGroup":
        """Add a group of options. If it is shared, it belongs to `diagnose TARGET` as well, and the
        help of this command only names its options."""
        group = self.add_argument_group(title)
        if is_shared:
            self._shared_groups.append(group)
        return group

    def format_help(self) -> str:
        if self.lang == SOURCE_LANGUAGE:
            return self._help_text()
        from diagnose.i18n.command_line import (
            localize,
            translate_error,
            translate_headings,
            translate_help,
        )

        localize(self, self.lang)
        self.overview = self.overview and translate_help(self.overview, self.lang)
        self.shared_title = translate_help(self.shared_title, self.lang)
        self.formatter_class = _CellFormatter
        heading = "usage: "
        text = self._help_text().removeprefix(heading)
        return translate_headings(f"{translate_error(heading, self.lang)}{text}", self.lang)

    def _help_text(self) -> str:
        """Return the help as argparse does, with the overview above the options."""
        formatter = self._get_formatter()
        formatter.add_usage(self.usage, self._actions, self._mutually_exclusive_groups)
        formatter.add_text(self.description)
        formatter.add_text(self.overview)
        for group in self._action_groups:
            if group not in self._shared_groups:
                formatter.start_section(group.title)
                formatter.add_arguments(group._group_actions)
                formatter.end_section()
        if self._shared_groups:
            formatter.start_section(self.shared_title)
            formatter.add_text(" ".join(self._shared_names()))
            formatter.end_section()
        formatter.add_text(self.epilog)
        return formatter.format_help()

    def _shared_names(self) -> list[str]:
        return [
            action.option_strings[-1]
            for group in self._shared_groups
            for action in group._group_actions
        ]

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


class ShortHelp(argparse.Action):
    """Prints usage and examples, and ends the program."""

    def __init__(self, option_strings: list[str], dest: str, **options: Any) -> None:
        super().__init__(option_strings, dest=argparse.SUPPRESS, nargs=0, **options)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from diagnose.cli.short_help import short_help

        parser._print_message(short_help(parser, getattr(parser, "lang", "")), sys.stdout)
        parser.exit()
