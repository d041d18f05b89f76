"""What corrects a configuration in which something stands in a block where nginx does not allow it,
or a brace too many ends a block early."""

import posixpath
import re
from dataclasses import replace

from checks.nginx import Nginx, file_line
from checks.nginx._context_repairs import inner_http, main_only, outside_http
from checks.nginx._errors import directive_at
from checks.nginx._misplaced_lines import misplaced
from checks.nginx._repairs import (
    Changes,
    Reader,
    Repair,
    all_directives,
    blocks_around,
    removed,
    replaced,
)
from checks.nginx._stray_locations import stray_edits, strays_from
from diagnose.model.nginx import ConfigFile, Directive, TestMessage
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import TextEdit, indentation
from diagnose.parsers.nginx.locations import location_pattern

#: What may stand in `http` alone, and means the same wherever it was written.
_HTTP_ONLY = frozenset({
    "upstream", "map", "geo", "limit_req_zone", "limit_conn_zone", "log_format", "split_clients",
    "proxy_cache_path", "fastcgi_cache_path", "server_names_hash_bucket_size",
    "variables_hash_max_size", "map_hash_bucket_size",
})  # fmt: skip
#: The rest of a brace's line, blank lines and comments, and the line behind them that is no brace.
_NEXT_LINE = re.compile(r"[ \t]*\r?\n(?:[ \t]*(?:#[^\n]*)?\r?\n)*(?P<lead>[ \t]*)(?=[^\s}#])")
_PASSES = frozenset({"proxy_pass", "fastcgi_pass", "uwsgi_pass", "grpc_pass"})


def _uri(nginx: Nginx, message: TestMessage, match: re.Match[str]) -> Repair | None:
    """A path in proxy_pass, where nginx has no prefix of a location to replace by it
    (ngx_http_proxy_pass). nginx reports the first; equal lines of the file are corrected alike."""
    directive = directive_at(nginx, message.file, message.line, "proxy_pass")
    if directive is None:
        return None
    equal = [
        other
        for other in all_directives(nginx)
        if (other.name, other.args, other.file) == (directive.name, directive.args, directive.file)
        and other is not directive
        and _lacks_prefix(blocks_around(nginx, other))
    ]
    blocks = [blocks_around(nginx, each)[-1:] for each in (directive, *equal)]
    texts = [_expression(block[0]).removeprefix("^") for block in blocks if block]
    # A location below another has the same path in place of a longer prefix: none was to be
    # replaced.
    is_nested = any(
        text != other and text.startswith(other) for text in texts for other in texts if other
    )
    repair = _uri_repair(nginx, directive, not is_nested)
    for other in equal if repair else ():
        its = _uri_repair(nginx, other, not is_nested)
        if repair and its and its.kind == repair.kind:
            is_sure = repair.is_sure and its.is_sure
            repair = replace(repair, changes=(*repair.changes, *its.changes), is_sure=is_sure)
    return repair


def _lacks_prefix(around: tuple[Directive, ...]) -> bool:
    """Return whether nginx refuses a path in a proxy_pass in these blocks."""
    block = around[-1] if around else None
    if block is None or block.name in {"if", "limit_except"}:
        return block is not None
    return block.name == "location" and (
        bool(_expression(block)) or any(arg.startswith("@") for arg in block.args[:1])
    )


def _expression(block: Directive) -> str:
    """Return the regular expression of a location, "" if it has none."""
    pattern = location_pattern(block) if block.name == "location" else None
    return pattern.text if pattern and pattern.modifier in {"~", "~*"} else ""


def _uri_repair(nginx: Nginx, directive: Directive, replaces: bool) -> Repair | None:
    """Return the repair of one line. `replaces` is False if the path was not to replace a prefix
    that an expression without an anchor means."""
    url = re.fullmatch(r"(\w+://[^/]+)(/.*)", directive.args[0]) if directive.args else None
    around = blocks_around(nginx, directive)
    if url is None or not around:
        return None
    block = around[-1]
    pattern = location_pattern(block) if block.name == "location" else None
    prefix = _plain_prefix(pattern.text) if pattern and pattern.modifier == "~" else ""
    if pattern and pattern.modifier == "~" and not prefix and replaces:
        prefix = _folder(pattern.text)
    others = children(around[-2], "location") if len(around) > 1 else ()
    taken = {(other.modifier, other.text) for each in others if (other := location_pattern(each))}
    is_free = not taken & {("", prefix), ("^~", prefix)}
    if prefix and is_free:
        head = " ".join(block.args)
        written = _head(nginx, block)
        changes = replaced(nginx, block, written, f"^~ {prefix}") if written else ()
        return Repair("prefix", changes, head, f"^~ {prefix}", is_sure=False)
    if url[2] != "/":
        return None
    outer = around[-2] if block.name in {"if", "limit_except"} and len(around) > 1 else block
    is_sure = outer.args == ("/",) or any(arg.startswith("@") for arg in outer.args[:1])
    changes = replaced(nginx, directive, directive.args[0], url[1])
    return Repair("uri", changes, directive.args[0], url[1], is_sure=is_sure)


