"""Read which limit of a page a browser's message is about: `sandbox` or Trusted Types of a Content
Security Policy. No I/O.

Chromium: "Blocked script execution in 'URL' because the document's frame is sandboxed and the
'allow-scripts' permission is not set", "The document is sandboxed and lacks the 'allow-same-origin'
flag"; "This document requires 'TrustedHTML' assignment" (W3C Trusted Types, HTML standard,
"sandboxing").
"""

from diagnose.parsers.lazy_pattern import lazy_pattern

SANDBOX, TRUSTED = "sandbox", "require-trusted-types-for"
_SANDBOXED = lazy_pattern(r"(?i)sandbox.{0,120}?['‘“\"](allow-[a-z-]{4,40})['’”\"]")
_TRUSTED = lazy_pattern(r"(?i)requires? ['‘“\"]Trusted(?:HTML|Script|ScriptURL)['’”\"] assignment")


def told_limit(text: str) -> tuple[str, str]:
    """Return the directive that limits the page, and the word that `sandbox` lacks; two "" if the
    message is about no such limit."""
    text = text[:4000]
    if match := _SANDBOXED.search(text):
        return SANDBOX, match[1].lower()
    return (TRUSTED, "") if _TRUSTED.search(text) else ("", "")


def without_limit(policy: str, directive: str, word: str) -> str:
    """Return a policy whose `sandbox` has the word too, or that lacks the directive; "" if nothing
    of the policy is left, or if it holds several."""
    if "," in policy:
        return ""
    parts = [part.strip() for part in policy.split(";") if part.strip()]
    changed = [
        f"{part} {word}" if word else "" for part in parts if part.split()[0].lower() == directive
    ]
    others = [part for part in parts if part.split()[0].lower() != directive]
    return "; ".join(filter(None, (*others, *changed)))


def limits(policy: str, directive: str, word: str) -> bool:
    """Return whether one policy limits the page so."""
    for part in policy.split(";"):
        name, *words = part.lower().split() or [""]
        if name == directive:
            return not word or word not in words
    return False
