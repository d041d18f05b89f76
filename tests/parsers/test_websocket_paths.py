"""Which paths of WebSockets are found in pages and scripts, and which are not."""

import pytest

from diagnose.parsers.websocket_paths import MAX_PATHS, NamedPath, named_paths_in

PAGE = "https://shop.example.com/"


@pytest.mark.parametrize(
    ("text", "path", "library"),
    [
        ('new WebSocket("wss://shop.example.com/live?v=1")', "/live", ""),
        ('new WebSocket("wss://" + location.host + "/live")', "/live", ""),
        ("u=`${p?'wss':'ws'}://${window.location.host}/live/${id}`", "/live/", ""),
        ("const p='wss:'; new WebSocket(`${p}//${location.host}/live`)", "/live", ""),
        (
            "const p='wss', h = 1, host = 2; const host = location.host\n"
            "new WebSocket(`${p}://${host}/live`)",
            "/live",
            "",
        ),
        ('new WebSocket("/live")', "/live", ""),
        # Owncast's.
        (
            "const u=new URL(location);u.protocol=location.protocol==='https:'?'wss:':'ws:';"
            "u.pathname='/ws';new WebSocket(u.toString()+'?accessToken='+t)",
            "/ws",
            "",
        ),
        (
            "let a = new URL('/live', window.location.href);\n"
            "a.protocol = a.protocol.replace('http', 'ws');\nreturn new WebSocket(a)",
            "/live",
            "",
        ),
        ('io({path: "/chat/socket.io/"})', "/chat/socket.io/", "Socket.IO"),
        ('<script src="/socket.io/socket.io.min.js"></script>', "/socket.io/", "Socket.IO"),
        # As socket.io.esm.min.js 4.8.4 has it.
        ('(s=s||{}).path=s.path||"/socket.io",this.opts=s', "/socket.io/", "Socket.IO"),
        ('.withUrl("/hubs/chat")', "/hubs/chat", "SignalR"),
        ('createConsumer("/cable")', "/cable", "Action Cable"),
        ('<meta name="action-cable-url" content="/cable" />', "/cable", "Action Cable"),
        ("new SockJS('/ws')", "/ws/websocket", "SockJS"),
        ('new LiveSocket("/live", Socket)', "/live/websocket", "Phoenix"),
        ('new Pusher("abc-1", {wsHost: location.hostname})', "/app/abc-1", "Pusher"),
        ('<script src="_framework/blazor.server.js"></script>', "/_blazor", "Blazor"),
        ('<!--Blazor:{"type":"server","prerenderId":"a1"}-->', "/_blazor", "Blazor"),
        ("<title>noVNC</title>", "/websockify", "noVNC"),
    ],
)
def test_a_path_is_found(text: str, path: str, library: str) -> None:
    assert named_paths_in(text, PAGE) == (NamedPath(path, library),)


@pytest.mark.parametrize(
    "text",
    [
        'new WebSocket("wss://other.example.com/live")',
        'new WebSocket("wss://shop.example.com:8443/live")',
        '// new WebSocket("/live")',
        'const devUrl = "wss://shop.example.com/live"',
        'fetch("https://" + location.host + "/api")',
        'io({path: "/chat"})',
        'new WebSocket("wss://shop.example.com/live;$(id)")',
        '<script src="_framework/blazor.webassembly.js"></script>',
        '<script src="_framework/blazor.web.js"></script><!--Blazor:{"type":"webassembly"}-->',
    ],
)
def test_nothing_else_is(text: str) -> None:
    assert named_paths_in(text, PAGE) == ()


def test_the_websocket_of_an_old_novnc_is_at_the_root() -> None:
    page, old = "https://shop.example.com/vnc/", '<script type="module" src="app/ui.js"></script>'
    (named,) = named_paths_in(f"<title>noVNC</title>\n{old}", page)
    assert named.path == "/websockify"
    (named,) = named_paths_in("<title>noVNC</title>\n<script>import('./app/ui.js')</script>", page)
    assert named.path == "/vnc/websockify"


def test_the_websocket_of_a_program_is_below_the_folder_of_its_page() -> None:
    meteor = "<script>__meteor_runtime_config__ = {}</script>"
    (named,) = named_paths_in(meteor, "https://shop.example.com/app/?a=/b")
    assert named.path == "/app/websocket"
    assert named_paths_in(meteor, "https://shop.example.com/$(id)/") == ()


