import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.model import nginx as model
from diagnose.model.nginx import ConfigFile
from diagnose.parsers.nginx import config, install_paths, server_blocks
from diagnose.parsers.nginx.config import parse
from diagnose.parsers.nginx.forwarding import application_of, forwarded_path, upgrade_forwarding
from diagnose.parsers.nginx.locations import proxy_pass_of, select_location

SHOP = """\
# the shop
server {
    listen 443 ssl;  # TLS
    location ~ "^/a{2};" { return 200 "}"; }
    if ($host = 'b') { return 301 https://a$request_uri; }
}
"""


def test_directives_know_where_they_stand() -> None:
    (server,) = parse(SHOP, "a.conf")
    listen, location, condition = server.block or ()
    assert (server.line, server.column) == (2, 1)
    assert (listen.name, listen.args, listen.line, listen.column) == (
        "listen",
        ("443", "ssl"),
        3,
        5,
    )
    assert SHOP[listen.start : listen.stop] == "listen 443 ssl;"
    assert location.args == ("~", "^/a{2};")
    assert (location.block or ())[0].args == ("200", "}")
    assert SHOP[condition.start : condition.opened] == "if ($host = 'b') {"


def test_a_broken_file_yields_what_can_be_read() -> None:
    (server,) = parse("server { listen 443 ssl; location / { root /x }", "a.conf")
    listen, location = server.block or ()
    assert listen.args == ("443", "ssl")
    assert (location.block or ())[0].end == "}"
    assert [one.name for one in parse("} events { } user", "a.conf")] == ["events", "user"]


def test_blocks_in_blocks_without_end_are_left_off() -> None:
    assert parse("a {" * 5000, "a.conf")


@given(st.text(alphabet="ab;{}#'\"\\ \n$", max_size=60))
def test_anything_can_be_read(text: str) -> None:
    for one in config.walk(parse(text, "a.conf")):
        assert 0 <= one.start <= one.stop <= len(text)


def test_includes_are_replaced_by_what_they_bring() -> None:
    main = parse("http { include conf.d/*.conf; include mime.types; }", "/e/nginx.conf")
    assert config.includes(main, "/e") == ("/e/conf.d/*.conf", "/e/mime.types")
    trees = {"/e/nginx.conf": main, "/e/conf.d/a.conf": parse("server { }", "/e/conf.d/a.conf")}
    (http,) = config.expand("/e/nginx.conf", trees, {"/e/conf.d/*.conf": ("/e/conf.d/a.conf",)})
    assert [(one.name, one.file) for one in http.block or ()] == [("server", "/e/conf.d/a.conf")]


def test_a_file_that_includes_itself_ends() -> None:
    main = parse("include a.conf; events {}", "/a.conf")
    assert [
        one.name for one in config.expand("/a.conf", {"/a.conf": main}, {"/a.conf": ("/a.conf",)})
    ] == ["events"]


def test_the_build_tells_where_its_configuration_is() -> None:
    said = (
        "nginx version: nginx/1.26.3 (Ubuntu)\nbuilt with OpenSSL 3.0\nconfigure arguments: "
        "--with-cc-opt='-g -O2' --prefix=/usr/share/nginx --conf-path=/etc/nginx/nginx.conf\n"
    )
    build = install_paths.parse_build(said)
    assert (build.config, build.prefix) == ("/etc/nginx/nginx.conf", "/usr/share/nginx")
    assert config.version_number(build.version) == (1, 26, 3)
    assert install_paths.parse_build(
        "nginx version: nginx/1.9.0\nconfigure arguments:\n"
    ).config == ("/usr/local/nginx/conf/nginx.conf")
    assert config.version_number("Tengine/3.1.0") is None


def test_messages_name_their_place_and_come_once() -> None:
    said = (
        'nginx: [emerg] unknown directive "x" in /etc/nginx/a b.conf:12\n'
        '2026/11/24 15:51:47 [emerg] 311#311: unknown directive "x" in /etc/nginx/a b.conf:12\n'
        'nginx: [emerg] unknown "hop" variable\n'
        "nginx: configuration file /etc/nginx/nginx.conf test failed\n"
    )
    assert config.messages(said) == (
        model.TestMessage(
            "emerg", 'unknown directive "x" in /etc/nginx/a b.conf:12', "/etc/nginx/a b.conf", 12
        ),
        model.TestMessage("emerg", 'unknown "hop" variable'),
    )


