import pytest

from diagnose.parsers.exact_connection import exact_conditions

_COND = "RewriteCond %{HTTP:Connection}"


@pytest.mark.parametrize(
    ("product", "line", "corrected"),
    [
        ("apache", f"{_COND} =Upgrade", f"{_COND} Upgrade"),
        ("apache", f"\t{_COND} ^Upgrade$ [NC,OR]", f"\t{_COND} Upgrade [NC,OR]"),
        ("apache", f"{_COND} ^Upgrade [NC]", f"{_COND} Upgrade [NC]"),
        ("apache", f'{_COND} "=upgrade" [NC]', f'{_COND} "upgrade" [NC]'),
        ("caddy", "\t@ws header Connection Upgrade", "\t@ws header Connection *Upgrade*"),
        ("caddy", "header Connection Upgrade", "header Connection *Upgrade*"),
    ],
)
def test_takes_further_options(product: str, line: str, corrected: str) -> None:
    assert list(exact_conditions(product, f"# first\n{line}\n")) == [(2, corrected)]


@pytest.mark.parametrize(
    ("product", "line"),
    [
        ("apache", "RewriteCond %{HTTP:Connection} upgrade [NC]"),
        ("apache", "RewriteCond %{HTTP:Connection} Upgrade$ [NC]"),
        ("apache", "RewriteCond %{HTTP:Connection} !=Upgrade"),
        ("apache", "RewriteCond %{HTTP:Upgrade} =websocket [NC]"),
        ("apache", "# RewriteCond %{HTTP:Connection} =Upgrade"),
        ("caddy", "header Connection *Upgrade*"),
        ("nginx", "RewriteCond %{HTTP:Connection} =Upgrade"),
    ],
)
def test_leaves_other_lines(product: str, line: str) -> None:
    assert not list(exact_conditions(product, line))
