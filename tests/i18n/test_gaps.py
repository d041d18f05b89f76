"""What could not be observed, in the reader's language."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import diagnose
from diagnose.i18n import gaps
from diagnose.i18n.messages import Message
from tests.support.source_texts import texts_of

PACKAGE = Path(diagnose.__file__).parent
#: A name, a path, an option or a command is no text.
NAME = re.compile(r"(DNS: )?[\w/.()-]*( -\w)?|\{\}|ip: not found|(DNS|\{\}): (\{\})+")
#: How many arguments of each are words, and before which argument they stand.
EMITTERS = {"emit_not_observed": (1, 3), "emit_unanswered": (1, 2), "emit_if_too_slow": (1, 2)}


def worded() -> Iterator[tuple[str, str]]:
    """The words in the source, with {} for what is filled in, and where they stand."""
    for path in (PACKAGE / "probes").rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        for node in ast.walk(tree):
            for part in _words(node):
                for text in texts_of(part):
                    yield text, f"{path.relative_to(PACKAGE)}:{part.lineno}"


def _words(node: ast.AST) -> Iterator[ast.expr]:
    """The expressions that are words: arguments, and what their variables are set to."""
    match node:
        case ast.Call(func=ast.Name(id=name)) if name in EMITTERS:
            begin, end = EMITTERS[name]
            yield from node.args[begin:end]
        case ast.Call(func=ast.Name(id="Unseen")):
            yield from (word.value for word in node.keywords if word.arg in {"what", "why"})
        case ast.Assign(targets=[ast.Name(id=name)]) if re.fullmatch(r".*(reason|SUBJECT)", name):
            yield node.value
        case ast.Assign(targets=[ast.Tuple(elts=[*names])], value=ast.Tuple(elts=[*values])):
            for target, value in zip(names, values, strict=True):
                if isinstance(target, ast.Name) and target.id in {"subject", "reason"}:
                    yield value


def test_what_the_probes_say_is_translated() -> None:
    assert len(set(worded())) > 40
    filled = {
        text.replace("{}", "7"): place for text, place in worded() if not NAME.fullmatch(text)
    }
    assert {text: place for text, place in filled.items() if gaps.text(text, "zh") == text} == {}


@pytest.mark.parametrize(
    "message",
    [message for message in gaps.MESSAGES if isinstance(message, Message)],
    ids=lambda one: one.key,
)
def test_each_is_recognized(message: Message) -> None:
    filled = re.sub(r"\{\w+\}", "7", message.text)
    assert gaps.text(filled, "en") == filled
    assert gaps.text(filled, "zh") != filled


def test_a_part_of_it_and_a_failure_are_translated_too() -> None:
    assert gaps.text("the certificate, as ssh://a gets it", "zh") == "证书（从 ssh://a 得到的）"
    assert gaps.text("timed out", "zh") == "超时"


def test_paths_and_messages_of_programs_stay() -> None:
    for text in ("/etc/nginx/nginx.conf", "nft: cache initialization failed", "ip: not found"):
        assert gaps.text(text, "zh") == text
