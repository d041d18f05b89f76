"""Make a pasted output short: without the lines that say nothing about a site. No I/O."""

import re

#: Longest text that is read, in characters: the output of `openssl s_client` with a long chain.
MAX_READ = 64_000
#: Longest message that is searched, in characters: its beginning and its end.
MAX_LENGTH = 6_000

_NOISE = tuple(
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        # Certificates (RFC 7468), and dumps of bytes
        r"-----BEGIN [A-Z ]{1,40}-----[^-]{0,60000}(?:-----END [A-Z ]{1,40}-----)?",
        r"^ {0,8}[0-9a-f]{4} - .{1,100}$",
        # The frames of a traceback: Python with its source and carets, Java and Node, Go
        r"^ {0,8}(?:[|+] {1,8})?File \".{1,400}\", line \d+.{0,200}(?:\n {4,40}.{0,400}){0,4}",
        r"^[ \t|+]{0,40}[\^~]{1,200}[ \t]{0,8}$",
        r"^\s{1,12}at .{1,600}$",
        r"^\s{1,8}\.\.\. \d+ more$",
        r"^Traceback \(most recent call last\):$",
        # Postman lists what may be the reason
        r"^Why this might have happened:[\s\S]{0,900}Settings > \w{1,20}",
    )
)


#: The colours of a terminal (ECMA-48 section 8.3.117). Between a word and a number they join both.
_COLOUR = re.compile(r"\x1b\[[0-9;:]{0,20}m")


def condensed(text: str) -> str:
    """Return a text without colours, certificates, dumps and frames of tracebacks, at most
    MAX_LENGTH characters of it."""
    text = text[:MAX_READ]
    if "\x1b" in text:
        text = _COLOUR.sub("", text)
    if "\n" in text:
        for noise in _NOISE:
            text = noise.sub("", text)
    if len(text) <= MAX_LENGTH:
        return text
    half = MAX_LENGTH // 2
    return f"{text[:half]}\n{text[-half:]}"
