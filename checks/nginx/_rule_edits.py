"""What a person types to let a request pass a condition that refuses it (ngx_http_rewrite_module,
"if"): one more name or Origin in its list, a robot's word less, the file of a maintenance away.

The condition may be meant. So these are answers to a question, never steps of their own.
"""

import re
from collections.abc import Sequence

from checks.nginx import Nginx
from checks.nginx._commands import chosen_edits
from checks.nginx._edits import config_edits
from checks.nginx._flag_rules import switch_of
from checks.nginx._method_edits import passing_rule
from checks.nginx._referer_edits import referer_steps
from checks.nginx._repairs import blocks_around
from diagnose.model import Command, Edit, Manual, Where, commands
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import TextEdit, replace_directive
from diagnose.parsers.program_agents import agent_pattern

_VARIABLES = {"host": r"\$(?:http_)?host", "origin": r"\$http_origin"}
#: A comparison that lets one value pass, or those of an expression.
_COMPARISON = (
    r"""if\s*\(\s*{variable}\s+(?P<test>(?P<sign>!=|!~\*?)\s*"""
    r"""(?P<quote>["']?)(?P<value>[^"'\s{{}};]{{1,1000}}?)(?P=quote))\s*\)\s*\{{"""
)
#: A list of words in an expression, in parentheses or alone.
_WORDS = re.compile(
    r"""\(\s*\$http_user_agent\s+~\*?\s*["']?\(?"""
    r"""(?P<words>[\w ./-]+(?:\|[\w ./-]+)+)\)?["']?\s*\)""",
    re.ASCII,
)
_SPECIAL = re.compile(r"[.+*?()|\[\]^$\\]")

Typed = tuple[Command | Edit, ...]


def choice(
    nginx: Nginx, condition: Directive | None, kind: str, value: str, path: str = ""
) -> Manual:
    """Say what a person types if such requests are wanted: what is closed may be meant."""
    typed = (
        turned_off(nginx, switch_of(nginx, condition))
        or without_file(path)
        or passing_steps(nginx, condition, kind, value)
        or (referer_steps(nginx, condition) if condition and kind == "referer" else ())
    )
    return Manual("change-the-rule", Where.SERVER, commands=typed)


def passing_steps(nginx: Nginx, condition: Directive | None, kind: str, value: str) -> Typed:
    """Return what lets a request with `value` pass: a method, a name of this very server block, an
    Origin; () where the condition is another one."""
    if condition is None or not value:
        return ()
    if kind == "method":
        return passing_rule(nginx, condition, value)
    if kind == "host" and nginx.evidence.target.host not in _names(nginx, condition):
        return ()
    return _with_value(nginx, condition, kind, value) if kind in _VARIABLES else ()


def without_words(nginx: Nginx, condition: Directive, user_agents: Sequence[str]) -> Typed:
    """Return the edit that takes the words which refuse somebody out of a list of robots; () where
    the expression is no such list, or no word of it remains."""
    file = nginx.file(condition)
    head = file.text[condition.start : condition.opened] if file else ""
    listed = _WORDS.search(head)
    words = listed["words"].split("|") if listed else []
    kept = [
        word for word in words if not any(word.lower() in agent.lower() for agent in user_agents)
    ]
    if listed is None or not kept or len(kept) == len(words):
        return ()
    start, stop = (condition.start + edge for edge in listed.span("words"))
    change = TextEdit(start, stop, "|".join(kept), condition.file)
    return chosen_edits(nginx, config_edits(nginx, {condition.file: [change]}))


#: An expression against what programs call themselves.
_EXPRESSION = re.compile(
    r"""\(\s*\$http_user_agent\s+~\*?\s*(?P<whole>(?P<quote>["']?)(?P<value>[^"'\s{};]{1,1000}?)"""
    r"""(?P=quote))\s*\)\s*"""
)


def sparing_expression(nginx: Nginx, condition: Directive, program: str) -> Typed:
    """Return the edit after which an expression takes anybody but a program (pcre2pattern(3),
    "Lookahead assertions"); () for another condition."""
    file = nginx.file(condition)
    head = file.text[condition.start : condition.opened] if file else ""
    match = _EXPRESSION.search(head)
    if match is None or len(program) < 2:
        return ()
    start, stop = (condition.start + edge for edge in match.span("whole"))
    quote = match["quote"] or '"'
    words = f"{quote}^(?!.*{agent_pattern(program)}).*(?:{match['value']}){quote}"
    change = TextEdit(start, stop, words, condition.file)
    return chosen_edits(nginx, config_edits(nginx, {condition.file: [change]}))


def without_file(path: str) -> Typed:
    """Return the command that takes the file of a maintenance away; () without a path. nginx looks
    for it at every request."""
    return (commands.move(path, f"{path}.off"),) if path else ()


_OFF = {"1": "0", "on": "off", "true": "false", "yes": "no"}


def turned_off(nginx: Nginx, switch: Directive | None) -> Typed:
    """Return the edit that turns the variable of a `set` off; () for another value."""
    value = switch.args[-1] if switch and switch.name == "set" else ""
    if switch is None or value.lower() not in _OFF:
        return ()
    line = f"set {switch.args[0]} {_OFF[value.lower()]};"
    changes = {switch.file: [replace_directive(switch, line)]}
    return chosen_edits(nginx, config_edits(nginx, changes))


def tested_path(nginx: Nginx, condition: Directive | None) -> str:
    """Return the file for which a condition holds while it is there; "" if its path depends on the
    request."""
    words = " ".join(condition.args) if condition else ""
    if "!-" in words:
        return ""
    path = words.rpartition(" ")[2].rstrip(")").strip("\"'")
    if condition and path.startswith("$document_root/"):
        root = _root(blocks_around(nginx, condition))
        path = root + path.removeprefix("$document_root") if root else ""
    return path if path.startswith("/") and "$" not in path else ""


def _root(blocks: Sequence[Directive]) -> str:
    """Return the folder of `root` in the innermost of these blocks that has one; "" with an
    `alias`, by which $document_root is another folder."""
    for block in reversed(blocks):
        if children(block, "alias"):
            return ""
        for line in children(block, "root"):
            return "".join(line.args[:1]).rstrip("/")
    return ""


def _names(nginx: Nginx, condition: Directive) -> set[str]:
    servers = (block for block in blocks_around(nginx, condition) if block.name == "server")
    return {
        name for block in servers for line in children(block, "server_name") for name in line.args
    }


def _with_value(nginx: Nginx, condition: Directive, kind: str, value: str) -> Typed:
    file = nginx.file(condition)
    text = file.text[condition.start : condition.opened] if file else ""
    comparison = re.compile(_COMPARISON.format(variable=_VARIABLES[kind]))
    match = comparison.fullmatch(text)
    if match is None:
        return ()
    if match["sign"] == "!=":
        start, stop = match.span("test")
        words = f'!~ "^({_escaped(match["value"])}|{_escaped(value)})$"'
    else:
        start = stop = match.end("value")
        words = f"|^{_escaped(value)}$"
    change = TextEdit(condition.start + start, condition.start + stop, words, condition.file)
    return chosen_edits(nginx, config_edits(nginx, {condition.file: [change]}))


def _escaped(value: str) -> str:
    """Return an expression that matches a value alone (pcre2pattern(3))."""
    return _SPECIAL.sub(r"\\\g<0>", value)
