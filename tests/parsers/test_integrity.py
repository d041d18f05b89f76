"""The hashes that a page demands (W3C Subresource Integrity)."""

import base64
import hashlib

import pytest

from diagnose.parsers.integrity import integrity_fails

CONTENT = b"alert('Hello, world.');"
#: The example of MDN and of the specification, for this content.
RIGHT = "sha384-H8BRh8j48O9oYatfu5AZzq6A9RINhZO5H16dQZngK7T62em8MUt1FLm52t+eX6xO"


def of(name: str, content: bytes) -> str:
    return f"{name}-{base64.b64encode(hashlib.new(name, content).digest()).decode()}"


@pytest.mark.parametrize(
    "metadata",
    [
        RIGHT,
        f"{RIGHT}?ct=application/javascript",
        f"{of('sha384', b'other')} {RIGHT}",
        f"{of('sha256', b'other')} {RIGHT}",
        of("sha512", CONTENT),
        "",
        "md5-abc",
        "sha384",
    ],
)
def test_a_file_that_browsers_use(metadata: str) -> None:
    assert not integrity_fails(metadata, CONTENT)


@pytest.mark.parametrize(
    "metadata",
    [of("sha384", b"other"), f"{of('sha256', CONTENT)} {of('sha384', b'other')}", "sha256-a"],
)
def test_a_file_that_browsers_refuse(metadata: str) -> None:
    assert integrity_fails(metadata, CONTENT)
