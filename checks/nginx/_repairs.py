"""What corrects a configuration that nginx refuses, by the words of its complaint: what stands
twice, or is no longer there. Values and names are in `_value_repairs`, blocks in `_block_repairs`.

A repair is what the written lines can only mean; nginx tests it before it loads it. The messages
are those of nginx's source (ngx_conf_file.c, ngx_http_core_module.c and the modules' own).
"""

import fnmatch
import math
import posixpath
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from checks.nginx import Nginx, file_line
from checks.nginx._errors import directive_at
from checks.nginx._idle_locations import idle_location
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive, TestMessage
from diagnose.parsers.generated_files import generated_file
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.parsers.nginx import edits, server_blocks
from diagnose.parsers.nginx.config import children, walk
from diagnose.parsers.nginx.edits import TextEdit
from diagnose.parsers.nginx.listen_overlaps import without_socket_options
from diagnose.parsers.nginx.proxy_headers import parse_size

RepairKind = Literal[
    "scheme", "group_port", "quotes", "value", "listen", "same", "smaller", "twice", "hash",
    "format", "zone", "new_zone", "variable", "uri", "prefix", "tls_file", "moved", "location",
    "brace_extra", "into_server", "main", "inside", "link", "buffers", "braces", "folder", "lines",
    "include", "dhparam", "user", "member", "main_only", "inner_http",
    "loop", "main_missing", "placed", "idle", "vhost", "into_http", "outside",
]  # fmt: skip

Changes = tuple[tuple[str, TextEdit], ...]


@frozen
class Repair:
    """What is wrong, and the changes that correct it, each with the path of its file; none if only
    a person knows what is meant. `before` and `after` are the words that change, `other` is a place
    ("file:line") or the blocks that the kind is about. `is_sure`: nothing else can be meant.
    `choice` are the other changes, where a person chooses one of two."""

    kind: RepairKind
    changes: Changes = ()
    before: str = ""
    after: str = ""
    other: str = ""
    is_sure: bool = True
    choice: Changes = ()


Reader = Callable[[Nginx, TestMessage, re.Match[str]], Repair | None]


def replaced(nginx: Nginx, directive: Directive, before: str, after: str) -> Changes:
    """Return the change of the first `before` in a directive, none if it is not written there."""
    file = nginx.file(directive)
    head = file.text[directive.start : directive.opened or directive.stop] if file else ""
    at = head.find(before, len(directive.name)) if before != directive.name else head.find(before)
    if file is None or at < 0:
        return ()
    start = directive.start + at
    return ((file.path, TextEdit(start, start + len(before), after)),)


def replaced_everywhere(nginx: Nginx, directive: Directive, before: str, after: str) -> Changes:
    """Return the change in a directive and in those of its name that have the same argument: nginx
    reports the first one, and copies have the same error."""
    changes: Changes = ()
    for other in all_directives(nginx):
        if other.name == directive.name and (before in other.args or other is directive):
            changes = (*changes, *replaced(nginx, other, before, after))
    return changes


def removed(nginx: Nginx, directive: Directive) -> Changes:
    file = nginx.file(directive)
    return ((file.path, edits.remove_directive(file.text, directive)),) if file else ()


def blocks_around(nginx: Nginx, directive: Directive) -> tuple[Directive, ...]:
    """Return the blocks that hold a directive, the outermost first."""
    return _path_to(nginx.config.main if nginx.config else (), directive) or ()


def _path_to(directives: Sequence[Directive], wanted: Directive) -> tuple[Directive, ...] | None:
    for directive in directives:
        if directive is wanted:
            return ()
        path = _path_to(directive.block or (), wanted)
        if path is not None:
            return (directive, *path)
    return None


def all_directives(nginx: Nginx) -> Iterator[Directive]:
    return walk(nginx.config.main if nginx.config else ())


def reported(nginx: Nginx, message: TestMessage, *names: str) -> Directive | None:
    """Return the directive of one of these names at the place that nginx reports."""
    directives = (directive_at(nginx, message.file, message.line, name) for name in names)
    return next((directive for directive in directives if directive), None)


