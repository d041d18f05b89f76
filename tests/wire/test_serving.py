from diagnose.wire import serving
from diagnose.wire.nginx import parse


def sockets(text: str, port: int = 443) -> tuple[serving.Socket, ...]:
    every = serving.servers(parse(f"http {{ {text} }}", "nginx.conf"))
    return serving.sockets(every, port)


def test_a_connection_is_taken_by_its_address_else_by_all() -> None:
    found = sockets("server { listen 443; listen 127.0.0.1:443; listen [0::1]:443; }")
    assert [one.address for one in found] == ["*", "127.0.0.1", "::1"]
    for address, socket in (("127.0.0.1", "127.0.0.1"), ("10.0.0.1", "*"), ("::1", "::1")):
        taking = serving.taking(found, address)
        assert taking
        assert taking.address == socket
    assert serving.taking(found, "2001:db8::1") is None


def test_rivals_bear_the_very_name_that_was_chosen() -> None:
    (socket,) = sockets(
        "server { listen 443; server_name a.t; } server { listen 443; server_name b.t a.t; }"
        "server { listen 443; server_name *.t; } server { listen 443; server_name .a.t; }"
    )
    assert [one.names for one in serving.rivals(socket, "a.t")] == [("b.t", "a.t"), (".a.t",)]
    assert serving.rivals(socket, "b.t") == ()
    assert serving.rivals(socket, "x.t") == ()


def test_rivals_for_a_wildcard() -> None:
    (socket,) = sockets(
        "server { listen 443; server_name *.a.t; } server { listen 443; server_name .a.t; }"
        "server { listen 443; server_name *.t; }"
    )
    assert [one.names for one in serving.rivals(socket, "x.a.t")] == [(".a.t",)]


def test_a_path_is_decoded_before_it_is_resolved() -> None:
    assert serving.normal("/a/%2e%2e/b%2Fc//d/?x=/../") == "/b/c/d/"
    assert serving.normal("/a//b", merge=False) == "/a//b"
    assert serving.normal("/%2561#x") == "/%61"
    assert serving.normal("/a/.") == "/a/"
    assert serving.normal("/../a") is None


def test_slashes_are_kept_where_the_block_says_so() -> None:
    (socket,) = sockets("server { listen 443; merge_slashes off; location /a/b { } }")
    assert serving.find(socket.default, "/a//b").location.name == "server"
    assert serving.find(socket.default, "/a/b").location.name == "location"


def test_what_python_cannot_say_is_not_understood() -> None:
    assert serving.understood(r"^/[[:alpha:]]+$")
    assert serving.matches(r"^/[[:alpha:]]+$", "/abc", ignore_case=False)
    assert not serving.understood(r"^/a\Kb")
    assert not serving.matches(r"^/\d", "/\u0663", ignore_case=False)
