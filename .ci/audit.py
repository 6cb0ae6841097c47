"""Ask for known vulnerabilities of the locked packages, and tell an audit from the lack of one.

Exit code 0: every package was looked up and none is known to be vulnerable. 1: one is. Where not all could be looked up
it says NOT AUDITED and answers 0, so that a machine with nothing but an index of packages can run the other checks, or
3 with ``HEED_AUDIT=required``. pip-audit itself finds nothing wrong where an index knows no advisories.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass

SERVICES = ("pypi", "osv")
SOUND, VULNERABLE, NOT_AUDITED = 0, 1, 3
PATIENCE = 600


@dataclass(frozen=True)
class Found:
    """What one service knew: packages with advisories, packages it did not know, and how many were asked for."""

    vulnerable: tuple[str, ...]
    unknown: tuple[str, ...]
    asked: int

    @property
    def code(self) -> int:
        """The exit code."""
        if self.vulnerable:
            return VULNERABLE
        return NOT_AUDITED if self.unknown or not self.asked else SOUND


def read(report: str) -> Found:
    """What pip-audit's report in JSON says; one that is none says that nothing was asked."""
    try:
        packages = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return Found((), (), 0)
    vulnerable = tuple(
        f"{one['name']} {one['version']}: {', '.join(fault['id'] for fault in one['vulns'])}"
        for one in packages
        if one.get("vulns")
    )
    return Found(vulnerable, tuple(one["name"] for one in packages if "skip_reason" in one), len(packages))


def ask(service: str, lock: str) -> Found:
    """Have pip-audit look every package of the lock up."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", lock, "--disable-pip", "--require-hashes"]
    told = ["--format", "json", "--progress-spinner", "off", "--vulnerability-service", service]
    try:
        done = subprocess.run([*command, *told], capture_output=True, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return Found((), (), 0)
    return read(done.stdout)


def told(found: Found) -> str:
    """The result in words."""
    if found.vulnerable:
        return "KNOWN VULNERABILITIES:\n  " + "\n  ".join(found.vulnerable)
    if found.code == SOUND:
        return f"audited {found.asked} locked packages: no known vulnerability"
    if not found.asked:
        return "NOT AUDITED: no advisory service answered. Nothing is known of the locked packages."
    return f"NOT AUDITED: no advisories were to be had for {len(found.unknown)} of {found.asked} locked packages."


def main(lock: str) -> int:
    """Ask one service after the other until one knows all packages, or knows a vulnerability."""
    found = Found((), (), 0)
    for service in SERVICES:
        answer = ask(service, lock)
        found = answer if answer.asked else found
        if found.code != NOT_AUDITED:
            break
    print(told(found), file=sys.stderr)
    optional = os.environ.get("HEED_AUDIT") != "required"
    return SOUND if optional and found.code == NOT_AUDITED else found.code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
