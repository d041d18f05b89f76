"""Finds the program for WebAssembly that a page or a script compiles while it arrives. No I/O.

`WebAssembly.instantiateStreaming` and `compileStreaming` take no other type than application/wasm
(WebAssembly Web API, section 3). Many programs then go on with the whole file, which may be of any
type: they read it with `arrayBuffer()`.
"""

from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.script_urls import is_in_use

#: What every program for WebAssembly is named by.
ENDING = ".wasm"
_STREAMS = lazy_pattern(r"\b(?:instantiate|compile)Streaming\(")
_REFERENCE = lazy_pattern(
    r"([\"'`])((?:\.{0,2}/)?[\w@.-][\w@./-]{0,200}\.wasm)(?:\?[^\"'`\s]{0,200})?\1"
)
#: For a browser without the function (wasm_exec.html of Go): it reads the whole file there, and
#: nowhere else.
_POLYFILL = lazy_pattern(r"!\s{0,3}(?:window\.|self\.)?WebAssembly\.instantiateStreaming\b")
_WHOLE = "arrayBuffer("
#: References of a text that are looked at.
_MAX_REFERENCES = 16


def streamed_program_in(text: str) -> str:
    """Return the address of the first program that a text compiles while it arrives and in no other
    way; "" if there is none."""
    if not any(is_in_use(text, match.start()) for match in _STREAMS.finditer(text)):
        return ""
    if text.count(_WHOLE) > (1 if _POLYFILL.search(text) else 0):
        return ""
    for match, _ in zip(_REFERENCE.finditer(text), range(_MAX_REFERENCES), strict=False):
        if is_in_use(text, match.start()):
            return match[2]
    return ""
