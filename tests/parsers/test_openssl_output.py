from hypothesis import given
from hypothesis import strategies as st

from diagnose.parsers.openssl_output import verify_result

SELF_SIGNED = """\
CONNECTED(00000003)
-----BEGIN CERTIFICATE-----
MIIB
-----END CERTIFICATE-----
    Verify return code: 18 (self-signed certificate)
"""
PLAIN = """\
CONNECTED(00000003)
no peer certificate available
Verify return code: 0 (ok)
"""


def test_the_result_of_the_verification() -> None:
    assert verify_result(SELF_SIGNED) == (18, "self-signed certificate")


def test_without_a_certificate_there_is_no_result() -> None:
    assert verify_result(PLAIN) == (None, "")
    assert verify_result("") == (None, "")


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    verify_result(f"-----BEGIN CERTIFICATE-----{text}")
