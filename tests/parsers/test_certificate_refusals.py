import pytest

from diagnose.parsers.certificate_refusals import refusal_reason


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("error:0A00018F:SSL routines::ee key too small", "small-key"),
        ("unable to load chain certificate into SSL Context 'c.pem': ca md too weak.", "weak-hash"),
        ("error:05800074:x509 certificate routines::key values mismatch", "mismatch"),
        ("tls: private key type does not match public key type", "mismatch"),
        ("inconsistencies between private key and certificate loaded 'c.pem'", "mismatch"),
        ("but did find a private key; PEM inputs may have been switched", "swapped"),
        ("unable to load certificate from file 'c.pem': bad end line.", "damaged"),
        ("error:04800064:PEM routines::bad base64 decode", "damaged"),
        ("x509: malformed certificate", "damaged"),
        ("unable to load certificate from file 'c.pem': no start line.", "nothing"),
        ("tls: failed to find any PEM data in certificate input", "nothing"),
        ("AH00072: make_sock: could not bind to address 0.0.0.0:443", None),
        ("", None),
    ],
)
def test_reasons(message: str, reason: str | None) -> None:
    assert refusal_reason(message) == reason
