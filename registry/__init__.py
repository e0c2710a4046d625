"""Runs, model versions, aliases and the promotion gate: the only room that imports MLflow.

tracking        where runs are kept; one parent run for each Dagster run, children below it
run_log         what is written into a run: parameters, metrics, figures, tables, data sets, trials
models          registered versions of the model bundle, and the way back from an alias to its files
gate, policy    whether a new version may replace the champion, by the rules in ``mlflow/promotion.yaml``
promotion       moving the aliases, safely and on the record

MLflow takes seconds to import, so it is imported inside the functions that need it: importing this package is cheap.
"""
