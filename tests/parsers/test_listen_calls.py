"""Where a script tells its program to listen on the loopback address alone."""

import pytest

from diagnose.parsers.listen_calls import listen_call

FASTIFY = "const fastify = require('fastify')()\n"


@pytest.mark.parametrize(
    ("name", "before", "line", "new"),
    [
        ("a.js", "", "server.listen(3000, '127.0.0.1', () => {",
         "server.listen(3000, '0.0.0.0', () => {"),
        ("a.js", "", 'app.listen(port, "localhost");', 'app.listen(port, "0.0.0.0");'),
        ("a.mjs", "", "app.listen({ port: 3000, host: '::1' })",
         "app.listen({ port: 3000, host: '::' })"),
        ("a.js", FASTIFY, "fastify.listen(3000, (err, address) => {",
         "fastify.listen(3000, '0.0.0.0', (err, address) => {"),
        ("a.js", FASTIFY, "await fastify.listen(3000)", "await fastify.listen(3000, '0.0.0.0')"),
        ("a.ts", "import Fastify from 'fastify'\n", "await app.listen({ port: 3000 })",
         "await app.listen({ port: 3000, host: '0.0.0.0' })"),
        ("a.py", "from flask import Flask\n", "    app.run(port=5000)",
         '    app.run(host="0.0.0.0", port=5000)'),
        ("a.py", "from flask import Flask\n", "    app.run()", '    app.run(host="0.0.0.0")'),
        ("a.py", "import uvicorn\n", "uvicorn.run(app, port=8000)",
         'uvicorn.run(app, host="0.0.0.0", port=8000)'),
        ("a.py", "import uvicorn\n", "uvicorn.run(app, host='127.0.0.1', port=8000)",
         "uvicorn.run(app, host='0.0.0.0', port=8000)"),
        ("a.py", "", "server = HTTPServer(('localhost', 8000), Handler)",
         "server = HTTPServer(('0.0.0.0', 8000), Handler)"),
    ],
)  # fmt: skip
def test_the_line_of_the_call(name: str, before: str, line: str, new: str) -> None:
    found = listen_call(f"{before}{line}\n", name)
    assert found
    assert found.line == line
    assert found.new == new


def test_the_constant_that_the_call_names() -> None:
    text = (
        "const hostname = '127.0.0.1';\nconst port = 3000;\n"
        "server.listen(port, hostname, () => {\n  console.log(`http://${hostname}:${port}/`);\n"
    )
    found = listen_call(text, "app.js")
    assert found
    assert (found.number, found.new) == (1, "const hostname = '0.0.0.0';")


def test_a_debugger_that_is_off_is_none() -> None:
    text = "from flask import Flask\nDEBUG = False\nif debug == 1: print()\napp.run()\n"
    found = listen_call(text, "app.py")
    assert found
    assert found.number == 4


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.js", "app.listen(3000)"),
        ("a.js", "// server.listen(3000, '127.0.0.1')"),
        ("a.js", "a.listen(1, '127.0.0.1')\nb.listen(2, '127.0.0.1')"),
        ("a.js", "const db = '127.0.0.1';\nconnect(db);\napp.listen(3000);"),
        ("a.js", f"{FASTIFY}fastify.listen(3000, HOST, done)"),
        ("a.js", f"{FASTIFY}fastify.listen(3000, '0.0.0.0')"),
        ("a.js", f"{FASTIFY}fastify.listen({{ port: 3000, host: '0.0.0.0' }})"),
        ("a.js", f"{FASTIFY}fastify.listen(3000, done)"),
        ("a.py", "from flask import Flask\napp.run(host='0.0.0.0', port=80)"),
        ("a.py", "from flask import Flask\napp.run(**options)"),
        ("a.py", "import uvicorn\nuvicorn.run(app, **options)"),
        ("a.py", "app.run()"),
        ("a.py", "from flask import Flask\napp.run(debug=True)"),
        ("a.py", "app.run(host='127.0.0.1', debug=True)"),
        ("a.py", "from flask import Flask\napp.debug = True\napp.run()"),
        ("a.py", "from flask import Flask\napp.config['DEBUG'] = os.environ.get('D')\napp.run()"),
        ("a.py", "HOST = '127.0.0.1'\napp.run(host=HOST,\n        debug=True)"),
        ("a.rb", "app.listen(3000, '127.0.0.1')"),
        ("a.js", ""),
    ],
)
def test_what_is_left_alone(name: str, text: str) -> None:
    assert listen_call(text, name) is None
