"""Slips in a Content Security Policy, of which browsers say that they leave a part out: a directive
with a colon behind its name, a keyword without its quotes, a missing semicolon. No I/O.

W3C Content Security Policy Level 3, sections 2.2.1 (a policy is split at semicolons, and the name
of a directive ends before the first blank) and 2.3.1 (keywords have single quotes, a scheme ends
with a colon).
"""

import difflib
import re
from collections.abc import Iterator
from typing import Literal

from diagnose.model.frozen import frozen
from diagnose.parsers.content_security_policy import MAX_DIRECTIVES, MAX_SOURCES

Slip = Literal["name", "keyword", "scheme", "semicolon"]

#: The names of directives (sections 6.1 to 6.5, and the documents that add to them).
NAMES = frozenset({
    "base-uri", "block-all-mixed-content", "child-src", "connect-src", "default-src",
    "fenced-frame-src", "font-src", "form-action", "frame-ancestors", "frame-src", "img-src",
    "manifest-src", "media-src", "navigate-to", "object-src", "plugin-types", "prefetch-src",
    "report-to", "report-uri", "require-sri-for", "require-trusted-types-for", "sandbox",
    "script-src", "script-src-attr", "script-src-elem", "style-src", "style-src-attr",
    "style-src-elem", "trusted-types", "upgrade-insecure-requests", "webrtc", "worker-src",
})  # fmt: skip
#: Keywords of source lists (section 2.3.1).
_KEYWORDS = {
    "self", "none", "unsafe-inline", "unsafe-eval", "strict-dynamic", "unsafe-hashes",
    "report-sample", "wasm-unsafe-eval",
}  # fmt: skip
#: What is no host's name for anybody.
_SCHEMES = {"data", "blob", "https", "wss", "mediastream", "filesystem"}
#: Directives whose values are no sources.
_OTHERS = {"sandbox", "report-uri", "report-to", "trusted-types", "require-trusted-types-for",
           "plugin-types", "require-sri-for", "webrtc"}  # fmt: skip
_QUOTES = "'\"‘’“”`´"
_LIKENESS = 0.85
#: A word that masking has replaced.
_MASK = "***"


@frozen
class PolicySlip:
    """A part as it is written, and as it is meant."""

    kind: Slip
    written: str
    meant: str


def policy_slips(policy: str, guesses: bool = False) -> tuple[str, tuple[PolicySlip, ...]]:
    """Return the policy without its slips, and these; none of a longer policy than is read, which
    would lose its end. `guesses`: a name that is almost one of a directive is taken for it."""
    slips: list[PolicySlip] = []
    parts: list[str] = []
    directives = [part.split() for part in policy.split(";")]
    if len(directives) > MAX_DIRECTIVES or any(
        len(directive) > MAX_SOURCES for directive in directives
    ):
        return policy, ()
    for words in directives:
        for name, sources in _split(words, slips):
            own = _name(name, guesses, slips)
            written = [_source(word, own, slips) for word in sources]
            parts.append(" ".join((own, *written)))
    return "; ".join(parts), tuple(slips)


def _split(words: list[str], slips: list[PolicySlip]) -> Iterator[tuple[str, list[str]]]:
    """Yield a directive and its sources; a directive behind sources has lost its semicolon."""
    starts = [0, *(at for at, word in enumerate(words) if at and word.lower() in NAMES)]
    for start, stop in zip(starts, [*starts[1:], len(words)], strict=True):
        if start:
            before = words[start - 1]
            slips.append(
                PolicySlip("semicolon", f"{before} {words[start]}", f"{before}; {words[start]}")
            )
        if start < stop:
            yield words[start], words[start + 1 : stop]


def _name(name: str, guesses: bool, slips: list[PolicySlip]) -> str:
    lower = name.lower()
    if lower in NAMES:
        return name
    meant = re.sub(r"[:=,]+$", "", lower).replace("_", "-")
    if meant not in NAMES and guesses:
        meant = next(iter(difflib.get_close_matches(lower[:60], sorted(NAMES), 1, _LIKENESS)), "")
    if meant not in NAMES:
        return name
    slips.append(PolicySlip("name", name, meant))
    return meant


def _source(word: str, name: str, slips: list[PolicySlip]) -> str:
    bare = word.strip(_QUOTES)
    lower = bare.lower()
    if name.lower() in _OTHERS or _MASK in word:
        return word
    is_proof = re.fullmatch(r"(?:nonce|sha256|sha384|sha512)-[\w+/=-]{8,200}", bare, re.ASCII)
    if (lower in _KEYWORDS or is_proof) and word != f"'{bare}'":
        slips.append(PolicySlip("keyword", word, f"'{bare}'"))
        return f"'{bare}'"
    if lower in _SCHEMES and word.rstrip(":") == bare:
        slips.append(PolicySlip("scheme", word, f"{bare}:"))
        return f"{bare}:"
    return word
