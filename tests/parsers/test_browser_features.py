"""Which functions of a browser a script uses."""

import pytest

from diagnose.parsers.browser_features import SHORT, features_in, features_in_page


@pytest.mark.parametrize(
    ("script", "features"),
    [
        ("navigator.mediaDevices.getUserMedia({audio: true})", ("microphone",)),
        ("navigator.mediaDevices.getUserMedia({ video: {width: 9}, audio: false })", ("camera",)),
        ("x.getUserMedia({audio:!0,video:!0})", ("camera", "microphone")),
        ("getUserMedia(constraints)", ("camera-or-microphone",)),
        ("navigator.mediaDevices.getDisplayMedia({})", ("display-capture",)),
        ("navigator.geolocation.getCurrentPosition(show)", ("geolocation",)),
        ("navigator.clipboard.writeText(text)", ("clipboard-write",)),
        ("await navigator.clipboard.readText()", ("clipboard-read",)),
        ("player.requestFullscreen()", ("fullscreen",)),
        ("new webkitSpeechRecognition()", ("microphone",)),
        ("navigator.credentials.get({publicKey: x})", ("publickey-credentials-get",)),
        ("navigator.share({title})", ("web-share",)),
    ],
)
def test_a_call(script: str, features: tuple[str, ...]) -> None:
    assert features_in(script) == features


@pytest.mark.parametrize(
    "script",
    [
        "",
        "// navigator.geolocation.getCurrentPosition(show)",
        "/* getUserMedia({audio: true}) */",
        "if ('geolocation' in navigator) show()",
        "document.execCommand('copy')",
    ],
)
def test_no_call(script: str) -> None:
    assert not features_in(script)


def test_of_a_long_program_only_camera_and_microphone_count() -> None:
    """A map that is not asked where the visitor is needs no position."""
    filler = "x();" * SHORT
    assert not features_in(filler + "navigator.geolocation.getCurrentPosition(show)")
    assert features_in(filler + "m.getUserMedia({video:!0})") == ("camera",)


def test_of_a_page_its_scripts_count_and_not_its_text() -> None:
    call = "navigator.geolocation.getCurrentPosition(show)"
    assert features_in_page(f"<p>{call}</p><script>{call}</script>") == ("geolocation",)
    assert not features_in_page(f"<pre>{call}</pre>")
