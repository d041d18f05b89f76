"""A regular expression with `{` and no quotes: nginx takes that for the beginning of a block
(ngx_http_rewrite_module: such an expression "should be enclosed in quotes"). It then complains
about what follows. And the head of a block without its `{`."""

import re

from checks.nginx import Nginx
from checks.nginx._repairs import Repair
from diagnose.model.nginx import TestMessage
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.parsers.nginx.edits import TextEdit

#: What nginx says of the rest of such an expression, or of its cut beginning.
_MESSAGE = re.compile(
    r'unknown directive "\d{1,5}(?:,\d{0,5})?\}|directive "rewrite" is not terminated'
    r'|invalid condition "|pcre2?_compile\(\) failed: missing |unexpected "\{"'
)
#: A line with a directive that takes an expression, up to it, and the expression.
_LINE = re.compile(
    r"(?P<head>[ \t]*(?:[^\"'#\n]*[{;][ \t]*)?"
    r"(?:location[ \t]+~\*?[ \t]+|rewrite[ \t]+|if[ \t]*\([ \t]*\$\w+[ \t]+!?~\*?[ \t]+))"
    r"(?P<expression>(?:[^\s\"'{}();#]|\\.|[()]|\{\d{1,5}(?:,\d{0,5})?\})+)"
)


def unquoted_braces(nginx: Nginx, message: TestMessage) -> Repair | None:
    """Return the quotes for an expression with `{`, if nginx complains about its line."""
    file = nginx.config.file(message.file or "") if nginx.config else None
    lines = file.text.split("\n") if file else []
    if file is None or message.line is None or not 0 < message.line <= len(lines):
        return None
    line = lines[message.line - 1]
    unquoted = _LINE.match(line[:2000]) if _MESSAGE.match(message.text) else None
    if unquoted is None:
        return None
    expression = unquoted["expression"]
    if "(" in unquoted["head"]:
        expression = _inside(expression)
    if not re.search(r"\{\d", expression):
        return None
    start = sum(len(each) + 1 for each in lines[: message.line - 1]) + unquoted.start("expression")
    after = f'"{expression}"'
    change = TextEdit(start, start + len(expression), after)
    return Repair("braces", ((file.path, change),), expression, after)


_UNOPENED = re.compile(r'directive "(\w+)" has no opening "\{"')


def unopened_block(nginx: Nginx, message: TestMessage) -> Repair | None:
    """Return the `{` that the head of a block lacks: nginx has read its first directive as words of
    the head, and complains at the end of that."""
    name = _UNOPENED.match(message.text)
    file = nginx.config.file(message.file or "") if nginx.config and name else None
    if name is None or file is None or message.line is None:
        return None
    for directive in nginx_parser.walk(nginx_parser.parse(file.text, file.path)):
        last = file.text.count("\n", 0, directive.stop) + 1
        if directive.name != name[1] or not directive.line <= message.line <= last:
            continue
        head = re.compile(r"[^\n#;{}]*").match(file.text, directive.start)
        is_whole = head is not None and file.text[head.end() : head.end() + 1] in {"\n", "#"}
        if head is not None and is_whole and directive.block is None:
            at = directive.start + len(head[0].rstrip())
            after = f"{head[0].strip()} {{"
            return Repair("value", ((file.path, TextEdit(at, at, " {")),), head[0].strip(), after)
    return None


def _inside(expression: str) -> str:
    """Return an expression without the parenthesis of its `if`, which closes none of its own."""
    opened = len(re.findall(r"(?<!\\)\(", expression))
    closed = len(re.findall(r"(?<!\\)\)", expression))
    return expression[:-1] if closed > opened and expression.endswith(")") else expression
