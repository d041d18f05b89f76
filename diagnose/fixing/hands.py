"""What changes a server: the same few scripts through either door, local or SSH.

Every file is replaced by rename(2), after a copy of it with its owner, mode, times and label was
filled: whoever reads it, or is killed, finds the old one or the new one. What is saved lies in a
folder that only root may enter.
"""

import posixpath
import secrets

from diagnose.machine import Machine, Ran

#: Of an argument no more than this goes into one command (execve(2): 128 KiB at most).
PIECE = 60_000

#: Seconds for a step. A package's own test or reload may take its time.
PATIENCE = 60.0

_COMMON = r"""
LC_ALL=C; export LC_ALL; umask 077
say() { echo "$*" >&2; exit 1; }
there() { [ -e "$1" ] || [ -L "$1" ]; }
swap() { mv -fT -- "$1" "$2" 2>/dev/null || { [ ! -d "$2" ] && mv -f -- "$1" "$2"; }; }
"""

# COPY PATH: what is at PATH, whatever it is, is in COPY; an empty COPY.absent where nothing is.
_SAVE = r"""
there "$2" || { : > "$1.absent" || exit 1; exit 0; }
rm -rf -- "$1.part" "$1" "$1.absent"; cp -a -- "$2" "$1.part" && swap "$1.part" "$1"
"""

# COPY PATH: PATH is again as it was saved, file by file, and may be cut off anywhere.
_RESTORE = r"""
b=$1 p=$2
put() { t="$2.diagnose-$$"; rm -rf -- "$t"; cp -a -- "$1" "$t" && swap "$t" "$2"; }
if [ -e "$b.absent" ]; then rm -rf -- "$p"; exit; fi
there "$b" || say "nothing was saved of $p"
if [ ! -d "$b" ] || [ -L "$b" ]; then put "$b" "$p"; exit; fi
cd "$b" || exit 1
find . -type d | while IFS= read -r d; do mkdir -p -- "$p/$d"; done || exit 1
find . ! -type d | while IFS= read -r f; do
  put "$b/$f" "$p/$f" || exit 1
done || exit 1
cd "$p" || exit 1
find . ! -type d | while IFS= read -r f; do there "$b/$f" || rm -f -- "$f"; done
find . -depth -type d | while IFS= read -r d; do [ -d "$b/$d" ] || rmdir -- "$d"; done
"""

# NEW PATH BEFORE: PATH holds what NEW holds, unless it no longer holds what BEFORE does.
_REPLACE = r"""
new=$1 p=$(readlink -f -- "$2") before=$3
cmp -s -- "$p" "$new" && exit 0
if [ -e "$before.absent" ]; then
  there "$p" && say "$p was made by somebody else in between"
  t="$p.diagnose-$$"; rm -f -- "$t"
  cat -- "$new" > "$t" && chmod 644 -- "$t" && mv -f -- "$t" "$p"; exit
fi
cmp -s -- "$p" "$before" || say "$p was changed by somebody else in between"
t="$p.diagnose-$$"; rm -f -- "$t"
cp -p --preserve=all -- "$p" "$t" 2>/dev/null || cp -p -- "$p" "$t" || exit 1
cat -- "$new" > "$t" && cmp -s -- "$new" "$t" || {
  rm -f -- "$t"; say "$p: it could not be written"
}
sync -- "$t" 2>/dev/null
cmp -s -- "$p" "$before" || { rm -f -- "$t"; say "$p was changed by somebody else in between"; }
mv -f -- "$t" "$p"
"""

_SAME = r"""
if [ -e "$1.absent" ]; then there "$2" || echo same; exit 0; fi
if [ -L "$1" ] || [ -L "$2" ]; then [ "$(readlink "$1")" = "$(readlink "$2")" ] && echo same
elif there "$1"; then diff -rq -- "$1" "$2" >/dev/null 2>&1 && echo same; fi; :
"""


#: PATH: its mode and who owns it.
MODE = 'stat -L -c "%a %u:%g" -- "$1"'


class Stuck(Exception):
    """A change could not be made; the machine's own words."""


class Hands:
    """Where `folder` is what the journal and the copies of one fix lie in."""

    def __init__(self, machine: Machine, folder: str) -> None:
        self.machine, self.folder = machine, folder

    def at(self, name: str) -> str:
        return posixpath.join(self.folder, name)

    async def script(self, text: str, *words: str) -> str:
        """Its output; Stuck where it ends badly."""
        ran = await self.machine.run("sh", "-c", _COMMON + text, "sh", *words, timeout=PATIENCE)
        if ran.failure is not None:
            raise Stuck(_last(ran))
        return ran.out

    async def run(self, argv: tuple[str, ...]) -> Ran:
        """A step's own command."""
        return await self.machine.run(*argv, timeout=PATIENCE)

    async def save(self, name: str, path: str) -> None:
        await self.script(_SAVE, self.at(name), path)

    async def restore(self, name: str, path: str) -> None:
        await self.script(_RESTORE, self.at(name), path)

    async def replace(self, new: str, path: str, before: str) -> None:
        await self.script(_REPLACE, self.at(new), path, self.at(before))

    async def same(self, name: str, path: str) -> bool:
        """Whether a file or folder still holds what was saved of it."""
        said = await self.script(_SAME, self.at(name), path)
        return said.strip() == "same"

    async def write(self, name: str, text: str) -> None:
        """A file in the folder, whole or not at all."""
        part = self.at(f"{name}.{secrets.token_hex(4)}")
        pieces = [text[at : at + PIECE] for at in range(0, len(text), PIECE)] or [""]
        # cat says why it cannot write, which a shell's own printf does not.
        await self.script('printf %s "$2" | cat > "$1"', part, pieces[0])
        for piece in pieces[1:]:
            await self.script('printf %s "$2" | cat >> "$1"', part, piece)
        await self.script('sync "$1" 2>/dev/null; swap "$1" "$2"', part, self.at(name))

    async def append(self, name: str, line: str) -> None:
        await self.script(
            'printf "%s\\n" "$2" | cat >> "$1" || exit 1; sync "$1" 2>/dev/null; :',
            self.at(name),
            line,
        )


def why(ran: Ran) -> str:
    """What a program says: nginx names the file and line before its last word."""
    lines = [line.strip() for line in (ran.err or ran.out).splitlines() if line.strip()]
    grave = [line for line in lines if "[emerg]" in line or "[error]" in line]
    return next(iter([*grave, *lines[-1:]]), ran.failure.message if ran.failure else "it failed")


def _last(ran: Ran) -> str:
    lines = [line.strip() for line in ran.err.splitlines() if line.strip()]
    return lines[-1] if lines else ran.failure.message if ran.failure else "it failed"
