import pytest

from diagnose.parsers.peer_addresses import local_address, peer_addresses, with_local_address


@pytest.mark.parametrize(
    ("command", "peers"),
    [
        ("websockify --web /usr/share/novnc 6080 localhost:5901", (("localhost", 5901),)),
        ("websockify 127.0.0.1:6080 [::1]:5901", (("127.0.0.1", 6080), ("::1", 5901))),
        ("wetty --ssh-host=127.0.0.1 --ssh-port 2222", (("127.0.0.1", 2222),)),
        ("wetty --ssh-host localhost --port 3000", (("localhost", 22),)),
        ("ttyd -p 7681 ssh -p 2022 -o BatchMode=yes root@127.0.0.1", (("127.0.0.1", 2022),)),
        ("ttyd -p 7681 ssh admin@localhost", (("localhost", 22),)),
        ("socat TCP-LISTEN:80 TCP:127.0.0.1:502", (("TCP-LISTEN", 80), ("127.0.0.1", 502))),
        ("daphne -b 127.0.0.1 -p 8001 chat.asgi:application", ()),
        ("node server.js", ()),
    ],
)
def test_the_addresses_of_arguments(command: str, peers: tuple[tuple[str, int], ...]) -> None:
    assert peer_addresses(command.split(), {}, "refused", "") == peers


def test_the_addresses_of_variables_and_of_guacamole() -> None:
    variables = {"REDIS_URL": "redis://:secret@localhost/0", "DATABASE_URL": "postgres://a@db:99/x"}
    assert peer_addresses((), variables, "", "") == (("localhost", 6379), ("db", 99))
    message = "Creation of WebSocket tunnel to guacd failed"
    assert peer_addresses(("java",), {}, message, "") == (("localhost", 4822),)
    settings = "# guacd-port: 1\nguacd-hostname: 10.0.0.5\nguacd-port = 4823\n"
    assert peer_addresses((), {}, message, settings) == (("10.0.0.5", 4823),)
    assert not peer_addresses((), {}, "refused", settings)


def test_a_line_with_another_local_address() -> None:
    line = "ExecStart=/usr/sbin/guacd -f -b localhost"
    assert with_local_address(line, 0, "127.0.0.1") == "ExecStart=/usr/sbin/guacd -f -b 127.0.0.1"
    url = "DATABASE_URL=postgres://shop@localhost:5432/shop"
    assert with_local_address(url, 5432, "127.0.0.1").endswith("@127.0.0.1:5432/shop")
    assert with_local_address(url, 5432, "[::1]").endswith("@[::1]:5432/shop")
    assert not with_local_address(url, 543, "127.0.0.1")
    assert not with_local_address("-b localhost -l localhost", 0, "127.0.0.1")
    assert not with_local_address("-b 127.0.0.1", 0, "127.0.0.1")
    assert not with_local_address("--name localhost.example.com", 0, "127.0.0.1")
    assert (local_address("localhost"), local_address("::1")) == ("127.0.0.1", "::1")
