"""Each value of a field has its words."""

from typing import get_args

import pytest

from diagnose.model import http, tls, variants


@pytest.mark.parametrize(
    ("words", "values", "usual"),
    [
        (variants.HANDSHAKE_VARIANTS, tls.HandshakeVariant, {"normal"}),
        (variants.UPGRADE_VARIANTS, http.UpgradeVariant, {"normal"}),
        (variants.UPGRADE_ENDINGS, http.Ending, {""}),
        (variants.BODY_ENDS, http.BodyEnd, set()),
        (variants.LOCAL_REQUESTS, http.LocalRequest, set()),
    ],
)
def test_no_value_is_without_words(
    words: dict[str, object], values: object, usual: set[str]
) -> None:
    assert set(words) == set(get_args(values)) - usual
