"""Which addresses a script opens, and which stand in comments."""

import pytest

from diagnose.parsers.http import websocket_urls
from diagnose.parsers.script_urls import (
    imports_in,
    insecure_requests_in,
    module_in,
    own_plain_sockets_in,
    own_ports_in,
    service_worker_in,
    websocket_urls_in,
)

WS = "ws://shop.example.com/ws"


@pytest.mark.parametrize(
    "script",
    [
        f'new WebSocket("{WS}")',
        f"const u='{WS}';",
        f"connect(`{WS}`)",
        f'get("https://x.example/");connect("{WS}")',
        f'/* old */ connect("{WS}")',
        f'a=b/c;d=/\\/\\//;connect("{WS}")',
    ],
)
def test_an_address_in_a_string(script: str) -> None:
    assert websocket_urls_in(script) == (WS,)


@pytest.mark.parametrize(
    "script",
    [
        f'// connect("{WS}")',
        f'let a = 1; // was "{WS}"',
        f'/*\n * connect("{WS}")\n */',
        f"/* {WS} */",
        WS,
        '"ws://" + location.host + "/ws"',
        "`ws://${location.host}/ws`",
    ],
)
def test_comments_and_addresses_that_are_put_together_do_not_count(script: str) -> None:
    assert websocket_urls_in(script) == ()


@pytest.mark.parametrize(
    "name",
    ["const dev =", "development:", "localUrl :", "VITE_DEV_WS=", "urls['test'] =", '"debug":'],
)
def test_an_address_for_development_does_not_count(name: str) -> None:
    text = f"a = {{}};\n{name} '{WS}';"
    assert websocket_urls_in(text) == websocket_urls(text) == ()


@pytest.mark.parametrize("name", ["const url =", "device:", "latest =", "socket = open || "])
def test_an_address_with_another_name_counts(name: str) -> None:
    text = f"{name} '{WS}';"
    assert websocket_urls_in(text) == websocket_urls(text) == (WS,)


@pytest.mark.parametrize(
    "script",
    [
        "if(location.hostname==='localhost')new WebSocket('ws://localhost:3000/live')",
        "if (window.location.hostname === 'localhost') {\n  base = 'ws://localhost:3000/live'",
        "switch (h) { case 'localhost': u = 'ws://localhost:3000'; break; default: u = own; }",
        'const u = location.hostname == "localhost" ? "ws://localhost:3000" : "/live"',
        'u = ["localhost", "127.0.0.1"].includes(location.hostname) ? "ws://localhost:3000" : o',
    ],
)
def test_an_address_that_the_developers_machine_alone_chooses_does_not_count(script: str) -> None:
    assert websocket_urls_in(script) == ()


@pytest.mark.parametrize(
    "script",
    [
        "if(location.hostname!=='localhost')new WebSocket('ws://localhost:3000/live')",
        "if(location.hostname==='localhost')x();new WebSocket('ws://localhost:3000/live')",
        "u = location.hostname === 'localhost' ? o : 'ws://localhost:3000/live'",
        "if(location.hostname==='localhost'){a()}else{u='ws://localhost:3000/live'}",
    ],
)
def test_an_address_that_visitors_get_counts(script: str) -> None:
    assert websocket_urls_in(script) == ("ws://localhost:3000/live",)


def test_a_page_with_an_address_in_a_comment() -> None:
    assert websocket_urls(f"<p>Shop</p><!-- {WS} -->") == ()
    assert websocket_urls(f"<script>\n// {WS}\n</script>") == ()
    assert websocket_urls(f"<!-- old --><body data-socket={WS}>") == (WS,)
    assert websocket_urls(f'<a href="https://x.example/">x</a><body data-ws="{WS}">') == (WS,)


API = "http://api.shop.example.com/v1"


@pytest.mark.parametrize(
    "script",
    [
        f'fetch("{API}")',
        f"axios.post( '{API}', data)",
        f'x.open("GET", "{API}", true)',
        f'new EventSource("{API}")',
        f'axios.create({{baseURL: "{API}"}})',
        f"$.getJSON('{API}')",
    ],
)
def test_what_a_script_requests(script: str) -> None:
    assert insecure_requests_in(script) == (API,)


