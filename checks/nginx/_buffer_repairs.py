"""What corrects buffers whose sizes nginx refuses: it names the end of `http`, where it compares
them, and not the lines (ngx_http_proxy_merge_loc_conf; fastcgi, uwsgi and scgi alike)."""

import re
from collections.abc import Iterator, Sequence
from math import ceil

from checks.nginx import Nginx, file_line
from checks.nginx._repairs import Changes, Reader, Repair
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive, TestMessage
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children, directives_in_force
from diagnose.parsers.nginx.proxy_headers import PAGE_SIZE, parse_size, size_text

#: What the sizes are called behind `proxy_` and the like.
_NAMES = ("buffer_size", "buffers", "busy_buffers_size", "temp_file_write_size",
          "max_temp_file_size")  # fmt: skip
_BLOCKS = {"http", "server", "location", "if", "limit_except"}


@frozen
class Sizes:
    """The sizes in force in a block, in bytes; None where nginx takes its default."""

    head: int
    count: int
    buffer: int
    busy: int | None
    write: int | None
    file: int | None


def corrected_sizes(sizes: Sizes) -> dict[str, str]:
    """Return the settings that make the sizes fit together, each as nginx writes it."""
    settings: dict[str, str] = {}
    count, buffer, busy = sizes.count, sizes.buffer, sizes.busy
    largest = max(sizes.head, buffer)
    if busy is not None and busy < largest:
        busy = largest
        settings["busy_buffers_size"] = size_text(busy)
    needed = 2 * largest if busy is None else busy
    if count < 2 or needed > (count - 1) * buffer:
        count = max(count, ceil(needed / largest) + 1)
        settings["buffers"] = f"{count} {size_text(largest)}"
    if sizes.write is not None and sizes.write < largest:
        settings["temp_file_write_size"] = size_text(2 * largest)
    if sizes.file and sizes.file < largest:
        settings["max_temp_file_size"] = size_text(2 * largest)
    return settings


def _buffers(nginx: Nginx, message: TestMessage, match: re.Match[str]) -> Repair | None:
    """`proxy_buffer_size 16k;` without `proxy_buffers`, or a `proxy_busy_buffers_size` that is less
    than one buffer."""
    prefix = match["prefix"] or match["few"]
    changes: Changes = ()
    written: dict[str, None] = {}
    place = ""
    for blocks in _nested((), nginx.config.main if nginx.config else ()):
        sizes = _sizes(blocks, prefix)
        block = next((block for block in reversed(blocks) if _own(block, prefix)), None)
        if sizes is None or block is None:
            continue
        for name, value in corrected_sizes(sizes).items():
            own = _own(block, prefix)
            file = nginx.file(own[0])
            if file is None:
                return None
            line = f"{prefix}_{name} {value};"
            old = children(block, f"{prefix}_{name}")
            change = (
                edits.replace_directive(old[0], line)
                if old
                else edits.insert_after(file.text, own[0], [line])
            )
            changes = (*changes, (file.path, change))
            written[line] = None
            place = place or file_line(own[0])
    return Repair("buffers", changes, "", " ".join(written), place) if changes else None


def _nested(
    blocks: tuple[Directive, ...], directives: Sequence[Directive]
) -> Iterator[tuple[Directive, ...]]:
    """Yield each block of `http` with the blocks around it, the outermost first."""
    for directive in directives:
        if directive.name in _BLOCKS and directive.block is not None:
            yield (*blocks, directive)
            yield from _nested((*blocks, directive), directive.block)


def _own(block: Directive, prefix: str) -> tuple[Directive, ...]:
    """Return the sizes that stand in the block itself."""
    names = {f"{prefix}_{name}" for name in _NAMES}
    return tuple(directive for directive in block.block or () if directive.name in names)


def _sizes(blocks: Sequence[Directive], prefix: str) -> Sizes | None:
    """Return the sizes in force in the last of the blocks; None if one is written as no size."""
    values: dict[str, list[int | None]] = {}
    for name in _NAMES:
        directive = next(iter(directives_in_force(blocks, f"{prefix}_{name}")), None)
        values[name] = [parse_size(word) for word in directive.args] if directive else []
    if any(None in sizes for sizes in values.values()):
        return None
    head, busy, write, file = (
        next(iter(values[name]), None) for name in _NAMES if name != "buffers"
    )
    buffers = values["buffers"]
    count, buffer = (buffers[0], buffers[1]) if len(buffers) == 2 else (8, PAGE_SIZE)
    return Sizes(head or PAGE_SIZE, count or 0, buffer or PAGE_SIZE, busy, write, file)


BUFFER_READERS: tuple[tuple[str, Reader], ...] = (
    (r'"(?P<prefix>proxy|fastcgi|uwsgi|scgi)_(?:busy_buffers|temp_file_write|max_temp_file)_size" '
     r'must be |there must be at least 2 "(?P<few>proxy|fastcgi|uwsgi|scgi)_buffers"', _buffers),
)  # fmt: skip
