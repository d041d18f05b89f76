"""Finds the functions of a browser that a script uses and a site may forbid its own pages: camera,
microphone, position and others. No I/O.

W3C Permissions Policy; Media Capture and Streams, section 10; Geolocation; Clipboard API.

Programs of others are full of calls that a page never makes: a map can show where a visitor is, a
film can fill the screen. Of these only a short script of the site itself counts. Nobody loads a
program that takes pictures or sound without a use for it.
"""

import re

from diagnose.model.pages import Feature
from diagnose.parsers.html_tags import Tag, tokens
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.script_urls import MAX_URLS, is_in_use

#: Characters of a script up to which it is taken for one that was written for the site.
SHORT = 32 << 10

#: `getUserMedia({audio: true, video: {…}})`: the beginning of its argument.
_MEDIA = lazy_pattern(r"\bgetUserMedia\(\s{0,9}(\{[^;]{0,300})?")
_WANTED = {
    "camera": re.compile(r"\bvideo\b\s*[:,}]"),
    "microphone": re.compile(r"\baudio\b\s*[:,}]"),
}
_REFUSED = re.compile(r"\b(?:video|audio)\b\s*:\s*(?:false|!1)")
_SPEECH = lazy_pattern(r"\bnew (?:window\.)?(?:webkit)?SpeechRecognition\b")
_CALLS: tuple[tuple[Feature, re.Pattern[str]], ...] = (
    ("display-capture", lazy_pattern(r"\.getDisplayMedia\(")),
    ("geolocation", lazy_pattern(r"\bgeolocation\s?\.(?:getCurrentPosition|watchPosition)\(")),
    ("clipboard-write", lazy_pattern(r"\bclipboard\s?\.write(?:Text)?\(")),
    ("clipboard-read", lazy_pattern(r"\bclipboard\s?\.read(?:Text)?\(")),
    ("fullscreen", lazy_pattern(r"\.requestFullscreen\(")),
    ("midi", lazy_pattern(r"\.requestMIDIAccess\(")),
    ("payment", lazy_pattern(r"\bnew PaymentRequest\(")),
    ("usb", lazy_pattern(r"\busb\.requestDevice\(")),
    ("serial", lazy_pattern(r"\bserial\.requestPort\(")),
    ("bluetooth", lazy_pattern(r"\bbluetooth\.requestDevice\(")),
    ("hid", lazy_pattern(r"\bhid\.requestDevice\(")),
    ("publickey-credentials-get", lazy_pattern(r"\bcredentials\.get\(\s{0,9}\{\s{0,9}publicKey")),
    (
        "publickey-credentials-create",
        lazy_pattern(r"\bcredentials\.create\(\s{0,9}\{\s{0,9}publicKey"),
    ),
    ("web-share", lazy_pattern(r"\bnavigator\.share\(")),
    ("screen-wake-lock", lazy_pattern(r"\bwakeLock\.request\(")),
    ("xr-spatial-tracking", lazy_pattern(r"\bxr\.requestSession\(")),
)


def features_in(script: str) -> tuple[Feature, ...]:
    """Return the functions that a script or a page's own scripts use, each once."""
    features = _media_in(script)
    if len(script) <= SHORT:
        features += [name for name, pattern in _CALLS if _is_called(pattern, script)]
    return tuple(dict.fromkeys(features))


def features_in_page(document: str) -> tuple[Feature, ...]:
    """Return the functions that the scripts in a page itself use."""
    scripts = (
        token.text
        for token in tokens(document)
        if isinstance(token, Tag) and token.name == "script" and token.text
    )
    return tuple(dict.fromkeys(feature for script in scripts for feature in features_in(script)))


def _media_in(script: str) -> list[Feature]:
    features: list[Feature] = []
    if "getUserMedia(" in script:
        for match, _ in zip(_MEDIA.finditer(script), range(MAX_URLS), strict=False):
            if is_in_use(script, match.start()):
                features += _media_features(match[1] or "")
    if "SpeechRecognition" in script and len(script) <= SHORT and _is_called(_SPEECH, script):
        features.append("microphone")
    return features


def _media_features(argument: str) -> list[Feature]:
    """Return what the argument of getUserMedia asks for."""
    own = _REFUSED.sub("", argument.partition(")")[0])
    wanted: list[Feature] = []
    if _WANTED["camera"].search(own):
        wanted.append("camera")
    if _WANTED["microphone"].search(own):
        wanted.append("microphone")
    return wanted or ["camera-or-microphone"]


def _is_called(pattern: re.Pattern[str], script: str) -> bool:
    matches = zip(pattern.finditer(script), range(MAX_URLS), strict=False)
    return any(is_in_use(script, match.start()) for match, _ in matches)