@pytest.mark.parametrize(
    "script",
    [
        f'location.href = "{API}"',
        f'window.open("{API}")',
        f'// fetch("{API}")',
        'xmlns = "http://www.w3.org/2000/svg"',
        f'fetch("{API.replace("http:", "https:")}")',
        f'prefetch("{API}")',
    ],
)
def test_what_is_no_request(script: str) -> None:
    assert insecure_requests_in(script) == ()


@pytest.mark.parametrize("unit", ["/*'ws://a.b'", "fetch(", ".open('GET',"])
def test_a_long_script_without_an_address(unit: str) -> None:
    script = unit * (200_000 // len(unit))
    assert websocket_urls_in(script) == insecure_requests_in(script) == ()


SETTING = "http://203.0.113.10:8080/api/v1"


@pytest.mark.parametrize(
    "script",
    [
        f'window.env = {{API_URL: "{SETTING}"}}',
        f"const apiUrl = '{SETTING}';",
        f'{{"VITE_API_BASE_URL":"{SETTING}"}}',
        f"REACT_APP_BACKEND_URL = `{SETTING}`",
        f'apiBaseUrl:"{SETTING}"',
        f'graphqlEndpoint: "{SETTING}"',
    ],
)
def test_the_address_of_an_api_in_a_setting(script: str) -> None:
    assert insecure_requests_in(script) == (SETTING,)


@pytest.mark.parametrize(
    "script",
    [
        f'siteUrl: "{SETTING}"',
        f'docsUrl = "{SETTING}"',
        f'// apiUrl = "{SETTING}"',
        f'rapiUrlx = "{SETTING}"',
        f'localApi: "{SETTING}"',
        f'link = "{SETTING}"',
    ],
)
def test_another_setting_is_none(script: str) -> None:
    assert insecure_requests_in(script) == ()


@pytest.mark.parametrize(
    ("script", "url"),
    [
        ("new WebSocket('ws://' + window.location.host + '/ws')", "ws://a.example/ws"),
        ('connect("ws://"+location.host)', "ws://a.example/"),
        ("new WebSocket(`ws://${location.host}/live`)", "ws://a.example/live"),
        ("new WebSocket('ws://' + document.domain + ':6060')", "ws://a.example:6060/"),
        ("new WebSocket(`ws://${location.hostname}:8080/ws`)", "ws://a.example:8080/ws"),
    ],
)
def test_a_plain_socket_of_the_own_host(script: str, url: str) -> None:
    assert own_plain_sockets_in(script, "a.example") == (url,)


@pytest.mark.parametrize(
    "script",
    [
        "var domain = location.hostname; s = new WebSocket('ws://' + domain + '/live')",
        "var d = location.hostname + (location.port !== '' ? ':' + location.port : '');\n"
        "s = new WebSocket('ws://' + d + '/live?id=' + id)",
        "const host=window.location.host;new WebSocket(`ws://${host}/live`)",
        "let e=document.location.host,t='ws://'+e+'/live'",
        'let url; $h = self.location.host; url = "ws://" + $h + "/live"',
    ],
)
def test_a_plain_socket_of_a_name_for_the_own_host(script: str) -> None:
    assert own_plain_sockets_in(script, "a.example") == ("ws://a.example/live",)


@pytest.mark.parametrize(
    "script",
    [
        "new WebSocket('ws://' + domain + '/live')",
        "var domain = 'b.example'; new WebSocket('ws://' + domain + '/live')",
        "var d = location.host; d = config.host; new WebSocket('ws://' + d + '/live')",
        "if (d == location.host) new WebSocket('ws://' + d + '/live')",
        "var d = location.host; // new WebSocket('ws://' + d + '/live')",
        "var d = location.host, p = location.protocol == 'https:' ? 'wss://' : 'ws://'; w = p + d",
    ],
)
def test_a_plain_socket_of_another_name_does_not_count(script: str) -> None:
    assert own_plain_sockets_in(script, "a.example") == ()


@pytest.mark.parametrize(
    "script",
    [
        "(location.protocol === 'https:' ? 'wss://' : 'ws://') + location.host",
        "s ? 'wss://' + location.host : 'ws://' + location.host",
        "// new WebSocket('ws://' + location.host)",
        "'ws://' + config.host",
        "location.origin.replace('http', 'ws')",
    ],
)
def test_a_socket_that_may_be_encrypted_does_not_count(script: str) -> None:
    assert own_plain_sockets_in(script, "a.example") == ()


@pytest.mark.parametrize(
    ("script", "url"),
    [
        ('io("http://localhost:9000")', "ws://localhost:9000/socket.io/"),
        (
            'io.connect("https://shop.example.com:9000/room", {secure: true})',
            "wss://shop.example.com:9000/socket.io/",
        ),
        ('new SockJS("https://shop.example.com/ws")', "wss://shop.example.com/ws/websocket"),
        ('.withUrl("https://localhost:5001/hub?a=1")', "wss://localhost:5001/hub"),
    ],
)
def test_a_library_opens_a_websocket_at_an_http_address(script: str, url: str) -> None:
    assert websocket_urls_in(script) == (url,)


@pytest.mark.parametrize(
    "script", ['// io("http://localhost:9000")', 'io("/room")', 'studio("http://localhost:9000")']
)
def test_no_library_opens_one_in_a_comment_or_at_a_path(script: str) -> None:
    assert websocket_urls_in(script) == ()


@pytest.mark.parametrize("url", ["http://backend:8000", "http://immich-proxy:2283/api"])
def test_a_name_without_a_dot_and_with_a_port_is_requested(url: str) -> None:
    assert insecure_requests_in(f'const e="{url}";') == (url,)


@pytest.mark.parametrize(
    "script",
    [
        'a.href="http://wiki/page"',
        'new URL(x,"http://n")',
        'e=t.API||"http://backend:8000/"',
        'e=t.API ?? "http://backend:8000/"',
        '// e="http://backend:8000/"',
        'devUrl: "http://backend:8000/"',
        'text="see http://backend:8000/"',
    ],
)
def test_other_names_without_a_dot_do_not_count(script: str) -> None:
    assert insecure_requests_in(script) == ()


def test_swagger_ui_requests_its_description() -> None:
    for script in (
        'SwaggerUIBundle({url:"http://127.0.0.1:80/doc.json",dom_id:"#a"})',
        'SwaggerUIBundle({ dom_id: "#a", url: "http://127.0.0.1:80/doc.json" })',
    ):
        assert insecure_requests_in(script) == ("http://127.0.0.1:80/doc.json",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("navigator.serviceWorker.register('/sw.js')", "/sw.js"),
        ('navigator.serviceWorker.register("sw.js?v=2", {scope: "/"})', "sw.js?v=2"),
        ("navigator.serviceWorker.register(url)", ""),
        ("navigator.serviceWorker.register(`${base}sw.js`)", ""),
        ("events.register('/sw.js')", ""),
    ],
)
def test_the_service_worker_that_a_script_registers(text: str, expected: str) -> None:
    assert service_worker_in(text) == expected