def test_a_masters_title_tells_its_options() -> None:
    said = config.parse_master_title(
        "nginx: master process /opt/nginx -p /srv -c conf/a.conf -g daemon off;"
    )
    assert (said.binary, said.prefix, said.config) == ("/opt/nginx", "/srv", "conf/a.conf")
    assert config.parse_master_title("nginx: master process nginx").config == ""


@pytest.mark.parametrize("version", ["v1.7.0 #6", "v1.11.5 PRO #12"])
def test_angies_master_says_its_version_before_its_command_line(version: str) -> None:
    title = f"angie: master process {version} [/usr/sbin/angie -c /etc/angie/angie.conf]"
    said = config.parse_master_title(title)
    assert (said.binary, said.options) == ("/usr/sbin/angie", ("-c", "/etc/angie/angie.conf"))


def test_the_directives_of_g_end_where_the_next_option_begins() -> None:
    said = config.parse_master_title(
        "nginx: master process nginx -g pid /run/x.pid; daemon off; -c /a.conf"
    )
    assert said.options == ("-c", "/a.conf", "-g", "pid /run/x.pid;")
    assert config.command_line_directives(said.options)[0].args == ("/run/x.pid",)
    debian = "nginx: master process /usr/sbin/nginx -g daemon on; master_process on;"
    assert config.parse_master_title(debian).options == ()
    assert config.parse_master_title("nginx: master process nginx -estderr -g").options == (
        "-e",
        "stderr",
    )


def test_a_backslash_escapes_what_nginx_says_it_does() -> None:
    (one,) = config.parse(r'location ~ "^/a\"b\.c\\d\t$" { }', "a.conf")
    assert one.args == ("~", '^/a"b\\.c\\d\t$')
    (other,) = config.parse(r"location /a\;b\'c { }", "a.conf")
    assert other.args == (r"/a\;b'c",)


def test_an_excerpt_shows_what_is_around_and_nothing_unprintable() -> None:
    file = ConfigFile("a.conf", "one\ntwo\x1b[31m\n  three x;\nfour\n")
    directive = parse(file.text, "a.conf")[0]
    place = config.source_location(file, 3, 3, 8)
    assert place.excerpt[0] == "one"
    assert "\x1b" not in place.excerpt[1]
    assert config.directive_location(file, directive).line == 1


def http(text: str) -> tuple[server_blocks.Server, ...]:
    return server_blocks.servers(parse(f"http {{ {text} }}", "a.conf"))


@pytest.mark.parametrize(
    ("listen", "expected"),
    [
        ("443 ssl", ("*", 443, True)),
        ("[::]:443 ssl http2", ("::", 443, True)),
        ("192.0.2.1:443", ("192.0.2.1", 443, False)),
        ("localhost:443 ssl", ("127.0.0.1", 443, True)),
        ("192.0.2.1", ("192.0.2.1", 80, False)),
        ("*:443 default_server", ("*", 443, False)),
    ],
)
def test_listen_is_taken_apart(listen: str, expected: tuple[str, int, bool]) -> None:
    (one,) = http(f"server {{ listen {listen}; }}")[0].listens
    assert (one.address, one.port, one.ssl) == expected


def test_ssl_belongs_to_the_socket() -> None:
    both = http("server { listen 443; } server { listen 443 ssl; }")
    assert server_blocks.sockets(both, 443)[0].ssl
    assert server_blocks.sockets(http("server { listen 443; ssl on; }"), 443)[0].ssl
    assert not server_blocks.sockets(http("server { listen 443 quic; }"), 443)


def test_the_innermost_block_decides_which_headers_are_sent() -> None:
    text = """server { proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $hop;
      location /a { proxy_pass http://x; }
      location /b { proxy_pass http://x; proxy_set_header Host $host; }
    } map $http_upgrade $hop { default upgrade; '' close; }"""
    (server,) = http(text)
    assert upgrade_forwarding(select_location(server, "/a")) == (
        True,
        True,
    )
    assert upgrade_forwarding(select_location(server, "/b")) == (
        False,
        False,
    )


