from diagnose.parsers.nginx.address_blocks import taken_address
from diagnose.parsers.nginx.config import parse

OWN = "server { listen 80; server_name shop.example.com; root /var/www/shop; }"
STATUS = "server { listen 127.0.0.1:80; server_name status.lan; return 200 ok; }"


def taken(*blocks: str, address: str = "127.0.0.1"):  # type: ignore[no-untyped-def]
    main = parse(f"http {{ {' '.join(blocks)} }}", "/etc/nginx/nginx.conf")
    return taken_address(main, address, 80, "shop.example.com")


def test_a_listen_with_an_address_takes_every_name_there() -> None:
    found = taken(OWN, STATUS)
    assert found
    assert (found.socket.address, found.own.names, found.listen.address) == (
        "127.0.0.1", ("shop.example.com",), "*",
    )  # fmt: skip
    assert found.is_of_other_sites


def test_nothing_is_taken_elsewhere_or_where_the_name_is_there_too() -> None:
    assert taken(OWN, STATUS, address="127.0.0.2") is None
    assert taken(OWN.replace("listen 80;", "listen 80; listen 127.0.0.1:80;"), STATUS) is None
    assert taken(STATUS) is None


def test_a_redirect_to_https_and_a_block_for_every_name_are_meant_so() -> None:
    redirect = OWN.replace("root /var/www/shop", "return 301 https://$host$request_uri")
    assert not taken(redirect, STATUS).is_of_other_sites
    assert not taken(OWN, STATUS.replace("status.lan", "_")).is_of_other_sites
    same = STATUS.replace("return 200 ok", "root /var/www/shop")
    assert not taken(OWN, same).is_of_other_sites
