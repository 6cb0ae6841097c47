#!/usr/bin/env bash
# mlflow 3.17.2: two pyfunc models that carry different versions of one package in `code_paths`, loaded in one process: the second
# one answers with the code of the first, without a warning. The folder of each is put on `sys.path`, but the package that
# was imported for the first stays in `sys.modules`. Champion and challenger are compared in processes of their own.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check mlflow==3.17.2 pandas==3.1.1
cd "$folder"
export MLFLOW_DISABLE_TELEMETRY=true MLFLOW_TRACKING_URI="sqlite:///$folder/mlflow.db"

for version in 1 2; do
  mkdir -p "v$version/prices"
  touch "v$version/prices/__init__.py"
  cat > "v$version/prices/loader.py" <<PY
class Model:
    def predict(self, model_input, params=None):
        return [$version] * len(model_input)


def _load_pyfunc(path):
    return Model()
PY
done
cat > save.py <<'PY'
import sys

import mlflow

version = sys.argv[1]
mlflow.pyfunc.save_model(
    f"model{version}", loader_module="prices.loader", code_paths=[f"v{version}/prices"], pip_requirements=["mlflow"]
)
PY
cat > load.py <<'PY'
import sys

import mlflow
import pandas as pd

row = pd.DataFrame({"a": [1.0]})
print(*(mlflow.pyfunc.load_model(f"model{version}").predict(row)[0] for version in sys.argv[1:]))
PY
for version in 1 2; do "$folder/venv/bin/python" save.py "$version" > save.log 2>&1; done
alone=$("$folder/venv/bin/python" load.py 2 2> alone.log)
together=$("$folder/venv/bin/python" load.py 1 2 2> together.log)
echo "model 2 alone: $alone; model 1 and then model 2 in one process: $together"
[ "$alone" = 2 ] && [ "$together" = "1 1" ] || { echo "CHANGED: each model runs its own code now"; exit 1; }
