"""Which program for WebAssembly a page streams, and in no other way."""

import pytest

from diagnose.parsers.streamed_programs import streamed_program_in

#: wasm_exec.html of Go (misc/wasm), shortened.
GO = """\
<script src="wasm_exec.js"></script><script>
if (!WebAssembly.instantiateStreaming) { // polyfill
  WebAssembly.instantiateStreaming = async (resp, importObject) => {
    const source = await (await resp).arrayBuffer();
    return await WebAssembly.instantiate(source, importObject);
  };
}
const go = new Go();
WebAssembly.instantiateStreaming(fetch("test.wasm"), go.importObject).then((result) => {});
</script>"""


@pytest.mark.parametrize(
    ("text", "program"),
    [
        ("WebAssembly.instantiateStreaming(fetch('simple.wasm'), importObject)", "simple.wasm"),
        (
            'const m = await WebAssembly.compileStreaming(fetch("/pkg/app.wasm?v=3"))',
            "/pkg/app.wasm",
        ),
        ("const r = fetch(`./a.wasm`); WebAssembly.instantiateStreaming(r)", "./a.wasm"),
        (GO, "test.wasm"),
    ],
)
def test_a_program_that_is_streamed(text: str, program: str) -> None:
    assert streamed_program_in(text) == program


@pytest.mark.parametrize(
    "text",
    [
        # Emscripten and wasm-bindgen go on with the whole file.
        "WebAssembly.instantiateStreaming(r, i).catch(() => r.arrayBuffer()); f('a.wasm')",
        "fetch('a.wasm').then(r => r.arrayBuffer()).then(b => WebAssembly.instantiate(b))",
        "// WebAssembly.instantiateStreaming(fetch('a.wasm'))",
        "<!doctype html><pre>WebAssembly.instantiateStreaming(fetch('a.wasm'))</pre>",
        "WebAssembly.instantiateStreaming(fetch(name))",
        "",
    ],
)
def test_none(text: str) -> None:
    assert not streamed_program_in(text)
