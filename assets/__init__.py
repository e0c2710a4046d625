"""Software-defined assets: what exists, and from what it is made. How and when is `pipelines`."""
