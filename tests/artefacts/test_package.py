"""The distribution as it ships: built, installed beside guardrails-ai and without extras, imported elsewhere."""

import base64
import csv
import hashlib
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import REPOSITORY

NEIGHBOUR = "guardrails-ai==0.11.0"
CONTESTED = "guardrails/__init__.py"
CORE_LACKS = ("mlflow", "bentoml", "matplotlib", "lightgbm", "pandas", "sqlalchemy", "fastapi")
DECIDES = """
from datetime import UTC, datetime
import heed
from heed.decisioning.catalogue import Catalogue
from heed.decisioning.customer import Consent, ConsentStatus, Customer
from heed.guardrails.policy.load import DEFAULT_POLICY
from heed.testing.stub_model import StubScorer

action = heed.Action("banner", "web", "marketing", "offer", 10.0, "conversion", 7.0)
policy = heed.load_policy(DEFAULT_POLICY, Catalogue("EUR", (action,)))
now = datetime(2026, 3, 4, 12, tzinfo=UTC)
consent = Consent("web", "marketing", ConsentStatus.GRANTED, now)
for consents in ((), (consent,)):
    facts = heed.Facts(Customer("c1", consents=consents), now)
    print(heed.decide(facts, (action,), scorer=StubScorer(), guard=policy).disposition)
heed.Client("http://127.0.0.1:9").close()
try:
    heed.load_model(".")
except ImportError as error:
    print(error)
"""


def run(*command: str | Path, cwd: Path, code: int = 0) -> str:
    """Output of a command that sees nothing of this process's Python and heed."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("HEED_", "PYTHON"))}
    env["HEED_HOME"] = str(cwd / "home")
    done = subprocess.run(
        [str(part) for part in command], env=env, cwd=cwd, capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def recorded(wheel: Path) -> Iterator[tuple[str, str]]:
    """Files of a wheel with their hashes, as its RECORD states them."""
    with zipfile.ZipFile(wheel) as archive:
        (record,) = [name for name in archive.namelist() if name.endswith(".dist-info/RECORD")]
        for name, stated, _ in csv.reader(archive.read(record).decode().splitlines()):
            if stated:
                yield name, stated


def digest(path: Path) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).rstrip(b"=").decode()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the sdist, which is built from the checkout."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", folder, cwd=REPOSITORY)
    (sdist,) = folder.iterdir()
    assert sdist.name.startswith("heed_decisioning-")
    no_isolation = ("--no-deps", "--no-build-isolation", "--no-index")
    run(sys.executable, "-m", "pip", "wheel", "--quiet", *no_isolation, "-w", folder, sdist, cwd=folder)
    (found,) = folder.glob("*.whl")
    return found


def test_the_wheel_holds_the_package_heed_and_nothing_else(wheel):
    names = [name for name, _ in recorded(wheel)]
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {"heed"}
    assert len(names) == len(set(names))
    packages = ("decisioning", "guardrails", "training", "serving")
    tracked = run("git", "ls-files", *packages, "heed", cwd=REPOSITORY).split()
    links = {f"heed/{package}" for package in packages}
    expected = {name if name.startswith("heed/") else f"heed/{name}" for name in tracked} - links
    assert {name for name in names if ".dist-info/" not in name} == expected


@pytest.mark.parametrize("heed_first", [True, False], ids=["heed first", "heed last"])
def test_both_live_on_beside_guardrails_ai(wheel, tmp_path, heed_first):
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
    run(*pip, "download", "--no-deps", NEIGHBOUR, "-d", tmp_path / "neighbour", cwd=tmp_path)
    (neighbour,) = (tmp_path / "neighbour").iterdir()
    site = tmp_path / "site"
    for each in (wheel, neighbour) if heed_first else (neighbour, wheel):
        run(*pip, "install", "--no-deps", "--no-index", "--upgrade", "--target", site, each, cwd=tmp_path)
    for each in (wheel, neighbour):
        changed = [name for name, stated in recorded(each) if digest(site / name) != stated]
        assert changed == []
    # The other package needs packages of its own to run; that Python finds its files is what heed must not break.
    code = "import sys; sys.path.insert(0, 'site'); import heed.guardrails.guard, importlib.util as found; "
    code += "print(heed.guardrails.__file__); print(found.find_spec('guardrails').origin)"
    own, other = run(sys.executable, "-I", "-c", code, cwd=tmp_path).split()
    assert Path(own).resolve() == (site / "heed" / CONTESTED).resolve()
    assert Path(other).resolve() == (site / CONTESTED).resolve()


@pytest.fixture(scope="module")
def core(wheel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment with the core of heed: the wheel, no extra, and the locked versions of what it needs."""
    folder = tmp_path_factory.mktemp("core")
    run(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
    python = folder / "venv" / "bin" / "python"
    lock = REPOSITORY / "requirements.lock"
    pins = [line.split(" \\")[0] for line in lock.read_text().splitlines() if "==" in line[:80]]
    (folder / "constraints.txt").write_text("\n".join(pin for pin in pins if not pin.startswith((" ", "#"))))
    run(python, "-m", "pip", "install", "--quiet", "-c", folder / "constraints.txt", wheel, cwd=folder)
    return folder


def test_the_core_decides_without_the_packages_of_the_service(core):
    python = core / "venv" / "bin" / "python"
    installed = run(python, "-m", "pip", "list", "--format", "freeze", cwd=core).lower()
    assert [name for name in CORE_LACKS if f"\n{name}==" in installed] == []
    hold, act, lacking = run(python, "-c", DECIDES, cwd=core).splitlines()
    assert (hold, act) == ("hold", "act")
    assert "pip install 'heed-decisioning[all]'" in lacking


def test_the_command_of_the_core_checks_policies_and_says_what_else_it_needs(core):
    heed = core / "venv" / "bin" / "heed"
    assert "Decide whether to act" in run(heed, "--help", cwd=core)
    assert "0 failed" in run(heed, "policy", "test", cwd=core)
    assert "rules, hash" in run(heed, "policy", "check", cwd=core)
    (line,) = run(heed, "serve", cwd=core, code=2).splitlines()
    assert "pip install 'heed-decisioning[all]'" in line