def _plain_prefix(expression: str) -> str:
    """Return the prefix that an expression means, "" if it means more: "^/api/(.*)$" is "/api/"."""
    prefix = re.sub(r"(?:\(\.\*\)|\.\*)?\$?$", "", expression.removeprefix("^"))
    is_plain = expression.startswith("^/") and re.fullmatch(r"/[\w/-]+", prefix)
    return prefix if is_plain and not expression.endswith(f"{prefix}$") else ""


def _folder(expression: str) -> str:
    """Return the folder that an expression without an anchor is: "/git/". Of a text without a slash
    at its end, the path of proxy_pass would make two slashes."""
    return expression if re.fullmatch(r"/[\w/-]+/", expression) else ""


def _head(nginx: Nginx, block: Directive) -> str:
    """Return the words of a location as they are written."""
    file = nginx.file(block)
    text = file.text[block.start : block.opened - 1] if file else ""
    return text.removeprefix(block.name).strip()


def _not_allowed(nginx: Nginx, message: TestMessage, match: re.Match[str]) -> Repair | None:
    directive = directive_at(nginx, message.file, message.line, match[1])
    file = nginx.file(directive) if directive else None
    if directive is None or file is None:
        return None
    around = blocks_around(nginx, directive)
    readers = (
        _extra_brace, _into_server, _outside, _wrapped, _without_http, inner_http, main_only,
        misplaced,
        outside_http,
    )  # fmt: skip
    for reader in readers:
        if repair := reader(nginx, directive, file, around):
            return repair
    inside = around[-1].name if around else "main"
    allowed = ", ".join(_allowed_blocks(directive.name))
    return Repair("inside", (), inside, allowed, _include_of(nginx, directive, around))


def _extra_brace(
    nginx: Nginx, directive: Directive, file: ConfigFile, around: tuple[Directive, ...]
) -> Repair | None:
    """The block before it was closed by a brace that is indented like this directive, and the file
    has one brace more than it opens. The brace too many is the first one behind which the lines are
    indented like those inside the block that it closes."""
    siblings = [
        each for each in nginx_parser.parse(file.text, file.path) if each.start < directive.start
    ]
    before = siblings[-1] if siblings else None
    if before is None or before.block is None or not file.text[before.stop - 1 :].startswith("}"):
        return None
    brace = before.stop - 1
    line_start = file.text.rfind("\n", 0, brace) + 1
    lead = file.text[line_start:brace]
    is_inner = not lead.strip() and len(lead) > len(indentation(file.text, before))
    if not is_inner or len(lead) != len(indentation(file.text, directive)):
        return None
    early = _closed_early(file, before)
    return _without_brace(file, early[0] if early else brace, is_sure=len(early) < 2)


def _without_brace(file: ConfigFile, brace: int, *, is_sure: bool) -> Repair:
    line_start = file.text.rfind("\n", 0, brace) + 1
    line_stop = file.text.find("\n", brace) + 1 or len(file.text)
    is_alone = file.text[line_start:line_stop].strip() == "}"
    change = TextEdit(line_start, line_stop, "") if is_alone else TextEdit(brace, brace + 1, "")
    line = file.text.count("\n", 0, brace) + 1
    place = f"{file.path}:{line}"
    return Repair("brace_extra", ((file.path, change),), "}", "", place, is_sure=is_sure)


def _closed_early(file: ConfigFile, outer: Directive) -> list[int]:
    """Return where blocks inside a block end, and the next line is indented more than the block."""
    ends = []
    for block in nginx_parser.walk(outer.block or ()):
        brace = block.stop - 1
        if block.block is None or file.text[brace : block.stop] != "}":
            continue
        follower = _NEXT_LINE.match(file.text, block.stop)
        lead = indentation(file.text, block)
        if follower and follower["lead"].startswith(lead) and len(follower["lead"]) > len(lead):
            ends.append(brace)
    return sorted(ends)


def _into_server(
    nginx: Nginx, directive: Directive, file: ConfigFile, around: tuple[Directive, ...]
) -> Repair | None:
    """A location beside the server blocks of its file."""
    if directive.name != "location" or [each.name for each in around] not in ([], ["http"]):
        return None
    siblings = (around[0].block if around else nginx.config.main if nginx.config else ()) or ()
    strays = strays_from(siblings, directive)
    outer = around[0] if around and around[0].file == file.path else None
    changes = tuple((file.path, change) for change in stray_edits(file.text, strays, outer))
    if strays.server is None or not changes:
        return None
    head, place = directive.text, file_line(strays.server)
    return Repair("into_server", changes, head, "", place, is_sure=False)


