"""The port of the site's own name to which a message says that visitors are led. No I/O."""

import re
from collections.abc import Collection

#: A port behind a name, of a URL or alone.
_PORT = r"(?<![\w.-])NAME:(\d{2,5})(?!\d)"
_MAX_LENGTH = 65_536


def reported_port(text: str, name: str, usual: Collection[int]) -> int | None:
    """Return the first port of a name in a message that is none of `usual`; None without one."""
    if not name:
        return None
    ports = re.findall(_PORT.replace("NAME", re.escape(name)), text[:_MAX_LENGTH], re.IGNORECASE)
    return next(
        (int(port) for port in ports if int(port) not in usual and int(port) < 65_536), None
    )
