"""Reads by what a policy may allow the scripts in a page: their nonces and hashes (Content Security
Policy Level 3, sections 6.7.3.2 and 6.7.3.3). No I/O."""

import base64
import hashlib
import re
from collections.abc import Collection, Iterable, Iterator

from diagnose.parsers.browser_types import JAVASCRIPT_TYPES
from diagnose.parsers.html_tags import Tag, tokens

#: Maximum number of scripts that are read. A nonce is Base64 (section 2.3.1).
MAX_SCRIPTS = 16
_NONCE = re.compile(r"[A-Za-z0-9+/_=-]{1,200}", re.ASCII)
_TYPES = frozenset({"module", "importmap", *JAVASCRIPT_TYPES})
#: Sources that allow a script; those of the last two kinds are not compared.
_PROVING, _OTHERS = ("'nonce-", "'sha256-"), ("'sha384-", "'sha512-")


def script_proofs(document: str) -> tuple[str, ...]:
    """Return the sources that would allow each script in a page which browsers run, the first
    ones: its nonce, if it has one, and the hash of its text."""
    proofs = []
    for token in tokens(document):
        if not isinstance(token, Tag) or token.name != "script" or token.closes:
            continue
        kind = (token.attribute("type") or "text/javascript").strip().lower()
        if kind in _TYPES and token.attribute("src") is None and token.text.strip():
            # A document has no other line end when it is parsed (HTML standard, 13.2.3.5).
            text = token.text.replace("\r\n", "\n").replace("\r", "\n")
            digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
            nonce = token.attribute("nonce") or ""
            named = f"'nonce-{nonce}' " if _NONCE.fullmatch(nonce) else ""
            proofs.append(f"{named}'sha256-{base64.b64encode(digest).decode()}'")
        if len(proofs) == MAX_SCRIPTS:
            break
    return tuple(proofs)


def unproven(proofs: Iterable[str], sources: Collection[str]) -> Iterator[str]:
    """Yield the proofs of the scripts that a policy's directive does not allow by any of them; none
    where it names no nonce and no hash, or hashes that are not compared."""
    names = [word.lower() for word in sources]
    is_proving = any(name.startswith(_PROVING) for name in names)
    if not is_proving or any(name.startswith(_OTHERS) or "***" in name for name in names):
        return
    allowed = {_plain(word) for word in sources}
    for words in proofs:
        if not allowed & {_plain(word) for word in words.split()}:
            yield words


def nonce_of(words: str) -> str:
    """Return the nonce in a script's proofs, "" without."""
    first = words.partition(" ")[0]
    return first.removeprefix("'nonce-").rstrip("'") if first.startswith("'nonce-") else ""


def _plain(word: str) -> str:
    """Return a source in one alphabet of Base64: both are the same hash (section 6.7.3.3)."""
    kind, dash, value = word.partition("-")
    return f"{kind.lower()}{dash}{value.replace('-', '+').replace('_', '/')}"
