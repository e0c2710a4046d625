"""`recsys`: commands by name, each imported only when it is called, and one way to report a user's mistake."""

import importlib
import json
import os
import sys

import click

__all__ = ["main"]

_COMMANDS = {
    "run": ("pipelines.cli.run", "Run the pipeline on a folder of CSV files."),
    "plan": ("pipelines.cli.home", "Say what is out of date, and why; make nothing."),
    "check-home": ("pipelines.cli.home", "Check every stored byte against its checksum."),
    "evaluate": ("pipelines.cli.evaluate", "Tune and evaluate every model on held-out people."),
    "recommend": ("pipelines.cli.recommend", "Recommend titles to a person."),
    "models": ("pipelines.cli.models", "List the registered model versions."),
    "promote": ("pipelines.cli.models", "Make a version the champion."),
    "rollback": ("pipelines.cli.models", "Swap the champion and the one before it."),
    "download": ("pipelines.cli.download", "Fetch a MovieLens data set from GroupLens."),
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

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="hybrid-movie-recommender")
def recsys() -> None:
    """A hybrid movie recommender: from CSV files to a tuned, validated, tracked and promoted model."""


def main(arguments: list[str] | None = None) -> None:
    """Entry point: a user's mistake is one message on standard error and exit code 1, never a stack trace."""
    from recsys_core.errors import RecsysError

    try:
        sys.exit(recsys(arguments, standalone_mode=False))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except RecsysError as error:
        _report(error, as_json="--json" in (arguments if arguments is not None else sys.argv[1:]))
        sys.exit(1)
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _report(error: Exception, *, as_json: bool) -> None:
    click.echo(f"recsys: {error}", err=True)
    if as_json:
        failure = {"asset": None, "check": None, "message": str(error)}
        click.echo(json.dumps({"status": "failed", "failed": [failure]}, ensure_ascii=False))
