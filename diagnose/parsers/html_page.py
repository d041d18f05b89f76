"""Reads which files a browser loads with an HTML page: its style sheets, scripts and pictures, and
the description of an interface that it shows. No I/O.

HTML standard: the elements link (4.2.4), base (4.2.3), script (4.12.1) and template (4.12.3), and
the modes of a document (13.2.6.4.1).
"""

import re
from urllib.parse import quote, urljoin

from diagnose.model.frozen import frozen
from diagnose.model.pages import FileKind, PageFile
from diagnose.parsers.browser_types import JAVASCRIPT_TYPES
from diagnose.parsers.html_tags import Doctype, Tag, Text, Token, tokens
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.sanitize import clean
from diagnose.parsers.script_urls import imports_in, local_values_in, service_worker_in
from diagnose.parsers.urls import Url, parse_url

#: Maximum number of files of a page that are listed, and length of a URL.
MAX_FILES, MAX_URL = 64, 1024

#: Maximum number of forms, of frames, and of images, that are listed.
MAX_FORMS = 8

#: A page with less visible text than this, in characters, and without these elements shows
#: nothing until its scripts have run.
_MIN_TEXT = 40
_CONTENT = frozenset(
    ("a", "form", "iframe", "img", "input", "table", "video", "frameset", "object")
)

#: Document types without quirks: the short one, and those of HTML 4.01 and XHTML with an address.
_STANDARD_DOCTYPE = re.compile(
    r"doctype\s+html\s*(?:system\s+[\"']about:legacy-compat[\"']\s*)?"
    r"|doctype\s+html\s+public\s+[\"']-//w3c//dtd x?html (?:4\.01|1\.[01])[^\"']*[\"']"
    r"\s+[\"']\S+\s*",
    re.IGNORECASE,
)
#: An address to which browsers go within five seconds (HTML standard, section 4.2.5.3).
_REFRESH = re.compile(r"\s{0,9}[0-5](?:\.\d{0,9})?\s{0,9}[;,]\s{0,9}url\s{0,9}=(.{1,1024})", re.I)
#: Where Swagger UI finds what it shows (swagger-ui, docs/usage/configuration.md: "url").
_SWAGGER = lazy_pattern(
    r"SwaggerUIBundle\s{0,9}\(.{0,2000}?\burl[\"']?\s{0,9}:\s{0,9}([\"'])([^\"'\\\n]{1,1024})\1",
    re.DOTALL,
)
#: Attributes of elements that show such a description: ReDoc, RapiDoc, Stoplight Elements.
_DESCRIPTIONS = {"redoc": "spec-url", "rapi-doc": "spec-url", "elements-api": "apidescriptionurl"}
#: How a link to a login elsewhere reads: it names where to return to, or is the path at which
#: libraries begin it (OmniAuth, Passport, NextAuth, oauth2-proxy, django-allauth, Spring Security).
_LOGIN = re.compile(
    r"[?&](?:redirect_uri|service)=http"
    r"|/(?:auth|oauth2?|sso|oidc|social|authorization|accounts|connect|login|signin)/(?:google(?:[_-]?oauth2)?"
    r"|github|gitlab|microsoft|azure[\w-]{0,22}|facebook|keycloak|oidc|openid_connect|openid|oauth2?|discord|apple|slack"
    r"|wechat|weixin|dingtalk|feishu|lark|qq|gitee|start|sign_in)(?:/login|/start|/)?(?:$|\?)",
    re.IGNORECASE,
)
#: The path of a picture, and of a film or a recording.
_MEDIA = re.compile(r"\.(?:aac|flac|m4[av]|mov|mp[34]|og[agv]|wav|webm)$", re.IGNORECASE)
_IMAGE = re.compile(r"\.(?:avif|gif|ico|jpe?g|png|svg|webp)$", re.IGNORECASE)
#: What a field for files accepts that is usually larger than a mebibyte.
_LARGE = re.compile(r"image|video|audio|pdf|zip|\*/\*|jpe?g|png|mp[34]|docx?|pptx?", re.IGNORECASE)
#: What is in the name of a field that holds a token against forged forms.
_TOKEN = re.compile(r"csrf|token", re.IGNORECASE)
_UPGRADE = lazy_pattern(r"(?:^|;)\s*upgrade-insecure-requests\s*(?:;|$)", re.IGNORECASE)


