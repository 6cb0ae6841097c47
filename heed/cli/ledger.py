"""`heed ledger`: proofs of integrity and key rotation."""

from dataclasses import asdict
from pathlib import Path

import click

from heed.cli.command import group
from heed.cli.output import announce, json_option, print_json, progress
from heed.serving.settings import Settings

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@group()
def ledger() -> None:
    """Prove that nothing in the ledger was changed, and rotate its key."""


@ledger.command()
def head() -> None:
    """Print the signed head of the hash chains, to be kept where nobody can change it.

    Anyone who can write to the database can recompute the chains, but not so that they agree with an older signed head.
    """
    from heed.serving.bootstrap import open_configured_ledger

    with open_configured_ledger(Settings(), readonly=True) as opened:
        print_json(opened.audit.head().model_dump(mode="json"))


@ledger.command()
@click.option("--new-key-file", type=_FILE, help="A file with the new key. Default: HEED_NEW_LEDGER_KEY.")
@json_option
def rekey(new_key_file: Path | None, as_json: bool) -> None:  # noqa: FBT001
    """Rotate the ledger key; backups become unreadable once the old key is destroyed.

    The current key comes from HEED_LEDGER_KEY or the file beside the ledger. In that file the new key replaces it, and
    is generated unless it is given. Stop the service first. With PostgreSQL, every worker is refused until it is
    restarted with the new key.
    """
    import asyncio

    from heed.serving.ledger.rotate_key import rotate_key

    settings = Settings()
    given = settings.new_ledger_key
    new = new_key_file.read_text().strip() if new_key_file else None if given is None else given.get_secret_value()
    announce(f"rotating the key of the ledger at {settings.ledger_location}")
    done = asyncio.run(rotate_key(settings.ledger_location, settings.sealing_key, new))
    if as_json:
        print_json({"keys": done.keys, "key_file": None if done.key_file is None else str(done.key_file)})
        return
    where = "start the service with it from now on" if done.key_file is None else f"it is in {done.key_file}"
    click.echo(f"the ledger has the new key, and {done.keys} customer keys are rewrapped; {where}")


@ledger.command("public-key")
def public_key() -> None:
    """Print the public key that verifies a signed head: Ed25519, base64."""
    from heed.serving.bootstrap import open_configured_ledger

    with open_configured_ledger(Settings(), readonly=True) as opened:
        click.echo(opened.audit.public_key())


@ledger.command()
@click.option("--head", "anchor", type=_FILE, help="An earlier signed head of this ledger.")
@json_option
@click.pass_context
def verify(context: click.Context, anchor: Path | None, as_json: bool) -> None:  # noqa: FBT001
    """Verify the hash chains and name every record that was edited, deleted or inserted.

    With an earlier head this also finds records cut off at the end, and recomputed chains. The exit code is 1 if
    anything differs from what was written.
    """
    from heed.serving.bootstrap import open_configured_ledger

    with open_configured_ledger(Settings(), readonly=True) as opened:
        total = opened.audit.head().records
        with progress(total) as steps:
            steps.step("verifying the hash chains")
            result = opened.audit.verify(None if anchor is None else anchor.read_bytes(), progress=steps.advance)
            steps.done("done")
    if as_json:
        findings = [asdict(finding) for finding in result.findings]
        print_json({"links": result.links, "sound": result.sound, "findings": findings})
    else:
        for finding in result.findings:
            where = "" if finding.shard is None else f" at position {finding.position} of shard {finding.shard}"
            record = f"{finding.table} {finding.record}: " if finding.record else ""
            click.echo(f"{finding.what}{where}: {record}{finding.says}")
        click.echo(f"{result.links} links verified, {len(result.findings)} findings")
    context.exit(int(not result.sound))
