"""Summaries of observations: as people read them, and the phrases in the source."""

import ast
from collections.abc import Iterator
from pathlib import Path

from diagnose import model
from diagnose.model import Observation
from diagnose.outputs.digest import words_text

MODEL = Path(model.__file__).parent


def summary_text(observation: Observation, lang: str = "en") -> tuple[str, str]:
    """Subject and outcome in a language."""
    subject, outcome = observation.summary()
    return words_text(subject, lang), words_text(outcome, lang)


def phrase_calls(tree: ast.AST) -> Iterator[ast.Call]:
    """The calls of `phrase` and `counted`."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        if node.func.id in {"phrase", "counted"}:
            yield node


def templates(call: ast.Call) -> tuple[str, ...]:
    """The text of a phrase; singular and plural of a counted one."""
    count = 2 if isinstance(call.func, ast.Name) and call.func.id == "counted" else 1
    return tuple(ast.literal_eval(argument) for argument in call.args[:count])


def phrases() -> set[tuple[str, ...]]:
    """Every phrase in the source of the model."""
    return {
        templates(call)
        for path in MODEL.glob("*.py")
        for call in phrase_calls(ast.parse(path.read_text("utf-8")))
        if path.name != "summary.py" or isinstance(call.args[0], ast.Constant)
    }
