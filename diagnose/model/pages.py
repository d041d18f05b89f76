"""Observations of what a browser loads with the site's page: its style sheets and scripts."""

from typing import ClassVar, Literal

from diagnose.model import Observation
from diagnose.model.frozen import frozen
from diagnose.model.http import BodyEnd, CodingFault
from diagnose.model.marks import (
    Address,
    Digest,
    FilePath,
    Headers,
    Label,
    ReasonPhrase,
    Text,
    Url,
    UrlPath,
    Word,
)
from diagnose.model.summary import Summary, counted, phrase
from diagnose.model.tls import Certificate

#: "script" is a classic script, "module" a module script (HTML standard, section 4.12.1).
#: "description" is the document that Swagger UI or ReDoc shows (OpenAPI), or data that tells the
#: page's scripts where to ask. "manifest" and "worker" make the site an app that can be installed
#: (W3C Web Application Manifest; Service Workers).
#: "import" is a module that a script names by its ending, .mjs, "wasm" a program
#: for WebAssembly that a script names so. "frame" is a page of the site itself
#: in a frame of the page.
#: "image" is a picture of the page, "media" a film or a recording, on its own host and port. Of the
#: latter a part is requested (RFC 9110 section 14.2).
FileKind = Literal[
    "stylesheet", "script", "module", "description", "manifest", "worker", "image", "media",
    "import", "wasm", "frame", "font",
]  # fmt: skip
SCRIPTS: frozenset[FileKind] = frozenset({"script", "module"})

#: What a policy of a page may forbid besides its style sheets and scripts. "object" is content of
#: `<object>` and `<embed>`, "request" an address from which a script reads, "form" one to which a
#: form is sent, "base" that of `<base href>`, "style" a style sheet in the page itself.
UseKind = Literal[
    "image", "font", "media", "frame", "object", "request", "form", "base", "style"
]  # fmt: skip

#: Functions of a browser that a site may forbid its own pages (W3C Permissions Policy, and the
#: standards of each). "camera-or-microphone" is `getUserMedia` with an argument that is not written
#: at the call.
Feature = Literal[
    "camera", "microphone", "camera-or-microphone", "display-capture", "geolocation",
    "clipboard-read", "clipboard-write", "fullscreen", "midi", "payment", "usb", "serial",
    "bluetooth", "hid", "publickey-credentials-get", "publickey-credentials-create", "web-share",
    "screen-wake-lock", "xr-spatial-tracking",
]  # fmt: skip

#: How a script shows that a path is a page of its own: it names the page, or it has a router that
#: changes the browser's address (HTML standard, History: pushState).
RouteSource = Literal["", "history", "route", "router"]


@frozen
class PageUse:
    """Something that a page asks a browser for, by its absolute address. It is "data:" or "blob:"
    for content that is written in the page itself, and the page's own address for a style sheet in
    it. `credentialless` and `cors` are True for an element that is requested without cookies, or
    with CORS (`crossorigin`)."""

    kind: UseKind
    url: Url
    credentialless: bool = False
    cors: bool = False


@frozen
class PageFile:
    """A file that a page loads, by its absolute URL. `is_optional` is True if the page does not
    wait for it: an async script, a style sheet for another medium such as print. `integrity` are
    the hashes of which its content has to have one (W3C Subresource Integrity, section 3.5). `cors`
    is True if it is requested with CORS (`crossorigin`, module scripts)."""

    kind: FileKind
    url: Url
    is_optional: bool = False
    integrity: Digest = ""
    cors: bool = False

    @property
    def is_script(self) -> bool:
        return self.kind in SCRIPTS