def _outside(
    nginx: Nginx, directive: Directive, file: ConfigFile, around: tuple[Directive, ...]
) -> Repair | None:
    """A directive of `http` inside a server block of the same file: it moves before it."""
    server = next((each for each in around if each.name == "server"), None)
    is_inner = server is not None and around[0].name == "http" and server.file == directive.file
    if server is None or not is_inner or directive.name not in _HTTP_ONLY:
        return None
    text = file.text[directive.start : directive.stop]
    move = edits.insert_before(file.text, server, [*text.split("\n"), ""])
    changes = ((file.path, move), *removed(nginx, directive))
    head = directive.text
    return Repair("moved", changes, head, "http", file_line(server))


def _wrapped(
    nginx: Nginx, directive: Directive, file: ConfigFile, around: tuple[Directive, ...]
) -> Repair | None:
    """proxy_pass in a server block that has no `location /`."""
    is_in_server = bool(around) and around[-1].name == "server" and around[0].name == "http"
    if directive.name not in _PASSES or not is_in_server or directive.block is not None:
        return None
    if any(child.args == ("/",) for child in children(around[-1], "location")):
        return None
    indent = indentation(file.text, directive)
    step = "\t" if indent.startswith("\t") else indent or "    "
    text = file.text[directive.start : directive.stop]
    wrapped = f"location / {{\n{indent}{step}{text}\n{indent}}}"
    change = edits.replace_directive(directive, wrapped)
    return Repair("location", ((file.path, change),), text, "location /")


def _without_http(
    nginx: Nginx, directive: Directive, file: ConfigFile, around: tuple[Directive, ...]
) -> Repair | None:
    """The main file is a site's: it has neither `http` nor `events`."""
    main = nginx.config.main if nginx.config else ()
    names = {each.name for each in main}
    is_site = nginx.config is not None and file.path == nginx.config.path and not around
    if not is_site or names & {"http", "events", "stream", "mail", "include"}:
        return None
    if not names <= _HTTP_ONLY | {"server"}:
        return None
    head = f"{_error_log(nginx)}events {{\n}}\n\nhttp {{\n    include mime.types;\n\n"
    end = "}\n" if file.text.endswith("\n") else "\n}\n"
    changes: Changes = (
        (file.path, TextEdit(0, 0, head)),
        (file.path, TextEdit(len(file.text), len(file.text), end)),
    )
    return Repair("main", changes, directive.name, "http", is_sure=False)


def _error_log(nginx: Nginx) -> str:
    """Return the line for the error log, beside the other log, where nginx was built to write its
    errors to the terminal that starts it (Debian's is)."""
    arguments = nginx.build.arguments if nginx.build else ()
    options = dict(argument.partition("=")[::2] for argument in arguments)
    folder = posixpath.dirname(options.get("--http-log-path", ""))
    is_lost = options.get("--error-log-path") == "stderr" and folder
    return f"error_log {folder}/error.log;\n\n" if is_lost else ""


def _include_of(nginx: Nginx, directive: Directive, around: tuple[Directive, ...]) -> str:
    """Return the block in whose file the include of a directive's file stands, "" if it stands in
    the file itself."""
    outer = around[-1] if around else None
    is_included = outer is not None and outer.file != directive.file
    return file_line(outer) if outer and is_included else ""


def _allowed_blocks(name: str) -> tuple[str, ...]:
    """Return the blocks in which nginx allows a directive, the outermost first."""
    from crossplane.analyzer import CONTEXTS, DIRECTIVES

    masks = DIRECTIVES.get(name, ())
    blocks = (
        (context[-1] if context else "main")
        for context, bit in CONTEXTS.items()
        if context[:1] in {(), ("http",)} and any(mask & bit for mask in masks)
    )
    return tuple(dict.fromkeys(blocks))


def _closing_brace(nginx: Nginx, message: TestMessage, match: re.Match[str]) -> Repair | None:
    """A `}` alone on its line, after everything was closed: it is the one too many if nothing
    follows, unless a block before it was closed too early."""
    file = nginx.config.file(message.file or "") if nginx.config else None
    lines = file.text.split("\n") if file else []
    if file is None or message.line is None or not 0 < message.line <= len(lines):
        return None
    start = sum(len(each) + 1 for each in lines[: message.line - 1])
    line = lines[message.line - 1]
    before = nginx_parser.parse(file.text[:start], file.path)
    is_closed = all(each.end != "" for each in before) and bool(before)
    if line.strip() != "}" or not is_closed:
        return None
    if early := _closed_early(file, before[-1]):
        return _without_brace(file, early[0], is_sure=len(early) < 2)
    if "\n".join(lines[message.line :]).strip():
        return None
    return _without_brace(file, start + line.index("}"), is_sure=True)


BLOCK_READERS: tuple[tuple[str, Reader], ...] = (
    (r'"proxy_pass" cannot have URI part', _uri),
    (r'"(\w+)" directive is not allowed here', _not_allowed),
    (r'unexpected "}"', _closing_brace),
)
