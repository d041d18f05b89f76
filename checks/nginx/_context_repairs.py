"""A file that `http` includes holds what belongs into nginx's main file: a whole `http { }`, or
lines such as `worker_processes`. Or a site's file is read outside of `http`, as Alpine reads
conf.d."""

import fnmatch
import posixpath

from checks.nginx import Nginx, file_line
from checks.nginx._repairs import Changes, Repair, removed
from diagnose.model.nginx import ConfigFile, Directive
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import TextEdit

#: Simple directives of `http` of which a block may have more than one.
_REPEATED = frozenset({
    "access_log", "add_header", "add_trailer", "allow", "deny", "error_log", "error_page",
    "fastcgi_cache_path", "gzip_disable", "include", "limit_conn", "limit_conn_zone", "limit_req",
    "limit_req_zone", "log_format", "proxy_cache_path", "proxy_cache_valid", "proxy_set_header",
    "set_real_ip_from", "uwsgi_cache_path",
})  # fmt: skip


def inner_http(
    nginx: Nginx, directive: Directive, file: ConfigFile, around: tuple[Directive, ...]
) -> Repair | None:
    """A whole `http { … }` in a file that `http` includes: what stands in it stays."""
    outer = around[-1] if around else None
    if directive.name != "http" or outer is None or outer.name != "http":
        return None
    if outer.file == directive.file or file.text[directive.stop - 1 : directive.stop] != "}":
        return None
    own = nginx_parser.parse(file.text, file.path)
    block = next((each for each in own if each.start == directive.start), None)
    if block is None or any(_reads_itself(each, file.path) for each in block.block or ()):
        return None
    taken = {each.name for each in outer.block or () if each.file == outer.file} - _REPEATED
    twice = [
        line
        for line in block.block or ()
        if line.block is None and line.name in taken and line.file == file.path
    ]
    beside = [each for each in own if each is not block and each.name in _main_names()]
    changes: Changes = (
        *removed_all(nginx, [*beside, *twice]),
        (file.path, TextEdit(block.start, block.opened, "", file.path)),
        (file.path, TextEdit(block.stop - 1, block.stop, "", file.path)),
    )
    return Repair("inner_http", changes, "http {", "", file_line(outer), is_sure=False)


def removed_all(nginx: Nginx, directives: list[Directive]) -> Changes:
    return tuple(change for directive in directives for change in removed(nginx, directive))


def _reads_itself(directive: Directive, path: str) -> bool:
    """Return whether an `include` reads this file too, or a whole folder."""
    return directive.name == "include" and any(
        ("*" in word and fnmatch.fnmatchcase(path, f"*{word.lstrip('/')}")) or "sites-" in word
        for word in directive.args
    )


def main_only(
    nginx: Nginx, directive: Directive, file: ConfigFile, around: tuple[Directive, ...]
) -> Repair | None:
    """`worker_processes 4;` or `events { }` in a file that `http` includes, while the main file has
    its own."""
    config = nginx.config
    is_included = bool(around) and around[-1].file != directive.file
    if config is None or not is_included or directive.name not in _main_names():
        return None
    own = next(
        (each for each in config.main if each.name == directive.name and each.file == config.path),
        None,
    )
    siblings = [
        child
        for child in children(around[-1], directive.name)
        if child.file == directive.file and child is not own
    ]
    if own is None or directive.name in {"http", "load_module", "stream"}:
        return None
    end = " { }" if directive.block is not None else ";"
    words = directive.text + end
    changes = removed_all(nginx, siblings)
    return Repair("main_only", changes, words, "", file_line(own), is_sure=False)


def outside_http(
    nginx: Nginx, directive: Directive, file: ConfigFile, around: tuple[Directive, ...]
) -> Repair | None:
    """The main file reads a site's file outside of `http`. Where `http` reads another folder, the
    file belongs there; else the `include` belongs into `http`."""
    config = nginx.config
    main = config.file(config.path) if config else None
    if config is None or main is None or around or file.path in {main.path, main.real}:
        return None
    own = nginx_parser.parse(main.text, main.path)
    http = next((each for each in own if each.name == "http"), None)
    reading = next((each for each in own if _is_include_of(nginx, each, file.path)), None)
    if http is None or reading is None or directive.name in _main_names():
        return None
    name = posixpath.basename(file.path)
    for line in children(http, "include"):
        folder, pattern = (
            posixpath.split(nginx.resolve_path(line.args[0])) if line.args else ("", "")
        )
        is_other = folder != posixpath.dirname(file.path) and "*" not in folder
        if is_other and "*" in pattern and fnmatch.fnmatchcase(name, pattern):
            meant = f"{folder}/{name}"
            return Repair("outside", (), file.path, meant, file_line(reading), is_sure=False)
    text = f"include {reading.args[0]};"
    changes: Changes = (
        (main.path, edits.remove_directive(main.text, reading)),
        (main.path, edits.insert_last(main.text, http, [text])),
    )
    return Repair("into_http", changes, text, "", file_line(http), is_sure=False)


def _is_include_of(nginx: Nginx, line: Directive, path: str) -> bool:
    """Return whether a line is the `include` that reads a file."""
    return line.name == "include" and any(
        fnmatch.fnmatchcase(path, nginx.resolve_path(word)) for word in line.args[:1]
    )


def _main_names() -> frozenset[str]:
    """Return the directives that nginx allows outside of every block, and in none."""
    from crossplane.analyzer import CONTEXTS, DIRECTIVES

    inner = 0
    for context, bit in CONTEXTS.items():
        inner |= bit if context else 0
    top = CONTEXTS[()]
    return frozenset(
        name
        for name, masks in DIRECTIVES.items()
        if any(mask & top for mask in masks) and not any(mask & inner for mask in masks)
    )
