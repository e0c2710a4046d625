"""The sources of the hybrid, each in a folder of its own, and the table of them."""