@pytest.mark.parametrize("connection", ["$nowhere", '"Upgrade"', "$http_connection", "${hop}"])
def test_a_connection_that_may_be_right_is_right(connection: str) -> None:
    text = f"""map $http_upgrade $hop {{ default $other; }}
      map $http_upgrade $other {{ ~*^web Upgrade; }}
      server {{ location / {{ proxy_pass http://x; proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection {connection}; }} }}"""
    (server,) = http(text)
    assert upgrade_forwarding(select_location(server, "/")) == (
        True,
        True,
    )


def test_a_fallback_to_a_named_location_is_followed() -> None:
    (server,) = http(
        "server { location / { try_files $uri @app; } location @app { proxy_pass http://x; } }"
    )
    assert proxy_pass_of(select_location(server, "/a")) is not None


@pytest.mark.parametrize(
    ("target", "ends", "path"),
    [
        ("http://127.0.0.1:3000", (("127.0.0.1", 3000),), "/ws/a"),
        ("http://127.0.0.1:3000/", (("127.0.0.1", 3000),), "//a"),
        ("https://[::1]/x", (("::1", 443),), "/x/a"),
        ("http://group", (("10.0.0.1", 80), ("10.0.0.2", 81)), "/ws/a"),
        ("http://$to", (("127.0.0.1", 9),), "/ws/a"),
    ],
)
def test_proxy_pass_is_followed(target: str, ends: object, path: str) -> None:
    text = f"""upstream group {{ server 10.0.0.1; server 10.0.0.2:81; server 10.0.0.3 down; }}
      server {{ set $to 127.0.0.1:9; location /ws {{ proxy_pass {target}; }} }}"""
    place = select_location(http(text)[0], "/ws/a")
    passed = proxy_pass_of(place)
    found = application_of(place, passed) if passed else None
    assert found
    assert found.servers == ends
    assert forwarded_path(place, found, "/ws/a") == path


@pytest.mark.parametrize("target", ["http://unix:/run/a.sock:/", "http://$unknown", "x"])
def test_what_cannot_be_followed_is_nothing(target: str) -> None:
    place = select_location(http(f"server {{ location / {{ proxy_pass {target}; }} }}")[0], "/")
    passed = proxy_pass_of(place)
    assert passed
    assert application_of(place, passed) is None


def test_files_that_include_each_other_again_and_again_are_read_only_so_far(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each includes the next one twice: 2 to the power of 26 directives."""
    monkeypatch.setattr(config, "MAX_DIRECTIVES", 500)
    names = [f"/{number}" for number in range(27)]
    text = [f"include {name}; include {name};" for name in names[1:]]
    trees = {name: parse(one, name) for name, one in zip(names, [*text, "a;"], strict=True)}
    whole = config.expand("/0", trees, {name: (name,) for name in names})
    assert 0 < len(list(config.walk(whole))) <= 500


def test_a_long_chain_of_includes_ends() -> None:
    names = [f"/{number}" for number in range(3000)]
    trees = {name: parse(f"a; include /{number + 1};", name) for number, name in enumerate(names)}
    assert len(config.expand("/0", trees, {name: (name,) for name in names})) < 100


@pytest.mark.parametrize(
    ("message", "file", "line"),
    [
        ("unknown directive in /etc/in /a:3", "/etc/in /a", 3),
        (" in /" * 5000, None, None),
        (" in /a:" + "9" * 5000, None, None),
    ],
)
def test_the_place_at_the_end_of_a_message(
    message: str, file: str | None, line: int | None
) -> None:
    (read,) = config.messages(f"nginx: [emerg] {message}")
    assert (read.file, read.line) == (file, line)


def test_a_message_of_nginx_controls_no_terminal() -> None:
    printed = 'nginx: [emerg] unknown directive "\x1b]0;x\x07\x9b\u202e" in /a:1\n'
    (message,) = config.messages(printed)
    text = 'unknown directive "\ufffd]0;x\ufffd\ufffd\ufffd" in /a:1'
    assert message.text == text
    assert (message.file, message.line) == ("/a", 1)
