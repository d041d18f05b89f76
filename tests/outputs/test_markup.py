from diagnose.outputs.markup import (
    Markup,
    definition_list,
    inline,
    join,
    join_lines,
    pre,
    prose,
    table,
    tag,
)


def test_text_is_escaped_once_and_markup_never() -> None:
    assert tag("p", 'a < b & "c"') == "<p>a &lt; b &amp; &quot;c&quot;</p>"
    assert tag("p", tag("b", "<")) == "<p><b>&lt;</b></p>"
    assert join("<", None, Markup("<br>")) == "&lt;<br>"


def test_an_attribute_has_its_name_in_html() -> None:
    made = tag("div", class_="a", aria_label='"', tabindex=0, id=None)
    assert made == '<div class="a" aria-label="&quot;" tabindex="0"></div>'
    assert tag("meta", charset="utf-8") == '<meta charset="utf-8">'


def test_what_controls_a_terminal_is_replaced() -> None:
    assert tag("p", "a\x1b[2Jb\u202ec") == "<p>a�[2Jb�c</p>"


def test_parts_stand_on_lines_of_their_own() -> None:
    assert join_lines("a", None, "", "b") == "\na\nb\n"


def test_prose_is_paragraphs_lists_and_code() -> None:
    assert prose("one `<x>`\n\n- a\n- b\n\n    $ c") == (
        "\n<p>one <code>&lt;x&gt;</code></p>"
        "\n<ul>\n<li>a</li>\n<li>b</li>\n</ul>"
        '\n<pre class="code" tabindex="0"><code>$ c</code></pre>\n'
    )
    assert prose("") is None
    assert inline("a `b`") == "a <code>b</code>"


def test_a_table_has_a_caption_and_the_heads_of_its_columns() -> None:
    made = table("All", ["A", "B"], [tag("tr", tag("td", "1"), tag("td", "2"))])
    assert "<caption>All</caption>" in made
    assert made.count('<th scope="col">') == 2
    assert definition_list(("a", "b")) == "<dl><div><dt>a</dt> <dd>b</dd></div></dl>"
    assert pre("a\nb", "file") == '<pre class="file" tabindex="0"><code>a\nb</code></pre>'
