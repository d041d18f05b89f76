"""The `if` that set the variable which another `if` asks for: lists of exploits and of bad robots
set it by many conditions (`set $block_sql_injections 1`), and refuse by one at the end. A switch
for the time of maintenance is set by one line, or by a file that is there."""

import re
from collections.abc import Iterator
from fnmatch import fnmatch

from checks.nginx import Nginx, file_line
from checks.nginx._repairs import blocks_around
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_search
from diagnose.parsers.urls import parse_url

#: `if ($block_exploits = 1)`, `if ($bad_bot)`, and `if ($query_string ~ "…")`.
_FLAG = re.compile(r"\(\s*\$(\w{1,100})(?: != 0| = [\"']?(\w{1,100})[\"']?)?\s*\)")
_TEST = re.compile(r"\(\s*\$(query_string|args|request_uri|uri) (~\*?) (.{1,2000})\)", re.DOTALL)
_FILE_TEST = re.compile(r"\(\s*-[efd] ")
#: Most directives that are looked at, and the longest text that is compared.
_MAX_DIRECTIVES, _MAX_TEXT = 2000, 2000
#: The file of Nginx Proxy Manager's switch "Block Common Exploits".
_PANEL = "block-exploits.conf"


def flag_facts(nginx: Nginx, condition: Directive | None, url: str) -> dict[str, object]:
    """Return the condition that set the variable for a request of this address, its place, the part
    of the address that it matched, and the `include` of its file in the site's block; "" for each
    where it is not known."""
    facts: dict[str, object] = {"flag": "", "flag_place": "", "flag_part": "", "flag_include": "",
                                "flag_panel": False}  # fmt: skip
    match = _FLAG.fullmatch(" ".join(condition.args)) if condition else None
    if match is None or condition is None:
        return facts
    for selected in nginx.answering_servers():
        block = selected.server.block
        for test in _tests(block, match[1], match[2]):
            if part := _matched(test, url):
                return {
                    "flag": _written(nginx, test),
                    "flag_place": file_line(test),
                    "flag_part": part[:100],
                    "flag_include": _include(nginx, block, test.file),
                    "flag_panel": test.file.endswith(f"/{_PANEL}"),
                }
    return facts


def switch_of(nginx: Nginx, condition: Directive | None) -> Directive | None:
    """Return what turned on the variable that a condition asks for: the `if` that looks for a file,
    or the one `set` outside of every `if`; None where it is neither, or more than one."""
    match = _FLAG.fullmatch(" ".join(condition.args)) if condition else None
    around = blocks_around(nginx, condition) if condition else ()
    if match is None:
        return None
    servers = [block for block in around if block.name == "server"]
    lines = [
        line
        for block in around
        for line in children(block, "set")
        if line.args[:1] == (f"${match[1]}",)
    ]
    is_on = len(lines) == 1 and _is_on(lines[0], match[2])
    tests = [test for block in servers for test in _tests(block, match[1], match[2])]
    if not is_on and len(tests) == 1 and _FILE_TEST.match(" ".join(tests[0].args)):
        return tests[0]
    return lines[0] if is_on and not tests else None


def _is_on(line: Directive, value: str | None) -> bool:
    return line.args[1:] == (value,) if value else line.args[1:] not in {("0",), ("",)}


def _written(nginx: Nginx, test: Directive) -> str:
    """Return a condition as its file has it."""
    file = nginx.file(test)
    text = file.text[test.start : test.opened].rstrip("{ \n\t") if file else ""
    return text if text.startswith("if") else f"if {' '.join(test.args)}"


def _tests(block: Directive, name: str, value: str | None) -> Iterator[Directive]:
    """Yield the `if`s in a block that set a variable to a value, or to any but 0."""
    todo, seen = [block], 0
    while todo and seen < _MAX_DIRECTIVES:
        current = todo.pop()
        for child in current.block or ():
            seen += 1
            if child.block is None:
                continue
            if child.name != "if":
                todo.append(child)
            elif any(
                directive.name == "set" and directive.args[:1] == (f"${name}",)
                and _is_on(directive, value)
                for directive in child.block
            ):  # fmt: skip
                yield child


def _matched(test: Directive, url: str) -> str:
    """Return the part of an address that a condition matches, "" if it does not."""
    match, parsed = _TEST.fullmatch(" ".join(test.args)), parse_url(url)
    if match is None or parsed is None:
        return ""
    path, _, query = parsed.path.partition("?")
    whole = {"query_string": query, "args": query, "uri": path}.get(match[1], parsed.path)
    pattern = match[3].strip()
    if pattern[:1] in {'"', "'"} and pattern[-1:] == pattern[:1]:
        pattern = pattern[1:-1]
    if not is_supported_pcre(pattern):
        return ""
    matched = pcre_search(pattern, whole[:_MAX_TEXT], match[2] == "~*")
    return matched[0] if matched else ""


def _include(nginx: Nginx, block: Directive, path: str) -> str:
    """Return the place of the line in a block's file that includes a file."""
    file = nginx.file(block)
    if file is None or file.path == path:
        return ""
    for number, line in enumerate(file.text.split("\n")[: _MAX_DIRECTIVES * 5], 1):
        words = line.split()
        is_include = number >= block.line and len(words) == 2 and words[0] == "include"
        if is_include and fnmatch(path, f"*{words[1].rstrip(';')}"):
            return f"{file.path}:{number}"
    return ""
