"""The files that the site's page loads: which of them browsers do not use, and what that breaks."""

from collections.abc import Collection

from checks.nginx import Nginx, file_line
from diagnose.model import Evidence, Severity, Subject
from diagnose.model.addresses import bracketed
from diagnose.model.frozen import frozen
from diagnose.model.http import header, page_exchanges
from diagnose.model.nginx import Directive
from diagnose.model.pages import Page, PageFileResponse
from diagnose.parsers.browser_types import Refusal, mime_type, refusal
from diagnose.parsers.nginx.locations import location_pattern
from diagnose.parsers.nginx.upstreams import proxy_target_of
from diagnose.parsers.urls import parse_url, path_of

#: What makes a site an app that can be installed.
APP_FILES = frozenset({"manifest", "worker"})

#: Limits of requests, which our own requests may have met.
_LIMITS = {429, 503}


@frozen
class RefusedFile:
    """A file of the page that browsers do not use, and why."""

    page: Page
    response: PageFileResponse
    reason: Refusal

    @property
    def path(self) -> str:
        """The path of the file in the request that failed, without the query."""
        return path_of((self.response.redirects or (self.response.url,))[-1])

    @property
    def named_path(self) -> str:
        """The path by which the page names the file, without the query: that of the login to which
        the application sends visitors is none of a file."""
        return path_of(self.response.url) if self.response.is_html else self.path

    @property
    def content_type(self) -> str:
        return mime_type(self.response.headers)


def page_of(evidence: Evidence) -> Page | None:
    """Return what the site's page loads, if that was observed."""
    return next(iter(evidence.good(Page)), None)


def refused_files(evidence: Evidence, *, of_sheets: bool = False) -> tuple[RefusedFile, ...]:
    """Return the files of the site's page that browsers do not use, in the order in which they were
    requested, without those of an app (`refused_app_files`); none if the page was not observed. A
    font or a picture that a style sheet alone names is left out, but for `of_sheets`: a page that
    lacks one works, and only where it is elsewhere is that a fault. A
    file with a redirect that was not followed is unknown, and so is one behind a test of
    Cloudflare's for browsers (cf-mitigated)."""
    return tuple(
        file
        for file in all_refused_files(evidence)
        if file.response.file_kind not in APP_FILES and not _is_guess(file)
        if of_sheets or not file.response.sheet
    )


def refused_app_files(evidence: Evidence) -> tuple[RefusedFile, ...]:
    """Return the manifest and the service worker of the page that browsers do not use although they
    come: that a page names one which is not there is common, and harms nobody."""
    return tuple(
        file
        for file in all_refused_files(evidence)
        if file.response.file_kind in APP_FILES and file.reason != "status"
    )


def _is_guess(file: RefusedFile) -> bool:
    """Return whether nothing shows that a module which a script names is at that address."""
    is_there = file.reason == "type" and not file.response.is_html
    return file.response.file_kind in {"import", "wasm"} and not is_there


def all_refused_files(evidence: Evidence) -> tuple[RefusedFile, ...]:
    """Return the same with those of an app, and with what a script only names."""
    page = page_of(evidence)
    if page is None:
        return ()
    refused = []
    for response in evidence.good(PageFileResponse):
        status = response.status or 0
        is_answered = not 300 <= status < 400 and status not in _LIMITS
        if (
            response.page == page.url
            and is_answered
            and not header(response.headers, "cf-mitigated")
        ):
            reason = refusal(
                response.file_kind, status, response.headers, page.quirks, response.is_html
            )
            refused += [RefusedFile(page, response, reason)] if reason else []
    return () if refused and _is_default_page(evidence, page) else tuple(refused)


def _is_default_page(evidence: Evidence, page: Page) -> bool:
    """Return whether the page is the one that a package brings along: its picture is often not
    there, and no file of the site's."""
    # Imported late: few pages have a file that does not come.
    from diagnose.parsers.stray_pages import stray_page

    for page_exchange in page_exchanges(evidence):
        stray = (
            stray_page(page_exchange.status, page_exchange.body)
            if page_exchange.url == page.url
            else None
        )
        if stray is not None and stray.kind == "default":
            return True
    return False


def urls_at(page: Page, scheme: str, host: str, port: int) -> tuple[str, ...]:
    """Return the files and images that the page loads by this scheme from this host and port."""
    texts = (*(file.url for file in page.files), *page.images)
    urls = ((text, parse_url(text)) for text in texts)
    return tuple(
        dict.fromkeys(
            text
            for text, url in urls
            if url and (url.scheme, url.host, url.port) == (scheme, host, port)
        )
    )


def severity(page: Page, urls: Collection[str]) -> Severity:
    """Return how much it matters that browsers do not use these files of the page."""
    if _breaks(page, urls):
        return Severity.ERROR
    optional = {file.url for file in page.files if file.is_optional}
    needed = any(url not in optional for url in urls)
    return Severity.WARNING if needed and not _is_odd_image(page, urls) else Severity.NOTE


