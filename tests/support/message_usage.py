"""Which messages of a table no module asks for."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import diagnose
from diagnose.i18n.messages import Messages

ROOT = Path(next(iter(diagnose.__path__)))


def unused(messages: Messages, *places: str) -> list[str]:
    """The keys that stand in no module of these places: as a text, or as a template
    (f"title.{kind}") filled with texts of the same module."""
    used: set[str] = set()
    for path in _modules(places):
        tree = ast.parse(path.read_text("utf-8"))
        texts = set(_texts(tree))
        used |= texts
        for template in _templates(tree):
            used |= {key for key in _keys(messages) if _is_made_of(key, template, texts)}
    return sorted(_keys(messages) - used)


def _keys(messages: Messages) -> set[str]:
    return {message.key for message in messages}


def _modules(places: tuple[str, ...]) -> Iterator[Path]:
    for place in places:
        found = sorted(ROOT.glob(place))
        assert found, place
        yield from found


def _texts(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _templates(tree: ast.AST) -> Iterator[str]:
    """The f-strings, each as an expression with a group for each gap."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = (
                re.escape(str(part.value)) if isinstance(part, ast.Constant) else "(.+)"
                for part in node.values
            )
            yield "".join(parts)


def _is_made_of(key: str, template: str, fillings: set[str]) -> bool:
    match = re.fullmatch(template, key)
    return match is not None and fillings.issuperset(match.groups())
