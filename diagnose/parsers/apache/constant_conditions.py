"""RewriteCond whose TestString has no variable: the text itself is compared, so that the condition
is true for all requests or for none (mod_rewrite, "RewriteCond"). No I/O."""

import re
from collections.abc import Iterator, Sequence

from diagnose.model.frozen import frozen
from diagnose.parsers.apache.config import parse
from diagnose.parsers.apache.rewrite_conditions import condition_truth, is_constant
from diagnose.parsers.sanitize import clean
from diagnose.parsers.server_request import ServerRequest

#: Longest line, and most lines that are looked at.
MAX_LINE, MAX_LINES = 2000, 2000

#: The name of a variable that lost its "%" or its braces, with what stands before it by mistake.
_NAME = re.compile(
    r"(?i)!?\{?((?:HTTPS|SERVER_PORT|REQUEST_SCHEME|HTTP_HOST|SERVER_NAME|HTTP:[\w-]{1,60}))\}?"
)
_CONDITION = re.compile(r"(?i)\s*RewriteCond\s")
_RULE = re.compile(r"(?i)\s*RewriteRule\s+\S{1,500}\s+[\"']?https://")


@frozen
class ConstantCondition:
    """A condition at line `number` that compares a text. `meant` is the TestString that was meant,
    "" if the text names no variable."""

    number: int
    text: str
    meant: str


def constant_before_https(lines: Sequence[str]) -> Iterator[ConstantCondition]:
    """Yield the constant conditions of the rules to https that these conditions turn off."""
    pending: list[ConstantCondition] = []
    for number, line in enumerate(lines[:MAX_LINES], 1):
        if len(line) > MAX_LINE:
            pending = []
        elif _CONDITION.match(line):
            pending += _false_constant(number, line)
        elif re.match(r"(?i)\s*RewriteRule\s", line):
            if _RULE.match(line):
                yield from pending
            pending = []


def _false_constant(number: int, line: str) -> Iterator[ConstantCondition]:
    for directive in parse(line, ""):
        subject = directive.args[0] if directive.args else "%"
        if is_constant(subject) and condition_truth(directive, ServerRequest("/")) is False:
            name = _NAME.fullmatch(subject)
            meant = f"%{{{name[1].upper()}}}" if name else ""
            yield ConstantCondition(number, clean(line.strip(), 200), meant)
