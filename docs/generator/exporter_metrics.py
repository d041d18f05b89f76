"""The metrics of the exporter, read out of its source: a name, and its help beside it.

A metric is declared where it is measured, so there is no list of them that could be imported.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from diagnose import exporter

FOLDER = Path(exporter.__file__).parent
NAME = re.compile(r"(probe|diagnose|blackbox)_[a-z0-9_]+\Z")
#: Labels that are made of what is measured.
MADE_LABELS = {
    "probe_ssl_last_chain_info": (
        "fingerprint_sha256", "subject", "issuer", "subjectalternative", "serialnumber",
    ),
    "probe_expect_info": ("…",),
}  # fmt: skip


def exporter_metrics() -> dict[str, tuple[tuple[str, ...], str]]:
    """Return labels and help of each metric by its name, sorted."""
    trees = [ast.parse(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.py"))]
    helps = dict(pair for tree in trees for pair in _helps(tree))
    labels: dict[str, tuple[str, ...]] = dict(MADE_LABELS)
    for tree in trees:
        for name, names in _labels(tree):
            labels.setdefault(name, names)
    return {name: (labels.get(name, ()), helps[name]) for name in sorted(helps)}


def named_metrics() -> set[str]:
    """Return every text in the exporter's source that looks like the name of a metric."""
    trees = (ast.parse(path.read_text("utf-8")) for path in FOLDER.glob("*.py"))
    texts = (_text(node) for tree in trees for node in ast.walk(tree))
    return {text for text in texts if NAME.match(text)}


def _helps(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield names and helps: the first two arguments of a call, or values of a tuple."""
    for node in ast.walk(tree):
        values = node.args if isinstance(node, ast.Call) else getattr(node, "elts", [])
        if len(values) > 1 and NAME.match(_text(values[0])) and (text := _text(values[1])):
            yield _text(values[0]), text


def _labels(tree: ast.AST) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the keywords with which a metric is set, and the labels of prometheus-client."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and NAME.match(_text(node.args[0])):
            keywords = tuple(keyword.arg for keyword in node.keywords if keyword.arg)
            if isinstance(node.func, ast.Attribute) and node.func.attr in {"set", "add"}:
                if keywords:
                    yield _text(node.args[0]), keywords
            elif len(node.args) > 2 and isinstance(node.args[2], ast.Tuple):
                yield _text(node.args[0]), tuple(map(_text, node.args[2].elts))


def _text(node: ast.AST) -> str:
    """Return the text of a constant, also of one with fields; "" for anything else."""
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) if _text(part) else "…" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
