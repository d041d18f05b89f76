"""Reads what a page, a style sheet or a script asks a browser for and a policy of the page may
forbid: pictures, fonts, films, frames, forms, requests of scripts. No I/O.

HTML standard: img (4.8.3), iframe (4.8.5), form (4.10.3), base (4.2.3); CSS Fonts Level 4, section
4.3 (`src` of @font-face). Addresses that a program puts together are not understood.
"""

import re
from collections.abc import Iterator
from urllib.parse import quote, urljoin

from diagnose.model.pages import PageFile, PageUse, UseKind
from diagnose.parsers.html_tags import Tag, tokens
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.sanitize import clean
from diagnose.parsers.script_urls import MAX_URLS, is_in_comment, is_in_use
from diagnose.parsers.urls import parse_url

#: Maximum number of uses of one text, and length of an address.
MAX_USES, MAX_URL = 64, 1024

#: Characters of a picture in the page from which on it is one to look at, and no placeholder.
_PICTURE = 300

_POLICY = lazy_pattern(r"http-equiv\s{0,9}=\s{0,9}[\"']?content-security-policy", re.IGNORECASE)
_FACE = lazy_pattern(r"@font-face\s{0,9}\{([^}]{0,4000})", re.IGNORECASE)
_ADDRESS = lazy_pattern(
    r"url\(\s{0,9}(?:\"([^\"\n]{1,4000})|'([^'\n]{1,4000})|([^\"')\s]{1,4000}))", re.IGNORECASE
)
#: What names no picture: other style sheets, and parts of a drawing in the page itself.
_NO_PICTURE = ("@import", "@namespace")
_IMPORT = lazy_pattern(r"@import\s{1,9}(?:url\(\s{0,9})?[\"']?([^\"')\s;]{1,1000})", re.IGNORECASE)
_FONT = re.compile(r"\.(?:woff2?|ttf|otf|eot)(?:$|[?#])", re.IGNORECASE)
_STRING = r"[\"'`](https?://[A-Za-z0-9.\-]{1,255}(?::\d{1,5})?(?:/[^\"'`\s<>\\]{0,255})?)[\"'`]"
#: Which of a font's files browsers of today take: the best first. None takes .eot, or .svg.
_TAKEN_FONTS = (".woff2", ".woff", ".ttf", ".otf")
#: Calls that send a request at once, and the address at which all requests of a client begin.
_REQUEST = lazy_pattern(
    r"(?:(?<![\w.])fetch\(|\baxios(?:\.(?:get|post|put|patch|delete|request))?\("
    r"|\bnew EventSource\(|\.sendBeacon\("
    r"|\$\.(?:get|post|getJSON|ajax)\((?:\s{0,9}\{\s{0,9}url\s{0,9}:)?"
    r"|\.open\(\s{0,9}[\"'`][A-Za-z]{3,7}[\"'`]\s{0,9},|\bbaseURL\s{0,9}[:=])"
    rf"\s{{0,9}}{_STRING}"
)
#: Calls that run a text as a program. `new Function("return this")` asks for the global object, and
#: programs that do so have another way as well.
_EVALUATION = lazy_pattern(
    r"(?<![\w.$])new Function\(\s{0,9}(?![\"'`]return this\b)[^)\s]|(?<![\w.$])eval\(\s{0,9}[^)\s]"
)
#: Style sheets of others whose fonts have an address that is known.
_FONT_SHEETS = (
    (re.compile(r"https://fonts\.googleapis\.com/(?:css|icon)"), "https://fonts.gstatic.com/"),
    (re.compile(r"https://[^/]{1,200}/.{0,300}(?:font-?awesome|bootstrap-icons)", re.I), ""),
)


def has_policy_element(document: str) -> bool:
    """Return whether a page may have a Content Security Policy of its own."""
    return bool(_POLICY.search(document))


def uses_in_page(document: str, url: str) -> tuple[PageUse, ...]:
    """Return what the beginning of a page asks for, each once."""
    return _limited(_page_uses(document, url))


