"""The peers' own environment: made once, kept in a cache, asked through files."""

import ast
import hashlib
import os
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from pathlib import Path

from benchmarks.quality.tasks import PeerAnswer, PeerTask, load_answer, save_task

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "requirements.txt"
SHARED = ("peers.py", "tasks.py", "linear.py", "requirements.txt")
_PATIENCE = 3 * 3_600


@dataclass(frozen=True, slots=True)
class PeerEnvironment:
    """Peers that can be asked, and remember what they answered to the same question.

    Attributes
    ----------
    python : Path
        Of their environment.
    cache : Path
        Where questions and answers are kept.
    """

    python: Path
    cache: Path

    def ask(self, kind: str, task: PeerTask) -> PeerAnswer:
        """What the peers of a kind say (``probabilities``, ``plain``, ``learners``); one thread, one by one."""
        with tempfile.TemporaryDirectory(dir=self.cache) as folder:
            question = Path(folder) / "task.npz"
            save_task(task, question)
            answer = self.cache / f"{kind}-{_key(kind, question)}.npz"
            if not answer.exists():
                self._run(kind, question, answer)
        return load_answer(answer)

    def _run(self, kind: str, question: Path, answer: Path) -> None:
        place = question.with_name("answer.npz")
        command = [str(self.python), "-m", "benchmarks.quality.peers", kind, str(question), str(place)]
        # One thread, and nothing of heed's environment but what finds the program.
        alone = {"PATH": os.environ.get("PATH", ""), "HOME": os.environ.get("HOME", ""), "OMP_NUM_THREADS": "1"}
        subprocess.run(command, check=True, cwd=HERE.parent.parent, env=alone, timeout=_PATIENCE)
        place.rename(answer)


def peer_environment(cache: Path) -> PeerEnvironment:
    """The peers, installed below `cache` if they are not there yet."""
    home = cache / f"environment-{_digest([REQUIREMENTS.read_bytes()])}"
    python = home / "bin" / "python"
    if not (home / "ready").exists():
        print(f"installing the peers in {home}", file=sys.stderr, flush=True)
        venv.create(home, with_pip=True, clear=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "-r", str(REQUIREMENTS)]
        subprocess.run(install, check=True, timeout=_PATIENCE)
        (home / "ready").touch()
    return PeerEnvironment(python, cache)


def _key(kind: str, question: Path) -> str:
    """The same as long as neither the question nor what answers it changes."""
    program = (normalized_source(HERE / name) for name in (*SHARED, f"{kind}.py"))
    return _digest([question.read_bytes(), *program])


def normalized_source(path: Path) -> bytes:
    """What a file makes happen: of a program all but comments, docstrings and layout, else its bytes."""
    if path.suffix != ".py":
        return path.read_bytes()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = [ast.Pass(), *node.body[1:]]
    return ast.dump(tree).encode()


def _digest(contents: list[bytes]) -> str:
    return hashlib.sha256(b"".join(hashlib.sha256(content).digest() for content in contents)).hexdigest()[:16]
