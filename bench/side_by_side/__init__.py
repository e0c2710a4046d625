"""The same work by this project, by RecTools, and by implicit with a few lines around it."""
