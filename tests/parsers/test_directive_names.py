import pytest

from diagnose.parsers.directive_names import likely_directive


@pytest.mark.parametrize(
    ("word", "product", "name"),
    [
        ("SSLEngin", "apache", "SSLEngine"),
        ("ProxyPas", "apache", "ProxyPass"),
        ("DirectoyIndex", "apache", "DirectoryIndex"),
        ("RewirteRule", "apache", "RewriteRule"),
        ("SSLEngine", "apache", ""),  # its module is not loaded
        ("Order", "apache", ""),
        ("x" * 100, "apache", ""),
        ("reverse_prox", "caddy", "reverse_proxy"),
        ("reverse-proxy", "caddy", "reverse_proxy"),
        ("file-server", "caddy", "file_server"),
        ("handel", "caddy", "handle"),
        ("gzipp", "caddy", ""),
        ("reverse_prox", "haproxy", ""),
    ],
)
def test_the_directive_that_is_meant(word: str, product: str, name: str) -> None:
    assert likely_directive(word, product) == name
