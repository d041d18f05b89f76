"""refused_methods: the method that a message without a status says is refused."""

import pytest

from diagnose.parsers.refused_methods import refused_method


@pytest.mark.parametrize(
    ("text", "method"),
    [
        ("the last step hangs, the PUT request is blocked by nginx", "PUT"),
        ("nginx refuses PATCH", "PATCH"),
        ("DELETE 请求被拦截", "DELETE"),
        ("PUT-Anfragen werden blockiert", "PUT"),
        ("las peticiones DELETE son rechazadas", "DELETE"),
        ("we post a form and it is blocked", ""),
        ("POST works, and the page is empty", ""),
        ("blocked by CORS policy", ""),
    ],
)
def test_reads_the_method(text: str, method: str) -> None:
    assert refused_method(text) == method
