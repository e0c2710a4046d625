"""`python -m pipelines.cli` is `recsys`."""

from pipelines.cli.main import main

main()