def uses_in_sheet(text: str, url: str) -> tuple[PageUse, ...]:
    """Return the fonts and pictures that a style sheet names: of each font the first address, the
    one that browsers of today take."""
    return _limited(_sheet_uses(text, url))


def fonts_in_sheet(text: str, url: str) -> tuple[str, ...]:
    """Return the addresses of the fonts of a style sheet that browsers of today take, each once:
    one of each @font-face."""
    fonts = (
        _taken_font([match[1] or match[2] or match[3] for match in _ADDRESS.finditer(face[1])])
        for face, _ in zip(_FACE.finditer(_without_comments(text)), range(MAX_USES), strict=False)
    )
    urls = (_resolved(font, url) for font in fonts if font)
    return tuple(dict.fromkeys(font for font in urls if font.startswith("http")))


def files_in_sheet(text: str, url: str) -> tuple[PageFile, ...]:
    """Return what a style sheet loads, each once: other style sheets, one file of each font, and
    pictures (CSS Cascading and Inheritance, "@import"; CSS Fonts; CSS Images)."""
    sheet = _without_comments(text)
    imports = zip(_IMPORT.finditer(sheet), range(MAX_USES), strict=False)
    files = (
        *(PageFile("stylesheet", _resolved(match[1], url)) for match, _ in imports),
        *(PageFile("font", font) for font in fonts_in_sheet(sheet, url)),
        *(PageFile("image", use.url) for use in uses_in_sheet(sheet, url) if use.kind == "image"),
    )
    return tuple(dict.fromkeys(file for file in files if file.url.startswith("http")))[:MAX_USES]


def _without_comments(sheet: str) -> str:
    """Return a style sheet without its comments. One that does not end goes on to the end of the
    sheet (CSS Syntax Module Level 3, section 4.3.2)."""
    parts, end = list[str](), 0
    while (start := sheet.find("/*", end)) >= 0:
        parts.append(sheet[end:start])
        end = sheet.find("*/", start + 2)
        if end < 0:
            return " ".join(parts)
        end += 2
    return " ".join((*parts, sheet[end:]))


def _taken_font(addresses: list[str]) -> str:
    for ending in _TAKEN_FONTS:
        for address in addresses:
            if address.lower().partition("?")[0].partition("#")[0].endswith(ending):
                return address
    return ""


def uses_in_script(text: str) -> tuple[PageUse, ...]:
    """Return the addresses on other hosts from which a script reads or to which it sends."""
    matches = zip(_REQUEST.finditer(text), range(MAX_URLS), strict=False)
    urls = (match[1] for match, _ in matches if is_in_use(text, match.start(1)))
    return _limited(PageUse("request", clean(url, MAX_URL)) for url in urls if parse_url(url))


def evaluates_text(script: str) -> bool:
    """Return whether a script runs a text as a program: `eval`, `new Function`."""
    matches = zip(_EVALUATION.finditer(script), range(MAX_URLS), strict=False)
    return any(not is_in_comment(script, match.start()) for match, _ in matches)


def _limited(uses: Iterator[PageUse]) -> tuple[PageUse, ...]:
    return tuple(dict.fromkeys(use for use, _ in zip(uses, range(4 * MAX_USES), strict=False)))[
        :MAX_USES
    ]


def _page_uses(document: str, page_url: str) -> Iterator[PageUse]:
    base, templates = page_url, 0
    for token in tokens(document):
        if not isinstance(token, Tag):
            continue
        if token.name == "template":
            templates = max(0, templates + (-1 if token.closes else 1))
        if token.closes or templates:
            continue
        if token.name == "base" and base == page_url and (href := token.attribute("href")):
            base = _resolved(href, page_url) or page_url
            yield PageUse("base", base)
        elif use := _use(token, base):
            yield use
        elif token.name == "style" and token.text.strip():
            if token.attribute("nonce") is None:
                yield PageUse("style", page_url)
            yield from _sheet_uses(token.text, base)
        elif token.name == "script" and token.attribute("src") is None:
            yield from uses_in_script(token.text)
        elif token.name == "link":
            yield from _link_uses(token, base)


