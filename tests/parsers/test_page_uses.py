"""What a page, a style sheet and a script ask a browser for."""

import pytest

from diagnose.model.pages import PageUse
from diagnose.parsers.page_uses import (
    MAX_USES,
    evaluates_text,
    files_in_sheet,
    fonts_in_sheet,
    has_policy_element,
    uses_in_page,
    uses_in_script,
    uses_in_sheet,
)

URL = "https://shop.example.com/tea/"
CDN = "https://cdn.example.net"


def kinds(document: str) -> list[tuple[str, str]]:
    return [(use.kind, use.url) for use in uses_in_page(document, URL)]


@pytest.mark.parametrize(
    ("element", "kind", "url"),
    [
        ('<img src="/a.png">', "image", "https://shop.example.com/a.png"),
        ('<img src="//cdn.example.net/a.png">', "image", f"{CDN}/a.png"),
        (f'<img src="data:image/png;base64,{"A" * 400}">', "image", "data:"),
        ('<input type="image" src="b.png">', "image", f"{URL}b.png"),
        ('<video src="http://cdn.example.net/f.mp4">', "media", "http://cdn.example.net/f.mp4"),
        ("<audio><source src=s.mp3></audio>", "media", f"{URL}s.mp3"),
        ('<iframe src="https://www.youtube.com/embed/x">', "frame", "https://www.youtube.com/embed/x"),
        ("<frameset><frame src=/menu></frameset>", "frame", "https://shop.example.com/menu"),
        ('<object data="/a.pdf"></object>', "object", "https://shop.example.com/a.pdf"),
        ('<embed src="/a.pdf">', "object", "https://shop.example.com/a.pdf"),
        ('<form action="/login">', "form", "https://shop.example.com/login"),
        ('<link rel="preload" as="font" href="/f.woff2">', "font", "https://shop.example.com/f.woff2"),
        (
            '<link rel=stylesheet href="https://fonts.googleapis.com/css2?family=A">',
            "font", "https://fonts.gstatic.com/",
        ),
        (
            f'<link rel=stylesheet href="{CDN}/libs/font-awesome/6/all.min.css">',
            "font", f"{CDN}/",
        ),
        ("<script>fetch('https://api.example.net/v1')</script>", "request", "https://api.example.net/v1"),
    ],
)  # fmt: skip
def test_an_element(element: str, kind: str, url: str) -> None:
    assert (kind, url) in kinds(f"<!doctype html>{element}")


@pytest.mark.parametrize(
    "element",
    [
        "<img>",
        '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">',
        '<img width="1" height="1" src="https://t.example.net/p">',
        '<iframe src="about:blank">',
        "<iframe srcdoc='x' src='/y'>",
        "<form>",
        '<form action="#">',
        '<form action="/x" onsubmit="return send()">',
        '<form method="dialog" action="/x">',
        '<form action="javascript:void(0)">',
        "<template><img src=/a.png></template>",
        "<noscript><img src=/a.png></noscript>",
        "<!-- <img src=/a.png> -->",
        "<script>// fetch('https://api.example.net/v1')\n</script>",
        '<style nonce="x">p{}</style>',
    ],
)
def test_what_asks_for_nothing_by_itself(element: str) -> None:
    assert not kinds(f"<!doctype html>{element}")


def test_the_base_counts_for_what_follows() -> None:
    document = '<base href="https://cdn.example.net/x/"><img src="a.png">'
    assert kinds(document) == [("base", f"{CDN}/x/"), ("image", f"{CDN}/x/a.png")]


def test_a_style_sheet_in_the_page() -> None:
    document = "<style>p { background: url(/b.png) }</style>"
    assert kinds(document) == [("style", URL), ("image", "https://shop.example.com/b.png")]


def test_attributes_of_an_element() -> None:
    (frame,) = uses_in_page(f'<iframe credentialless src="{CDN}/f">', URL)
    assert frame.credentialless
    (image,) = uses_in_page(f'<img crossorigin src="{CDN}/a.png">', URL)
    assert image.cors


