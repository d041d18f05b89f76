from diagnose.parsers.html_tags import excerpt


def test_an_excerpt_has_the_title_and_the_texts_without_scripts_and_styles() -> None:
    page = (
        "<html><head><title>400 Bad\n Request</title><style>p { color: red }</style></head>"
        "<body><h1>Bad</h1><!-- build 7 --><script>if (a < b) {}</script><p>wrong Host</body>"
    )
    assert excerpt(page) == "400 Bad Request Bad wrong Host"
    assert excerpt('{"error": "a < b"}') == '{"error": "a < b"}'
    assert excerpt("x" * 121) == "x" * 119 + "…"


def test_an_excerpt_of_a_hostile_page_takes_linear_time() -> None:
    assert excerpt("<script" * 200_000) == ""
    assert excerpt("<style>" * 200_000) == ""
