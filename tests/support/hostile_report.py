"""Reports in which everything that a stranger may have written is one and the same text."""

from hypothesis import strategies as st

from diagnose.model import (
    Claim,
    Command,
    Crash,
    Edit,
    Effect,
    Failure,
    Fix,
    Location,
    Manual,
    Report,
    Severity,
    Subject,
    Unseen,
    Where,
)
from diagnose.model.dns import Resolution
from diagnose.model.tcp import Connection
from tests.support.report_builder import SERVER, check, report

#: What has broken out of pages and tickets before.
KNOWN = (
    "<script>alert(1)</script>",
    "</title></style><img src=x onerror=alert(1)>",
    "</code></pre></details><svg onload=alert(1)>",
    '" onmouseover="alert(1)',
    "' autofocus onfocus='alert(1)",
    "&lt;b&gt; &#60;b&#62;",
    "<!-- --> ]]> <?x?> <!DOCTYPE html>",
    "javascript:alert(1)",
    "![x](https://evil.example/x.png)",
    "[x](https://evil.example/)",
    "<https://evil.example/>",
    "https://evil.example/ http://evil.example www.evil.example",
    "someone@evil.example @everyone #1 shop/shop#2",
    "```\n# loud\n```",
    "````````",
    "`` ` `",
    "a`b`https://evil.example/`c",
    "\\`https://evil.example/`",
    "| a | b |\n|---|---|\n| c | d |",
    "\\| \\\\| |",
    "x\n\n---\n\n# loud\n\n- item\n\n> quoted\n\n1. one",
    "    four blanks\n\tand a tab",
    "~~~\ngone\n~~~ ~~x~~ **y** __z__ $\\frac{1}{2}$",
    "[^1]: note\n[x]: https://evil.example/",
    "\x1b]52;c;x\x07\x9b2J\r\u202eevil\u2066\ufeff\x00",
    "{{fix}} {{port}} {0} %s",
)

TEXTS = st.one_of(
    st.sampled_from(KNOWN),
    st.text(alphabet="<>\"'&`|[]()!\\*_#-=~+$: \n\thtps/.@w0", max_size=40),
    st.text(max_size=40),
    st.lists(st.sampled_from(KNOWN), min_size=2, max_size=3).map("".join),
)


def hostile(text: str) -> Report:
    """A cause, a symptom, a note, something unseen and a crash, full of the text."""
    name = Resolution(name=text, family=4, addresses=(text,), equivalent=text)
    shut = Connection(address=text, port=443, family=4, equivalent=f"nc {text}",
                      failure=Failure("refused", text, 111, text))  # fmt: skip
    facts = {"address": text, "port": text}
    fix = Fix(
        (
            Edit(text, f"--- {text}\n+++ {text}\n@@ -1 +1 @@\n-{text}\n+{text}\n"),
            Command((text, "-t"), Effect.TEST, undo=(text,)),
            Manual("ask", Where.APPLICATION, text),
            Manual(text, Where.DNS_PROVIDER, f"https://{text}"),
        )
    )
    place = Location(text, 2, 2, 4, 1, (text, f"x{text}", text))

    def claim(about: str, **more: object) -> Claim:
        given: dict[str, object] = {"because": (name, shut), "facts": facts, **more}
        return Claim(about=Subject(text=about), **given)  # type: ignore[arg-type]

    return report(
        SERVER,
        name,
        shut,
        Unseen(what=text, why=text, enable=text),
        raised=(
            (
                check("nginx.door-locked", Severity.ERROR, "tcp.door-shut"),
                claim(text, fix=fix, location=place, ruled_out=(text,)),
            ),
            (check("tcp.door-shut"), claim(text)),
            (check("nginx.door-locked", Severity.NOTE), claim(text)),
        ),
        crashes=(Crash(text, text),),
        interrupted=True,
    )
