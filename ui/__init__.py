"""The web page: asks the API over HTTP, and shows posters, titles and reasons."""