def test_the_default_of_socketio_is_none_beside_a_path_of_the_program() -> None:
    text = 's.path=s.path||"/socket.io";io({path:"/ws/socket.io"})'
    assert [each.path for each in named_paths_in(text, PAGE)] == ["/ws/socket.io/"]


def test_the_number_is_limited() -> None:
    text = "".join(f'new WebSocket("/live{number}");\n' for number in range(100))
    assert len(named_paths_in(text, PAGE)) == MAX_PATHS
    assert named_paths_in("new WebSocket(" * 20_000, PAGE) == ()


def test_meteor_and_the_domain_of_the_document() -> None:
    meteor = "__meteor_runtime_config__ = JSON.parse(decodeURIComponent('%7B%7D'))"
    assert NamedPath("/websocket", "Meteor") in named_paths_in(meteor, PAGE)
    text = "new WebSocket('wss://' + document.domain + '/chat-ws')"
    assert [each.path for each in named_paths_in(text, PAGE)] == ["/chat-ws"]


def test_what_stands_behind_an_address_that_is_put_together() -> None:
    for text, path in (
        (
            'new WebSocket("".concat(o,"://").concat(n.host,":").concat(r).concat(i,"ws/a"))',
            "/ws/a",
        ),
        ('new WebSocket(proto + "//" + host + base + "ws/events", ["v1"])', "/ws/events"),
        ('new SockJS(url+"sockjs",undefined,opts)', "/sockjs/websocket"),
    ):
        assert [each.path for each in named_paths_in(text, PAGE)] == [path]


def test_a_subprotocol_and_another_statement_are_no_path() -> None:
    for text in (
        'new WebSocket(url, "graphql-ws")',
        'new WebSocket(url);a=b+"ws/events";c(d)',
        'new WebSocket(host + ":" + port)',
    ):
        assert not named_paths_in(text, PAGE)


CLIENT = (
    '<script src="//cdnjs.example/socket.io/1.3.6/socket.io.min.js"></script><script>%s</script>'
)


@pytest.mark.parametrize(
    "call",
    [
        "io()",
        "io({transports: ['websocket']})",
        'io("/chat")',
        'io.connect("https://" + document.domain + ":" + location.port + "/test")',
        "io(window.location.origin)",
    ],
)
def test_the_client_of_socketio_from_another_place_opens_its_usual_path(call: str) -> None:
    named = NamedPath("/socket.io/", "Socket.IO")
    assert named_paths_in(CLIENT % call, PAGE) == (named,)
    assert not named_paths_in(f"<script>{call}</script>", PAGE)


@pytest.mark.parametrize(
    ("call", "paths"),
    [
        ('io("https://shop.example.com/chat")', ["/socket.io/"]),
        ("io()", ["/socket.io/"]),
        ("io.connect(`https://${location.host}/chat`)", ["/socket.io/"]),
        ('io("/chat", {transports: ["websocket"]})', ["/socket.io/"]),
        ('io("https://chat.example.net")', []),
        # With options the client's folder tells where the program is.
        ('io("/chat", options)', ["/chat/socket.io/"]),
        ('io({path: base + "socket.io"})', ["/chat/socket.io/"]),
        ("io(options)", ["/chat/socket.io/"]),
        ("// io()", ["/chat/socket.io/"]),
    ],
)
def test_the_folder_of_the_client_is_no_path_of_a_plain_call(call: str, paths: list[str]) -> None:
    """Issue 2134 of socketio/socket.io: the page of /chat loads the client from there, and opens
    /socket.io/."""
    text = f'<script src="/chat/socket.io/socket.io.js"></script><script>\n{call}</script>'
    assert [each.path for each in named_paths_in(text, PAGE)] == paths


@pytest.mark.parametrize("call", ['io("https://chat.example.net")', "io(address)", "// io()", ""])
def test_the_client_of_socketio_for_another_host_opens_nothing_here(call: str) -> None:
    assert not named_paths_in(CLIENT % call, PAGE)


def test_the_client_of_socketio_puts_a_slash_behind_its_path() -> None:
    def path(options: str) -> list[str]:
        return [each.path for each in named_paths_in(f"io({{{options}}})", PAGE)]

    assert path('path: "/chat/socket.io"') == ["/chat/socket.io/"]
    assert not path('path: "/chat/socket.io", addTrailingSlash: false')