@frozen(kw_only=True, eq=False)
class Page(Observation):
    """What the site's page tells a browser to load.

    `files` are its style sheets and scripts, of every origin. `base` is the address of `<base
    href>`, "" if there is none. `quirks` is True unless the document type rules quirks mode out, in
    which browsers accept style sheets of any type. `upgrades` is True if browsers request its http:
    addresses as https: (Content Security Policy: upgrade-insecure-requests). `is_empty` is True if
    it shows nothing until its scripts have run. `requests` are the http: addresses that its scripts
    request, and the https: ones of localhost. `has_style` is True if it contains a style sheet
    itself (`<style>`), `inline_scripts` is the number of scripts in it. `insecure_forms` are the
    http: addresses to which its forms are sent, `posts` all addresses to which they are sent by
    POST. `uploads` are those of its forms with a field for files, unless it is for texts alone.
    `refresh` is the address to which it sends browsers at once (`<meta http-equiv="refresh">`), ""
    if there is none. `plain_sockets` are the ws: addresses that its own scripts put together of the
    page's host. `insecure_frames` are the http: addresses of its frames. `images` are the https:
    addresses of its images that have another host or port than the page. `logins` are the addresses
    of its links with which a login elsewhere begins (OAuth 2.0): of the provider, or of the site
    itself. `queries` are the addresses of the site itself to which it links with a query, or sends
    a form by GET, without their queries. `portless` are the addresses of its links that have its
    scheme and host and no port, where it has a port of its own. `data_paths` are the paths of the
    site from which its own scripts read data, `sent_paths` those to which they send a POST.
    `handles_forms` is True if the page or a script in it sends its forms in the browser's place.
    `uses` and `features` are what its policies may forbid, and `proofs` the sources by which a
    policy would allow each script in it ("'nonce-r4nd' 'sha256-…'"); they are read only where the
    response has such a field, or the page such an element. `source_text` is code of the server that
    was sent as text, as it begins ("<!--#include"), "" if there is none. `local_values` are the
    addresses of the visitor's own machine, with their ports, in the data of its own scripts.
    `tokens` are the names of the hidden fields in its forms that hold a token against forged forms.
    """

    layer: ClassVar[str] = "http"

    url: Url
    address: Address
    port: int
    files: tuple[PageFile, ...] = ()
    base: Url = ""
    quirks: bool = True
    upgrades: bool = False
    is_empty: bool = False
    requests: tuple[Url, ...] = ()
    has_style: bool = False
    inline_scripts: int = 0
    insecure_forms: tuple[Url, ...] = ()
    posts: tuple[Url, ...] = ()
    refresh: Url = ""
    plain_sockets: tuple[Url, ...] = ()
    insecure_frames: tuple[Url, ...] = ()
    images: tuple[Url, ...] = ()
    logins: tuple[Url, ...] = ()
    queries: tuple[Url, ...] = ()
    portless: tuple[Url, ...] = ()
    data_paths: tuple[UrlPath, ...] = ()
    sent_paths: tuple[UrlPath, ...] = ()
    handles_forms: bool = False
    uploads: tuple[Url, ...] = ()
    uses: tuple[PageUse, ...] = ()
    features: tuple[Feature, ...] = ()
    proofs: tuple[Digest, ...] = ()
    source_text: Word = ""
    local_values: tuple[Url, ...] = ()
    tokens: tuple[Word, ...] = ()

    def summary(self) -> Summary:
        kinds = [file.kind for file in self.files]
        sheets = kinds.count("stylesheet")
        scripts = sum(kind in SCRIPTS for kind in kinds)
        return phrase("page {url}", url=self.url), (
            counted("{count} style sheet", "{count} style sheets", sheets),
            counted("{count} script", "{count} scripts", scripts),
        )


