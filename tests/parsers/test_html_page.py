"""What a page loads, as browsers read it, and in linear time."""

import pytest

from diagnose.model.pages import PageFile
from diagnose.parsers.html_page import MAX_FILES, parse_page, upgrades_insecure
from diagnose.parsers.html_tags import Tag, Text, tokens

URL = "https://shop.example.com/tea/"


def files(document: str) -> list[tuple[str, str]]:
    return [(file.kind, file.url) for file in parse_page(document, URL).files]


@pytest.mark.parametrize(
    ("tag", "kind", "url"),
    [
        ("<link rel=stylesheet href=a.css>", "stylesheet", f"{URL}a.css"),
        ("<LINK REL='preload StyleSheet' HREF='/a.css'>", "stylesheet", f"{URL[:-4]}a.css"),
        ('<link rel="stylesheet" type="text/css" href="/a.css?v=1&amp;w=2">', "stylesheet",
         f"{URL[:-4]}a.css?v=1&w=2"),
        ("<script src = '//cdn.example.net/x.js' ></script>", "script",
         "https://cdn.example.net/x.js"),
        ("<script type=module crossorigin src=/x.js></script>", "module", f"{URL[:-4]}x.js"),
        ("<script type=text/javascript src=http://x.example/y></script>", "script",
         "http://x.example/y"),
        ("<script src='\n/x.js#part'></script>", "script", f"{URL[:-4]}x.js"),
        ("<script src='/a b.js'></script>", "script", f"{URL[:-4]}a%20b.js"),
        ("<script/src=/x.js></script>", "script", f"{URL[:-4]}x.js"),
    ],
)  # fmt: skip
def test_a_file_of_the_page(tag: str, kind: str, url: str) -> None:
    assert files(f"<!doctype html><p>Tea</p>{tag}") == [(kind, url)]


@pytest.mark.parametrize(
    "text",
    [
        "<!-- <script src=/x.js></script> -->",
        "<script>'<script src=/x.js>'</script>",
        "<style><script src=/x.js></style>",
        "<textarea><script src=/x.js></script></textarea>",
        "<noscript><link rel=stylesheet href=/x.css></noscript>",
        "<template><script src=/x.js></script></template>",
        "<script nomodule src=/x.js></script>",
        "<script type=application/json src=/x.json></script>",
        "<script type=importmap src=/x.json></script>",
        "<script src></script>",
        "<script src='data:text/javascript,0'></script>",
        "<script src='blob:https://shop.example.com/1'></script>",
        "<script src='javascript:0'></script>",
        "<link rel='alternate stylesheet' href=/x.css>",
        "<link rel=stylesheet disabled href=/x.css>",
        "<link rel=stylesheet type=text/less href=/x.less>",
        "<link rel=preload as=style href=/x.css>",
        "<link rel=icon href=/favicon.ico>",
        "<a title='<script src=/x.js>'>",
        "<script src='https://[bad/x.js'></script>",
        f"<script src='/{'x' * 5000}.js'></script>",
        "<script src=/x.js",
        "<p title='<script src=/x.js></script>",
    ],
)
def test_what_is_no_file_of_the_page(text: str) -> None:
    assert files(f"<!doctype html>{text}") == []


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("<script>const ui = SwaggerUIBundle({\n  url: '/openapi.json',\n  dom_id: '#x'})</script>",
         f"{URL[:-4]}openapi.json"),  # FastAPI
        ('<script>SwaggerUIBundle({"url": "schema/", "deep": 1})</script>', f"{URL}schema/"),
        ("<script>SwaggerUIBundle({urls: [{url: '/1.yaml', name: '1'}]})</script>",
         f"{URL[:-4]}1.yaml"),
        ("<redoc spec-url='/openapi.json'></redoc>", f"{URL[:-4]}openapi.json"),
        ("<rapi-doc spec-url=/openapi.json></rapi-doc>", f"{URL[:-4]}openapi.json"),
        ("<elements-api apiDescriptionUrl=/openapi.json />", f"{URL[:-4]}openapi.json"),
    ],
)  # fmt: skip
def test_the_description_of_an_interface_that_the_page_shows(text: str, url: str) -> None:
    assert files(f"<!doctype html>{text}") == [("description", url)]


