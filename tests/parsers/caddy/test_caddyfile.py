from hypothesis import given
from hypothesis import strategies as st

from diagnose.parsers.caddy.caddyfile import (
    address_of,
    blocks_of,
    import_patterns,
    uses_environment,
)

TEXT = """\
{
	email me@example.com
}
(snippet) {
	encode gzip
}
# a comment {
example.com,
www.example.com {
	tls /a.pem /a.key # files
	handle /api/* {
		reverse_proxy localhost:3000
	}
}
http://plain.example.com:8080 {
}
"""


IMPORTS = """\
(proxy) {
	header X a
	reverse_proxy localhost:3000 \\
		localhost:3001
	import proxy
}
shop.example.com {
	import proxy
	import site.d/*.caddy {
	}
}
"""


def test_a_site_has_the_lines_of_what_it_imports() -> None:
    files = [("/etc/caddy/Caddyfile", IMPORTS), ("/etc/caddy/site.d/a.caddy", "a\nencode gzip\n")]
    (site,) = blocks_of(files)
    line, encode = site.first("reverse_proxy", "localhost:3001"), site.first("encode")
    assert line
    assert encode
    assert (line.file, line.number) == ("/etc/caddy/Caddyfile", 3)
    assert (encode.file, encode.number) == ("/etc/caddy/site.d/a.caddy", 2)


def test_site_blocks_have_their_addresses_and_lines() -> None:
    first, second = blocks_of([("/etc/caddy/Caddyfile", TEXT)])
    assert first.addresses == ("example.com", "www.example.com")
    assert (first.line, first.end) == (8, 14)
    assert second.addresses == ("http://plain.example.com:8080",)
    line = first.first("reverse_proxy", "localhost:3000")
    assert line
    assert line.number == 12


def test_addresses_are_taken_apart() -> None:
    address = address_of("http://Example.com:8080/path")
    assert address
    assert (address.scheme, address.host, address.port) == ("http", "example.com", 8080)
    port_only = address_of(":443")
    assert port_only
    assert (port_only.host, port_only.port) == ("", 443)


def test_imports_and_variables_are_noticed() -> None:
    assert list(import_patterns("import sites/*.caddy\n", "/etc/caddy")) == [
        "/etc/caddy/sites/*.caddy"
    ]
    assert uses_environment("{$DOMAIN} {\n}\n")
    assert not uses_environment("# {$DOMAIN}\n")


@given(st.text(alphabet='ab:{}\n ,()#/"`$', max_size=300))
def test_any_text_is_read(text: str) -> None:
    for block in blocks_of([("/x", text)]):
        assert 0 < block.line <= block.end
