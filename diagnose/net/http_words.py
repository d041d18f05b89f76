"""Says in plain words what is wrong with an answer that is not HTTP: h11's own words show a
bytearray of Python, or speak of its buffers."""

import ast
import re

from diagnose.parsers.sanitize import clean

#: h11's words before what the server sent (h11._readers, h11._headers), and ours.
_QUOTING = {
    "illegal status line: ": "its first line is no status line of HTTP: {sent}",
    "illegal header line: ": "a line of its header is no field of HTTP: {sent}",
    "Illegal header name ": "a line of its header is no field of HTTP: {sent}",
    "Illegal header value ": "the value of a field of its header is not allowed in HTTP: {sent}",
    "illegal chunk header: ": "a chunk of the answer begins without its length: {sent}",
}
#: h11's words that quote nothing.
_PLAIN = (
    ("no response line received", "the answer has no status line"),
    ("continuation line at start of headers", "the header of the answer begins with a blank"),
    ("malformed chunk footer", "a chunk of the answer does not end where its length says"),
    ("Response status_code should be in range", "the status of the answer is none of HTTP"),
    ("InformationalResponse status_code", "the status of the answer is none of HTTP"),
    (
        "conflicting Content-Length headers",
        "the answer has several fields Content-Length that differ",
    ),
    ("bad Content-Length", "the field Content-Length of the answer is no number"),
    ("multiple Transfer-Encoding headers", "the answer has several fields Transfer-Encoding"),
    ("Only Transfer-Encoding: chunked", "the Transfer-Encoding of the answer is not chunked"),
    ("Got data when expecting EOF", "more came after the end of the answer"),
)  # fmt: skip
_BYTES = re.compile(r"(?:bytearray\()?(b(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"))\)?", re.DOTALL)
#: Characters of what the server sent that are shown.
_MAX_SENT = 60


def too_long(size: int) -> str:
    """Return the words for a header that has not ended after so many bytes."""
    return f"the header of its answer has no end after {size} bytes"


def plain_words(message: str) -> str:
    """Return the message of an h11.ProtocolError in plain words; others as they are."""
    for begin, words in _QUOTING.items():
        if message.startswith(begin):
            return words.format(sent=_sent(message.removeprefix(begin)))
    return next((words for begin, words in _PLAIN if message.startswith(begin)), message)


def _sent(text: str) -> str:
    """Return the bytes that Python shows as a literal, as text."""
    match = _BYTES.match(text)
    if match is None:
        return clean(text, _MAX_SENT)
    try:
        return clean(ast.literal_eval(match[1]), _MAX_SENT)
    except (ValueError, SyntaxError):
        return clean(text, _MAX_SENT)