@frozen
class HtmlPage:
    """What a page tells a browser to load.

    `base` is the resolved address of `<base href>`, "" if there is none. `quirks` is True unless
    the document type shows the opposite. `upgrades` is True if a meta element makes browsers
    request http: addresses as https: (upgrade-insecure-requests). `is_empty` is True if the page
    shows nothing without its scripts. `has_style` is True if it contains a style sheet itself,
    `inline_scripts` is the number of scripts in it. `insecure_forms` are the http: addresses to
    which its forms are sent, `posts` all addresses to which they are sent by POST, `refresh` is the
    address to which a meta element sends browsers at once, "" if there is none. `insecure_frames`
    are the http: addresses of its frames, `images` the https: addresses of its images that have
    another host or port than the page, `logins` the addresses of its links with which a login
    elsewhere begins, `queries` the addresses on the page's own host and port to which it links with
    a query, or sends a form by GET, without their queries. `portless` are the addresses of its
    links that have its scheme and host and no port, where it has a port of its own. `uploads` are
    the addresses of its forms with a field for files, unless it is for texts alone.
    `local_values` are the addresses of the visitor's own machine in the data of its scripts.
    `tokens` are the names of the hidden fields in its forms sent by POST that hold a token against
    forged forms.
    """

    files: tuple[PageFile, ...] = ()
    base: str = ""
    quirks: bool = True
    upgrades: bool = False
    is_empty: bool = False
    has_style: bool = False
    inline_scripts: int = 0
    insecure_forms: tuple[str, ...] = ()
    posts: tuple[str, ...] = ()
    refresh: str = ""
    insecure_frames: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    logins: tuple[str, ...] = ()
    queries: tuple[str, ...] = ()
    portless: tuple[str, ...] = ()
    uploads: tuple[str, ...] = ()
    local_values: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()


def parse_page(document: str, url: str, is_whole: bool = True, refresh: str = "") -> HtmlPage:
    """Parse the beginning of a page; `is_whole` tells whether it is the whole page, `refresh` is
    the field Refresh of its response."""
    reader = _Reader(url)
    reader.read_refresh(refresh)
    for token in tokens(document):
        reader.read(token)
    return HtmlPage(
        files=tuple(dict.fromkeys(reader.files)),
        base=reader.base,
        quirks=reader.quirks,
        upgrades=reader.upgrades,
        is_empty=is_whole and not reader.has_content and reader.text_length < _MIN_TEXT,
        has_style=reader.has_style,
        inline_scripts=reader.inline_scripts,
        insecure_forms=tuple(dict.fromkeys(reader.insecure_forms)),
        posts=tuple(dict.fromkeys(reader.posts)),
        refresh=reader.refresh,
        insecure_frames=tuple(dict.fromkeys(reader.insecure_frames)),
        images=tuple(dict.fromkeys(reader.images)),
        logins=tuple(dict.fromkeys(reader.logins)),
        queries=tuple(reader.queries),
        portless=tuple(dict.fromkeys(reader.portless)),
        uploads=tuple(dict.fromkeys(reader.uploads)),
        local_values=tuple(dict.fromkeys(reader.local_values)),
        tokens=tuple(reader.token_fields),
    )


def upgrades_insecure(policy: str) -> bool:
    """Return whether a Content Security Policy upgrades http: requests (W3C Upgrade Insecure
    Requests, section 3.1)."""
    return any(_UPGRADE.search(part) for part in policy.split(","))