# What stands twice


def _duplicate(nginx: Nginx, message: TestMessage, match: re.Match[str]) -> Repair | None:
    """A directive, location, upstream or log format of which a block has two."""
    name = match["name"] or match["block"] or match["format"]
    second = reported(nginx, message, name)
    around = blocks_around(nginx, second) if second else ()
    siblings = (around[-1].block if around else nginx.config.main if nginx.config else ()) or ()
    key = 1 if match["block"] or match["format"] else 0
    first = next(
        (
            sibling
            for sibling in siblings
            if sibling.name == name and sibling is not second and second
            and (not key or _key(sibling) == _key(second))
        ),
        None,
    )  # fmt: skip
    if first is None or second is None:
        return None
    other = file_line(first)
    if _is_same(first, second):
        return Repair("same", removed(nginx, second), _written(second), "", other)
    if name.endswith(("_hash_bucket_size", "_hash_max_size")):
        sizes = [int(each.args[0]) if each.args[:1] and each.args[0].isdigit() else 0
                 for each in (first, second)]  # fmt: skip
        smaller, larger = (first, second) if sizes[0] < sizes[1] else (second, first)
        kept = file_line(larger)
        return Repair("smaller", removed(nginx, smaller), _written(smaller), _written(larger), kept)
    if less := _smaller_limit(first, second):
        more = first if less is second else second
        change, kept = removed(nginx, less), file_line(more)
        return Repair("smaller", change, _written(less), _written(more), kept, is_sure=False)
    if own := _beside_generated(nginx, first, second):
        kept = file_line(first if own is second else second)
        return Repair(
            "vhost", removed(nginx, own), _written(own), file_line(own), kept, is_sure=False
        )
    if idle := idle_location(first, second):
        kept = file_line(first if idle is second else second)
        change = removed(nginx, idle)
        return Repair("idle", change, _written(idle), file_line(idle), kept, is_sure=False)
    keep_first, keep_second = removed(nginx, second), removed(nginx, first)
    return Repair("twice", keep_first, _written(second), "", other, choice=keep_second)


def _beside_generated(nginx: Nginx, first: Directive, second: Directive) -> Directive | None:
    """Return the location of two that a person wrote into a file of vhost.d, where nginx-proxy
    makes the other one itself and writes its file anew; None for others."""
    if first.name != "location":
        return None
    pairs = ((first, second), (second, first))
    return next((own for own, made in pairs if _is_made(nginx, made) and _is_vhost(own)), None)


def _is_made(nginx: Nginx, directive: Directive) -> bool:
    file = nginx.file(directive)
    generated = generated_file(file.text, file.path, file.real) if file else None
    return generated is not None and generated.panel == "nginx-proxy"


def _is_vhost(directive: Directive) -> bool:
    return posixpath.dirname(directive.file or "") == "/etc/nginx/vhost.d"


def _smaller_limit(first: Directive, second: Directive) -> Directive | None:
    """Return the directive that allows less, of two limits of which the larger is enough for both:
    the size of a body, or a time to wait; None for others."""
    if len(first.args) != 1 or len(second.args) != 1:
        return None
    amounts: list[float | None]
    if first.name == "client_max_body_size":
        # 0 is no limit (ngx_http_core_module).
        sizes = [parse_size(each.args[0]) for each in (first, second)]
        amounts = [math.inf if size == 0 else size for size in sizes]
    elif first.name.endswith(("_read_timeout", "_send_timeout", "_connect_timeout")):
        amounts = [nginx_parser.seconds(each.args[0]) for each in (first, second)]
    else:
        return None
    of_first, of_second = amounts
    if of_first is None or of_second is None or of_first == of_second:
        return None
    return first if of_first < of_second else second


def _key(directive: Directive) -> tuple[str, ...]:
    return directive.args[:1] if directive.name == "log_format" else directive.args


