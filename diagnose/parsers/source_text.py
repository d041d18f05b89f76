"""Finds code of the server that a page still holds: it was sent as text in place of being run. No
I/O.

nginx.org, ngx_http_ssi_module; Apache, mod_include; PHP manual, "Escaping from HTML"; JSP 2.3,
section JSP.1.3; Jinja and Django, "Template inheritance".
"""

import re

from diagnose.parsers.lazy_pattern import lazy_pattern

#: A server's commands, which browsers take for comments.
_INCLUDES = lazy_pattern(
    r"<!--#\s?(include|echo|exec|if|set|config|block|flastmod|fsize)\s[^>]{1,300}-->"
)
#: What nginx and Apache write in the place of a command that failed.
_ERROR = "[an error occurred while processing th"
#: nginx's own page of an error inside of another page: the file that a command includes is missing.
_INNER_ERROR = lazy_pattern(
    r"<center><h1>([45]\d\d [A-Za-z ]{3,40})</h1></center>\s{0,9}<hr><center>nginx"
)
#: Code at the beginning of a page: a page that shows code as an example has its own markup before.
_CODE = lazy_pattern(
    r"[\ufeff\s]{0,99}(<%@\s?(?:page|include|taglib|language)\b|<%\s?@|\{%-?\s{0,9}(?:extends|load|import|include)\s)",
    re.IGNORECASE,
)
_DOCUMENT = lazy_pattern(r"<(?:html|!doctype)\b", re.IGNORECASE)
#: PHP anywhere in a page.
_PHP = lazy_pattern(r"<\?(?:php\s|=)", re.IGNORECASE)
#: PHP behind its short tag, by its first word: PHP leaves it in the page with `short_open_tag =
#: Off`, the value of its php.ini. "<?xml" and other processing instructions are none.
_SHORT = lazy_pattern(
    r"<\?(?:\s{0,9}(?:\$[a-zA-Z_]|(?:echo|print|include|require)(?:_once)?[\s(\"']"
    r"|(?:if|foreach|for|while|switch|define|header|session_start|error_reporting)\s?\(|"
    r"(?:else|endif|endforeach|endwhile)\s?[:;]|(?:function|class|namespace|use)\s)"
    r"|\s{1,9}(?://|/\*|\#))"
)
#: Elements whose text is an example, or a program's.
_EXAMPLE = lazy_pattern(r"<(pre|code|textarea|script|style|xmp)\b", re.IGNORECASE)
#: Characters before a command in which such an element may have begun.
_BEFORE = 8000


def source_text_in(page: str) -> str:
    """Return how code of the server in a page begins ("<!--#include", "<?php"), or nginx's words
    for a command that failed, in brackets; "" if there is none."""
    if "<!--#" in page and (match := _INCLUDES.search(page)):
        return "" if _is_example(page, match.start()) else f"<!--#{match[1]}"
    if _ERROR in page:
        return f"{_ERROR}e directive]"
    if (match := _INNER_ERROR.search(page)) and _shows_more(page[: match.start()]):
        return f"[{match[1]}]"
    if "<?" in page and (match := _PHP.search(page)) and not _is_example(page, match.start()):
        return match[0].strip().lower()
    if "<?" in page and (match := _SHORT.search(page)) and not _is_example(page, match.start()):
        return "<?"
    match = _CODE.match(page)
    return " ".join(match[1].split()).lower() if match else ""


def _shows_more(before: str) -> bool:
    """Return whether another page stands before a page of an error."""
    return len(_DOCUMENT.findall(before)) > 1 or "<p" in before or "<div" in before


def _is_example(page: str, position: int) -> bool:
    """Return whether a position is in an element whose text is an example."""
    before = page[max(0, position - _BEFORE) : position]
    last = None
    for match in _EXAMPLE.finditer(before):
        last = match
    return last is not None and f"</{last[1].lower()}" not in before[last.end() :].lower()
