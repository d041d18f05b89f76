from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.config import parse
from diagnose.parsers.nginx.locations import normalize_path, select_location
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_matches


def sockets(text: str, port: int = 443) -> tuple[server_blocks.Socket, ...]:
    every = server_blocks.servers(parse(f"http {{ {text} }}", "nginx.conf"))
    return server_blocks.sockets(every, port)


def test_a_connection_is_taken_by_its_address_else_by_all() -> None:
    found = sockets("server { listen 443; listen 127.0.0.1:443; listen [0::1]:443; }")
    assert [one.address for one in found] == ["*", "127.0.0.1", "::1"]
    for address, socket in (("127.0.0.1", "127.0.0.1"), ("10.0.0.1", "*"), ("::1", "::1")):
        taking = server_blocks.socket_for(found, address)
        assert taking
        assert taking.address == socket
    assert server_blocks.socket_for(found, "2001:db8::1") is None


def test_rivals_bear_the_very_name_that_was_chosen() -> None:
    (socket,) = sockets(
        "server { listen 443; server_name a.t; } server { listen 443; server_name b.t a.t; }"
        "server { listen 443; server_name *.t; } server { listen 443; server_name .a.t; }"
    )
    assert [one.names for one in server_blocks.shadowed_servers(socket, "a.t")] == [
        ("b.t", "a.t"),
        (".a.t",),
    ]
    assert server_blocks.shadowed_servers(socket, "b.t") == ()
    assert server_blocks.shadowed_servers(socket, "x.t") == ()


def test_rivals_for_a_wildcard() -> None:
    (socket,) = sockets(
        "server { listen 443; server_name *.a.t; } server { listen 443; server_name .a.t; }"
        "server { listen 443; server_name *.t; }"
    )
    assert [one.names for one in server_blocks.shadowed_servers(socket, "x.a.t")] == [(".a.t",)]


def test_a_path_is_decoded_before_it_is_resolved() -> None:
    assert normalize_path("/a/%2e%2e/b%2Fc//d/?x=/../") == "/b/c/d/"
    assert normalize_path("/a//b", merge=False) == "/a//b"
    assert normalize_path("/%2561#x") == "/%61"
    assert normalize_path("/a/.") == "/a/"
    assert normalize_path("/../a") is None


def test_slashes_are_kept_where_the_block_says_so() -> None:
    (socket,) = sockets("server { listen 443; merge_slashes off; location /a/b { } }")
    assert select_location(socket.default, "/a//b").block.name == "server"
    assert select_location(socket.default, "/a/b").block.name == "location"


def test_what_python_cannot_say_is_not_understood() -> None:
    assert is_supported_pcre(r"^/[[:alpha:]]+$")
    assert pcre_matches(r"^/[[:alpha:]]+$", "/abc", ignore_case=False)
    assert not is_supported_pcre(r"^/a\Kb")
    assert not pcre_matches(r"^/\d", "/\u0663", ignore_case=False)