@pytest.mark.parametrize(
    "text",
    [
        "<script>fetch('/openapi.json')</script>",
        "<script>SwaggerUIBundle({url: base + '/openapi.json', oauth2RedirectUrl: '/x'})</script>",
        "<script>SwaggerUIBundle({spec: {}})</script>",
        "<script>// url: '/x'\nSwaggerUIBundle</script>",
        "<redoc></redoc>",
    ],
)
def test_what_is_no_description_of_an_interface(text: str) -> None:
    assert files(f"<!doctype html>{text}") == []


def test_files_that_the_page_does_not_wait_for() -> None:
    page = parse_page(
        "<script async src=/a.js></script><link rel=stylesheet media=print href=/p.css>"
        "<script defer src=/d.js></script>",
        URL,
    )
    assert [file.is_optional for file in page.files] == [True, True, False]


def test_each_file_once_and_not_too_many() -> None:
    assert len(files("<script src=/a.js></script>" * 9)) == 1
    many = "".join(f"<script src=/{number}.js></script>" for number in range(500))
    assert len(files(many)) == MAX_FILES


def test_the_base_is_the_first_one_and_counts_for_what_follows() -> None:
    page = parse_page(
        "<base target=_top><base href=http://shop.example.com/app/><base href=/other/>"
        "<script src=a.js></script>",
        URL,
    )
    assert page.base == "http://shop.example.com/app/"
    assert page.files == (PageFile("script", "http://shop.example.com/app/a.js"),)


@pytest.mark.parametrize(
    ("document", "quirks"),
    [
        ("<!DOCTYPE html><p>", False),
        ("\ufeff\n<!-- Tea --><!doctype HTML >", False),
        ("<!doctype html SYSTEM 'about:legacy-compat'>", False),
        ('<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/x.dtd">',
         False),
        ('<!DOCTYPE html PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN">', True),
        ("<p>Tea", True),
        ("Warning: headers already sent <!doctype html>", True),
        ("<html><!doctype html>", True),
    ],
)  # fmt: skip
def test_the_mode_of_the_document(document: str, quirks: bool) -> None:
    assert parse_page(document, URL).quirks is quirks


def test_a_page_that_shows_nothing_without_its_scripts() -> None:
    empty = "<!doctype html><title>A long title of a shop that sells much tea</title><div></div>"
    assert parse_page(empty, URL).is_empty
    assert not parse_page(empty, URL, is_whole=False).is_empty
    assert not parse_page(f"{empty}<p>{'Tea and pots. ' * 5}", URL).is_empty
    assert not parse_page(f"{empty}<img src=/tea.jpg>", URL).is_empty


def test_a_page_with_a_style_of_its_own() -> None:
    assert parse_page("<style>p { color: red }</style>", URL).has_style
    for without in (
        "<style>\n</style>",
        "<style media=print>p { color: red }</style>",
        "<noscript><style>p { color: red }</style></noscript>",
        "<template><style>p { color: red }</style></template>",
    ):
        assert not parse_page(without, URL).has_style


def test_addresses_that_browsers_upgrade() -> None:
    meta = "<meta http-equiv=Content-Security-Policy content='upgrade-insecure-requests'>"
    assert parse_page(meta, URL).upgrades
    assert not parse_page(meta.replace("upgrade-", ""), URL).upgrades
    assert upgrades_insecure("default-src 'self'; Upgrade-Insecure-Requests")
    assert upgrades_insecure("default-src *, upgrade-insecure-requests;")
    assert not upgrades_insecure("default-src https://upgrade-insecure-requests.example")


