"""A file that nginx does not read and that says of a path otherwise than the one which it reads:
`sites-enabled/shop` is a copy of `sites-available/shop`, and only the latter was edited. No I/O."""

import re
from posixpath import basename

from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import PASS_DIRECTIVES, match_location
from diagnose.parsers.nginx.server_blocks import Server

#: What a location answers with.
_ANSWERS = (*PASS_DIRECTIVES, "return", "rewrite", "alias", "root", "try_files")
#: Words of a `try_files` with one file and what comes without it.
_ONE_FILE = 2
#: Names of files from which others are made.
_TEMPLATE = re.compile(r"(?i)\.(?:template|tmpl|tpl|j2|erb|example|sample|dist|inc)(?:\.conf)?$")
#: Words in the name of a file that nobody wants to have loaded now.
_ASIDE = re.compile(
    r"(?i)(?<![a-z])(?:old|back-?up|bak|copy|new|next|wip|draft|test|maint(?:enance)?|down"
    r"|disabled|unused)(?![a-z])|[._-]20[0-9]{2}-?[01][0-9]-?[0-3][0-9]"
)


@frozen
class OtherAnswer:
    """The location of the unread file for a path, and its first line that answers it."""

    location: Directive
    answer: Directive


def is_template(path: str) -> bool:
    """Return whether other files are made from a file of this name."""
    return _TEMPLATE.search(path) is not None


def is_aside(path: str, used: str) -> bool:
    """Return whether the name of a file says that it is an older or a later one, or one for a time
    of maintenance, and that of the used file does not."""
    words, own = (set(map(str.lower, _ASIDE.findall(basename(each)))) for each in (path, used))
    return bool(words - own)


def other_answer(used: Server, unread: Server, path: str) -> OtherAnswer | None:
    """Return what the block of an unread file does with a path, if it has a location for it and the
    block that is read does something else."""
    own, other = match_location(used, path).block, match_location(unread, path).block
    answers = _answers(other) if other.name == "location" else ()
    if not answers or not answers[0].args or _texts(_answers(own)) == _texts(answers):
        return None
    if any(_refuses(line) for line in answers):
        return None  # nobody waits for a refusal
    return OtherAnswer(other, answers[0])


def _refuses(line: Directive) -> bool:
    """Return whether a line answers with an error: the closed site, a page of maintenance."""
    if not line.args:
        return False
    status = line.args[-1].removeprefix("=") if line.name == "try_files" else line.args[0]
    is_last = line.name == "try_files" and len(line.args) == _ONE_FILE
    return (line.name == "return" or is_last) and status[:1] in {"4", "5"} and status.isdigit()


def replaces(used: tuple[Server, ...], unread: tuple[Server, ...]) -> bool:
    """Return whether the blocks of an unread file have all names and ports of those of the file
    that is read."""
    return _places(used) <= _places(unread)


def _places(blocks: tuple[Server, ...]) -> set[tuple[str, int]]:
    return {
        (name, listen.port)
        for block in blocks
        for name in block.names or ("",)
        for listen in block.listens
    }


def _answers(block: Directive) -> tuple[Directive, ...]:
    return tuple(line for name in _ANSWERS for line in children(block, name))


def _texts(directives: tuple[Directive, ...]) -> tuple[tuple[str, ...], ...]:
    return tuple((directive.name, *directive.args) for directive in directives)
