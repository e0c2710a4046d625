"""What Spark takes, measured and on paper."""
