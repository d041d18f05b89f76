"""Where pools of PHP-FPM listen."""

from diagnose.parsers.php_pools import listens_in


def test_the_lines_of_several_pools() -> None:
    text = (
        '[www]\n;listen = 9000\nlisten = 127.0.0.1:9001 ; local\n[b]\nlisten="/run/$pool.sock"\r\n'
    )
    assert listens_in(text) == {"127.0.0.1:9001": 3, "/run/b.sock": 5}


def test_other_lines_are_none() -> None:
    assert not listens_in("listen.owner = www-data\nlisten\nlisten =\n")