def test_a_style_sheet() -> None:
    text = (
        "@import url('other.css');\n"
        "@font-face { font-family: A; src: local('A'), url(\"/f/a.woff2\") format('woff2'),"
        " url('/f/a.ttf') }\n"
        "@font-face { src: url(data:font/woff2;base64,d09GMg==) }\n"
        ".a { background: url(data:image/svg+xml,%3Csvg%3E) } .b { mask: url(#m) }\n"
        ".c { background-image: url( https://cdn.example.net/c.png ) }"
    )
    uses = uses_in_sheet(text, "https://shop.example.com/static/app.css")
    assert [(use.kind, use.url) for use in uses] == [
        ("font", "https://shop.example.com/f/a.woff2"),
        ("font", "data:"),
        ("image", "data:"),
        ("image", f"{CDN}/c.png"),
    ]


@pytest.mark.parametrize(
    "script",
    [
        'fetch("https://api.example.net/v1")',
        "axios.get('https://api.example.net/v1')",
        'axios.create({ baseURL: "https://api.example.net/v1" })',
        'request.open("GET", "https://api.example.net/v1")',
        'new EventSource("https://api.example.net/v1")',
        "$.ajax({url: 'https://api.example.net/v1'})",
        'navigator.sendBeacon("https://api.example.net/v1")',
    ],
)
def test_a_script(script: str) -> None:
    assert uses_in_script(script) == (PageUse("request", "https://api.example.net/v1"),)


@pytest.mark.parametrize(
    "script", ['open("https://a.example.net/")', "prefetch('https://a.example.net/')", "fetch(url)"]
)
def test_a_script_that_names_no_request(script: str) -> None:
    assert not uses_in_script(script)


def test_a_policy_in_the_page() -> None:
    assert has_policy_element('<meta http-equiv="Content-Security-Policy" content="img-src *">')
    assert not has_policy_element("<p>content-security-policy</p>")


def test_the_number_is_bounded() -> None:
    many = "".join(f"<img src=/{number}.png>" for number in range(500))
    assert len(uses_in_page(many, URL)) == MAX_USES


@pytest.mark.parametrize(
    ("script", "evaluates"),
    [
        ("const f = new Function(code);", True),
        ("eval(text)", True),
        ('var g = new Function("return this")();', False),
        ("// new Function(code)\nstart();", False),
        ("parser.eval(text); new Functions(a)", False),
        ("retrieval(text)", False),
    ],
)
def test_scripts_that_run_a_text(script: str, evaluates: bool) -> None:
    assert evaluates_text(script) is evaluates


def test_the_fonts_that_browsers_take() -> None:
    text = (
        "@font-face { src: url(a.eot); src: url('a.eot?#iefix') format('embedded-opentype'), "
        "url(a.woff), url(../f/a.woff2?v=1) } @font-face { src: local(B), url(b.svg#b) } "
        "@font-face { src: url(data:font/woff2;base64,AAAA) } p { background: url(p.ttf) }"
        "/* @font-face { src: url(c.woff2) } */ p {} /* @font-face { src: url(d.woff2) }"
    )
    sheet = "https://cdn.example.com/css/a.css"
    assert fonts_in_sheet(text, sheet) == ("https://cdn.example.com/f/a.woff2?v=1",)


def test_the_files_of_a_sheet() -> None:
    text = (
        '@import "base.css"; @import url(/themes/dark.css) screen; @font-face { src: url(a.woff2) }'
        "p { background: url(../p.png) } b { background: url(data:image/png;base64,AAAA) }"
    )
    files = files_in_sheet(text, "https://shop.example.com/css/a.css")
    assert [(file.kind, file.url.removeprefix("https://shop.example.com")) for file in files] == [
        ("stylesheet", "/css/base.css"), ("stylesheet", "/themes/dark.css"),
        ("font", "/css/a.woff2"), ("image", "/p.png"),
    ]  # fmt: skip
    assert files_in_sheet("/*" * 50_000, URL) == ()
    assert files_in_sheet("@import" + " " * 50_000 + "url(" * 20_000, URL) == ()


def test_a_sheet_of_comments_that_do_not_end_is_read() -> None:
    assert fonts_in_sheet("/*" * 50_000, URL) == ()
