from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.config import parse


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
    assert [
        shadowed_server.names for shadowed_server in server_blocks.shadowed_servers(socket, "a.t")
    ] == [
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
    assert [
        shadowed_server.names for shadowed_server in server_blocks.shadowed_servers(socket, "x.a.t")
    ] == [(".a.t",)]


def test_a_directive_of_http_is_in_force_unless_the_block_has_its_own() -> None:
    text = (
        "http { ssl_certificate a.pem; ssl_protocols TLSv1.2; server { ssl_certificate b.pem; } }"
    )
    (server,) = server_blocks.servers(parse(text, "nginx.conf"))
    assert server_blocks.file_paths(server, "ssl_certificate") == ("b.pem",)
    protocols = server.directive("ssl_protocols")
    assert protocols is not None
    assert protocols.args == ("TLSv1.2",)
    assert server.directive("ssl_ciphers") is None


def test_a_file_that_depends_on_the_request_is_left_out() -> None:
    text = "ssl_certificate $ssl_server_name.pem; ssl_certificate data:$c; ssl_certificate a.pem;"
    (server,) = server_blocks.servers(parse(f"http {{ server {{ {text} }} }}", "nginx.conf"))
    assert server_blocks.file_paths(server, "ssl_certificate") == ("a.pem",)


def reached(text: str, *addresses: str) -> set[str]:
    return {socket.address for socket in server_blocks.reachable_sockets(sockets(text), addresses)}


def test_a_site_with_addresses_of_one_family_is_not_reached_by_the_other() -> None:
    both = "server { listen 443; listen [::]:443; }"
    assert reached(both, "203.0.113.10") == {"*"}
    assert reached(both, "2001:db8::10") == {"::"}
    assert reached(both, "203.0.113.10", "2001:db8::10") == {"*", "::"}
    assert reached(both) == {"*", "::"}


def test_a_socket_of_ipv6_alone_may_accept_both() -> None:
    assert reached("server { listen [::]:443 ipv6only=off; }", "203.0.113.10") == {"::"}


def test_an_address_that_a_cloud_translates_is_reached() -> None:
    text = "server { listen 10.0.0.5:443; listen [fd00::5]:443; listen 127.0.0.1:443; }"
    assert reached(text, "203.0.113.10") == {"10.0.0.5"}


def test_the_server_that_answers_on_each_socket_that_is_reached() -> None:
    text = "server { listen 443; server_name a; } server { listen 127.0.0.1:443; server_name b; }"
    main = parse(f"http {{ {text} }}", "nginx.conf")
    (found,) = server_blocks.answering_servers(main, "a", 443)
    assert found[0].address == "*"
    loopback = server_blocks.answering_servers(main, "127.0.0.1", 443)
    assert "127.0.0.1" in {socket.address for socket, _ in loopback}


def test_a_name_may_be_a_wildcard_or_a_pattern_but_not_of_every_name() -> None:
    def named(written: str) -> bool:
        text = f"http {{ server {{ listen 443; server_name {written}; }} }}"
        return server_blocks.is_named(server_blocks.servers(parse(text, "n.conf")), "a.b.test")

    assert all(map(named, ["a.b.test", ".b.test", "*.test", "a.b.*", r"~^a\.b\.", "x.test .test"]))
    assert not any(map(named, ["_", "b.test", "*.other", "b.*", "~.", r"~^(.+)$", "x.test"]))