def _is_same(first: Directive, second: Directive) -> bool:
    """Return whether two directives say the same."""
    blocks = first.block or (), second.block or ()
    return (
        (first.name, first.args, len(blocks[0])) == (second.name, second.args, len(blocks[1]))
        and (first.block is None) == (second.block is None)
        and all(map(_is_same, *blocks))
    )


def _written(directive: Directive) -> str:
    """Return the directive as one writes it, a block by its head."""
    end = "" if directive.block is not None else ";"
    return directive.text + end


def _same_listen(nginx: Nginx, message: TestMessage, match: re.Match[str]) -> Repair | None:
    """One block listens twice on a socket."""
    second = reported(nginx, message, "listen")
    around = blocks_around(nginx, second) if second else ()
    if second is None or not around:
        return None
    sockets = {(each.address, each.port) for each in server_blocks.parse_listen(second)}
    for first in children(around[-1], "listen"):
        own = {(each.address, each.port) for each in server_blocks.parse_listen(first)}
        if first is not second and own == sockets and set(second.args[1:]) <= set(first.args[1:]):
            return Repair("same", removed(nginx, second), _written(second), "", file_line(first))
    return None


def _socket_options(nginx: Nginx, message: TestMessage, match: re.Match[str]) -> Repair | None:
    """Two blocks set the options of one socket."""
    directive = reported(nginx, message, "listen")
    file = nginx.file(directive) if directive else None
    if directive is None or file is None:
        return None
    before, after = _written(directive), without_socket_options(directive)
    change = edits.replace_directive(directive, after)
    return Repair("value", ((file.path, change),) if before != after else (), before, after)


# Files of certbot


def _tls_file(nginx: Nginx, message: TestMessage, match: re.Match[str]) -> Repair | None:
    """certbot's settings, which nginx works without: its defaults are as good."""
    path = match[1] or match[2]
    if posixpath.basename(path) not in {"options-ssl-nginx.conf", "ssl-dhparams.pem"}:
        return None
    changes: Changes = ()
    # An include stands in the file alone: what it includes takes its place in the configuration.
    for file in nginx.config.files if nginx.config else ():
        for directive in walk(nginx_parser.parse(file.text, file.path)):
            if directive.name in {"include", "ssl_dhparam"} and directive.args == (path,):
                change = edits.remove_directive(file.text, directive)
                changes = (*changes, (file.path, change))
    return Repair("tls_file", changes, path, is_sure=False) if changes else None


def _link(nginx: Nginx, message: TestMessage, match: re.Match[str]) -> Repair | None:
    """A name that a pattern of `include` has found, and that cannot be opened, is a link that leads
    nowhere: `ln -s sites-available/shop sites-enabled/` leads to a path below sites-enabled. Two
    links may lead to each other: then the text of the site is gone.
    `after` is where Debian's layout has the file that is meant."""
    path, config = match[1], nginx.config
    file = config.file(message.file) if config and message.file else None
    lines = walk(nginx_parser.parse(file.text, file.path)) if file and path else ()
    patterns = [
        word
        for line in lines
        for word in line.args[:1]
        if line.name == "include" and line.line == message.line and "*" in word
    ]
    if not any(fnmatch.fnmatchcase(path, f"*{pattern}") for pattern in patterns):
        return None
    folder, name = posixpath.split(path)
    is_enabled = posixpath.basename(folder) == "sites-enabled"
    meant = f"{posixpath.dirname(folder)}/sites-available/{name}" if is_enabled else ""
    kind: RepairKind = "loop" if match[2] == "40" else "link"
    return Repair(kind, before=path, after=meant)


READERS: tuple[tuple[str, Reader], ...] = (
    (r'"(?P<name>\w+)" directive is duplicate|duplicate (?P<block>location|upstream) "'
     r'|duplicate "(?P<format>log_format)" name', _duplicate),
    (r"a duplicate listen ", _same_listen),
    (r"duplicate listen options for ", _socket_options),
    (r'open\(\) "([^"]+)" failed \(2: |BIO_new_file\("([^"]+)"\) failed .*No such file', _tls_file),
    (r'open\(\) "([^"]+)" failed \((2|40): ', _link),
)  # fmt: skip
