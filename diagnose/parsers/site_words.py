"""Whether a text has a site of a name, in the words of a web server. No I/O.

It is for files that no server reads, so that they are not parsed: a line has to name the site as
that server does.
"""

import re

#: How each server writes that a site has a name; NAME stands for it.
_SITE = {
    "nginx": r"^[ \t]*server_name[ \t][^;#\n]{0,500}(?<![\w.-])NAME(?![\w.-])",
    "apache": r"^[ \t]*Server(?:Name|Alias)[ \t][^#\n]{0,500}(?<![\w.-])NAME(?![\w.-])",
    "caddy": r"^(?:[^\s#{][^\n#{]{0,300}[ ,/])?NAME(?::443)?(?:,[^\n{]{0,300})?[ \t]*\{[ \t]*$",
    "haproxy": r"^(?:frontend|listen)[ \t]",
    "traefik": r"Host\([^)\n]{0,300}[`'\"]NAME[`'\"]",
}

_MAX_LENGTH = 300_000


def has_site(product: str, text: str, name: str) -> bool:
    """Return whether a text has the site. HAProxy need not name its sites: a frontend is one."""
    pattern = _SITE.get(product)
    if pattern is None or not name:
        return False
    words = pattern.replace("NAME", re.escape(name))
    return re.search(words, text[:_MAX_LENGTH], re.IGNORECASE | re.MULTILINE) is not None
