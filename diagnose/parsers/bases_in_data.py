"""What data that a page's scripts read says about where they ask further. No I/O.

A single page often reads one small document first ("/config.json", "/ui/bootstrap"), and joins its
requests to an address in it. Programs make that address of what the proxy told them about the
visitor.
"""

import re
from itertools import islice

from diagnose.parsers.sanitize import clean
from diagnose.parsers.urls import parse_url

#: Characters in which an address is looked for: such a document is small.
_HEAD = 65_536
#: Keys whose value is the beginning of further requests.
_BASE = re.compile(
    r"\"(?P<key>(?:api|backend|graphql|rest|service)?_?(?:base|root|end_?point)_?(?:ur[li]|path|href)?"
    r"|(?:api|backend|graphql|rest|service)_?(?:ur[li]|base|host|server|address))\""
    r"\s{0,9}:\s{0,9}\"(?P<url>http:\\?/\\?/[^\"\s]{1,300})\"",
    re.IGNORECASE,
)
_MAX_BASES = 16


def plain_bases_in_data(text: str, host: str, scripts: str) -> tuple[str, ...]:
    """Return the addresses of this host with http: in a document in JSON to which the page joins
    its requests: its scripts read that key."""
    head = text[:_HEAD]
    if not head.lstrip().startswith(("{", "[")):
        return ()
    bases = []
    for match in islice(_BASE.finditer(head), _MAX_BASES):
        address = match["url"].replace("\\/", "/")
        url = parse_url(address)
        if url is not None and url.host == host and _is_read(match["key"], scripts):
            bases.append(clean(address, 300))
    return tuple(dict.fromkeys(bases))


def _is_read(key: str, scripts: str) -> bool:
    return re.search(rf"[.{{,]\s{{0,9}}{re.escape(key)}(?![\w$])", scripts) is not None
