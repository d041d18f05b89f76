"""Lines that stand one block too far out or too far in, and what puts them where nginx allows them:
a `limit_except` of a server block, an `add_header` in an `if` of one, a `listen` of a location."""

from checks.nginx import Nginx, file_line
from checks.nginx._repairs import Changes, Repair, removed
from diagnose.model.nginx import ConfigFile, Directive
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import TextEdit
from diagnose.parsers.nginx.locations import location_pattern

_SERVER_IF, _LOCATION_IF = ("http", "server", "if"), ("http", "location", "if")
#: Lines of a server block of which it may have more than one.
_REPEATED = {"listen", "server_name"}


def misplaced(
    nginx: Nginx, directive: Directive, file: ConfigFile, around: tuple[Directive, ...]
) -> Repair | None:
    """Return what moves a directive into the block that is meant; None for another mistake."""
    if not around or around[0].name != "http" or around[-1].file != file.path:
        return None
    match around[-1].name:
        case "server" if directive.name == "alias":
            return None if children(around[-1], "root") else _root_for_alias(file, directive)
        case "server" if directive.name == "limit_except":
            return _into_locations(nginx, directive, file, around[-1], alone=True)
        case "if" if len(around) > 1 and around[-2].name == "server":
            return _condition(nginx, directive, file, around)
        case "location":
            return _into_server(nginx, directive, file, around)
        case _:
            return None


def _root_for_alias(file: ConfigFile, directive: Directive) -> Repair | None:
    """A server block has no prefix that `alias` could replace: its folder is the root."""
    before = edits.one_line(file.text, directive)
    after = before.replace("alias", "root", 1)
    change = edits.replace_directive(directive, after)
    # The whole folder is shown then, and a location may have been meant.
    return Repair("value", ((file.path, change),), before, after, is_sure=False)


def _condition(
    nginx: Nginx, directive: Directive, file: ConfigFile, around: tuple[Directive, ...]
) -> Repair | None:
    """An `if` of a server block may hold less than that of a location."""
    contexts = _contexts(directive.name)
    if _LOCATION_IF not in contexts or _SERVER_IF in contexts:
        return None
    return _into_locations(nginx, around[-1], file, around[-2], alone=False)


def _into_locations(
    nginx: Nginx, block: Directive, file: ConfigFile, server: Directive, *, alone: bool
) -> Repair | None:
    """Move a block of a server block into its locations, into `location /` alone, or into one that
    is made. A location that has answered before takes none."""
    lines = file.text[block.start : block.stop].split("\n")
    step = edits.indentation(file.text, block)
    lines = [line.removeprefix(step) for line in lines]
    patterns = [(child, location_pattern(child)) for child in children(server, "location")]
    if any(each.file != file.path for each, _ in patterns):
        return None
    wanted = [
        each
        for each, pattern in patterns
        if pattern is not None and not children(each, "return")
        if not alone or pattern.text == "/"
    ]
    changes: list[TextEdit] = [edits.insert_first(file.text, each, lines) for each in wanted]
    if not patterns and not children(server, "try_files"):
        changes = [edits.insert_location(file.text, server, "location /", lines)]
    if not changes:
        return None
    head = block.text
    places = ", ".join(" ".join(("location", *each.args)) for each in wanted) or "location /"
    moved: Changes = (*((file.path, change) for change in changes), *removed(nginx, block))
    return Repair("placed", moved, head, places, file_line(block), is_sure=False)


def _into_server(
    nginx: Nginx, directive: Directive, file: ConfigFile, around: tuple[Directive, ...]
) -> Repair | None:
    """A line of a server block in a location: the block has it already, or gets it."""
    contexts = _contexts(directive.name)
    server = next((block for block in around if block.name == "server"), None)
    is_outer = ("http", "server") in contexts and ("http", "location") not in contexts
    if server is None or server.file != file.path or not is_outer or directive.block is not None:
        return None
    own = children(server, directive.name)
    head = edits.one_line(file.text, directive)
    if any({*directive.args} <= {*line.args} for line in own):
        same = next(line for line in own if {*directive.args} <= {*line.args})
        return Repair("same", removed(nginx, directive), head, "", file_line(same))
    if own and directive.name not in _REPEATED:
        return None
    change = edits.insert_first(file.text, server, [head])
    changes = ((file.path, change), *removed(nginx, directive))
    return Repair("placed", changes, head, "server", file_line(directive), is_sure=False)


def _contexts(name: str) -> set[tuple[str, ...]]:
    """Return the blocks in which nginx allows a directive, each with those around it."""
    from crossplane.analyzer import CONTEXTS, DIRECTIVES

    masks = DIRECTIVES.get(name, ())
    return {context for context, bit in CONTEXTS.items() if any(mask & bit for mask in masks)}
