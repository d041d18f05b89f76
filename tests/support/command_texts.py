"""The texts of the command line for the catalogues: those of the help, taken from the parsers, and
those of usage errors, taken from the source. Nobody lists them by hand.

Of `UsageError(f"{option} takes {expected}.")` the template is "{0} takes {1}.".
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import diagnose
from diagnose.cli.help_text import COMMANDS, DESCRIPTION, SHARED_OPTIONS, SHORT_HELP_END
from diagnose.cli.parser import build_parser
from diagnose.cli.settings import _TYPE_NAMES
from diagnose.i18n.command_line import ERROR, HELP

ROOT = Path(next(iter(diagnose.__path__)))
#: Functions whose first or last argument, or result, is a usage error or a part of it.
_RAISING = {"UsageError", "NamelessMessageError", "_error"}
_RETURNING = {"suggestion", "_correction"}
_ASSIGNED = {"hint", "_MISSING_EXTRA"}
#: A file without any of them needs no parsing.
_HOLDS_ERRORS = re.compile(rf"\b({'|'.join(_RAISING | _RETURNING | _ASSIGNED)})\b")
#: Its errors are those of an option of the request.
_FIELDS = ROOT / "parsers" / "request_fields.py"
#: Of argparse (gettext of Python has no catalogue for them). `CommandParser.error` adds the dot.
_ARGPARSE_ERRORS = (
    "Argument {0}: {1}.",
    "expected one argument",
    "not allowed with argument {0}",
    "ignored explicit argument {0}",
    "The following arguments are required: {0}.",
)
#: Those that are not written where they are raised.
_OTHER_ERRORS = (
    "usage: ",
    "There is no option {0}.{1}",
    "it belongs to the user {0}",
    "its group may write it",
    "everybody may write it",
    "A fault of diagnose itself: {0} (DIAGNOSE_DEBUG=1 shows where)",
    "A fault of diagnose itself: {0} ({1} is a report to send; names and addresses may be in it)",
    "A TARGET is missing. See diagnose --help.",
    "A TARGET is missing. This server has:",
    "The message names no site. It is taken to be about {0}, which this server serves",
    "The message names no site. The sites of this server are compared: {0}",
    "{0} (other sites of this server: {1})",
)


def texts() -> list[tuple[str, str]]:
    """Return each text with its context, once."""
    pairs = [*((HELP, text) for text in _help_texts()), *((ERROR, text) for text in _errors())]
    return list(dict.fromkeys(pairs))


def extract(*_: Any, options: Any) -> Iterator[tuple[int, str, tuple[str, str], list[str]]]:
    """Yield the texts as a method of extraction of Babel does."""
    for pair in texts():
        yield 1, "Message", pair, []


def _help_texts() -> Iterator[str]:
    for command in (None, *COMMANDS):
        parser = build_parser(command)
        yield from filter(None, (parser.description, parser.overview, parser.epilog))
        yield from (group.title for group in parser._action_groups if group.title)
        helps = (action.help or "" for action in parser._actions)
        yield from (text for text in helps if " " in text)  # one word is an id
    yield from (DESCRIPTION, SHARED_OPTIONS, SHORT_HELP_END)


def _errors() -> Iterator[str]:
    yield from (*_ARGPARSE_ERRORS, *_OTHER_ERRORS, *_TYPE_NAMES.values())
    for path in sorted(ROOT.rglob("*.py")):
        source = path.read_text("utf-8")
        if path != _FIELDS and not _HOLDS_ERRORS.search(source):
            continue
        for node in ast.walk(ast.parse(source)):
            if path == _FIELDS:
                yield from _field_errors(node)
            elif path.parent != ROOT / "agent" or path.stem == "__init__":
                for expression in _error_expressions(node):
                    yield from filter(_has_words, _templates(expression))


def _field_errors(node: ast.AST) -> Iterator[str]:
    """Yield the errors of an option of the request, as `option_values.request_field` ends them."""
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "ValueError":
        for template in _templates(node.args[0]):
            shifted = re.sub(r"\d+", lambda number: str(int(number[0]) + 1), template)
            yield f"--{{0}} {shifted}."


def _error_expressions(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") in _RAISING:
        yield from node.args[:1] + node.args[1:][-1:]
    elif isinstance(node, ast.FunctionDef) and node.name in _RETURNING:
        yield from (each.value for each in ast.walk(node)
                    if isinstance(each, ast.Return) and each.value)  # fmt: skip
    elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in _ASSIGNED:
        yield node.value


def _templates(expression: ast.expr) -> Iterator[str]:
    """Yield the template of a text, and those of its parts that are texts themselves."""
    match expression:
        case ast.IfExp(body=body, orelse=other):
            yield from (*_templates(body), *_templates(other))
        case ast.BoolOp(values=values):
            for value in values:
                yield from _templates(value)
        case ast.Constant() | ast.JoinedStr() | ast.BinOp():
            parts = list(_parts(expression))
            numbers = iter(range(len(parts)))
            yield "".join(
                _renumbered(part) if isinstance(part, str) else f"{{{next(numbers)}}}"
                for part in parts
            )
            for part in parts:
                if isinstance(part, ast.expr) and part is not expression:
                    yield from _templates(part)


def _renumbered(text: str) -> str:
    """Return a text for `str.format` with a number in the place of its name."""
    return re.sub(r"\{[a-z]+\}", "{0}", text)


def _parts(expression: ast.expr) -> Iterator[str | ast.expr]:
    match expression:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=values):
            for value in values:
                yield from _parts(value.value if isinstance(value, ast.FormattedValue) else value)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield from (*_parts(left), *_parts(right))
        case _:
            yield expression


def _has_words(template: str) -> bool:
    return len([word for word in template.split() if word.strip(".,:;?").isalpha()]) > 1