@pytest.mark.parametrize(
    ("script", "address"),
    [
        ('const v="./assets/viewer-5.4.803.min.mjs";import(v)', "./assets/viewer-5.4.803.min.mjs"),
        ("workerSrc='/pdfjs/pdf.worker.min.mjs'", "/pdfjs/pdf.worker.min.mjs"),
        ("import {a} from `../a.mjs`", "../a.mjs"),
        ('WebAssembly.instantiateStreaming(fetch("main.wasm"))', "main.wasm"),
        ("// import('./a.mjs')", ""),
        ("x.mjs", ""),
        ("'https://cdn.example.net/a.mjs'", ""),
        ("'a.js'", ""),
    ],
)
def test_a_module_by_its_ending(script: str, address: str) -> None:
    assert module_in(script) == address


@pytest.mark.parametrize(
    ("script", "addresses"),
    [
        ('\nimport "/vite/client"\n', ("/vite/client",)),
        ("import R from '/@react-refresh';import {a, b as c} from './a.js';",
         ("/@react-refresh", "./a.js")),
        ("import * as all from '../all.js'", ("../all.js",)),
        ('import "vue"', ()),
        ("import('/later.js')", ()),
        ('// import "/a.js"', ()),
        ('const text = "import \'/a.js\'"', ()),
        ('import "https://cdn.example.net/a.js"', ()),
    ],
)  # fmt: skip
def test_modules_that_a_module_imports(script: str, addresses: tuple[str, ...]) -> None:
    assert imports_in(script) == addresses