@frozen(kw_only=True, eq=False)
class PageFileResponse(Observation):
    """The response to a request for a file of the page, on the site's own origin.

    `url` is the file's URL in the page, or in the style sheet of the page `sheet` ("" for the page
    itself), `redirects` are the URLs to which it redirected; the last
    of them was not requested if it has another origin. `page` is the page's URL. `is_html` is True
    if the body begins like an HTML document. `mentions` are the ws: and wss: URLs in a script,
    `requests` the http: URLs that it requests, and the https: ones of localhost, all without those
    in comments, or the first server of a description if that is the site with http:. `data_paths`,
    `sent_paths` and `handles_forms` are those of `Page`. `body_end` and `coding_fault` are those of
    `ResponseBody`, as far as the file was read. `integrity_fails` is True if the whole file was
    read and has none of the page's hashes. `uses` and `features` are what the file asks browsers
    for and the page's policies may forbid, `evaluates` is True if it runs a text as a program
    (`eval`, `new Function`); they are read only where the page has such a policy. `routes` are the
    paths of pages that a script shows by itself ("/users/:id"), and `read_cookies` the names of the
    cookies that it reads. `told_paths` are the paths of the message's addresses of localhost that
    the file names without a host.
    """

    layer: ClassVar[str] = "http"

    page: Url
    file_kind: FileKind
    is_optional: bool = False
    url: Url
    redirects: tuple[Url, ...] = ()
    address: Address
    port: int
    status: int | None = None
    reason: ReasonPhrase = ""
    headers: Headers = ()
    is_html: bool = False
    mentions: tuple[Url, ...] = ()
    requests: tuple[Url, ...] = ()
    body_end: BodyEnd = "complete"
    coding_fault: CodingFault = ""
    integrity_fails: bool = False
    data_paths: tuple[UrlPath, ...] = ()
    sent_paths: tuple[UrlPath, ...] = ()
    handles_forms: bool = False
    uses: tuple[PageUse, ...] = ()
    features: tuple[Feature, ...] = ()
    evaluates: bool = False
    routes: tuple[Text, ...] = ()
    read_cookies: tuple[Word, ...] = ()
    told_paths: tuple[UrlPath, ...] = ()
    sheet: Url = ""

    @property
    def shows_fault(self) -> bool:
        """A failure, an error, a redirect, or a page in the place of a file."""
        is_page = self.is_html and self.file_kind != "frame"
        return (
            self.failure is not None or (self.status or 0) >= 300 or bool(self.redirects) or is_page
        )

    def summary(self) -> Summary:
        types = [value for name, value in self.headers if name.lower() == "content-type"]
        arrows = "".join(f" -> {url}" for url in self.redirects)
        facts = {"url": f"{self.url}{arrows}"}
        match self.file_kind:
            case "script" | "module" | "import":
                subject = phrase("script {url}", **facts)
            case "stylesheet":
                subject = phrase("style sheet {url}", **facts)
            case "manifest":
                subject = phrase("manifest {url}", **facts)
            case "worker":
                subject = phrase("service worker {url}", **facts)
            case "image":
                subject = phrase("image {url}", **facts)
            case "font":
                subject = phrase("font {url}", **facts)
            case "media":
                subject = phrase("a part of {url}", **facts)
            case "wasm":
                subject = phrase("WebAssembly {url}", **facts)
            case "frame":
                subject = phrase("frame {url}", **facts)
            case _:
                subject = phrase("description {url}", **facts)
        return subject, " ".join((str(self.status), *types[:1]))


@frozen(kw_only=True, eq=False)
class PageFileTrial(Observation):
    """The response to a request for a file of the page below the page's own path, after the file
    was not at its URL.

    `file` is the URL in the page, `url` the one that was tried, `prefix` the path before it.
    `is_absolute` is True if the page names the file by a path from the root. `is_used` is True if
    browsers use this response.
    """

    layer: ClassVar[str] = "http"

    page: Url
    file: Url
    url: Url
    prefix: UrlPath
    address: Address
    port: int
    is_absolute: bool
    status: int | None = None
    is_used: bool = False

    def summary(self) -> Summary:
        subject = phrase("{file} tried below {prefix}", file=self.file, prefix=self.prefix)
        return subject, str(self.status or "")


