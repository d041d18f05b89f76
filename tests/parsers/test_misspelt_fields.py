"""Which names of request fields are typing errors."""

import pytest

from diagnose.parsers.misspelt_fields import KNOWN, meant_field


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("X-Fowarded-Proto", "X-Forwarded-Proto"),
        ("X-Forward-Proto", "X-Forwarded-Proto"),
        ("X_Forwarded_Proto", "X-Forwarded-Proto"),
        ("X-Forwared-For", "X-Forwarded-For"),
        ("Upgarde", "Upgrade"),
        ("Conection", "Connection"),
        ("X-RealIP", "X-Real-IP"),
        ("Hsot", "Host"),
    ],
)
def test_a_typing_error_means_a_known_field(written: str, meant: str) -> None:
    assert meant_field(written) == meant


@pytest.mark.parametrize(
    "name",
    [
        *KNOWN, *map(str.lower, KNOWN), "Post", "Cost", "Origin", "X-Forwarded-Protocol",
        "X-Forwarded-Path", "X-Forwarded-Ssl", "X-Forwarded-User", "X-Scheme", "X-Original-URI",
        "Forwarded", "X-Forwarded", "X-Host", "Proxy", "Accept", "Referer", "Via", "", "-" * 999,
    ],
)  # fmt: skip
def test_other_names_are_no_typing_errors(name: str) -> None:
    assert meant_field(name) == ""
