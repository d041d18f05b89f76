"""Names common mistakes behind Caddy's "unrecognized directive". Source of the words of Caddy 1:
Caddy's documentation, "Upgrade Guide" (from v1 to v2). No I/O."""

import re
from typing import Literal

from diagnose.model.frozen import frozen

#: What the word is: an address without `reverse_proxy`, another site within a block that is not
#: closed, a word of Caddy 1 that has a new name, or one that is needed no more.
Kind = Literal["address", "site", "old", "needless"]

_UNKNOWN = re.compile(r"\bunrecognized (?:sub)?directive:? (\S{1,300}?)(?:,|$| at )")
_ADDRESS = re.compile(r"(?:(?:https?|h2c)://)?(?:[\w.-]*|\[[0-9A-Fa-f:]+\]):[0-9]{1,5}/?|unix//\S+")
_SITE = re.compile(r"(?:\*\.)?(?:[\w-]+\.)+[A-Za-z][\w-]*")

#: The words of Caddy 1, with those of Caddy 2; "" if it does that by itself.
_OLD = {
    "browse": "file_server browse",
    "errors": "handle_errors",
    "ext": "try_files",
    "fastcgi": "php_fastcgi",
    "gzip": "encode gzip",
    "header_downstream": "header_down",
    "header_upstream": "header_up",
    "insecure_skip_verify": "transport http { tls_insecure_skip_verify }",
    "limits": "request_body",
    "proxy": "reverse_proxy",
    "status": "respond",
    "transparent": "",
    "websocket": "",
    "without": "handle_path",
}


@frozen
class Mistake:
    """A word that Caddy does not know. `wanted` is what Caddy 2 has in its place, "" if nothing."""

    kind: Kind
    word: str
    wanted: str = ""


def known_mistake(message: str) -> Mistake | None:
    """Return the mistake behind an error of `caddy adapt`; None if that is not known."""
    match = _UNKNOWN.search(message)
    word = match[1] if match else ""
    if word in _OLD:
        return Mistake("old" if _OLD[word] else "needless", word, _OLD[word])
    if _ADDRESS.fullmatch(word):
        return Mistake("address", word, f"reverse_proxy {word.rstrip('/')}")
    if _SITE.fullmatch(word):
        return Mistake("site", word)
    return None