class _Reader:
    def __init__(self, url: str) -> None:
        self.files: list[PageFile] = []
        self.base, self.quirks, self.upgrades, self.has_content = "", True, False, False
        self.text_length, self.has_style, self.inline_scripts = 0, False, 0
        self.insecure_forms: list[str] = []
        self.posts: list[str] = []
        self.local_values: list[str] = []
        self.refresh = ""
        self.insecure_frames: list[str] = []
        self.images: list[str] = []
        self.logins: list[str] = []
        self.queries: dict[str, None] = {}
        self.portless: list[str] = []
        self.uploads: list[str] = []
        self.token_fields: dict[str, None] = {}
        self._form = ""
        self._images = self._media = 0
        self._url, self._templates, self._begun = url, 0, False

    def read(self, token: Token) -> None:
        match token:
            case Doctype(text):
                if not self._begun:
                    self.quirks = _STANDARD_DOCTYPE.fullmatch(text.strip()) is None
                self._begun = True
            case Text(text):
                self._begun = self._begun or bool(text.strip("\ufeff \t\r\n\f"))
                self.text_length += len(text.strip())
            case Tag():
                self._begun = True
                self._read_tag(token)

    def _read_tag(self, tag: Tag) -> None:
        if tag.name == "template":
            self._templates = max(0, self._templates + (-1 if tag.closes else 1))
        if tag.closes or self._templates or len(self.files) >= MAX_FILES:
            return
        self.has_content = self.has_content or tag.name in _CONTENT
        match tag.name:
            case "base":
                self._read_base(tag)
            case "link":
                self._read_link(tag)
            case "script":
                self._read_script(tag)
            case "style":
                is_used = not _is_other_medium(tag) and bool(tag.text.strip())
                self.has_style = self.has_style or is_used
            case "meta":
                self._read_meta(tag)
            case "iframe" | "frame":
                self._read_frame(tag)
            case "img":
                self._read_image(tag)
            case "video" | "audio" | "source":
                self._read_media(tag)
            case "a":
                self._read_anchor(tag)
            case "form":
                self._read_form(tag)
            case "input":
                self._read_input(tag)
            case "redoc" | "rapi-doc" | "elements-api":
                self._add("description", tag.attribute(_DESCRIPTIONS[tag.name]))

    def _read_base(self, tag: Tag) -> None:
        href = tag.attribute("href")
        if href is not None and not self.base:
            self.base = self._resolved(href)

    def _read_link(self, tag: Tag) -> None:
        relations = set((tag.attribute("rel") or "").lower().split())
        if "manifest" in relations:
            self._add("manifest", tag.attribute("href"), is_optional=True)
        content_type = (tag.attribute("type") or "text/css").strip().lower()
        if (
            "stylesheet" in relations
            and "alternate" not in relations
            and tag.attribute("disabled") is None
            and content_type == "text/css"
        ):
            is_optional = _is_other_medium(tag)
            self._add("stylesheet", tag.attribute("href"), is_optional, tag)

    def _read_script(self, tag: Tag) -> None:
        script_type = (tag.attribute("type") or "text/javascript").strip().lower()
        is_async = tag.attribute("async") is not None
        if tag.attribute("src") is None:
            self.local_values += local_values_in(tag.text)
        is_script = script_type == "module" or script_type in JAVASCRIPT_TYPES
        if is_script and tag.attribute("src") is None and tag.text.strip():
            self.inline_scripts += 1
            if match := _SWAGGER.search(tag.text):
                self._add("description", match[2])
            for module in imports_in(tag.text) if script_type == "module" else ():
                self._add("module", module)
            if worker := service_worker_in(tag.text):
                self._add("worker", worker, is_optional=True)
        if script_type == "module":
            self._add("module", tag.attribute("src"), is_async, tag)
        elif script_type in JAVASCRIPT_TYPES and tag.attribute("nomodule") is None:
            self._add("script", tag.attribute("src"), is_async, tag)

    def _read_meta(self, tag: Tag) -> None:
        name = (tag.attribute("http-equiv") or "").strip().lower()
        if name == "content-security-policy":
            self.upgrades = self.upgrades or upgrades_insecure(tag.attribute("content") or "")

        if name == "refresh":
            self.read_refresh(tag.attribute("content") or "")

    def read_refresh(self, content: str) -> None:
        """Read a meta element, or the field Refresh, which is the same (HTML standard, 4.2.5.3)."""
        match = _REFRESH.match(content)
        if match and not self.refresh:
            self.refresh = self._resolved(match[1].strip("'\" "))

    def _read_frame(self, tag: Tag) -> None:
        source = tag.attribute("src") or ""
        url = self._resolved(source) if source.strip() else ""
        if url.startswith("http:") and len(self.insecure_frames) < MAX_FORMS:
            self.insecure_frames.append(url)
        # A page that shows itself is left out: browsers do not load it again and again.
        if self._own_url(url) and url != self._url and tag.attribute("srcdoc") is None:
            self._add("frame", url, is_optional=True)

    def _read_image(self, tag: Tag) -> None:
        source = tag.attribute("src") or ""
        self._add_own_image(tag, self._resolved(source) if source.strip() else "")
        url = parse_url(self._resolved(source)) if "//" in source or self.base else None
        own = parse_url(self._url)
        is_elsewhere = url and own and (url.host, url.port) != (own.host, own.port)
        if url and url.secure and is_elsewhere and len(self.images) < MAX_FORMS:
            self.images.append(str(url))

    def _add_own_image(self, tag: Tag, address: str) -> None:
        """List a picture of the site itself. One that counts visits, or that a script replaces
        where it fails, may be missing."""
        url = self._own_url(address)
        if url is None or not _IMAGE.search(url.path.partition("?")[0]):
            return
        is_replaced = tag.attribute("onerror") is not None
        is_counter = "1" in {tag.attribute("width"), tag.attribute("height")}
        if not is_replaced and not is_counter and self._images < MAX_FORMS:
            self._images += 1
            self._add("image", address)

    def _own_url(self, address: str) -> Url | None:
        """Return an address that has the page's own origin, or None."""
        url, own = parse_url(address), parse_url(self._url)
        is_own = (
            url and own and (url.scheme, url.host, url.port) == (own.scheme, own.host, own.port)
        )
        return url if is_own else None

    def _read_media(self, tag: Tag) -> None:
        source = tag.attribute("src") or ""
        address = self._resolved(source) if source.strip() else ""
        url = self._own_url(address)
        if url and self._media < MAX_FORMS and _MEDIA.search(url.path.partition("?")[0]):
            self._media += 1
            self._add("media", address, is_optional=True)

    def _read_anchor(self, tag: Tag) -> None:
        reference = tag.attribute("href") or ""
        if _LOGIN.search(reference[:MAX_URL]) and len(self.logins) < MAX_FORMS:
            self.logins += filter(None, [self._resolved(reference)])
        if "?" in reference[:MAX_URL]:
            self._add_query(self._resolved(reference))
        if reference.lstrip()[:4].lower() == "http" and len(self.portless) < MAX_FORMS:
            self._add_portless(self._resolved(reference))

    def _add_portless(self, address: str) -> None:
        url, own = parse_url(address), parse_url(self._url)
        is_own = url and own and (url.scheme, url.host) == (own.scheme, own.host)
        if url and own and is_own and url.has_default_port and not own.has_default_port:
            self.portless.append(address.partition("?")[0])

    def _read_form(self, tag: Tag) -> None:
        url = self._resolved(tag.attribute("action") or "")
        if url.startswith("http:") and len(self.insecure_forms) < MAX_FORMS:
            self.insecure_forms.append(url)
        method = (tag.attribute("method") or "").strip().lower()
        if method == "post" and len(self.posts) < MAX_FORMS:
            self.posts.append(url)
        self._form = url if method == "post" else ""
        if method in {"", "get"} and tag.attribute("action"):
            self._add_query(url)

    def _read_input(self, tag: Tag) -> None:
        """List where files are sent: pictures, films and documents are large, tables of texts
        are not; and the fields that hold a token."""
        accepted, kind = tag.attribute("accept"), (tag.attribute("type") or "").strip().lower()
        name, is_file = tag.attribute("name") or "", kind == "file"
        if kind == "hidden" and self._form and _TOKEN.search(name):
            # Imported late: few pages have such a field.
            from diagnose.parsers.form_tokens import is_token_field

            if is_token_field(name, tag.attribute("value") or ""):
                self.token_fields[clean(name.strip(), MAX_URL)] = None
        if is_file and self._form and (not accepted or _LARGE.search(accepted)):
            self.uploads += [self._form][: MAX_FORMS - len(self.uploads)]

    def _add_query(self, address: str) -> None:
        """Keep an own address to which a query is sent, without the query."""
        url, own = parse_url(address), parse_url(self._url)
        is_own = url and own and (url.host, url.port) == (own.host, own.port)
        if is_own and len(self.queries) < MAX_FORMS:
            self.queries[address.partition("?")[0]] = None

    def _add(
        self,
        kind: FileKind,
        reference: str | None,
        is_optional: bool = False,
        tag: Tag | None = None,
    ) -> None:
        url = self._resolved(reference) if reference and reference.strip() else ""
        if url:
            hashes = (tag and tag.attribute("integrity")) or ""
            cors = kind == "module" or (tag and tag.attribute("crossorigin")) is not None
            hashes = clean(" ".join(hashes.split()), MAX_URL)
            self.files.append(PageFile(kind, url, is_optional, hashes, cors))

    def _resolved(self, reference: str) -> str:
        """Return the absolute http or https address of a reference, or ""."""
        text = re.sub(r"[\t\r\n]", "", reference.strip()).replace("\\", "/")[: MAX_URL + 1]
        try:
            joined = urljoin(self.base or self._url, text).partition("#")[0]
        except ValueError:
            return ""
        url = parse_url(joined)
        if url is None or url.scheme not in {"http", "https"} or len(joined) > MAX_URL:
            return ""
        return clean(quote(str(url), safe="%/:?#[]@!$&'()*+,;=~-._"), MAX_URL)


def _is_other_medium(tag: Tag) -> bool:
    """Return whether a style sheet may be for another medium than a screen, such as print."""
    return (tag.attribute("media") or "").strip().lower() not in {"", "all", "screen"}
