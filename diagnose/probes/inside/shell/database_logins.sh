# Prints of the containers of databases that the container $2 of the engine $1 has in its networks, and that have the
# user $3 in their environment: "database NAME IMAGE", "same" if the environment of $2 has the password of this user
# too, and "reason LINE", the last line with which the database says why it refused a login. No password is printed.

# shellcheck disable=SC2016
#   (SC2016: the engine expands them.)
of() { "$1" inspect -f '{{range .Config.Env}}{{println .}}{{end}}' "$2"; }
nets=$("$1" inspect -f '{{range $n, $s := .NetworkSettings.Networks}}{{println $n}}{{end}}' "$2" 2>/dev/null)
[ -n "$nets" ] || exit 0
"$1" ps --format '{{.Names}}' 2>/dev/null | head -n 100 | while read -r name; do
  [ "$name" != "$2" ] || continue
  "$1" inspect -f '{{range $n, $s := .NetworkSettings.Networks}}{{println $n}}{{end}}' "$name" | grep -qxF "$nets" || continue
  e=$(of "$1" "$name")
  case $(printf '%s\n' "$e" | sed -nE 's/^(POSTGRES_USER|MYSQL_USER|MARIADB_USER)=//p' | head -n 1) in
    "$3") ;;
    '')
      [ "$3" = postgres ] || continue
      printf '%s\n' "$e" | grep -q '^POSTGRES_PASSWORD=' || continue
      ;;
    *) continue ;;
  esac
  echo "database $name $("$1" inspect -f '{{.Config.Image}}' "$name")"
  p=$(printf '%s\n' "$e" | sed -nE 's/^(POSTGRES_PASSWORD|MYSQL_PASSWORD|MARIADB_PASSWORD)=//p' | head -n 1)
  # Alone in a variable, or in a URL. Part of another word is another one.
  of "$1" "$2" | PW=$p awk '{ w = ENVIRON["PW"]; v = substr($0, index($0, "=") + 1) }
    w != "" && (v == w || index(v, ":" w "@")) { f = 1 } END { if (f) print "same" }'
  "$1" logs --tail 400 "$name" 2>&1 |
    grep -E 'DETAIL: +(Password does not match for user|Role ".*" does not exist|User ".*" (has no password|does not have a valid))|Access denied for user' |
    tail -n 1 | cut -c 1-300 | sed 's/^/reason /'
done 2>/dev/null
:
