"""Whether a script sends the forms of a page in the browser's place. Then the address in the form
is mostly not the one that is asked. No I/O."""

import re

from diagnose.parsers.lazy_pattern import lazy_pattern

#: Events and calls of scripts (HTML standard, "submit"; jQuery; React's `onSubmit`; Vue, Alpine and
#: Angular in the markup), and attributes by which a library or a host takes a form over: htmx,
#: Turbo and Rails' UJS, Netlify.
_HANDLES = lazy_pattern(
    r"addEventListener\(\s{0,9}[\"'`]submit|\bonsubmit\b|\.on\(\s{0,9}[\"'`]submit"
    r"|\.submit\(\s{0,9}(?:function|async|\(|\w{1,40}\s{0,9}=>)|\bnew\s{1,9}FormData\b"
    r"|\.serialize(?:Array)?\(\)|[\s\"'](?:@submit|v-on:submit|x-on:submit|\(ngSubmit\)|ng-submit)"
    r"|[\s\"'](?:data-)?hx-(?:post|put|boost)\b|\bdata-(?:remote|turbo|netlify|ajax)\b"
    r"|<form[^>]{0,400}\snetlify[\s>=]",
    re.IGNORECASE,
)
#: One of these is in each of them.
_WORDS = ("ubmit", "FormData", ".serialize", "hx-", "data-", "netlify")


def handles_forms(text: str) -> bool:
    """Return whether a page or a script takes forms over."""
    # A large script without these words costs nothing more.
    return any(word in text for word in _WORDS) and _HANDLES.search(text) is not None
