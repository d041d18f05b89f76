"""Conditions of a web server that compare the whole field Connection with "Upgrade". Browsers may
send further options in it (RFC 9110 section 7.6.1): Firefox sends "keep-alive, Upgrade". No I/O.
"""

import re
from collections.abc import Iterator

#: Apache: RewriteCond with "=" or both anchors (mod_rewrite, "RewriteCond").
_APACHE = re.compile(
    r"(?i)(\s*RewriteCond\s+[\"']?%\{HTTP:Connection\}[\"']?\s+)"
    r"([\"']?)(?:=|\^)(upgrade)\$?\2(\s.*)?"
)

#: Caddy: the matcher header, in a block or after a name, without "*" (Caddy, "header" matcher).
_CADDY = re.compile(r"(?i)(\s*(?:@\S{1,60}\s+)?header\s+Connection\s+)([\"`]?)(upgrade)\2(\s*)")

#: Maximum number of lines that are read of a file.
_MAX_LINES = 20_000


def exact_conditions(product: str, text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that compare the whole field: the number, from 1, and the line that takes
    further options."""
    for number, line in enumerate(text.split("\n")[:_MAX_LINES], 1):
        if len(line) > 500 or "onnection" not in line.lower():
            continue
        if product == "apache" and (match := _APACHE.fullmatch(line)):
            yield number, f"{match[1]}{match[2]}{match[3]}{match[2]}{match[4] or ''}"
        elif product == "caddy" and (match := _CADDY.fullmatch(line)):
            yield number, f"{match[1]}*{match[3]}*{match[4]}"
