"""What is compared of two exporters' metrics."""

from .corpus_tools import Visit
from .metrics import EXPIRY, compared, pairs

SUCCESS, CIPHER = ("probe_success", ()), "probe_tls_cipher_info"


def test_a_site_with_tls_is_probed_in_four_ways() -> None:
    assert pairs(Visit("shop.example.com", 443, True, "/", (), "shop.example.com", ())) == [
        ("page", "https://shop.example.com/"),
        ("port", "shop.example.com:443"),
        ("page", "http://shop.example.com/"),
        ("tls", "shop.example.com:443"),
    ]


def test_what_differs_on_purpose_is_not_a_difference() -> None:
    theirs = {SUCCESS: 0.0, (CIPHER, (("cipher", "A"),)): 1.0}
    ours = {SUCCESS: 0.0, (CIPHER, (("cipher", "B"),)): 1.0, EXPIRY: 5.0}
    assert compared(theirs, ours) == []


def test_other_metrics_are_differences() -> None:
    assert len(compared({SUCCESS: 1.0}, {SUCCESS: 0.0})) == 1
    assert len(compared({SUCCESS: 1.0}, {SUCCESS: 1.0, EXPIRY: 5.0})) == 1
    assert len(compared({SUCCESS: 1.0, (CIPHER, ()): 1.0}, {SUCCESS: 1.0})) == 1
