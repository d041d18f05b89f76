"""When browsers refuse a style sheet, a script or a picture that a server sent. No I/O.

Fetch standard, sections 3.6 (nosniff) and 2.9 (types that are never scripts); W3C Service Workers,
"Update" (a JavaScript type); HTML standard,
4.2.4.3 (style sheets) and 8.1.4.2 (scripts); WebAssembly Web API,
section 3 (streaming); MIME Sniffing standard, 4.6 (JavaScript types).
Chromium was asked about each row of tests/parsers/test_browser_types.py, and agrees.
"""

import re
from typing import Literal

from diagnose.model.marks import Headers
from diagnose.model.pages import FileKind

JAVASCRIPT_TYPES = frozenset(
    (
        "application/ecmascript", "application/javascript", "application/x-ecmascript",
        "application/x-javascript", "text/ecmascript", "text/javascript", "text/javascript1.0",
        "text/javascript1.1", "text/javascript1.2", "text/javascript1.3", "text/javascript1.4",
        "text/javascript1.5", "text/jscript", "text/livescript", "text/x-ecmascript",
        "text/x-javascript",
    )
)  # fmt: skip

#: The type that browsers want, by the end of a file's name (RFC 9239; WebAssembly Web API).
TYPES_BY_ENDING = {
    "css": "text/css", "js": "text/javascript", "mjs": "text/javascript",
    "wasm": "application/wasm", "svg": "image/svg+xml",
}  # fmt: skip

_MIME_TYPE = re.compile(r"[!#$%&'*+.^_`|~\w-]+/[!#$%&'*+.^_`|~\w-]+", re.ASCII)

#: Why a file is refused: its status, its type, its type together with nosniff, or an HTML document
#: in its place: a script ends with a syntax error there, and a style sheet has no rule that counts.
Refusal = Literal["", "status", "type", "nosniff", "html"]

#: Endings of files that browsers use only with their own type.
_BROWSER_ENDINGS = frozenset({"css", "js", "mjs", "wasm", "svg"})


def mime_type(headers: Headers) -> str:
    """Return the type of Content-Type in lower case, without parameters; "" if there is none.

    Of several values the last valid one counts (Fetch standard, "extract a MIME type").
    """
    values = [value for name, value in headers if name.lower() == "content-type"]
    essences = [part.partition(";")[0].strip().lower() for part in ",".join(values).split(",")]
    valid = [essence for essence in essences if _MIME_TYPE.fullmatch(essence)]
    return valid[-1] if valid else ""


def has_nosniff(headers: Headers) -> bool:
    """Return whether X-Content-Type-Options is nosniff (Fetch standard, section 3.6)."""
    values = [value for name, value in headers if name.lower() == "x-content-type-options"]
    return ",".join(values).split(",")[0].strip().lower() == "nosniff"


def untyped_ending(path: str, headers: Headers) -> str:
    """Return the ending of a style sheet, a script, a module or a drawing that is sent with the
    type of no file in particular, "" for other answers. A download may have that on purpose."""
    ending = path.rpartition("/")[2].rpartition(".")[2].lower()
    is_download = any(name.lower() == "content-disposition" for name, _ in headers)
    plain = mime_type(headers) in {"text/plain", "application/octet-stream"}
    return ending if plain and not is_download and ending in _BROWSER_ENDINGS else ""


def refusal(
    kind: FileKind, status: int, headers: Headers, quirks: bool = False, is_html: bool = False
) -> Refusal:
    """Return why browsers do not use a file of the site's own origin; "" if they use it.

    `quirks` is the mode of the page, `is_html` whether the body is an HTML document.
    """
    if kind in {"media", "frame"}:
        return ""  # what browsers play, they find out themselves; a frame shows any answer
    content_type, nosniff = mime_type(headers), has_nosniff(headers)
    if kind == "image" and content_type.startswith("image/"):
        return ""  # browsers show the picture of an error too (HTML standard, 4.8.4.3)
    if not 200 <= status < 300:
        return "status"
    if kind in {"description", "manifest", "image", "font"}:
        return "html" if is_html else ""
    if kind == "stylesheet":
        if nosniff and content_type != "text/css":
            return "nosniff" if not content_type or quirks else "type"
        if content_type not in {"", "text/css"} and not quirks:
            return "type"
        return "html" if is_html else ""
    if kind == "wasm":
        return "" if content_type == "application/wasm" else "type"
    if kind in {"module", "worker", "import"} and content_type not in JAVASCRIPT_TYPES:
        return "type"
    if content_type.startswith(("audio/", "image/", "video/")) or content_type == "text/csv":
        return "type"
    if nosniff and content_type not in JAVASCRIPT_TYPES:
        return "nosniff"
    return "html" if is_html else ""
