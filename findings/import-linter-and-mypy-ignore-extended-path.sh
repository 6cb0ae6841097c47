#!/usr/bin/env bash
# import-linter 2.16 (grimp 3.19) and mypy 2.4.1: a package that extends its `__path__` is one package to Python, and only its first
# folder to both tools. import-linter then says that a layer "does not exist", mypy that there is no such module. A link to
# the second folder inside of the first one is followed by all three.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check import-linter==2.16 grimp==3.19 mypy==2.4.1

mkdir -p "$folder/project/shop" "$folder/project/pricing"
cd "$folder/project"
cat > shop/__init__.py <<'PY'
from pathlib import Path

__path__.append(str(Path(__file__).parents[1]))
PY
echo 'RATE: float = 0.2' > pricing/__init__.py
cat > shop/till.py <<'PY'
from shop.pricing import RATE

print(RATE)
PY
cat > .importlinter <<'INI'
[importlinter]
root_package = shop

[importlinter:contract:one]
name = one way
type = layers
containers = shop
layers =
    till
    pricing
INI
check() {
  (PYTHONPATH=. "$folder/venv/bin/python" -m shop.till && echo "python: imports") || echo "python: fails"
  (PYTHONPATH=. "$folder/venv/bin/lint-imports" --no-cache > "$folder/linter.log" 2>&1 && echo "import-linter: kept") ||
    echo "import-linter: $(grep -m 1 'does not exist' "$folder/linter.log")"
  ("$folder/venv/bin/mypy" --no-incremental --strict -p shop > "$folder/mypy.log" 2>&1 && echo "mypy: sound") ||
    echo "mypy: $(grep -m 1 -o 'Cannot find implementation.*pricing"' "$folder/mypy.log")"
}
extended=$(check)
: > shop/__init__.py
ln -s ../pricing shop/pricing
linked=$(check)
printf 'extended __path__:\n%s\nlinked folder:\n%s\n' "$extended" "$linked"

expected='0.2
python: imports
import-linter: Missing layer in container '"'shop'"': module shop.pricing does not exist.
mypy: Cannot find implementation or library stub for module named "shop.pricing"'
[ "$extended" = "$expected" ] || { echo "CHANGED: what the tools make of an extended __path__"; exit 1; }
[ "$linked" = $'0.2\npython: imports\nimport-linter: kept\nmypy: sound' ] || { echo "CHANGED: what they make of a link"; exit 1; }
