"""The edits that let one more method pass nginx: a `limit_except` (ngx_http_core_module), or a
condition on `$request_method` (ngx_http_rewrite_module, "if")."""

import re

from checks.nginx import Nginx
from checks.nginx._commands import chosen_edits
from checks.nginx._edits import config_edits
from diagnose.model import Command, Edit
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import (
    TextEdit,
    insert_first,
    one_line,
    remove_directive,
    replace_directive,
)
from diagnose.parsers.nginx.locations import LocationMatch

_HEAD = re.compile(r"limit_except(?:\s+[A-Z]{3,20}){1,12}")
#: A list of methods that pass, the one method that passes, and the one that does not.
_LISTED = re.compile(
    r"""if\s*\(\s*\$request_method\s+!~\*?\s*["']?\^?"""
    r"""\(?(?:\?:)?(?P<names>[A-Z]{3,20}(?:\|[A-Z]{3,20}){0,12})\)?\$?["']?\s*\)\s*\{"""
)
_METHOD = r"""["']?(?P<name>[A-Z]{3,20})["']?"""
_OTHER_THAN = re.compile(rf"if\s*\(\s*\$request_method\s+(?P<test>!=\s*{_METHOD})\s*\)\s*\{{")
_ONLY = re.compile(rf"if\s*\(\s*\$request_method\s+=\s*{_METHOD}\s*\)\s*\{{")
_PASSWORD = ("auth_basic", "auth_basic_user_file")
#: A `limit_except` inherits none of these from its location, nor stands beside another one.
_LOST = {"try_files", "return", "rewrite", "if", "set", "limit_except"}


def passing_steps(
    nginx: Nginx, match: LocationMatch, directive: Directive, method: str
) -> tuple[Command | Edit, ...]:
    """Return what a person types to let a method pass `directive`, or several ("PUT|DELETE"); () if
    it takes more."""
    is_limit = directive.name == "limit_except"
    changes = _named(nginx, directive, method) if is_limit else _unguarded(nginx, match)
    if not changes:
        return ()
    path = directive.file if is_limit else match.block.file
    return chosen_edits(nginx, config_edits(nginx, {path: changes}))


def _named(nginx: Nginx, block: Directive, method: str) -> list[TextEdit]:
    file = nginx.file(block)
    head = _HEAD.match(file.text, block.start) if file else None
    if head is None:
        return []
    names = method.replace("|", " ")
    return [TextEdit(head.end(), head.end(), f" {names}", block.file)]


def _unguarded(nginx: Nginx, match: LocationMatch) -> list[TextEdit]:
    """Ask for the password of a location in a `limit_except OPTIONS`. It stands in no other block,
    and a location has one."""
    block = match.block
    names = {child.name for child in block.block or ()}
    if block.name != "location" or _LOST & names or "proxy_pass" not in names:
        return []
    if names.isdisjoint(_PASSWORD):
        return _unguarded_below(nginx, match)
    lines = [line for name in _PASSWORD for line in children(block, name)]
    file = nginx.file(lines[0])
    is_own = all(line.file == block.file for line in lines)
    if file is None or not is_own:
        return []
    if sorted(line.name for line in lines) != sorted(_PASSWORD):
        return []
    first, second = lines
    inner = f"{one_line(file.text, first)} {one_line(file.text, second)}"
    text = f"limit_except OPTIONS {{ {inner} }}"
    return [replace_directive(first, text), remove_directive(file.text, second)]


def _unguarded_below(nginx: Nginx, match: LocationMatch) -> list[TextEdit]:
    """Take the password of the server block off a location, and ask for it in a `limit_except
    OPTIONS`."""
    file = nginx.file(match.block)
    lines = [match.directive(name) for name in _PASSWORD]
    texts = [one_line(source.text, line) for line in lines if line and (source := nginx.file(line))]
    if file is None or len(texts) != len(_PASSWORD):
        return []
    rows = ["auth_basic off;", "limit_except OPTIONS {", *(f"    {text}" for text in texts), "}"]
    return [insert_first(file.text, match.block, rows)]


def passing_rule(nginx: Nginx, condition: Directive, method: str) -> tuple[Command | Edit, ...]:
    """Return what a person types to let a method, or several ("PUT|DELETE"), pass a condition that
    refuses it: more names in its list, or the condition of this method alone taken out; () for
    another condition."""
    file = nginx.file(condition)
    text = file.text[condition.start : condition.opened] if file else ""
    if file is None or condition.name != "if":
        return ()
    changes: list[TextEdit] = []
    if listed := _LISTED.fullmatch(text):
        at = condition.start + listed.end("names")
        changes = [TextEdit(at, at, f"|{method}", condition.file)]
    elif alone := _OTHER_THAN.fullmatch(text):
        start, stop = (condition.start + edge for edge in alone.span("test"))
        test = f"!~ ^({alone['name']}|{method})$"
        changes = [TextEdit(start, stop, test, condition.file)]
    elif (only := _ONLY.fullmatch(text)) and only["name"] == method:
        changes = [remove_directive(file.text, condition)]
    edited = config_edits(nginx, {condition.file: changes}) if changes else ()
    return chosen_edits(nginx, edited)