def _is_odd_image(page: Page, urls: Collection[str]) -> bool:
    """Return whether these are images, and those of another folder come: one is missing, and not
    what serves them."""
    images = [file.url for file in page.files if file.kind == "image"]
    if not urls or not set(urls).issubset(images):
        return False
    folders = {url.rpartition("/")[0] for url in images}
    failed = {url.rpartition("/")[0] for url in urls}
    # No more than one of each folder is requested, and two at most.
    return len(failed) < min(len(folders), 2)


def _breaks(page: Page, urls: Collection[str]) -> bool:
    """Return whether the page shows nothing, not what it is for, or has no style at all, without
    these files."""
    needed = [file for file in page.files if not file.is_optional]
    sheets = [file for file in needed if file.kind == "stylesheet"]
    scripts = [file for file in needed if file.is_script]
    if page.is_empty and not scripts:
        # `async` makes a script of a page with content optional; an empty one has no other program.
        scripts = [file for file in page.files if file.is_script]
    entry = any(file.url in urls for file in scripts if file.kind == "module")
    has_no_style = bool(sheets) and not page.has_style and all(file.url in urls for file in sheets)
    has_no_program = bool(scripts) and all(file.url in urls for file in scripts)
    has_no_content = any(file.url in urls for file in needed if file.kind == "description")
    return has_no_content or has_no_style or (page.is_empty and (entry or has_no_program))


def page_subject(page: Page) -> Subject:
    return Subject(address=page.address, port=page.port)


def location_facts(nginx: Nginx, path: str) -> dict[str, object]:
    """Return where nginx's configuration decides about a path: the location, the application that
    it passes requests to ("" if it serves files itself), and in that case the application of the
    page itself, from which the location takes the file away."""
    matches = list(nginx.location_matches(path))
    if len(matches) != 1:
        return {"place": "", "application": "", "taken": ""}
    block = matches[0].block
    application = _application(block)
    page_matches = list(nginx.location_matches(nginx.evidence.target.path))
    page_application = _application(page_matches[0].block) if len(page_matches) == 1 else ""
    return {
        "place": f"{block.name} {' '.join(block.args)} ({file_line(block)})".replace("  ", " "),
        "application": application,
        "taken": "" if application or _decides_otherwise(block) else page_application,
    }


def kept_prefix(nginx: Nginx, path: str) -> dict[str, object]:
    """Return what a location asks its application for, where it passes a path on with its own
    prefix, and the page too: the prefix ("" otherwise), both paths, the address without the prefix,
    and the line that cuts it off."""
    matches = list(nginx.location_matches(path))
    page_matches = list(nginx.location_matches(nginx.evidence.target.path))
    if len(matches) != 1 or len(page_matches) != 1:
        return {"prefix": ""}
    match, block = matches[0], matches[0].block
    pattern = location_pattern(block) if block.name == "location" else None
    target = proxy_target_of(match, {})
    is_prefix = pattern is not None and pattern.modifier in {"", "^~"} and len(pattern.text) > 1
    is_same = page_matches[0].block is block and not _decides_otherwise(block)
    if pattern is None or target is None or not (is_prefix and is_same):
        return {"prefix": ""}
    endpoint = target.endpoints[0]
    is_kept = target.uri is None and not target.has_variables and not endpoint.socket
    if not is_kept or not pattern.text.endswith("/") or not target.speaks_http:
        return {"prefix": ""}
    rest = path.removeprefix(pattern.text)
    return {
        "prefix": pattern.text,
        "asked": path,
        "direct": f"{target.scheme}://{bracketed(endpoint.host)}:{endpoint.port}/{rest}",
        "kept": f"proxy_pass {target.directive.args[0]};",
        "cut": f"proxy_pass {target.directive.args[0]}/;",
    }


def sub_folder(nginx: Nginx, page_path: str, path: str) -> tuple[str, str]:
    """Return the prefix of the location at which the page's application is reached, and that
    application, if this path is outside of the prefix; "" and "" otherwise."""
    matches = list(nginx.location_matches(page_path))
    pattern = location_pattern(matches[0].block) if len(matches) == 1 else None
    application = _application(matches[0].block) if pattern else ""
    if pattern is None or pattern.modifier not in {"", "^~"} or not application:
        return "", ""
    folder = pattern.text.rstrip("/")
    return ("", "") if not folder or path.startswith(f"{folder}/") else (pattern.text, application)


#: What may lead a request on to the application, or answer it in another way than by a file.
_DECISIONS = {"try_files", "return", "rewrite", "error_page", "if"}


def _decides_otherwise(block: Directive) -> bool:
    return any(directive.name in _DECISIONS for directive in block.block or ())


def _application(block: Directive) -> str:
    pass_directives = [
        directive
        for directive in block.block or ()
        if directive.name.endswith("_pass") and directive.args
    ]
    return pass_directives[0].args[0] if pass_directives else ""
