"""Whether a configuration lets CGI, FastCGI and WSGI programs have the field Authorization (core,
"CGIPassAuth"; mod_wsgi, "WSGIPassAuthorization"; or a variable of their environment that a rule
fills). No I/O."""

from collections.abc import Sequence

from diagnose.parsers.apache.config import Directive

#: Directives that may set a variable (mod_setenvif, mod_rewrite, mod_env, mod_headers).
_SETTING = {"setenvif", "setenvifnocase", "setenvifexpr", "rewriterule", "setenv", "requestheader"}
_SETTING |= {"proxyfcgisetenvif"}


def passes_authorization(directives: Sequence[Directive]) -> bool:
    """Return whether a line passes the field on, for some of the paths at least."""
    for directive in directives:
        if directive.block is not None:
            if passes_authorization(directive.block):
                return True
        elif directive.name in {"cgipassauth", "wsgipassauthorization"}:
            if "".join(directive.args[:1]).lower() == "on":
                return True
        elif directive.name == "fcgidpassheader":
            if "authorization" in map(str.lower, directive.args):
                return True
        elif (
            directive.name in _SETTING and "HTTP_AUTHORIZATION" in " ".join(directive.args).upper()
        ):
            return True
    return False
