# Prints what keeps a file of the path $1 from visitors in the projects of the folders behind it: "laravel OWNER
# STATE FOLDER" (no link public/storage, STATE is "none", or it leads to nothing, "broken"), "next OWNER PROJECT
# FOLDER" (a standalone build without its files), "django OWNER PATH" of a manage.py with the lines of
# static_project.sh, "source PATH" of the file in such a project, and "manifest PATH" of settings with a storage
# that keeps a list of its files.
path=$1
shift
manifest='^[^#]*(staticfiles[.]storage|whitenoise[.](storage|django))[.][A-Za-z]*Manifest[A-Za-z]*Storage'
source_with() {
  grep -rlE --include="*.py" --exclude-dir="*env*" --exclude-dir=node_modules -e "$1" -- "$2" | head -n 1
}
for d; do
  p=${d%/*}
  rest=${path#/storage/}
  if [ "$rest" != "$path" ] && [ -f "$p/artisan" ] && [ -f "$p/storage/app/public/$rest" ] &&
    [ ! -e "$d/storage" ]; then
    s=none
    [ -L "$d/storage" ] && s=broken
    echo "laravel $(stat -L -c %U -- "$d") $s $p"
    break
  fi
  rest=${path#/_next/static/}
  case $d in
    */.next/standalone | */.next/standalone/*)
      p=${d%%/.next/standalone*}
      if [ "$rest" != "$path" ] && [ -f "$p/.next/static/$rest" ] && [ ! -e "$d/.next/static" ]; then
        echo "next $(stat -L -c %U -- "$d") $p $d"
        [ -d "$p/public" ] && [ ! -e "$d/public" ] && echo "public $p/public"
        break
      fi
      ;;
  esac
  if [ -f "$d/manage.py" ] && grep -q django -- "$d/manage.py"; then
    rest=${path#/}
    rest=${rest#*/}
    for f in "$d/static/$rest" "$d"/*/static/"$rest" "$d"/*/*/static/"$rest" "$d/assets/$rest"; do
      case $f in *"
"*) continue ;; esac
      [ -f "$f" ] && echo "source $f" && break
    done
    m=$(source_with "$manifest" "$d")
    [ -n "$m" ] && echo "manifest $m"
    w=$(source_with '^[^#]*whitenoise[.]middleware' "$d")
    [ -n "$w" ] && echo "middleware $w"
    break
  fi
done 2>/dev/null
:
