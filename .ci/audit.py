"""Check the locked packages for known vulnerabilities, and tell a clean audit from the lack of one.

Exit code 0: every package was looked up and none is known to be vulnerable. 1: one is. If some could not be looked up
it prints NOT AUDITED and exits with 0, so that a machine with nothing but a package index can run the other checks, or
with 3 if ``HEED_AUDIT=required``. pip-audit by itself finds nothing wrong where an index has no advisories.
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
class Report:
    """The result of one service: packages with advisories, unknown packages, and how many were requested."""

    vulnerable: tuple[str, ...]
    unknown: tuple[str, ...]
    asked: int

    @property
    def code(self) -> int:
        """The exit code."""
        if self.vulnerable:
            return VULNERABLE
        return NOT_AUDITED if self.unknown or not self.asked else SOUND


def read(output: str) -> Report:
    """Read pip-audit's JSON; anything else counts as no answer."""
    try:
        packages = json.loads(output)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return Report((), (), 0)
    vulnerable = tuple(
        f"{package['name']} {package['version']}: {', '.join(fault['id'] for fault in package['vulns'])}"
        for package in packages
        if package.get("vulns")
    )
    return Report(vulnerable, tuple(package["name"] for package in packages if "skip_reason" in package), len(packages))


def ask(service: str, lock: str) -> Report:
    """Have pip-audit look up every package of the lock."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", lock, "--disable-pip", "--require-hashes"]
    output = ["--format", "json", "--progress-spinner", "off", "--vulnerability-service", service]
    try:
        done = subprocess.run([*command, *output], capture_output=True, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return Report((), (), 0)
    return read(done.stdout)


def message(report: Report) -> str:
    """The result in words."""
    if report.vulnerable:
        return "KNOWN VULNERABILITIES:\n  " + "\n  ".join(report.vulnerable)
    if report.code == SOUND:
        return f"audited {report.asked} locked packages: no known vulnerability"
    if not report.asked:
        return "NOT AUDITED: no advisory service answered. Nothing is known of the locked packages."
    return f"NOT AUDITED: no advisories were to be had for {len(report.unknown)} of {report.asked} locked packages."


def main(lock: str) -> int:
    """Ask the services in turn until one knows all packages, or knows a vulnerability."""
    report = Report((), (), 0)
    for service in SERVICES:
        answer = ask(service, lock)
        report = answer if answer.asked else report
        if report.code != NOT_AUDITED:
            break
    print(message(report), file=sys.stderr)
    optional = os.environ.get("HEED_AUDIT") != "required"
    return SOUND if optional and report.code == NOT_AUDITED else report.code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
