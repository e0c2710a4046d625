"""`recsys`: commands by name, each imported only when it is called, and one way to end when something goes wrong."""

import importlib
import sys
from typing import Any

import click

from pipelines.cli.stopping import unwinding

__all__ = ["main"]

_COMMANDS = {
    "init-dataset": ("pipelines.cli.init_dataset", "Draft what your own data are: dataset.yaml."),
    "run": ("pipelines.cli.run", "Run the pipeline on a folder of data."),
    "check": ("pipelines.cli.check", "Read and validate a folder, and say what it holds."),
    "plan": ("pipelines.cli.home", "Say what is out of date, and why; make nothing."),
    "check-home": ("pipelines.cli.home", "Check every stored byte against its checksum."),
    "clean": ("pipelines.cli.clean", "Remove old versions and runs that nothing uses."),
    "evaluate": ("pipelines.cli.evaluate", "Tune and evaluate every model on held-out people."),
    "recommend": ("pipelines.cli.recommend", "Recommend titles to a person."),
    "models": ("pipelines.cli.models", "List the registered model versions."),
    "promote": ("pipelines.cli.models", "Make a version the champion."),
    "rollback": ("pipelines.cli.models", "Swap the champion and the one before it."),
    "download": ("pipelines.cli.download", "Fetch a MovieLens data set from GroupLens."),
    "synth": ("pipelines.cli.synth", "Make a data set in ml-25m's shape, at any size."),
    "serve": ("pipelines.cli.serve", "Answer over HTTP with the champion."),
    "experiment": ("pipelines.cli.experiment", "Report what an experiment on live traffic shows."),
    "feedback": ("pipelines.cli.feedback", "Use the ratings that people gave online."),
    "dev": ("pipelines.cli.dev", "Start all pages and servers together."),
}


class _LazyGroup(click.Group):
    """Imports a command's module when the command is named; `recsys --help` imports none."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(_COMMANDS[cmd_name][0])
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; every end but click's own is told here, with the home that the command works in."""
        as_json = "--json" in ctx.args
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit):
            raise
        except (Exception, KeyboardInterrupt) as error:
            from pipelines.cli.ending import end

            return ctx.exit(end(error, home=ctx.obj, as_json=as_json))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="hybrid-movie-recommender")
def recsys() -> None:
    """A hybrid movie recommender: from files of data to a tuned, validated, tracked and promoted model."""


def main(arguments: list[str] | None = None) -> None:
    """Entry point: whatever goes wrong is one message on standard error and an exit code, never a stack trace."""
    with unwinding():
        try:
            sys.exit(recsys(arguments, standalone_mode=False))
        except click.ClickException as error:
            error.show()
            sys.exit(error.exit_code)