def test_a_description_that_an_old_swagger_ui_reads() -> None:
    script = 'new SwaggerUi({ url: "http://shop.example.com/api/swagger.json" })'
    assert insecure_requests_in(script) == ("http://shop.example.com/api/swagger.json",)


@pytest.mark.parametrize(
    "script",
    [
        "var s=location.protocol==='https:'?'wss://':'ws://';"
        "new WebSocket(s+location.hostname+':8087/chat')",
        "new WebSocket(`wss://${location.hostname}:8087/chat`)",
        "new WebSocket('wss://' + document.domain + \":8087/chat?a=1\")",
    ],
)
def test_a_socket_at_another_port_of_the_own_host(script: str) -> None:
    assert own_ports_in(script, "a.example") == ("wss://a.example:8087/chat",)


@pytest.mark.parametrize(
    "script",
    [
        "fetch('https://' + location.hostname + ':8087/chat')",
        "// new WebSocket('wss://' + location.hostname + ':8087/chat')",
        "new WebSocket('wss://' + location.hostname + ':' + port)",
    ],
)
def test_what_opens_no_socket_there(script: str) -> None:
    assert not own_ports_in(script, "a.example")


VITE = (
    "const importMetaUrl = new URL(import.meta.url);\n"
    'const socketProtocol = null || (importMetaUrl.protocol === "https:" ? "wss" : "ws");\n'
    "const hmrPort = {};\n"
    "const socketHost = `${{{} || importMetaUrl.hostname}}:${{hmrPort || importMetaUrl.port}}/`;\n"
)


def test_the_port_of_a_development_server() -> None:
    """https://github.com/vitejs/vite/issues/3093"""
    port = own_ports_in(VITE.format("24678", "null"), "a.example")
    assert port == ("wss://a.example:24678/",)
    assert own_ports_in(VITE.format("null", "null"), "a.example") == ()
    assert own_ports_in(VITE.format("24678", '"dev.example"'), "a.example") == ()


@pytest.mark.parametrize("element", ["pre", "code", "pre><code"])
def test_an_example_in_a_page_is_no_address_of_its_program(element: str) -> None:
    page = f'<!doctype html><p>Try</p><{element} class="js">new WebSocket("{WS}")</{element}>'
    assert websocket_urls(page) == ()
    script = f'<script>new WebSocket("{WS}")</script>'
    assert websocket_urls(page.replace(WS, "x") + script) == (WS,)
    assert websocket_urls(f"<{element}>{script}") == (WS,)
    # A script that writes such an element is no page.
    assert websocket_urls_in(f'a="<{element}>";new WebSocket("{WS}")') == (WS,)


def test_a_default_that_another_object_goes_over_is_no_request() -> None:
    local = "http://localhost:5000/api"
    for script in (
        f'c=Object.assign({{apiUrl:"{local}"}},window.settings)',
        f'c={{apiUrl:"{local}",timeout:3,...window.settings}}',
        f'c=$.extend({{a:1,apiUrl:"{local}",b:2}}, window.settings)',
    ):
        assert insecure_requests_in(script) == ()
    for script in (
        f'c=Object.assign({{}},{{apiUrl:"{local}"}})',
        f'c={{apiUrl:"{local}"}}',
        f'c={{...base,apiUrl:"{local}"}},d=2',
    ):
        assert insecure_requests_in(script) == (local,)
