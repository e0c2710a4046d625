"""What the data is: declared tables, interactions and splits."""
