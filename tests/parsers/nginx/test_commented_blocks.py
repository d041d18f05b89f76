import pytest

from diagnose.parsers.nginx.commented_blocks import commented_locations
from diagnose.parsers.nginx.config import parse
from diagnose.parsers.nginx.edits import apply_edits

SERVER = """\
server {
  listen 443 ssl;
%s
  location / {
    # location /inner/ {
    #   proxy_pass http://127.0.0.1:1;
    # }
    try_files $uri /index.html;
  }
}
"""
API = "  #location /api/ {\n  #  proxy_pass http://127.0.0.1:3001;\n  #}"


def _found(comment: str) -> list[tuple[str, str, int, str]]:
    text = SERVER % comment
    block = parse(text, "/etc/nginx/a.conf")[0]
    return [
        (each.path, each.target, each.line, apply_edits(text, each.edit))
        for each in commented_locations(text, block)
    ]


@pytest.mark.parametrize("sign", ["#", "# ", "##"])
def test_a_location_comes_out_of_its_comment(sign: str) -> None:
    ((path, target, line, text),) = _found(API.replace("#", sign))
    assert (path, target, line) == ("/api/", "http://127.0.0.1:3001", 3)
    lines = "  location /api/ {\n    proxy_pass http://127.0.0.1:3001;\n  }\n  location / {"
    assert [row.split() for row in lines.split("\n")] == [
        row.split() for row in text.split("\n")[2:6]
    ]


@pytest.mark.parametrize(
    "comment",
    [
        "  # location /api/ is for the interface {\n  # }",
        "  #location /api/ {\n  #  proxy_pass http://127.0.0.1:3001;",
        "  #location /api/ {\n  #  return 404;\n  #}",
        "  #location /api/ {\n    proxy_pass http://127.0.0.1:3001;\n  #}",
        "  #location ~ ^/api/ {\n  #  proxy_pass http://127.0.0.1:3001;\n  #}",
    ],
)
def test_prose_and_parts_are_no_locations(comment: str) -> None:
    assert not _found(comment)
