"""The file that MLflow keeps with every model version and runs to load it.

It only names the class: the code is that of the installed package, the version's own part is the bundle's data.
"""

import mlflow

from registry.serving_model import RecommenderModel

mlflow.models.set_model(RecommenderModel())
