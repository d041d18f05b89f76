"""A limit of uploads that somebody has set and that does not count for the upload: it stands in a
location to which nginx comes later, or in the server block of another port."""

import sys

from checks.nginx import Nginx, file_line
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.config import children, walk
from diagnose.parsers.nginx.proxy_headers import parse_size

_NAME = "client_max_body_size"


def uncounted_limit(nginx: Nginx, limit: int) -> dict[str, object]:
    """Return the facts about the largest limit in the site's server blocks that is above the one
    that counts, in bytes: its line, its place, and the location with it ("" in a server block);
    all "" if there is none. Zero is no limit (ngx_http_core_module)."""
    none: dict[str, object] = dict.fromkeys(("uncounted", "uncounted_place", "uncounted_in"), "")
    if nginx.config is None:
        return none
    answering = {id(selected.server.block) for selected in nginx.answering_servers()}
    limits: list[tuple[int, Directive, str]] = []
    for server in server_blocks.servers(nginx.config.main):
        names = {name for line in children(server.block, "server_name") for name in line.args}
        is_own = id(server.block) in answering
        if not is_own and nginx.evidence.target.host not in names:
            continue
        if not is_own:
            limits += [(_size(line), line, "") for line in children(server.block, _NAME)]
        for location in walk(server.block.block or ()):
            if location.name == "location":
                head = location.text
                limits += [(_size(line), line, head) for line in children(location, _NAME)]
    size, line, head = max(limits, key=lambda each: each[0], default=(0, None, ""))
    if line is None or size <= limit:
        return none
    text = line.text
    return {"uncounted": text, "uncounted_place": file_line(line), "uncounted_in": head}


def _size(line: Directive) -> int:
    """Return the limit in bytes; 0 for one that cannot be read."""
    size = parse_size(line.args[0]) if line.args else None
    return sys.maxsize if size == 0 else size or 0
