#!/usr/bin/env bash
# bentoml 1.4.39: `include` patterns do not enter a folder that is a symbolic link. The build succeeds and says nothing; the
# package behind the link is missing from the Bento, and is missed only when the Bento is served. Python itself, pip and
# hatchling follow such links.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check bentoml==1.4.39

mkdir -p "$folder/project/shop" "$folder/project/pricing"
cd "$folder/project"
echo 'RATE = 0.2' > pricing/__init__.py
ln -s ../pricing shop/pricing
touch shop/__init__.py
cat > service.py <<'PY'
import bentoml

from shop.pricing import RATE


@bentoml.service
class Prices:
    @bentoml.api
    def rate(self) -> float:
        return RATE
PY
cat > bentofile.yaml <<'YAML'
service: "service:Prices"
include: ["service.py", "shop/**/*.py"]
YAML

export BENTOML_HOME="$folder/home" BENTOML_DO_NOT_TRACK=True
"$folder/venv/bin/bentoml" build --output tag > "$folder/build.log" 2>&1
source=$(echo "$folder"/home/bentos/*/*/src)
echo "bentoml $("$folder/venv/bin/pip" show bentoml 2>/dev/null | sed -n 's/^Version: //p'): built, with these files of shop/:"
(cd "$source" && find shop -name '*.py')

test -f "$source/shop/__init__.py"
if [ -e "$source/shop/pricing/__init__.py" ]; then
  echo "CHANGED: the linked folder is in the Bento now"
  exit 1
fi
echo "As found: shop/pricing is not in the Bento, and the build did not say so."