def test_tags_and_texts_in_their_order() -> None:
    assert list(tokens("a<b c=1 d>&lt;</b>< e")) == [
        Text("a"), Tag("b", (("c", "1"), ("d", ""))), Text("&lt;"), Tag("b", (), True),
        Text("<"), Text(" e"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "unit",
    [
        "<", "<a", "<a b='", "<!--", "<!", "<?", "</", "</a", "<a " + "b " * 99, "<a =", "<a b= ",
        "<script>", "<script></script", "<style></style>", "<base href=x>", "<template>", "<p>\n",
        "<link rel=stylesheet href='&amp;&amp;", "<!doctype html ", "<title><", "<svg/><!-->",
    ],
)  # fmt: skip
def test_a_page_of_unfinished_parts_has_no_more_files_than_it_names(unit: str) -> None:
    """Read in linear time: `html.parser` needs a minute for some of them."""
    page = parse_page(unit * (65_536 // len(unit)), URL)
    assert len(page.files) <= 1


def test_scripts_in_the_page_are_counted() -> None:
    text = (
        "<script>a()</script><script type=module>b()</script><script src=/c.js></script>"
        "<script type='application/ld+json'>{}</script><script> </script>"
    )
    assert parse_page(text, "https://shop.example.com/").inline_scripts == 2


def test_forms_that_are_sent_over_http() -> None:
    form = '<form action="http://shop.example.com/login"><form action=/a><form>'
    page = parse_page(form * 20, URL)
    assert page.insecure_forms == ("http://shop.example.com/login",)
    assert page.posts == ()


def test_forms_that_are_sent_by_post() -> None:
    page = parse_page('<form method=POST><form action="/a" method="post"><form action="/b">', URL)
    assert page.posts == (URL, "https://shop.example.com/a")


@pytest.mark.parametrize(
    ("content", "address"),
    [
        ("0;url=http://shop.example.com/", "http://shop.example.com/"),
        ("0; URL='/start/'", "https://shop.example.com/start/"),
        ("3 ; url = /start/", "https://shop.example.com/start/"),
        ("300;url=/start/", ""),
        ("30", ""),
    ],
)
def test_where_a_page_sends_browsers(content: str, address: str) -> None:
    page = parse_page(f'<meta http-equiv="Refresh" content="{content}">', URL)
    assert page.refresh == address


def test_the_hashes_of_a_file() -> None:
    page = parse_page('<script src="/a.js" integrity=" sha384-a\n sha512-b "></script>', URL)
    assert page.files[0].integrity == "sha384-a sha512-b"


def test_frames_over_http() -> None:
    page = parse_page("<iframe src='http://a.example/x'></iframe><iframe src=/y></iframe>", URL)
    assert page.insecure_frames == ("http://a.example/x",)


@pytest.mark.parametrize(
    ("reference", "url"),
    [
        ("/auth/google", "https://shop.example.com/auth/google"),
        ("/oauth2/start?rd=/", "https://shop.example.com/oauth2/start?rd=/"),
        ("/users/auth/github", "https://shop.example.com/users/auth/github"),
        ("https://id.example.net/a?x=1&amp;redirect_uri=http%3A%2F%2Fshop.example.com%2F",
         "https://id.example.net/a?x=1&redirect_uri=http%3A%2F%2Fshop.example.com%2F"),
    ],
)  # fmt: skip
def test_links_with_which_a_login_begins(reference: str, url: str) -> None:
    assert parse_page(f'<a href="{reference}">Sign in</a>', URL).logins == (url,)


@pytest.mark.parametrize("reference", ["/login", "/author/google-docs", "/blog/auth/googled", ""])
def test_links_with_which_none_begins(reference: str) -> None:
    assert parse_page(f'<a href="{reference}">Sign in</a>', URL).logins == ()


def test_the_field_refresh_comes_before_the_page() -> None:
    meta = '<meta http-equiv="refresh" content="0;url=/b">'
    assert parse_page(meta, URL, refresh="0; url=/a").refresh == "https://shop.example.com/a"


def test_images_of_another_host_or_port_are_listed() -> None:
    html = (
        '<img src=/a.png><img src="https://192.0.2.1/b.png"><img src=http://x.example/c.png>'
        "<img src=//shop.example.com:8443/d.png><img><template><img src=https://y.example/e></template>"
    )
    page = parse_page(html, "https://shop.example.com/")
    assert page.images == ("https://192.0.2.1/b.png", "https://shop.example.com:8443/d.png")
    many = "".join(f"<img src=https://192.0.2.1/{number}>" for number in range(20))
    assert len(parse_page(many, "https://shop.example.com/").images) == 8


def test_the_files_of_an_app_are_listed() -> None:
    worker = "<script>navigator.serviceWorker.register('sw.js')</script>"
    page = parse_page(f"<link rel=manifest href=/app.json>{worker}", "https://shop.example.com/a/")
    assert [(file.kind, file.url, file.is_optional) for file in page.files] == [
        ("manifest", "https://shop.example.com/app.json", True),
        ("worker", "https://shop.example.com/a/sw.js", True),
    ]


def test_own_addresses_with_a_query_and_forms_that_send_one() -> None:
    page = parse_page(
        '<a href="/list?page=2">2</a><a href="/list?page=3">3</a><a href="/about">a</a>'
        '<a href="https://www.example.net/?q=1">x</a><form action="/search"></form>'
        '<form method="post" action="/login"></form>',
        "https://shop.example.com/",
    )
    assert page.queries == ("https://shop.example.com/list", "https://shop.example.com/search")


def test_own_pictures_that_visitors_see() -> None:
    page = parse_page(
        '<img src="/a.png"><img src="b.JPG?v=1"><img src="/c.png" onerror="x()">'
        '<img src="/count.gif"'
        ' width="1" height="1"><img src="/pixel"><img src="https://cdn.example.net/d.png"><img>',
        "https://shop.example.com/x/",
    )
    assert [file.url for file in page.files if file.kind == "image"] == [
        "https://shop.example.com/a.png", "https://shop.example.com/x/b.JPG?v=1",
    ]  # fmt: skip


def test_what_an_inline_module_imports_is_a_file_of_the_page() -> None:
    text = 'import "/vite/client"\nimport {a} from "./a.js"\n'
    assert files(f"<script type=module>{text}</script>") == [
        ("module", "https://shop.example.com/vite/client"), ("module", f"{URL}a.js"),
    ]  # fmt: skip
    assert files(f"<script>{text}</script>") == []


def test_frames_of_the_site_itself_are_files() -> None:
    html = (
        "<iframe src=/map></iframe><iframe src=https://maps.example.net/x></iframe>"
        f"<iframe src={URL}></iframe><iframe srcdoc=x src=/y></iframe><frame src=/menu>"
    )
    frames = [file.url for file in parse_page(html, URL).files if file.kind == "frame"]
    assert frames == ["https://shop.example.com/map", "https://shop.example.com/menu"]


@pytest.mark.parametrize(
    ("field", "is_large"),
    [
        ("<input type=file>", True),
        ('<input type="file" accept="image/*">', True),
        ('<input type="file" accept=".csv,text/plain">', False),
        ("<input type=text>", False),
    ],
)
def test_forms_with_a_field_for_files(field: str, is_large: bool) -> None:
    form = f'<form method="post" action="/avatar" enctype="multipart/form-data">{field}</form>'
    uploads = ("https://shop.example.com/avatar",) if is_large else ()
    assert parse_page(form, URL).uploads == uploads
    assert not parse_page(field, URL).uploads


def test_whether_a_file_is_requested_with_cors() -> None:
    html = "<script src=/a.js></script><script src=/b.js crossorigin></script>"
    html += "<script type=module src=/c.js></script>"
    assert [file.cors for file in parse_page(html, URL).files] == [False, True, True]


@pytest.mark.parametrize(
    ("own", "link", "is_portless"),
    [
        ("https://shop.example.com:8443/", "https://shop.example.com/login", True),
        ("http://shop.example.com:8080/", "http://shop.example.com/login?a=1", True),
        ("https://shop.example.com:8443/", "https://shop.example.com:8443/login", False),
        ("https://shop.example.com:8443/", "http://shop.example.com/login", False),
        ("https://shop.example.com:8443/", "https://www.shop.example.com/login", False),
        ("https://shop.example.com:8443/", "/login", False),
        ("https://shop.example.com/", "https://shop.example.com/login", False),
    ],
)
def test_links_that_lack_the_port_of_the_page(own: str, link: str, is_portless: bool) -> None:
    page = parse_page(f'<a href="{link}">Log in</a>', own)
    assert page.portless == ((link.partition("?")[0],) if is_portless else ())


@pytest.mark.parametrize(
    ("script", "values"),
    [
        ('window.__ENV={"PROJECT_URL":"http://localhost:8887"}', ("http://localhost:8887",)),
        (
            'self.a.push([1,"{\\"url\\":\\"http://localhost:3000/x\\"}"])',
            ("http://localhost:3000",),
        ),
        ("var base = 'https://127.0.0.1:8443/api';", ("https://127.0.0.1:8443",)),
        ('// see = "http://localhost:3000/"', ()),
        ("run('npm start at http://localhost:3000')", ()),
        ('a = "http://localhost/"', ()),
    ],
)
def test_addresses_of_the_machine_in_the_data_of_scripts(
    script: str, values: tuple[str, ...]
) -> None:
    for kind in ("", ' type="application/json"'):
        html = f"<!doctype html><body><p>Text</p><script{kind}>{script}</script>"
        assert parse_page(html, URL).local_values == values
