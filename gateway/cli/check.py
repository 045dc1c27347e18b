"""`gateway check`: everything that is wrong with the configuration, at once, each on its line."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import click

from gateway.app.loop import unfit
from gateway.cli.common import config_option, json_option, print_json
from gateway.plan.report import check_report


@click.command()
@json_option
@config_option
def check(config: Path, *, as_json: bool) -> None:
    """Check routes.yaml. Exit 1 if it has errors."""
    report = check_report(config, os.environ)
    report = replace(report, errors=(*unfit(), *report.errors))
    if as_json:
        print_json(report.to_json())
    else:
        for problem in report.errors:
            click.echo(f"error: {problem}", err=True)
        for problem in report.warnings:
            click.echo(f"warning: {problem}", err=True)
        if report.ok:
            click.echo(f"{config}: fine" + (", with warnings" if report.warnings else ""))
    sys.exit(0 if report.ok else 1)
