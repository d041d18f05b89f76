import pytest

from checks.tls._cipher_lists import RECOMMENDED, extended_list, quoted


@pytest.mark.parametrize(
    ("written", "first"),
    [
        ("DHE-RSA-AES256-GCM-SHA384", "DHE-RSA-AES256-GCM-SHA384"),
        ("HIGH:!aNULL:!MD5", "HIGH"),
        ("HIGH:!ECDHE", RECOMMENDED[0]),
    ],
)
def test_a_list_is_extended_or_replaced(written: str, first: str) -> None:
    names = extended_list(written).split(":")
    assert names[0] == first
    assert set(RECOMMENDED) <= set(names)


def test_a_list_with_other_characters_is_quoted() -> None:
    assert quoted("HIGH:!aNULL") == "HIGH:!aNULL"
    assert quoted("HIGH !aNULL") == '"HIGH !aNULL"'
