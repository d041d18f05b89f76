"""What a browser's message about a policy says was refused."""

import pytest

from diagnose.parsers.policy_messages import RefusedUse, page_of_refusal, refused_use

URL = "https://cdn.example.net/a.png"
RULE = "the following Content Security Policy directive: \"default-src 'self'\"."
WHY = f"because it violates {RULE}"


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (f"Refused to load the image '{URL}' {WHY}", "image"),
        (f"Refused to load the font '{URL}' {WHY}", "font"),
        (f"Refused to load the stylesheet '{URL}' {WHY}", "stylesheet"),
        (f"Refused to load the script '{URL}' {WHY}", "script"),
        (f"Refused to load media from '{URL}' {WHY}", "media"),
        (f"Refused to load plugin data from '{URL}' {WHY}", "object"),
        (f"Refused to connect to '{URL}' {WHY}", "request"),
        (f"Refused to frame '{URL}' {WHY}", "frame"),
        (f"Refused to send form data to '{URL}' {WHY}", "form"),
        (f"Loading the image '{URL}' violates {RULE}", "image"),
        (f"Connecting to '{URL}' violates {RULE}", "request"),
        (f"Framing '{URL}' violates {RULE}", "frame"),
        (f"Sending form data to '{URL}' violates {RULE}", "form"),
        ("Content-Security-Policy: The page’s settings blocked the loading of a resource (img-src)"
         f" at {URL} because it violates the following directive: “img-src 'self'”", "image"),
    ],
)  # fmt: skip
def test_a_message(message: str, kind: str) -> None:
    assert refused_use(message) == RefusedUse(kind, URL)  # type: ignore[arg-type]


def test_content_in_the_page() -> None:
    message = f"Refused to load the image 'data:image/png;base64,AAAA' {WHY}"
    assert refused_use(message) == RefusedUse("image", "data:")


@pytest.mark.parametrize(
    "message",
    [
        f"Creating a worker from 'blob:https://shop.example.com/5d2c' violates {RULE}",
        f"Refused to create a worker from 'blob:https://shop.example.com/5d2c' {WHY}",
        "The page’s settings blocked a worker script (worker-src) at blob:https://shop.example.com/5d"
        " from being executed because it violates the following directive: “script-src 'self'”",
    ],
)
def test_a_worker_that_a_script_has_made(message: str) -> None:
    assert refused_use(message) == RefusedUse("worker", "blob:")


def test_a_blob_is_of_the_page_that_made_it() -> None:
    text = "Loading the image 'blob:https://shop.example.com/5d2c' violates"
    page = "https://shop.example.com/"
    assert page_of_refusal(text, f"{page}5d2c") == page
    assert page_of_refusal(text, f"{page}a.png") == f"{page}a.png"


@pytest.mark.parametrize(
    "message",
    [
        "",
        "Content Security Policy",
        f"Refused to execute inline script {WHY}",
        f"Refused to connect to 'wss://shop.example.com/ws' {WHY}",
        f"Refused to load the image 'x' {WHY}",
    ],
)
def test_a_message_that_names_nothing(message: str) -> None:
    assert refused_use(message) is None


@pytest.mark.parametrize(
    ("message", "target", "page"),
    [
        (f"Refused to connect to 'wss://shop.example.com/ws?id=1' {WHY}",
         "wss://shop.example.com/ws?id=1", "https://shop.example.com/"),
        (f"Connecting to 'wss://shop.example.com:8443/ws' violates {RULE}",
         "wss://shop.example.com:8443/ws", "https://shop.example.com:8443/"),
        ("Content-Security-Policy: The page’s settings blocked the loading of a resource "
         "(connect-src) at wss://shop.example.com/ws because it violates …",
         "wss://shop.example.com/ws", "https://shop.example.com/"),
        ("Content-Security-Policy: Die Einstellungen der Seite haben das Laden einer Ressource "
         "(connect-src) auf wss://shop.example.com/ws blockiert, da sie gegen … verstößt",
         "wss://shop.example.com/ws", "https://shop.example.com/"),
        ("Content-Security-Policy : Les paramètres de la page ont empêché le chargement d’une "
         "ressource (connect-src) à wss://shop.example.com/ws car elle enfreint …",
         "wss://shop.example.com/ws", "https://shop.example.com/"),
        ("Refused to connect to wss://shop.example.com/ws because it does not appear in the "
         "connect-src directive of the Content Security Policy.",
         "wss://shop.example.com/ws", "https://shop.example.com/"),
        (f"https://shop.example.com/a.js?v=2:14 Connecting to 'wss://shop.example.com/' {WHY}",
         "https://shop.example.com/a.js?v=2:14", "https://shop.example.com/"),
        (f"https://shop.example.com/app Connecting to 'wss://shop.example.com/ws' violates {RULE}",
         "https://shop.example.com/app", "https://shop.example.com/app"),
    ],
)  # fmt: skip
def test_the_page_whose_policy_refuses(message: str, target: str, page: str) -> None:
    assert page_of_refusal(message, target) == page


def test_safari_names_what_it_refused() -> None:
    message = (
        f"Refused to load {URL} because it does not appear in the img-src directive of the Content "
        "Security Policy."
    )
    assert refused_use(message) == RefusedUse("image", URL)
