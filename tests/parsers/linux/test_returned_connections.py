from diagnose.parsers.linux.returned_connections import returned_socket

OUT = "0      0      192.168.1.10:45678      198.51.100.1:443\n"
BACK = "0      0      192.168.1.10:8123       192.168.1.1:45678\n"
OTHER = "0      0      192.168.1.10:22        192.168.1.7:50000\n"


def test_the_connection_comes_back_to_another_port() -> None:
    assert returned_socket(OUT + OTHER + BACK, "198.51.100.1", 443) == ("192.168.1.10", 8123)
    mapped = BACK.replace("192.168.1.10:8123", "[::ffff:192.168.1.10]:8123")
    mapped = mapped.replace("192.168.1.1:45678", "[::ffff:192.168.1.1]:45678")
    assert returned_socket(OUT + mapped, "198.51.100.1", 443) == ("192.168.1.10", 8123)
    second = (OUT + BACK).replace("45678", "45679")
    assert returned_socket(OUT + BACK + second, "198.51.100.1", 443) == ("192.168.1.10", 8123)


def test_none_where_it_does_not_come_back_or_is_not_known() -> None:
    assert returned_socket(OUT + OTHER, "198.51.100.1", 443) is None
    assert returned_socket(BACK, "198.51.100.1", 443) is None
    twice = BACK.replace("8123", "8443")
    assert returned_socket(OUT + BACK + twice, "198.51.100.1", 443) is None
    inner = "0 0 127.0.0.1:8080 127.0.0.1:45678\n0 0 [::1]:8081 [::1]:45678\n"
    assert returned_socket(OUT + inner, "198.51.100.1", 443) is None
    assert returned_socket(OUT + inner + BACK, "198.51.100.1", 443) == ("192.168.1.10", 8123)
    assert returned_socket("", "198.51.100.1", 443) is None
    assert returned_socket("0 0 nonsense:x [::]:99999999", "198.51.100.1", 443) is None
