"""What a description of an interface (OpenAPI) says about the addresses that its page asks. No I/O.

The page that shows it (Swagger UI, Redoc, Scalar) sends its trial requests to the first server of
the description (OpenAPI Specification, "Server Object"). Frameworks make that address of what the
proxy told them about the visitor.
"""

import re

from diagnose.parsers.sanitize import clean
from diagnose.parsers.urls import is_related_host, parse_url

#: Characters in which the servers are looked for: they come before the paths.
_HEAD = 65_536
_IS_DESCRIPTION = re.compile(r'"(?:openapi|swagger)"\s{0,9}:\s{0,9}"[23]\.')
_FIRST_SERVER = re.compile(
    r'"servers"\s{0,9}:\s{0,9}\[\s{0,99}\{[^{}\]]{0,500}?"url"\s{0,9}:\s{0,9}"([^"\s]{1,300})"'
)


def plain_servers(text: str, host: str) -> tuple[str, ...]:
    """Return the first server of a description in JSON, if it is this host or a related one with
    http:; () otherwise."""
    head = text[:_HEAD]
    match = _FIRST_SERVER.search(head) if _IS_DESCRIPTION.search(head) else None
    address = match[1].replace("\\/", "/") if match else ""
    url = parse_url(address)
    is_own = url is not None and not url.secure and is_related_host(host, url.host)
    return (clean(address, 300),) if is_own and address.startswith("http:") else ()
