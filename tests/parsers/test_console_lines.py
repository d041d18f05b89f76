"""Lines of a browser's console: the address in them, and that they are messages."""

import pytest

from diagnose.parsers.error_messages import named_site
from diagnose.parsers.message_sites import MessageSite, site_in_message

SITE = "https://shop.example.com"


@pytest.mark.parametrize(
    ("line", "address"),
    [
        (f"{SITE}/admin/:1 Refused to execute inline script", f"{SITE}/admin/"),
        (f"{SITE}/a/b.html:12:3 Uncaught TypeError: x is not a function", f"{SITE}/a/b.html"),
        (f"{SITE}/admin:44 Refused to load the image", f"{SITE}/admin"),
        (f"{SITE}/item:12 is down", f"{SITE}/item:12"),
        (f"{SITE}:8443/x does not answer", f"{SITE}:8443/x"),
        (f"{SITE}/?time=12:30 is down", f"{SITE}/?time=12:30"),
    ],
)
def test_the_line_of_a_source_is_no_part_of_its_address(line: str, address: str) -> None:
    site = named_site(line)
    assert site is not None
    assert site.target == address


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (f"GET {SITE}/app.js net::ERR_BLOCKED_BY_CLIENT", "extension"),
        (f"GET {SITE}/app.js net::ERR_CACHE_READ_FAILURE 200 (OK)", "other"),
        (f"{SITE}/ Not allowed to load local resource: file:///C:/app.html", "other"),
        (f"The FetchEvent for \"{SITE}/\" resulted in a network error response", "other"),
        (f"EventSource's response has a MIME type (\"text/html\") {SITE}/events", "data"),
        (f"DOMException: Failed to read 'storage': Access is denied for this document. {SITE}/",
         "other"),
        (f"Loading failed for the <script> with source “{SITE}/js/a.js”.", "page-files"),
        (f"Laden fehlgeschlagen für das <script> mit der Quelle \"{SITE}/js/a.js\".", "page-files"),
        (f"EvalError: Refused to evaluate a string because 'unsafe-eval' is not allowed {SITE}/",
         "csp"),
        (f"{SITE}/ Uncaught (in promise) NotAllowedError: Permission denied", "csp"),
        (f"have a look at {SITE}/ please", None),
        (f"Si abro {SITE}/ me pide el carnet de la biblioteca", "other"),
        (f"since yesterday {SITE}/ has the hiccups", "other"),
        (f"访问 {SITE}/ 总是弹出奇怪的东西", "other"),
        (f"it works again: {SITE}/", None),
        (f"{SITE}/", None),
    ],
)  # fmt: skip
def test_a_line_that_is_not_understood_is_a_message_all_the_same(
    line: str, kind: str | None
) -> None:
    site = site_in_message(line)
    assert isinstance(site, MessageSite)
    assert (site.symptom.kind if site.symptom else None) == kind


def test_a_hash_is_demanded_by_the_page() -> None:
    """The address in the message is that of the file: the page is taken to be the front page."""
    line = (
        f"Failed to find a valid digest in the 'integrity' attribute for resource '{SITE}/a/b.js'"
    )
    site = site_in_message(line)
    assert isinstance(site, MessageSite)
    assert site.target == f"{SITE}/"


def test_the_page_beside_what_a_policy_refused_is_the_site() -> None:
    line = (
        "because it violates the following Content Security Policy directive: \"font-src 'self'\""
    )
    font = f"Refused to load the font '{SITE}/fonts/a.woff2' {line}"
    site = site_in_message(f"{font}. {SITE}/admin")
    assert isinstance(site, MessageSite)
    assert site.target == f"{SITE}/admin"
    assert not isinstance(site_in_message(font), MessageSite)
    assert not isinstance(site_in_message(f"{font} {SITE}/fonts/a.css"), MessageSite)


@pytest.mark.parametrize(
    "line",
    [
        "Refused to load the script 'https://cdn.example.net/a.js' because it violates the"
        " following Content Security Policy directive: \"script-src 'self'\". https://shop.example.com/cart",
        "Failed to find a valid digest in the 'integrity' attribute for resource"
        " 'https://cdn.example.net/vue.js' with computed SHA-256 integrity 'x'. The resource has"
        " been blocked. https://shop.example.com/cart",
    ],
)
def test_the_page_beside_a_refused_file_of_another_host_is_the_site(line: str) -> None:
    named = site_in_message(line)
    assert isinstance(named, MessageSite)
    assert named.target == "https://shop.example.com/cart"
