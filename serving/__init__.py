"""The recommender online: an HTTP API over the registered model, its cache, its events and its experiments."""