def _use(tag: Tag, base: str) -> PageUse | None:
    """Return what an element asks for, None if it asks for nothing by its address."""
    match tag.name:
        case "img":
            return None if _is_counter(tag) else _element(tag, "image", "src", base)
        case "input" if (tag.attribute("type") or "").lower() == "image":
            return _element(tag, "image", "src", base)
        case "video" | "audio" | "source" | "track":
            return _element(tag, "media", "src", base)
        case "iframe" if tag.attribute("srcdoc") is None:
            return _element(tag, "frame", "src", base)
        case "frame":
            return _element(tag, "frame", "src", base)
        case "embed":
            return _element(tag, "object", "src", base)
        case "object":
            return _element(tag, "object", "data", base)
        case "form":
            return _form(tag, base)
        case _:
            return None


def _element(tag: Tag, kind: UseKind, name: str, base: str) -> PageUse | None:
    reference = (tag.attribute(name) or "").strip()
    url = _resolved(reference, base) if reference else ""
    if kind == "image" and url == "data:" and len(reference) < _PICTURE:
        return None
    is_bare = tag.attribute("credentialless") is not None
    return PageUse(kind, url, is_bare, tag.attribute("crossorigin") is not None) if url else None


def _form(tag: Tag, base: str) -> PageUse | None:
    """Return where a form is sent by the browser itself. One without an address, or with a script
    of its own, is often sent by a script."""
    action = (tag.attribute("action") or "").strip()
    is_dialog = (tag.attribute("method") or "").strip().lower() == "dialog"
    if not action or action.startswith("#") or is_dialog or tag.attribute("onsubmit") is not None:
        return None
    url = _resolved(action, base)
    return PageUse("form", url) if url.startswith("http") else None


def _link_uses(tag: Tag, base: str) -> Iterator[PageUse]:
    relations = (tag.attribute("rel") or "").lower().split()
    url = _resolved(tag.attribute("href") or "", base)
    if "preload" in relations and (tag.attribute("as") or "").lower() == "font" and url:
        yield PageUse("font", url, cors=True)
    if "stylesheet" in relations:
        for pattern, fonts in _FONT_SHEETS:
            if pattern.match(url):
                yield PageUse("font", fonts or urljoin(url, "/"), cors=True)


def _is_counter(tag: Tag) -> bool:
    """Return whether a picture only counts visits."""
    return "1" in {tag.attribute("width"), tag.attribute("height")}


def _sheet_uses(text: str, base: str) -> Iterator[PageUse]:
    for face, _ in zip(_FACE.finditer(text), range(MAX_USES), strict=False):
        if match := _ADDRESS.search(face[1]):
            url = _resolved(match[1] or match[2] or match[3], base)
            if url:
                yield PageUse("font", url, cors=True)
    for match, _ in zip(_ADDRESS.finditer(text), range(4 * MAX_USES), strict=False):
        address = match[1] or match[2] or match[3]
        before = text[max(0, match.start() - 30) : match.start()]
        is_font = _FONT.search(address) or address[:10].lower() in {"data:font/", "data:appli"}
        if not is_font and not address.startswith("#") and not _names_no_picture(before):
            url = _resolved(address, base)
            if url:
                yield PageUse("image", url)


def _names_no_picture(before: str) -> bool:
    statement = before[max(before.rfind(sign) for sign in ";{}") + 1 :].lower()
    return any(word in statement for word in _NO_PICTURE)


def _resolved(reference: str, base: str) -> str:
    """Return the absolute http or https address of a reference, "data:" or "blob:" for content of
    that kind, "" for anything else."""
    text = re.sub(r"[\t\r\n]", "", reference[: MAX_URL + 1].strip()).replace("\\", "/")
    scheme = text[:5].lower()
    if scheme in {"data:", "blob:"}:
        return scheme
    try:
        joined = urljoin(base, text).partition("#")[0]
    except ValueError:
        return ""
    url = parse_url(joined)
    if url is None or url.scheme not in {"http", "https"} or len(joined) > MAX_URL:
        return ""
    return clean(quote(str(url), safe="%/:?#[]@!$&'()*+,;=~-._"), MAX_URL)
