"""The server: translates HTTP to workflow requests and their results to JSON; computes nothing."""
