"""The version of Node.js or Java that a program needs."""

from diagnose.parsers.linux.runtimes import fitting_java, fitting_node, runtime_lines

NVM = "/home/ann/.nvm/versions/node/v18.19.0/bin/node"
OLD = {"exec": ["/usr/bin/node app.js"], "now": ["v12.22.9 /usr/bin/node"]}
HERE = ["v12.22.9 /usr/bin/node", f"v18.19.0 {NVM}"]


def test_a_newer_one_is_meant_and_none_that_is_not() -> None:
    runtime = fitting_node({**OLD, "runtime": HERE})
    assert runtime
    assert runtime_lines(runtime, OLD) == ("ExecStart=", f"ExecStart={NVM} app.js")
    assert fitting_node({**OLD, "runtime": HERE[:1]}) is None
    # What runs it now is the newest: its source is wrong.
    assert fitting_node({"now": [f"v18.19.0 {NVM}"], "runtime": HERE}) is None
    assert fitting_node({"runtime": HERE}) is None
    # All that is newer in the language is known to it.
    newer = {"now": [f"v18.19.0 {NVM}"], "runtime": ["v22.1.0 /usr/local/bin/node"]}
    assert fitting_node(newer)
    assert fitting_node(newer, "SyntaxError: Unexpected token '.'") is None


def test_the_one_for_which_modules_were_compiled() -> None:
    values = {**OLD, "abi": ["108"], "runtime": [*HERE, "v20.1.0 /usr/local/bin/node"]}
    runtime = fitting_node(values)
    assert runtime
    assert runtime.program == NVM
    assert fitting_node({**values, "abi": ["127"]}) is None
    assert fitting_node({**values, "abi": ["x"]}) is None


def test_what_npm_looks_for_in_path() -> None:
    npm = {"exec": ["/usr/bin/npm start"], "path": ["/opt/bin:/usr/bin"]}
    runtime = fitting_node({**OLD, "runtime": HERE})
    assert runtime
    folder = NVM.removesuffix("/node")
    assert runtime_lines(runtime, npm) == (f"Environment=PATH={folder}:/opt/bin:/usr/bin",)
    assert runtime_lines(runtime, {**npm, "path": ["/opt/bin $HOME"]}) == ()


def test_the_oldest_java_that_knows_the_class_files() -> None:
    line = "java.lang.UnsupportedClassVersionError: a/B has been compiled (class file version 61.0)"
    java = {"exec": ["/usr/bin/java -jar /srv/a.jar"]}
    here = [f"{each} /usr/lib/jvm/{each}/bin/java" for each in ("11", "21", "17")]
    runtime = fitting_java({**java, "runtime": here}, line)
    assert runtime
    wanted = "ExecStart=/usr/lib/jvm/17/bin/java -jar /srv/a.jar"
    assert runtime_lines(runtime, java) == ("ExecStart=", wanted)
    assert fitting_java({**java, "runtime": here[:1]}, line) is None
