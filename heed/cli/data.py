"""`heed data`: engagement data in the form of the data contract."""

from pathlib import Path

import click

from heed.cli.command import group
from heed.cli.output import json_option, print_json, progress


@group()
def data() -> None:
    """Convert, check and simulate engagement data for training."""


@data.command()
@click.argument("name")
@click.option("--from", "source", required=True, type=click.Path(exists=True, path_type=Path), help="A file or folder.")
@click.option("--to", "target", required=True, type=click.Path(file_okay=False, path_type=Path), help="A folder.")
@json_option
def adapt(name: str, source: Path, target: Path, as_json: bool) -> None:  # noqa: FBT001
    """Convert the public data set NAME into the data contract."""
    from heed.training.adapters.registry import adapter
    from heed.training.contract.engagement_io import read_engagement, write_engagement

    with progress(3) as steps:
        steps.step(f"reading {source}")
        adapted = adapter(name)(source)
        steps.step(f"writing {target}")
        write_engagement(adapted, target)
        steps.step("checking")
        _, report = read_engagement(target)
        steps.done("done")
    print_json(report.to_dict()) if as_json else click.echo(report.to_text())


@data.command()
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--strict", is_flag=True, help="Fail if any row is rejected.")
@json_option
def check(directory: Path, strict: bool, as_json: bool) -> None:  # noqa: FBT001
    """Check a folder of engagement data against the data contract, and list every rejected row."""
    from heed.training.contract.engagement_io import read_engagement

    _, report = read_engagement(directory, strict=strict)
    print_json(report.to_dict()) if as_json else click.echo(report.to_text())


@data.command()
@click.option("--to", "target", required=True, type=click.Path(file_okay=False, path_type=Path), help="A folder.")
@click.option("--customers", default=4000, show_default=True, type=click.IntRange(10, 1_000_000), help="How many.")
@click.option("--days", default=120, show_default=True, type=click.IntRange(10, 1000), help="How long.")
@click.option("--seed", default=7, show_default=True, type=click.IntRange(0, 2**32 - 1), help="Random seed.")
def simulate(target: Path, customers: int, days: int, seed: int) -> None:
    """Simulate engagement data whose true effects are known."""
    from heed.training.contract.engagement_io import write_engagement
    from heed.training.simulator.world import make_world

    with progress(2) as steps:
        steps.step(f"simulating {customers:,} customers over {days} days")
        engagement = make_world(seed, customers, days=days).engage()
        steps.step(f"writing {target}")
        write_engagement(engagement, target)
        steps.done("done")
    click.echo(f"{len(engagement.contacts):,} contacts and holds, {len(engagement.signals):,} signals in {target}")