@frozen(kw_only=True, eq=False)
class WebSocketPath(Observation):
    """A path of the site at which its page, or a script of it, opens a WebSocket.

    `source` is the URL of the page or the script. `library` is the program's library ("Socket.IO",
    "SignalR") or its name ("n8n"), "" if none is known. `need` is what the program's documentation
    says: "optional" if it works without, "" if nothing is known. `opens` is whether the program
    takes a handshake of a visitor who has not logged in. `line` is that of the call in the source,
    from 1, 0 if it is not known, and `subprotocols` are those that the call asks for. `base` is ""
    if the path is known to be the whole one; the program puts something else before it otherwise,
    and it is taken as a path below the page's folder ("assumed") or of the root ("unknown").
    """

    layer: ClassVar[str] = "websocket"

    source: Url
    path: UrlPath
    library: Word = ""
    need: Literal["", "required", "optional"] = ""
    opens: bool = False
    line: int = 0
    subprotocols: tuple[Label, ...] = ()
    base: Literal["", "assumed", "unknown"] = ""

    def summary(self) -> Summary:
        subject = phrase("WebSocket named by {source}", source=self.source)
        return subject, " ".join((self.path, self.library)).rstrip()


@frozen(kw_only=True, eq=False)
class ClientRoute(Observation):
    """A script of another page of the site that may show the target, which the site answers with
    404: a single-page application, whose addresses exist in the browser only.

    `front` is that page, which shows nothing until its scripts have run, and `script` the script.
    `source` is "route" if the script names the target's path as one of its pages, and "router" if
    it only has a router that changes the browser's address, "history" if it switches that on.
    """

    layer: ClassVar[str] = "http"

    url: Url
    front: Url
    script: Url
    source: RouteSource

    @property
    def is_named(self) -> bool:
        return self.source == "route"

    def summary(self) -> Summary:
        subject = phrase("pages of the script {script}", script=self.script)
        return subject, self.url if self.is_named else phrase("a router")


@frozen(kw_only=True, eq=False)
class PagePort(Observation):
    """A connection to where the page needs the site and is not itself: another port, on which its
    page or a script opens a WebSocket, or from which browsers request its files, or the site's
    address in the place of its name. No request is sent.

    `url` is the WebSocket's or the file's URL, `script` the script in which it stands ("" for the
    page).
    `connected` is True if TCP connected, so that a failure is one of TLS, which http:// and ws://
    do without. `certificate` is the
    server's, None if none came.
    """

    layer: ClassVar[str] = "http"

    page: Url
    script: Url = ""
    url: Url
    address: Address
    port: int
    connected: bool = False
    certificate: Certificate | None = None

    @property
    def is_plain(self) -> bool:
        """True if the URL needs no TLS."""
        return self.url.startswith(("http:", "ws:"))

    def summary(self) -> Summary:
        subject = phrase("port {port} for {url}", port=self.port, url=self.url)
        open_text = phrase("connection open") if self.is_plain else "TLS"
        return subject, open_text if self.connected else ""


#: "session": the session's file cannot be opened. "basedir": a file lies outside of open_basedir.
#: "headers": something was sent before cookies and redirects. "other": any other warning.
PhpWarningKind = Literal["session", "basedir", "headers", "other"]


@frozen(kw_only=True, eq=False)
class PhpMessage(Observation):
    """A warning of PHP's own, above a page with this status, or in a log of nginx's (`log`, its
    file; `times` counts its lines, `written` is the time of the newest).

    `script` and `line` are the place that gave it. `folder` is that of the sessions, and `errno`
    says why its file cannot be opened (0: not known). `file` is what lies outside of `allowed`, or
    the file that sent the first output, with its line.
    """

    layer: ClassVar[str] = "http"

    url: Url
    address: Address = ""
    port: int = 0
    status: int | None = None
    warning: PhpWarningKind = "other"
    words: Text = ""
    script: FilePath = ""
    line: Word = ""
    folder: FilePath = ""
    errno: int = 0
    file: FilePath = ""
    allowed: Text = ""
    log: FilePath = ""
    times: int = 1
    written: Text = ""

    def summary(self) -> Summary:
        return self.url, self.words
