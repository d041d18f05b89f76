"""Comparisons of `Accept`: which lines are some, and what takes their place."""

import pytest

from diagnose.parsers.accept_comparisons import accept_comparison, items_of

JSON = "application/activity+json"


@pytest.mark.parametrize(
    ("product", "line", "corrected"),
    [
        ("apache", r"RewriteCond %{HTTP_ACCEPT} ^application/activity\+json$ [NC]",
         r"RewriteCond %{HTTP_ACCEPT} application/activity\+json [NC]"),
        ("apache", f'    RewriteCond "%{{HTTP:Accept}}" "!={JSON}"',
         r'    RewriteCond "%{HTTP:Accept}" "!application/activity\+json"'),
        ("apache", f"<If \"%{{HTTP_ACCEPT}} == '{JSON}'\">",
         r'<If "%{HTTP_ACCEPT} =~ m#application/activity\+json#">'),
        ("caddy", f"\t@api header Accept {JSON}", f"\t@api header Accept *{JSON}*"),
        ("haproxy", f"    acl api hdr(accept) -i {JSON}",
         f"    acl api req.fhdr(accept) -m sub -i {JSON}"),
        ("haproxy", f"    use_backend api if {{ req.fhdr(accept) -m str {JSON} }}",
         f"    use_backend api if {{ req.fhdr(accept) -m sub {JSON} }}"),
    ],
)  # fmt: skip
def test_a_comparison_is_corrected(product: str, line: str, corrected: str) -> None:
    comparison = accept_comparison(product, line)
    assert comparison
    assert comparison.type == JSON
    assert comparison.corrected == corrected
    assert accept_comparison(product, corrected) is None


@pytest.mark.parametrize(
    ("product", "line"),
    [
        ("apache", "RewriteCond %{HTTP_ACCEPT} application/json"),
        ("apache", "RewriteCond %{HTTP_ACCEPT} ^application/json"),
        ("apache", "RewriteCond %{HTTP_ACCEPT_ENCODING} =gzip"),
        ("apache", "RewriteCond %{HTTP_ACCEPT} image/webp"),
        ("caddy", "\theader Accept application/json"),
        ("caddy", "\t@api header Accept *application/json*"),
        ("caddy", "\t@api header Accept-Encoding gzip"),
        ("haproxy", "    acl api hdr(accept-language) -i de"),
        ("haproxy", "    acl api hdr_sub(accept) -i application/json"),
        ("haproxy", "    acl api req.hdr(accept) -m sub application/json"),
        ("nginx", "acl api hdr(accept) application/json"),
        ("haproxy", "accept" * 300),
        ("", ""),
    ],
)
def test_another_line_is_none(product: str, line: str) -> None:
    assert accept_comparison(product, line) is None


def test_a_line_in_the_block_of_a_matcher() -> None:
    assert accept_comparison("caddy", "header Accept text/html", in_matcher=True)


def test_the_values_of_a_list() -> None:
    assert items_of('text/html, a/b;x="1, 2";q=0.5,*/*') == (
        "text/html",
        'a/b;x="1, 2";q=0.5',
        "*/*",
    )
    assert items_of("") == ()
