"""Select from an access log the downloads that ended where nginx's temporary file is full unless it
is told otherwise: 1024m (ngx_http_proxy_module, proxy_max_temp_file_size). No I/O.

nginx writes into it what the visitor has not read yet. When it is full, nginx reads nothing more
until the visitor has caught up. Who gives up meanwhile has sent that much, and what the visitor had
read before.
"""

from collections.abc import Collection, Iterable

from diagnose.model import Vantage
from diagnose.model.logs import DownloadSize
from diagnose.parsers.access_log import AccessLine, host_of
from diagnose.parsers.failed_requests import is_of_site

#: Bytes: the size of the file, and a size beyond what a visitor has read while it was filled.
FULL, BEYOND = 1 << 30, 5 << 28
#: Maximum number of paths that are kept.
MAX_PATHS = 2

_OK = 200


def is_at_the_limit(line: AccessLine) -> bool:
    """Return whether a visitor got as much of a file as fits into nginx's temporary file."""
    is_file = line.method == "GET" and line.status == _OK
    return is_file and line.sent is not None and FULL <= line.sent < BEYOND


def download_sizes(
    lines: Iterable[AccessLine], file: str, names: Collection[str], is_shared: bool, since: float
) -> tuple[DownloadSize, ...]:
    """Return the downloads since a time (seconds since the epoch) that ended there, the last first.
    Two that ended at the same byte got the whole file. `names` and `is_shared` are those of
    `failed_requests`."""
    sizes: dict[str, DownloadSize] = {}
    ends, whole = set[tuple[str, int]](), set[str]()
    for line in lines:
        is_from_page = host_of(line.referer) in names
        if line.when < since or not is_of_site(line, names, is_shared, is_from_page):
            continue
        if is_at_the_limit(line):
            end = (line.path, line.sent or 0)
            whole |= {line.path} if end in ends else set()
            ends.add(end)
            previous = sizes.pop(line.path, None)
            sizes[line.path] = DownloadSize(
                vantage=Vantage.SERVER,
                file=file,
                path=line.path,
                sent=max(line.sent or 0, previous.sent if previous else 0),
                written=line.written,
            )
    cut = [size for path, size in reversed(sizes.items()) if path not in whole]
    return tuple(cut[:MAX_PATHS])