def test_a_folder_between_the_host_and_the_path_is_not_understood() -> None:
    def path(address: str) -> list[str]:
        return [each.path for each in named_paths_in(f"new WebSocket({address})", PAGE)]

    assert not path('scheme + location.host + boot.appSubUrl + "/api/live/ws"')
    assert not path('scheme.concat(location.host, base).concat("/", root, "/ws")')
    assert path('scheme + location.hostname + ":" + location.port + "/ws"') == ["/ws"]
    assert path('scheme.concat(window.location.host, "/ws")') == ["/ws"]
    assert path('base + "/ws"') == ["/ws"]


@pytest.mark.parametrize(
    "text",
    [
        'new WebSocket("wss://shop.example.com")',
        "const url = 'wss://shop.example.com/'; connect(); ws = new WebSocket(url, 'chat')",
        'new WebSocket("wss://shop.example.com?token=" + token)',
        'const p = location.protocol === "https:" ? "wss" : "ws";'
        'const ws = new WebSocket(p + "://" + location.host + "/");',
        'new WebSocket(`${secure ? "wss" : "ws"}://${window.location.host}`)',
        "new WebSocket((secure ? 'wss://' : 'ws://') + location.host)",
    ],
)
def test_an_address_without_a_path_that_the_browser_opens_is_the_root(text: str) -> None:
    assert named_paths_in(text, PAGE) == (NamedPath("/"),)


@pytest.mark.parametrize(
    "text",
    [
        "var socket = eio('wss://shop.example.com')",
        'new eio.Socket("wss://shop.example.com/")',
        'mqtt.connect("wss://shop.example.com")',
        "const host = 'wss://shop.example.com'; client.open(host + '/a')",
        'new WebSocket("wss://shop.example.com" + path)',
        'new WebSocket("wss://shop.example.com".concat(path))',
        'eio("wss://" + location.host + "/")',
        'new WebSocket("wss://" + location.host + "/" + path)',
        "new WebSocket(`wss://${location.host}/${path}`)",
        'new WebSocket("wss://" + location.host + path)',
        'new Socket("wss://shop.example.com/socket")',
    ],
)
def test_an_address_whose_path_a_library_or_a_program_adds_is_none(text: str) -> None:
    assert named_paths_in(text, PAGE) == ()


def test_socketio_takes_a_namespace_and_no_path_from_a_websocket_s_address() -> None:
    (named,) = named_paths_in('io("wss://shop.example.com/chat")', PAGE)
    assert named.path == "/socket.io/"


def test_a_path_whose_beginning_is_not_known_lies_below_the_folder_of_the_page() -> None:
    text, folder = "new WebSocket(url+'/queue/join')", f"{PAGE.rstrip('/')}/chat/"
    assert named_paths_in(text, folder) == (
        NamedPath("/chat/queue/join", base="assumed"),
        NamedPath("/queue/join", base="unknown"),
    )
    assert named_paths_in(text, PAGE) == (NamedPath("/queue/join", base="assumed"),)


@pytest.mark.parametrize(
    "base",
    [
        "const base = 'wss://' + location.host;",
        "const base = `wss://${window.location.host}`;",
        "base = proto + location.hostname + ':' + location.port",
        "let base = location.origin.replace('http', 'ws'), base = location.host;",
    ],
)
def test_a_name_that_has_the_own_host_is_the_beginning_of_a_whole_path(base: str) -> None:
    text = f"{base}\nnew WebSocket(base + '/live')"
    assert named_paths_in(text, f"{PAGE.rstrip('/')}/chat/") == (NamedPath("/live"),)


def test_a_name_that_has_a_folder_too_is_no_known_beginning() -> None:
    for base in ("'wss://' + location.host + root", "location.host + '/api'", "config.url"):
        named = named_paths_in(f"base = {base};\nnew WebSocket(base + '/live')", PAGE)
        assert NamedPath("/live", base="assumed") in named


@pytest.mark.parametrize(
    "text",
    [
        "u=new URL(location);u.protocol='wss:';u.pathname='/ws/'+id;new WebSocket(u)",
        "u=new URL('https://example.net');u.protocol='wss:';u.pathname='/ws';new WebSocket(u)",
        "u=new URL(location);u.pathname='/ws';fetch(u);new WebSocket(other)",
        "u=new URL(location);u.pathname='/ws';new WebSocket(u)",
        "// u=new URL(location);u.protocol='wss:';u.pathname='/ws';new WebSocket(u)",
    ],
)
def test_an_object_of_another_host_or_path_is_none(text: str) -> None:
    assert named_paths_in(text, PAGE) == ()
