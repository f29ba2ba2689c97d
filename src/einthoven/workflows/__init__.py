"""One module for each thing a user does. The shells (API, command line) call these and nothing below."""
