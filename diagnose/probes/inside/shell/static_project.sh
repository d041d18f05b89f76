# Prints the Django project in the first of these folders that has one: "manage OWNER PATH", "python PATH"
# of its virtual environment, "root LINE" of its settings, which names the folder for collectstatic, "settings
# PATH" of the file that has this line, and "base LINE", which names the folder of the project there.

for d; do
  f=$d/manage.py
  [ -f "$f" ] || continue
  grep -q django -- "$f" || continue
  echo "manage $(stat -L -c %U -- "$f") $f"
  for p in "$d"/venv/bin/python "$d"/.venv/bin/python "$d"/*/bin/python "${d%/*}"/venv/bin/python \
    "${d%/*}"/.venv/bin/python "${d%/*}"/env/bin/python; do
    [ -x "$p" ] && echo "python $p" && break
  done
  m=$(sed -n "s/.*DJANGO_SETTINGS_MODULE[\"', ]*\([A-Za-z0-9_.]\{1,\}\).*/\1/p" "$f" | head -n 1 | tr . /)
  for s in "$d/$m.py" "$d/$m/__init__.py" "$d/$m"/*.py; do
    { [ -f "$s" ] && grep -q '^STATIC_ROOT *=' -- "$s"; } || continue
    grep -h '^STATIC_ROOT *=' -- "$s" | head -n 1 | sed 's/^/root /'
    echo "settings $s"
    grep -h '^BASE_DIR *=' -- "$s" | head -n 1 | sed 's/^/base /'
    break
  done
  break
done 2>/dev/null
:
