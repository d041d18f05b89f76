import pytest

from diagnose.parsers.form_scripts import handles_forms


@pytest.mark.parametrize(
    "text",
    [
        "form.addEventListener('submit', send)",
        '<form method="post" action="/login" onsubmit="return send(this)">',
        '$("#login").on("submit", function (event) {',
        "$('form').submit(function(e){e.preventDefault()})",
        "fetch(form.action, {method: 'POST', body: new FormData(form)})",
        'jsx("form",{onSubmit:t,children:n})',
        '<form @submit.prevent="send">',
        '<form hx-post="/login" method="post">',
        '<form name="contact" method="POST" data-netlify="true">',
        '<form name="contact" netlify method="POST">',
        '<form data-remote="true" method="post">',
    ],
)
def test_what_takes_a_form_over(text: str) -> None:
    assert handles_forms(text)


@pytest.mark.parametrize(
    "text",
    [
        '<form method="post" action="/login"><button type="submit">Go</button></form>',
        "<script async src=https://www.googletagmanager.com/gtag/js></script>",
        '<div data-id="7">netlify</div>',
        "",
    ],
)
def test_what_does_not(text: str) -> None:
    assert not handles_forms(text)
