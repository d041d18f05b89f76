"""Long runs of statements that are a list: networks to `allow` and `deny`, and the entries of a
`map` or `geo`. A server may have hundreds of thousands of them.

What looks for directives would pass each of them again and again. So the first of a long run holds
the others (`Directive.run`), and who needs the list itself asks for the `entries`. No I/O.
"""

import re
from collections.abc import Iterable, Iterator

from diagnose.model.nginx import MIN_RUN, Directive

#: Directives of which each holds one network (ngx_http_access_module, ngx_http_realip_module).
_OF_NETWORKS = frozenset({"allow", "deny", "set_real_ip_from"})
#: Blocks whose statements are entries (ngx_http_map_module, ngx_http_geo_module).
_TABLES = frozenset({"map", "geo", "split_clients"})
#: Statements of such a block that are none.
_NO_ENTRIES = frozenset({
    "default", "include", "hostnames", "volatile", "ranges", "proxy", "proxy_recursive", "delete",
})  # fmt: skip
#: The name of a directive. In a file that a table includes, others are entries.
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def folded(directives: list[Directive], block: str) -> tuple[Directive, ...]:
    """Return the directives of a block of this name ("" for those of a file), with each long run
    in its first one."""
    folded_directives: list[Directive] = []
    run: list[Directive] = []
    kind = ""
    for directive in directives:
        own = _kind(directive, block)
        if own != kind:
            folded_directives += _as_one(run)
            run, kind = [], own
        run.append(directive)
        if not own:
            folded_directives += run
            run = []
    return (*folded_directives, *_as_one(run))


def _as_one(run: list[Directive]) -> list[Directive]:
    if len(run) < MIN_RUN:
        return run
    from dataclasses import replace

    return [replace(run[0], run=tuple(run[1:]))]


def _kind(directive: Directive, block: str) -> str:
    """Return what list a statement belongs to; "" for none."""
    name = directive.name
    if directive.block is not None or name in _NO_ENTRIES or directive.end != ";":
        return ""
    if block in _TABLES:
        return "entry"
    if name in _OF_NETWORKS:
        return name if len(directive.args) == 1 and directive.args != ("all",) else ""
    is_entry = not block and len(directive.args) == 1 and not _NAME.fullmatch(name)
    return "entry" if is_entry else ""


def entries(directives: Iterable[Directive] | None) -> Iterator[Directive]:
    """Yield the directives of a block, those of long runs too."""
    for directive in directives or ():
        yield directive
        yield from directive.run
