"""The file that MLflow keeps with every model version and runs to load it.

It only names the class: the code is the version's own copy, which MLflow puts first on the path.
"""

import mlflow

from registry.serving_model import RecommenderModel

mlflow.models.set_model(RecommenderModel())
