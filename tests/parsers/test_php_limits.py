"""PHP's limits of size in its own files."""

import pytest

from diagnose.parsers.php_limits import php_limits


def test_the_last_line_counts_and_comments_do_not() -> None:
    text = "[PHP]\n;post_max_size = 1M\npost_max_size = 8M\r\npost_max_size=16M ; ours\n"
    limit = php_limits(text)["post_max_size"]
    assert (limit.size, limit.number) == (16 << 20, 4)
    assert limit.raised("64M") == "post_max_size=64M ; ours"


@pytest.mark.parametrize(
    ("line", "size", "raised"),
    [
        ("php_admin_value[post_max_size] = 2G", 2 << 30, "php_admin_value[post_max_size] = 9M"),
        ('post_max_size = "100"', 100, 'post_max_size = "9M"'),
        ("post_max_size = 0", 0, "post_max_size = 9M"),
    ],
)
def test_each_form_of_a_line(line: str, size: int, raised: str) -> None:
    limit = php_limits(line)["post_max_size"]
    assert (limit.size, limit.raised("9M")) == (size, raised)


@pytest.mark.parametrize("text", ["", "post_max_size", "post_max_size = ${A}", "x_post_max_size=1"])
def test_no_limit(text: str) -> None:
    assert not php_limits(text)
