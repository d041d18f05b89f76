"""The field with an underscore that a refusal demands."""

import pytest

from diagnose.parsers.demanded_fields import demanded_field


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ('{"code":401,"msg":"accept_token is missing"}', "accept_token"),
        ("Missing required header: api_key", "api_key"),
        ("缺少请求头 user_name", "user_name"),
        ('{"error":"invalid_token"}', ""),
        ('{"error_description":"The header is missing"}', ""),
        ('{"user_name":"required"}', ""),
        ('{"error":"missing_field"}', ""),
        ("accept-token is missing", ""),
        ("login_page", ""),
        ("", ""),
    ],
)
def test_the_name_beside_the_words_of_a_demand(body: str, name: str) -> None:
    assert demanded_field(body) == name
