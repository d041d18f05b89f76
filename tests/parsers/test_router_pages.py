"""The pages and certificates of routers."""

import pytest

from diagnose.parsers.router_pages import router_of_certificate, router_of_page


@pytest.mark.parametrize(
    ("body", "product"),
    [
        ("<html><head><title>FRITZ!Box 7590</title>", "FRITZ!Box"),
        ("<title>OpenWrt - LuCI</title>", "OpenWrt"),
        ("<title>pfSense - Login</title>", "pfSense"),
        ("<title>Shop</title>", ""),
        ("<p>FRITZ!Box</p>", ""),
        (
            "<title>Ten reviews of home routers, and the best: FRITZ!Box</title>",
            "",
        ),
    ],
)
def test_a_title_names_the_router(body: str, product: str) -> None:
    assert router_of_page(body) == product


def test_a_certificate_names_the_router() -> None:
    assert router_of_certificate(("shop.example.com", "fritz.box")) == "fritz.box"
    assert router_of_certificate(("CN=OpenWrt",)) == "OpenWrt"
    assert not router_of_certificate(("openwrtshop.example.com", "shop.example.com"))
