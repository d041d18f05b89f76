"""Answers that a cache in front has kept."""

import pytest

from diagnose.parsers.kept_answers import kept_sign


@pytest.mark.parametrize(
    ("headers", "sign"),
    [
        ((("CF-Cache-Status", "HIT"), ("Age", "5231")), "CF-Cache-Status: HIT, Age: 5231"),
        ((("X-Cache", "Hit from cloudfront"),), "X-Cache: Hit from cloudfront"),
        ((("X-Cache", "TCP_MEM_HIT dirn:1:2"),), "X-Cache: TCP_MEM_HIT dirn:1:2"),
        ((("Cache-Status", "edge; hit; ttl=30"),), "Cache-Status: edge; hit; ttl=30"),
        ((("X-Varnish", "32770 3"),), "X-Varnish: 32770 3"),
        ((("CF-Cache-Status", "MISS"), ("Age", "0")), ""),
        ((("X-Cache", "Error from cloudfront"),), ""),
        ((("X-Varnish", "32770"), ("Age", "0")), ""),
        ((("Age", "12"),), ""),
    ],
)
def test_a_cache_says_that_it_had_the_answer(
    headers: tuple[tuple[str, str], ...], sign: str
) -> None:
    assert kept_sign(headers) == sign
