from tests.saying import judge
from tests.serving import FILE, RUNNING, STOPPED, config, nginx_says


def test_fires_with_the_caret_under_the_fault() -> None:
    text = "server {\n    listen 443 ssl;\n    proxy_passs x;\n}\n"
    said = f'unknown directive "proxy_passs" in {FILE}:4'
    (claim,) = judge("nginx.config-invalid", nginx_says(said), config(text), STOPPED)
    assert str(claim.about) == f"{FILE}:4"
    assert claim.location
    assert (claim.location.line, claim.location.column, claim.location.end_column) == (4, 5, 16)
    assert claim.location.excerpt[claim.location.line - claim.location.first].strip() == (
        "proxy_passs x;"
    )


def test_fires_while_nginx_runs_with_what_it_loaded_before() -> None:
    (claim,) = judge("nginx.config-invalid", nginx_says("host not found in upstream"), RUNNING)
    assert claim.facts["running"]
    assert claim.location is None


def test_silent_when_the_test_passes() -> None:
    assert not judge("nginx.config-invalid", nginx_says(), config())
