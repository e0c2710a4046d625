"""Ideas for better recommendations, each measured as one change of a plain recipe, on validation users."""
