"""Lines of a Caddyfile with words that Caddy 2 does not know."""

import pytest

from diagnose.parsers.caddy.corrections import corrected_lines
from diagnose.parsers.caddy.mistakes import Mistake, known_mistake

OLD = """\
shop.example.com {
	gzip
	proxy /api localhost:3001 https://10.0.0.2 {
		transparent
		websocket
		header_upstream X-Real-IP {remote}
		insecure_skip_verify
	}
	proxy / 127.0.0.1:3000/
	encode {
		gzip
	}
	file_server {
		browse
	}
}
"""


def corrected(text: str, number: int, message: str) -> str:
    lines = text.split("\n")
    mistake = known_mistake(message)
    assert mistake
    changes = corrected_lines(lines, number, mistake)
    assert changes, "corrected"
    rows = [changes.get(place, (line,)) for place, line in enumerate(lines, 1)]
    return "\n".join(line for lines in rows for line in lines)


def test_all_words_of_caddy_1_are_written_anew() -> None:
    assert (
        corrected(OLD, 2, "unrecognized directive: gzip")
        == """\
shop.example.com {
	encode gzip
	reverse_proxy /api* localhost:3001 https://10.0.0.2 {
		header_up X-Real-IP {remote_host}
		transport http {
			tls_insecure_skip_verify
		}
	}
	reverse_proxy 127.0.0.1:3000
	encode {
		gzip
	}
	file_server {
		browse
	}
}
"""
    )


@pytest.mark.parametrize(
    ("line", "new"),
    [
        ("127.0.0.1:3000", "reverse_proxy 127.0.0.1:3000"),
        ("unix//run/a.sock", "reverse_proxy unix//run/a.sock"),
        ("fastcgi / unix:/run/php.sock php", "php_fastcgi unix//run/php.sock"),
        ("ext .html .htm", "try_files {path} {path}.html {path}.htm"),
        ("status 404 /private", "respond /private 404"),
        ("proxy_pass http://app:80;", "reverse_proxy http://app:80"),
        ("proxy_pass http://app ;", "reverse_proxy http://app"),
        ("ProxyPass / http://app:80/", "reverse_proxy http://app:80"),
    ],
)
def test_a_line(line: str, new: str) -> None:
    text = f"shop.example.com {{\n\t{line}\n}}\n"
    message = f"unrecognized directive: {line.partition(' ')[0]}"
    assert corrected(text, 2, message) == f"shop.example.com {{\n\t{new}\n}}\n"


def test_the_fields_of_nginx() -> None:
    text = (
        "a.example {\n    reverse_proxy app:80 {\n        proxy_set_header Host $host;\n"
        "        proxy_set_header Upgrade $http_upgrade;\n        proxy_set_header X-A b\n    }\n}"
    )
    message = "unrecognized subdirective proxy_set_header"
    expected = "a.example {\n    reverse_proxy app:80 {\n        header_up Host {host}\n"
    assert corrected(text, 3, message) == f"{expected}        header_up X-A b\n    }}\n}}"


@pytest.mark.parametrize(
    "line",
    [
        "proxy / app:80/path", "proxy app:80", "proxy /~x app:80", "proxy", "fastcgi /a x:1 php",
        "gzip {", "ext html", "status no /", "proxy_pass http://$app;", "proxy_pass http://a/b/;",
        "proxy / app:80 # old", "ProxyPass /a http://app/", "", "limits 10mb", "proxy / app",
    ],
)  # fmt: skip
def test_what_a_person_corrects(line: str) -> None:
    lines = ["shop.example.com {", f"\t{line}", "}"]
    word = line.partition(" ")[0]
    kind = known_mistake(f"unrecognized directive: {word}") or Mistake("old", word)
    assert not corrected_lines(lines, 2, kind)
    assert not corrected_lines(["a {", "\tgzip", *lines[1:]], 3, kind)


def test_an_address_that_may_be_another_site() -> None:
    mistake = Mistake("address", ":8080")
    assert not corrected_lines(["a.example {", ":8080 {", "}"], 2, mistake)
    assert not corrected_lines(["a.example {", ":8080", "}"], 7, mistake)
    assert not corrected_lines(["a.example {"] * 6000, 2, mistake)
    assert not corrected_lines(["a.example {", "x"], 2, Mistake("site", "b.example"))
