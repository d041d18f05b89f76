import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.model.web_servers import ServerFile, WebSite
from diagnose.parsers.caddy.body_limits import body_limit, parse_size

PATH = "/etc/caddy/Caddyfile"
SITE = """\
shop.example.com {
	@media path /media/* /photos/*
	request_body /upload* {
		max_size 1MB
	}
	request_body @media {
		max_size 2MiB
	}
	request_body @unknown {
		max_size 5KB
	}
	handle_path /api/* {
		request_body /files {
			max_size 10KB # small
		}
		reverse_proxy 127.0.0.1:3000
	}
	import limits
	reverse_proxy 127.0.0.1:3000
}
(limits) {
	request_body /old/* {
		max_size 3000
	}
}
"""


def limit(path: str, text: str = SITE) -> tuple[int, int, bool] | None:
    site = WebSite(file=PATH, line=1, end=text.split("\n").index("}") + 1)
    found = body_limit((ServerFile(PATH, text),), site, path)
    return (found.size, found.line, found.is_certain) if found else None


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/upload/photo", (1_000_000, 4, True)),
        ("/photos/a", (2 << 20, 7, True)),
        ("/api/files", (10_000, 14, True)),
        ("/old/a", (3000, 23, True)),
        ("/other", (5000, 10, False)),
        ("/files", (5000, 10, False)),
    ],
)
def test_the_line_that_counts_for_a_path(path: str, expected: tuple[int, int, bool]) -> None:
    assert limit(path) == expected


def test_other_blocks_are_none() -> None:
    text = "shop.example.com {\n\tlog {\n\t\tmax_size 5\n\t}\n}\n"
    assert limit("/", text) is None
    assert limit("/", "shop.example.com {\n\treverse_proxy 127.0.0.1:3000\n}\n") is None


@pytest.mark.parametrize(
    ("text", "size"),
    [("10MB", 10_000_000), ("10MiB", 10 << 20), ("1.5k", 1500), ("7", 7), ("7b", 7), ("x", None),
     ("i", None), ("", None), ("{$MAX}", None)],
)  # fmt: skip
def test_sizes_as_caddy_reads_them(text: str, size: int | None) -> None:
    assert parse_size(text) == size


@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    site = WebSite(file=PATH, line=1, end=9)
    body_limit((ServerFile(PATH, text),), site, "/")
