"""The command line as data: a script that completes words in a shell, and a document for programs.

Both are made from the parsers themselves, so that they cannot disagree with them.
"""

import argparse
import json
from collections.abc import Mapping
from typing import Any

from diagnose._version import VERSION
from diagnose.cli.help_text import COMMANDS, DESCRIPTION, EXIT_STATUSES
from diagnose.cli.parser import add_operands, build_parser
from diagnose.i18n import LANGUAGES
from diagnose.model import LAYERS
from diagnose.outputs import FORMATS
from diagnose.parsers.target import UsageError

SHELLS = ("bash", "zsh", "fish", "tcsh")

#: The values of options that take one of a few words.
CHOICES: Mapping[str, tuple[str, ...]] = {
    "--format": FORMATS,
    "--lang": tuple(LANGUAGES),
    "--also-lang": tuple(LANGUAGES),
    "--color": ("auto", "always", "never"),
    "--glyphs": ("auto", "unicode", "ascii"),
    "--only": tuple(LAYERS),
    "--skip": tuple(LAYERS),
    "--completion": SHELLS,
}
#: Options and operands that name a file.
_FILES = {
    "--baseline",
    "--cafile",
    "--config",
    "--config.file",
    "--journal",
    "--output",
    "--web.config.file",
    "FILE",
}


def completion_script(shell: str) -> str:
    """Return the script for a shell. Raise UsageError if there is none for it."""
    import shtab

    if shell not in SHELLS:
        raise UsageError(f"--completion takes one of {', '.join(SHELLS)}, not {shell!r}.")
    script: str = shtab.complete(_complete_parser(shell), shell)
    return script.rstrip("\n") + "\n"


def specification() -> str:
    """Return a JSON document: every command with its operand and options, and what the exit status
    means."""
    parsers = {"": build_parser(), **{name: build_parser(name) for name in COMMANDS}}
    document = {
        "spec_version": "1.0",
        "name": "diagnose",
        "version": VERSION,
        "purpose": DESCRIPTION.partition("\n")[0],
        "commands": [_command_object(name, parser) for name, parser in parsers.items()],
        "exit_status": {str(status): meaning for status, meaning in EXIT_STATUSES.items()},
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _command_object(name: str, parser: argparse.ArgumentParser) -> dict[str, Any]:
    return {
        "name": f"diagnose {name}".rstrip(),
        "purpose": COMMANDS[name].purpose if name else DESCRIPTION.partition("\n")[0],
        "usage": parser.format_usage().removeprefix("usage: ").strip(),
        "operands": [
            {"name": action.metavar, "help": action.help or "", "repeatable": True}
            for action in parser._actions
            if not action.option_strings
        ],
        "options": [_option_object(action) for action in parser._actions if action.option_strings],
    }


def _option_object(action: argparse.Action) -> dict[str, Any]:
    takes_value = action.nargs != 0
    return {
        "flags": list(action.option_strings),
        "value": str(action.metavar or "") if takes_value else None,
        "choices": list(CHOICES.get(action.option_strings[-1], ())),
        "repeatable": isinstance(action.default, list) or action.dest == "verbose",
        "default": action.default if isinstance(action.default, str | int | float) else None,
        "help": action.help or "",
    }


def _complete_parser(shell: str) -> argparse.ArgumentParser:
    """Return one parser with all commands, as shtab needs it."""
    parser = build_parser(has_operands=False)
    commands = parser.add_subparsers()
    for name, command in COMMANDS.items():
        command_parser = build_parser(name, has_operands=False)
        child = commands.add_parser(
            name, parents=[command_parser], add_help=False, help=command.purpose
        )
        add_operands(child, name)
        _name_values(child)
        if shell == "zsh":
            _escape_for_zsh(child)
    _name_values(parser)
    if shell == "zsh":
        _escape_for_zsh(parser)
    return parser


def _escape_for_zsh(parser: argparse.ArgumentParser) -> None:
    """Escape the names of values: shtab writes them as they are into a quoted argument of
    `_arguments` (zshcompsys(1)), where a colon ends the name. One that is not escaped there breaks
    the completion of the whole command."""
    for action in parser._actions:
        if isinstance(action.metavar, str) and action.option_strings:
            action.metavar = action.metavar.replace('"', "").replace(":", "\\:")


def _name_values(parser: argparse.ArgumentParser) -> None:
    """Set the words and files that an option or an operand takes. Only the parser for shtab has
    them: argparse would refuse other words with messages of its own in place of ours."""
    import shtab

    from diagnose.checking.registry import check_ids
    from diagnose.cli.demo.faults import FAULTS

    for action in parser._actions:
        option = action.option_strings[-1] if action.option_strings else str(action.metavar)
        if option in CHOICES:
            action.choices = CHOICES[option]
        elif option in {"CHECK ...", "--ignore"}:
            action.choices = check_ids()
        elif option == "FAULT":
            action.choices = tuple(fault.name for fault in FAULTS)
        elif option in _FILES:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
