"""`heed ledger`: what the ledger can prove of itself."""

from dataclasses import asdict
from pathlib import Path

import click

from heed.cli.output import json_option, print_json, progress
from heed.serving.settings import Settings

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def ledger() -> None:
    """Sign where the ledger stands, and check that nothing in it was changed."""


@ledger.command()
def head() -> None:
    """Print where the chains end, signed, to be kept where nobody can change it.

    Whoever can write to the database can make all its links anew, but not so that they agree with an older signed head.
    """
    from heed.serving.bootstrap import open_configured_ledger

    with open_configured_ledger(Settings(), readonly=True) as opened:
        print_json(opened.head().model_dump(mode="json"))


@ledger.command()
@click.option("--new-key-file", type=_FILE, help="A file that holds the new key; HEED_NEW_LEDGER_KEY otherwise.")
@json_option
def rekey(new_key_file: Path | None, as_json: bool) -> None:  # noqa: FBT001
    """Give the ledger another key: all that is wrapped under the present one is wrapped under the new.

    The present key is the one in HEED_LEDGER_KEY or in the file beside the ledger. There the new one takes its place,
    made at random unless it is given. Stop the service first; with PostgreSQL every worker is refused until it is
    started with the new key. Once the old key is destroyed nobody can open a copy of the ledger from before.
    """
    import asyncio

    from heed.serving.ledger.rotate_key import rotate_key as give_another

    settings = Settings()
    given = settings.new_ledger_key
    new = new_key_file.read_text().strip() if new_key_file else None if given is None else given.get_secret_value()
    done = asyncio.run(give_another(settings.ledger_location, settings.sealing_key, new))
    if as_json:
        print_json({"keys": done.keys, "key_file": None if done.key_file is None else str(done.key_file)})
        return
    where = "start with it from now on" if done.key_file is None else f"it is in {done.key_file}"
    click.echo(f"the ledger has the new key, and so have {done.keys} customers; {where}")


@ledger.command("public-key")
def public_key() -> None:
    """Print the key by which anyone can check a signed head: Ed25519, base64."""
    from heed.serving.bootstrap import open_configured_ledger

    with open_configured_ledger(Settings(), readonly=True) as opened:
        click.echo(opened.public_key())


@ledger.command()
@click.option("--head", "anchor", type=_FILE, help="A signed head of this ledger, printed earlier.")
@json_option
@click.pass_context
def verify(context: click.Context, anchor: Path | None, as_json: bool) -> None:  # noqa: FBT001
    """Walk the chains and name every record that was edited, deleted or inserted.

    With a head that was kept elsewhere, records that were cut off at the end and chains that were made anew are found
    as well. The exit code is 1 if anything is not as it was written.
    """
    from heed.serving.bootstrap import open_configured_ledger

    with open_configured_ledger(Settings(), readonly=True) as opened:
        total = opened.head().records
        with progress(total) as steps:
            steps.step("walking the chains")
            found = opened.verify(None if anchor is None else anchor.read_bytes(), told=steps.advance)
            steps.done("done")
    if as_json:
        print_json({"links": found.links, "sound": found.sound, "findings": [asdict(one) for one in found.findings]})
    else:
        for one in found.findings:
            where = "" if one.shard is None else f" at position {one.position} of shard {one.shard}"
            click.echo(f"{one.what}{where}: {f'{one.table} {one.record}: ' if one.record else ''}{one.says}")
        click.echo(f"{found.links} links walked, {len(found.findings)} findings")
    context.exit(int(not found.sound))
