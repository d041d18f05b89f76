# Prints the folders of the certificates that the programs on a port ($1) name: absolute paths of
# .pem, .crt and .cer files in their arguments, their environment, and in small files of settings
# that the arguments name or that lie in their folder. Nothing else of them is printed.

paths() {
  grep -aoE '/[A-Za-z0-9._/@+-]{1,300}\.(pem|crt|cer)' | head -n 40
}
settings() {
  for f; do
    case $f in
      *.json|*.y*ml|*.toml|*.ini|*.conf|*.cfg|*.env|*.properties) ;;
      *) continue ;;
    esac
    [ -f "$f" ] && [ "$(stat -L -c %s -- "$f")" -le 65536 ] && paths <"$f"
  done
}
for p in $(ss -Hltnp "sport = :$1" | grep -o 'pid=[0-9]*' | cut -d= -f2 | sort -un | head -n 2); do
  d=$(readlink "/proc/$p/cwd")
  tr '\0' '\n' <"/proc/$p/cmdline" | paths
  tr '\0' '\n' <"/proc/$p/environ" | paths
  tr '\0' '\n' <"/proc/$p/cmdline" | tr '=' '\n' | head -n 100 | while IFS= read -r a; do
    case $a in
      /*) settings "$a" ;;
      ?*.*) settings "$d/$a" ;;
    esac
  done
  case $d in ''|/|/root|/home|/usr*|/etc|/var|/tmp) continue ;; esac
  settings "$d"/*.* "$d"/.env "$d"/config/*.*
done 2>/dev/null | sed 's|/[^/]*$||' | sort -u | head -n 8
:
